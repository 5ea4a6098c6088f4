"""The networks of the paper's table 3: sizes, outputs, gradients, and what they refuse."""

import copy

import pytest
import torch

from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.paper.concat_networks import _fit
from SwinX2SLib.paper.monai_networks import radiograph_volume
from SwinX2SLib.paper.networks import BASELINES

pytestmark = pytest.mark.slow

GRID = (32, 32, 64)
SMALL = {
    "tl-embedding": {"channels": [4, 4, 8, 8], "latent": 8},
    "1dconcat": {"channels": [4, 4, 8, 8, 8, 16], "vector": 8},
    "multiscale-2dconcat": {"first": 4, "growth": [1, 1, 2, 2, 2, 2], "dense_layers": 2, "fused": 4},
    "2dconcat": {"width": 4},
    "unetr": {"feature_size": 4, "hidden_size": 24, "mlp_dim": 32, "heads": 4},
    "unet": {"channels": [4, 4, 8, 8, 8]},
    "attention-unet": {"channels": [4, 4, 8, 8, 8]},
    "swin-unetr": {"feature_size": 12, "depths": [1, 1, 1, 1]},
}
# Table 6 of the paper, in millions. Where the grid of a network decides its size, that of the table.
PUBLISHED_MILLIONS = {
    "1dconcat": (40.67, (128, 128, 128)),
    "multiscale-2dconcat": (3.08, (128, 128, 160)),
    "2dconcat": (1.55, (128, 128, 160)),
    "unetr": (95.77, (128, 128, 160)),
    "unet": (1.31, (128, 128, 160)),
    "attention-unet": (1.48, (128, 128, 160)),
    "swin-unetr": (61.99, (128, 128, 160)),
}


def count(name: str, **sizes) -> int:
    with torch.device("meta"):
        return sum(parameter.numel() for parameter in build_model(name, **sizes).parameters())


def small(name: str, **more) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(name, **{"grid_shape": GRID, "out_channels": 5, **SMALL[name], **more})


def radiographs(
    grid: tuple[int, int, int] = GRID, views: int = 1, batch: int = 2
) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(1)
    x, y, z = grid
    return tuple(torch.rand(batch, views, side, z, generator=generator) for side in (x, y))


@pytest.mark.parametrize("name", PUBLISHED_MILLIONS)
def test_baselines_are_as_large_as_the_papers(name):
    millions, grid = PUBLISHED_MILLIONS[name]
    assert count(name, grid_shape=grid) / 1e6 == pytest.approx(millions, rel=0.006)
    assert count(name) / 1e6 == pytest.approx(millions, rel=0.03)


def test_tl_embedding_has_the_number_that_the_paper_prints_under_operations():
    # 53.65 (M) and 4.38 (G) stand in each other's column; on the full grid the linear layers are a quarter longer.
    assert count("tl-embedding", grid_shape=(128, 128, 128)) / 1e6 == pytest.approx(4.38, rel=0.002)
    assert count("tl-embedding") / 1e6 == pytest.approx(4.38 * 1.24, rel=0.01)


@pytest.mark.parametrize("name", BASELINES)
def test_one_prediction_fills_the_whole_grid_and_its_gradients_reach_every_parameter(name):
    model = small(name)
    logits = model(*radiographs())
    assert logits.shape == (2, 5, *GRID)
    (logits * torch.randn(logits.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
    silent = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    # What is added before a normalisation is subtracted by it: such offsets cannot matter.
    assert all(key.endswith("bias") for key in silent), silent
    assert all(value.grad is not None for value in model.parameters())


@pytest.mark.parametrize("name", BASELINES)
def test_either_radiograph_changes_the_prediction(name):
    # With the statistics of the batch: before any training, those of earlier batches quench the signal.
    model, (coronal, sagittal) = small(name), radiographs()
    with torch.no_grad():
        plain = model.reconstruct_logits(coronal, sagittal)
        assert not torch.allclose(plain, model.reconstruct_logits(coronal.flip(-1), sagittal), atol=1e-4)
        assert not torch.allclose(plain, model.reconstruct_logits(coronal, sagittal.flip(-1)), atol=1e-4)


@pytest.mark.parametrize("name", BASELINES)
def test_more_radiographs_of_each_plane_are_taken(name):
    model = small(name, views_per_plane=3)
    assert model(*radiographs(views=3)).shape == (2, 5, *GRID)
    with pytest.raises(ValueError, match=r"must be \(batch, 3, 32, 64\)"):
        model(*radiographs(views=1))


@pytest.mark.parametrize("name", BASELINES)
def test_a_grid_that_is_no_power_of_two_and_not_square_is_filled(name):
    grid = (96, 64, 160)
    with torch.device("meta"):
        model = small(name, grid_shape=grid)
        assert model(*radiographs(grid)).shape == (2, 5, *grid)


@pytest.mark.parametrize("name", BASELINES)
def test_half_precision_on_a_processor_gives_the_gradients_of_single_precision(name, native_bfloat16):
    model = small(name)
    gradients = []
    for half in (False, True):
        copied = copy.deepcopy(model)
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            logits = copied(*radiographs())
        logits.float().logsumexp(1).sum().backward()
        gradients.append(torch.cat([p.grad.flatten() for p in copied.parameters()]))
    assert gradients[1].isfinite().all()
    assert torch.cosine_similarity(*gradients, dim=0) > 0.9


@pytest.mark.parametrize(
    ("name", "sizes", "word"),
    [
        ("unet", {"grid_shape": [32, 32, 40]}, "multiples of 16"),
        ("unet", {"grid_shape": [16, 16, 16]}, "one voxel"),
        ("unet", {"channels": [8, 16]}, "5 levels"),
        ("attention-unet", {"channels": [8, 16, 0, 8, 8]}, "1 or more"),
        ("unetr", {"hidden_size": 20, "heads": 3}, "do not divide"),
        ("swin-unetr", {"grid_shape": [48, 48, 64]}, "multiples of 32"),
        ("swin-unetr", {"feature_size": 16}, "multiple of 12"),
        ("swin-unetr", {"heads": [5, 6, 12, 24]}, "do not divide"),
        ("tl-embedding", {"latent": 0}, "latent must be 1 or more"),
        ("1dconcat", {"grid_shape": [128, 128, 400]}, "may exceed 256"),
        ("2dconcat", {"width": 0}, "width must be 1 or more"),
        ("multiscale-2dconcat", {"growth": [1, 2]}, "6 levels"),
        ("unet", {"views_per_plane": 0}, "1 or more"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(name, sizes, word):
    with pytest.raises(InputError, match=word):
        build_model(name, **sizes)


def test_a_radiograph_is_repeated_along_the_axis_that_it_lacks():
    coronal, sagittal = radiographs(batch=1)
    volume = radiograph_volume(coronal, sagittal)
    assert volume.shape == (1, 2, *GRID)
    assert torch.equal(volume[0, 0, :, 7], coronal[0, 0])
    assert torch.equal(volume[0, 1, 9], sagittal[0, 0])


def test_a_volume_is_stretched_where_it_is_short_and_cropped_where_it_is_long():
    volume = torch.arange(8.0).view(1, 1, 2, 2, 2)
    fitted = _fit(volume, [1, 2, 3])
    assert fitted.shape == (1, 1, 1, 2, 3)
    assert fitted[0, 0, 0].tolist() == [[0.0, 0.5, 1.0], [2.0, 2.5, 3.0]]
