import hashlib
import os

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from SwinX2SLib.errors import InputError
from SwinX2SLib.weights import find_weights, load_weights
from SwinX2SLib.weights.checkpoint import read_checkpoint
from SwinX2SLib.weights.importing import ImportOptions, import_upstream


def kinds(caught) -> list[str]:
    return [fault.kind for fault in caught.value.faults]


@torch.no_grad()
def assert_same_outputs(model, network, radiographs) -> None:
    for found, expected in zip(model(*radiographs), network(*radiographs), strict=True):
        torch.testing.assert_close(found, expected)


def test_a_checkpoint_as_the_published_training_loop_saves_it_comes_through(
    tmp_path, cache, network, published, radiographs
):
    source = tmp_path / "model.pt"
    torch.save({"epoch": 7, "best_acc": np.float64(0.575), "state_dict": published}, source)
    path, record = import_upstream(source, ImportOptions("mine", licence="MIT"))
    assert path == cache / "Models" / "mine.safetensors"
    assert (record.variant, record.overrides["embed_dim"], record.licence) == ("swinx2s-tiny", 4, "MIT")
    assert record.source == {"file": "model.pt", "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}
    assert record.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert find_weights("mine").record == record
    model, loaded = load_weights("mine")
    assert loaded == record
    assert not model.training
    assert_same_outputs(model, network, radiographs)


@pytest.mark.parametrize("wrapper", ["", "state_dict", "model"])
@pytest.mark.parametrize("prefix", ["", "module."])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_wrappers_and_parallel_prefixes_are_taken_off(tmp_path, published, wrapper, prefix, suffix):
    source = tmp_path / f"model{suffix}"
    state = {prefix + key: value for key, value in published.items()}
    if suffix == ".safetensors":
        save_file({f"{wrapper}.{key}" if wrapper else key: value for key, value in state.items()}, source)
    else:
        torch.save({wrapper: state} if wrapper else state, source)
    found = read_checkpoint(source)
    assert found.keys() == published.keys()
    assert all(torch.equal(found[key], value) for key, value in published.items())


def test_the_tables_that_the_published_code_stores_are_checked_and_left_out(tmp_path, published, radiographs):
    # A window of 1x2 patches: the first sees the second at a distance of -1, itself at 0, and so on.
    index = "swinViT.layers.3.blocks.0.attn.relative_position_index"
    rows, columns = np.divmod(np.arange(8), 4)
    table = (rows[:, None] - rows + 1) * 7 + columns[:, None] - columns + 3
    published[index] = torch.from_numpy(table)
    source = tmp_path / "model.safetensors"
    save_file(published, source)
    path, _ = import_upstream(source, ImportOptions("mine", tmp_path / "out"))
    assert index not in load_file(path)
    save_file({**published, index: torch.from_numpy(table.T.copy())}, source)
    with pytest.raises(InputError, match="window layout is different") as caught:
        import_upstream(source, ImportOptions("other", tmp_path / "out"))
    assert kinds(caught) == ["checkpoint-windows"]


def test_all_missing_unexpected_and_misshapen_tensors_are_named_at_once(tmp_path, published):
    del published["encoder10.layer.conv1.conv.weight"]
    del published["swinViT.norm.bias"]
    published["cross_atte6.layer.1.attn.out.bias"] = torch.zeros(64)
    published["decoder1.conv_block.conv2.conv.weight"] = torch.zeros(4, 4, 3, 3)
    published["out.conv.conv.bias"][2] = torch.nan
    source = tmp_path / "model.pt"
    torch.save(published, source)
    with pytest.raises(InputError) as caught:
        import_upstream(source, ImportOptions("mine", tmp_path / "out"))
    assert kinds(caught) == [
        "weights-missing-key",
        "weights-missing-key",
        "weights-unexpected-key",
        "weights-shape",
        "checkpoint-not-finite",
    ]
    text = str(caught.value)
    assert "encoder10.layer.conv1.conv.weight of shape (64, 64, 3, 3, 3) is missing" in text
    assert "has shape (4, 4, 3, 3) instead of (4, 4, 3, 3, 3)" in text
    assert not (tmp_path / "out").exists()


def test_a_checkpoint_of_another_network_is_named_as_such(tmp_path):
    source = tmp_path / "resnet.pt"
    torch.save({"conv1.weight": torch.zeros(3)}, source)
    with pytest.raises(InputError, match=r"no checkpoint of Swin-X2S.*conv1\.weight"):
        import_upstream(source, ImportOptions("mine", tmp_path / "out"))


class Evil:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return os.mkdir, (str(self.target),)


def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(tmp_path, published):
    source, target = tmp_path / "model.pt", tmp_path / "owned"
    torch.save({"state_dict": published, "extra": Evil(target)}, source)
    with pytest.raises(InputError) as caught:
        import_upstream(source, ImportOptions("mine", tmp_path / "out"))
    assert kinds(caught) == ["checkpoint-unsafe"]
    assert not target.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("left", [0, 30, 5000])
def test_a_truncated_checkpoint_is_refused_in_words(tmp_path, published, suffix, left):
    source = tmp_path / f"model{suffix}"
    save_file(published, source) if suffix == ".safetensors" else torch.save(published, source)
    source.write_bytes(source.read_bytes()[:left])
    with pytest.raises(InputError, match="damaged" if left else "is empty") as caught:
        import_upstream(source, ImportOptions("mine", tmp_path / "out"))
    assert caught.value.faults[0].path == str(source)


def test_a_missing_checkpoint_and_one_without_tensors_are_refused(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_checkpoint(tmp_path / "nothing.pt")
    torch.save({"epoch": 3, "note": "hello"}, tmp_path / "note.pt")
    with pytest.raises(InputError, match=r"no state dictionary.*note \(str\)"):
        read_checkpoint(tmp_path / "note.pt")


def test_weights_stored_in_half_precision_load_as_float32(tmp_path, published, network):
    source = tmp_path / "model.pt"
    torch.save(published, source)
    path, record = import_upstream(source, ImportOptions("half", tmp_path / "out", half=True))
    whole = sum(value.numel() for value in published.values()) * 4
    assert record.bytes < 0.55 * whole
    assert load_file(path)["head.bias"].dtype == torch.float16
    model, _ = load_weights(path)
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    torch.testing.assert_close(model.head.weight, network.head.weight, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["", "default", "../up", "a b", "toy"])
def test_names_that_cannot_be_used_are_refused(tmp_path, library, published, name):
    source = tmp_path / "model.pt"
    torch.save(published, source)
    with pytest.raises(InputError) as caught:
        import_upstream(source, ImportOptions(name))
    assert kinds(caught)[0] in ("name-invalid", "name-taken")


def test_a_name_in_use_is_replaced_only_when_asked(tmp_path, cache, published):
    source = tmp_path / "model.pt"
    torch.save(published, source)
    import_upstream(source, ImportOptions("mine"))
    with pytest.raises(InputError, match="--replace"):
        import_upstream(source, ImportOptions("mine"))
    published["out.conv.conv.bias"].fill_(0.25)
    torch.save(published, source)
    import_upstream(source, ImportOptions("mine", replace=True))
    assert load_weights("mine")[0].head.bias.tolist() == [0.25] * 5


def test_a_folder_that_cannot_be_written_is_named(tmp_path, published):
    source = tmp_path / "model.pt"
    torch.save(published, source)
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="cannot be written"):
        import_upstream(source, ImportOptions("mine", tmp_path / "file"))
