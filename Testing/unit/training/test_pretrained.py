import re

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from timm.models import swin_transformer
from torch.nn import functional

from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model, known_variants
from SwinX2SLib.models.swin import SwinPyramid
from SwinX2SLib.training import pretrained
from SwinX2SLib.training.pretrained import PUBLISHED, convert_swin, start_from_imagenet, window_table

SIZES = {"embed_dim": 8, "depths": (2, 2, 2, 2), "heads": (1, 2, 4, 8)}
SMALL = {**SIZES, "grid_shape": (64, 64, 96)}


def picture_swin(side: int = 224, depths=SIZES["depths"]) -> torch.nn.Module:
    """timm's Swin with random weights everywhere, also where training starts from constants."""
    torch.manual_seed(3)
    model = timm.create_model(
        "swin_tiny_patch4_window7_224",
        pretrained=False,
        img_size=side,
        embed_dim=SIZES["embed_dim"],
        depths=depths,
        num_heads=SIZES["heads"],
    )
    for name, parameter in model.named_parameters():
        torch.nn.init.normal_(parameter, mean=float("norm" in name and "weight" in name), std=0.2)
    return model.eval()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("imagenet") / "model.safetensors"
    save_file(picture_swin().state_dict(), path)
    return path


def as_picture(radiograph: torch.Tensor) -> torch.Tensor:
    """A radiograph in 0..1 as a normalised grey picture of twice its size, the way timm's networks are fed."""
    picture = functional.interpolate(radiograph, scale_factor=2, mode="nearest").expand(-1, 3, -1, -1)
    mean, deviation = (
        torch.tensor(value).view(1, 3, 1, 1) for value in (IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD)
    )
    return (picture - mean) / deviation


def normalised(tokens: torch.Tensor) -> torch.Tensor:
    return functional.layer_norm(tokens, tokens.shape[-1:]).permute(0, 3, 1, 2)


@torch.no_grad()
def test_with_equal_weights_and_whole_windows_every_map_equals_timms():
    # 112, 56, 28 and 14 patches are multiples of 7: nothing is padded, where alone the two differ.
    theirs = picture_swin(side=448)
    ours = SwinPyramid(1, *SIZES.values(), (224, 224)).eval()
    taken = convert_swin(theirs.state_dict(), ours, radiographs=1, radiograph_range=True, path="")
    ours.load_state_dict(taken, strict=False)
    radiograph = torch.rand(1, 1, 224, 224, generator=torch.Generator().manual_seed(4))
    last = []
    ours.stages[3].blocks.register_forward_hook(lambda module, arguments, tokens: last.append(tokens))
    found = ours(radiograph)
    tokens = theirs.patch_embed(as_picture(radiograph))
    for level, stage in enumerate(theirs.layers):
        tokens = stage.downsample(tokens)
        torch.testing.assert_close(found[level], normalised(tokens), rtol=1e-3, atol=1e-3)
        tokens = stage.blocks(tokens)
    torch.testing.assert_close(last[0], tokens, rtol=1e-3, atol=1e-3)


@torch.no_grad()
def test_normalised_radiographs_are_embedded_without_a_further_normalisation():
    theirs = picture_swin()
    ours = SwinPyramid(4, *SIZES.values(), (32, 64)).eval()
    ours.load_state_dict(
        convert_swin(theirs.state_dict(), ours, 2, radiograph_range=False, path=""), strict=False
    )
    radiograph = torch.randn(1, 1, 32, 64, generator=torch.Generator().manual_seed(4))
    # Two equal radiographs say what one says; the two other channels are not heard before they have learned.
    fed = torch.cat([radiograph, radiograph, torch.randn(1, 2, 32, 64)], dim=1)
    picture = functional.interpolate(radiograph, scale_factor=2, mode="nearest").expand(-1, 3, -1, -1)
    expected = functional.conv2d(picture, theirs.patch_embed.proj.weight, theirs.patch_embed.proj.bias, 4)
    torch.testing.assert_close(ours.patch_embed.proj(fed), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("variant", ["swinx2s-tiny", "fused-nano"])
def test_either_kind_of_network_takes_over_all_but_what_has_no_counterpart(variant, weights):
    model = build_model(variant, **SMALL)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    sentence = start_from_imagenet(model, weights)
    encoder = next(m for m in model.modules() if isinstance(m, SwinPyramid))
    prefix = next(name for name, m in model.named_modules() if m is encoder)
    changed = {
        name.removeprefix(f"{prefix}.")
        for name, value in model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    fresh = set(encoder.state_dict()) - changed
    assert changed <= set(encoder.state_dict())
    assert {".".join(name.split(".")[:3]) for name in fresh} == {
        *(f"norms.{i}.{kind}" for i in range(5) for kind in ("weight", "bias")),
        "stages.3.merge",
    }
    taken = sum(value.numel() for name, value in encoder.state_dict().items() if name in changed)
    assert f"{taken:,} of the Swin encoder's" in sentence
    assert all(name in sentence for name in fresh)


def test_files_of_microsofts_repository_give_the_same_weights(weights, tmp_path):
    theirs = picture_swin().state_dict()
    original = {
        re.sub(r"(?<=layers\.)\d(?=\.downsample)", lambda stage: str(int(stage[0]) - 1), key): value
        for key, value in theirs.items()
    }
    original["layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(49, 49)
    original["layers.0.blocks.1.attn_mask"] = torch.zeros(64, 49, 49)
    path = tmp_path / "swin_tiny_patch4_window7_224_22k.pth"
    torch.save({"model": original}, path)
    torch.manual_seed(0)
    first, second = (build_model("swinx2s-tiny", **SMALL) for _ in range(2))
    second.load_state_dict(first.state_dict())
    start_from_imagenet(first, weights)
    start_from_imagenet(second, path)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_a_smaller_window_keeps_the_bias_of_every_offset_and_a_longer_one_repeats_the_farthest():
    offsets = torch.cartesian_prod(torch.arange(-6, 7), torch.arange(-6, 7)).float()
    moved = window_table(offsets, (5, 9)).view(9, 17, 2)
    assert moved[:, 8, 0].tolist() == list(range(-4, 5))
    assert moved[4, :, 1].tolist() == [-6, -6, *range(-6, 7), 6, 6]
    assert torch.equal(window_table(offsets, (7, 7)), offsets)


def test_a_file_of_other_sizes_is_refused_with_every_tensor_that_does_not_fit(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(picture_swin(depths=(2, 2, 4, 2)).state_dict(), path)
    with pytest.raises(InputError) as caught:
        start_from_imagenet(build_model("swinx2s-tiny", **SMALL), path)
    assert {fault.kind for fault in caught.value.faults} == {"weights-unexpected-key"}
    assert "layers.2.blocks.3.mlp.fc1.weight" in str(caught.value)
    narrow = build_model("swinx2s-tiny", **{**SMALL, "embed_dim": 16, "depths": (2, 2, 4, 2)})
    with pytest.raises(InputError, match=re.escape("patch_embed.proj.weight has shape (8, 3, 4, 4)")):
        start_from_imagenet(narrow, path)


def sizes_only(variant):
    """A network without memory for its weights."""
    with torch.device("meta"):
        return build_model(variant)


@pytest.mark.parametrize("variant", sorted(known_variants()))
def test_a_network_without_published_counterpart_is_refused_with_those_that_have_one(variant, monkeypatch):
    asked = []
    monkeypatch.setattr(pretrained, "_download", lambda name: asked.append(name) or 1 / 0)
    model = sizes_only(variant)
    counterpart = {"swinx2s-base": "swin_small", "swinx2s-large": "swin_base"}.get(variant)
    with pytest.raises(ZeroDivisionError if counterpart else InputError) as caught:
        start_from_imagenet(model)
    if counterpart:
        assert asked == [f"{counterpart}_patch4_window7_224.ms_in22k"]
    else:
        assert asked == []
        assert "swinx2s-base" in str(caught.value)
        assert "swinx2s-large" in str(caught.value)


@pytest.mark.parametrize(("sizes", "name"), PUBLISHED.items())
def test_the_published_networks_have_the_sizes_that_they_are_listed_with(sizes, name, monkeypatch):
    monkeypatch.setattr(swin_transformer, "_create_swin_transformer", lambda *names, **sizes: sizes)
    described = getattr(swin_transformer, name.split(".")[0])()
    assert (described["embed_dim"], described["depths"], described["num_heads"]) == sizes
    assert (described["patch_size"], described["window_size"]) == (4, 7)
    assert name in timm.list_pretrained("swin_*")


def test_offline_the_user_is_told_what_to_download_and_where_to_name_it(monkeypatch):
    def unreachable(repository, file):
        raise FileNotFoundError("An error happened while trying to locate the file on the Hub")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    with pytest.raises(InputError) as caught:
        start_from_imagenet(sizes_only("swinx2s-base"))
    (fault,) = caught.value.faults
    assert fault.kind == "pretrained-offline"
    address = "huggingface.co/timm/swin_small_patch4_window7_224.ms_in22k/resolve/main/model.safetensors"
    assert address in fault.hint
    assert 'pretrained_file = "PATH/model.safetensors"' in fault.hint
