import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from SwinX2SLib.weights import WeightsError, load_weights
from SwinX2SLib.weights.storage import write_weights


def kinds(caught) -> list[str]:
    return [fault.kind for fault in caught.value.faults]


@pytest.mark.parametrize("name", ["toy", "default"])
def test_weights_load_by_name_and_as_the_default(library, network, name):
    model, record = load_weights(name, torch.device("cpu"))
    assert (record.name, record.scores) == ("toy", {"dice": 0.5})
    assert not model.training
    for key, value in network.state_dict().items():
        assert torch.equal(model.state_dict()[key], value)


def test_an_unknown_name_is_refused_with_the_names_there_are(library):
    with pytest.raises(WeightsError, match="Available: toy") as caught:
        load_weights("base-v9")
    assert kinds(caught) == ["unknown-weights"]


def test_a_file_that_was_tampered_with_is_refused(library):
    path = library / "Models" / "toy.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="was modified") as caught:
        load_weights("toy")
    assert kinds(caught) == ["weights-altered"]


def test_a_truncated_file_and_a_missing_one_are_refused(library):
    path = library / "Models" / "toy.safetensors"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="truncated"):
        load_weights("toy")
    path.unlink()
    with pytest.raises(WeightsError, match="are missing") as caught:
        load_weights("toy")
    assert str(path) in str(caught.value)


def test_a_file_alone_says_which_network_it_is_for(tmp_path, network, record):
    path = tmp_path / "alone.safetensors"
    written = write_weights(network.state_dict(), path, record)
    path.with_suffix(".json").unlink()
    model, found = load_weights(str(path))
    assert found == written
    assert torch.equal(model.head.weight, network.head.weight)


def test_a_file_is_held_to_the_record_beside_it(tmp_path, network, record):
    path = tmp_path / "run.safetensors"
    write_weights(network.state_dict(), path, record)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="was modified"):
        load_weights(path)


def test_tensors_that_do_not_fit_the_network_are_all_named(tmp_path, network, record):
    path = tmp_path / "odd.safetensors"
    state = dict(network.state_dict())
    del state["head.bias"]
    state["wings"] = torch.zeros(2)
    state["head.weight"] = torch.zeros(7, 4, 1, 1, 1)
    write_weights(state, path, record)
    with pytest.raises(WeightsError) as caught:
        load_weights(path)
    assert kinds(caught) == ["weights-missing-key", "weights-unexpected-key", "weights-shape"]


def test_files_that_are_no_weights_of_ours_are_refused_in_words(tmp_path):
    bare = tmp_path / "bare.safetensors"
    save_file({"a": torch.zeros(1)}, bare)
    with pytest.raises(WeightsError, match=r"does not state.*weights import"):
        load_weights(bare)
    noise = tmp_path / "noise.safetensors"
    noise.write_bytes(b"\xff\x00noise")
    with pytest.raises(WeightsError, match="cannot be read as safetensors"):
        load_weights(noise)
    with pytest.raises(WeightsError, match="does not exist"):
        load_weights(tmp_path / "nothing.safetensors")
    noise.with_suffix(".json").write_bytes(b"\xff\xfe{")
    with pytest.raises(WeightsError, match="not valid JSON"):
        load_weights(noise)
    noise.with_suffix(".json").write_text("{")
    with pytest.raises(WeightsError, match="not valid JSON"):
        load_weights(noise)


def test_a_record_of_an_unknown_network_is_refused(tmp_path, network, record):
    path = tmp_path / "odd.safetensors"
    write_weights(network.state_dict(), path, record)
    beside = path.with_suffix(".json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), "variant": "swinx2s-huge"}))
    with pytest.raises(WeightsError, match="Unknown network 'swinx2s-huge'"):
        load_weights(path)


def test_values_that_are_not_finite_are_not_written(tmp_path, record):
    path = tmp_path / "odd.safetensors"
    with pytest.raises(WeightsError, match="b has values"):
        write_weights({"a": torch.ones(1), "b": torch.tensor([1e6])}, path, record, half=True)
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_former_file(tmp_path, network, record, monkeypatch):
    path = tmp_path / "run.safetensors"
    write_weights({"a": torch.ones(1)}, path, record)

    def full_disk(tensors, target, metadata):
        target.write_bytes(b"part")
        raise OSError("no space left")

    monkeypatch.setattr("SwinX2SLib.weights.storage.save_file", full_disk)
    with pytest.raises(OSError, match="no space"):
        write_weights({"a": torch.zeros(1)}, path, record)
    assert load_file(path)["a"].tolist() == [1.0]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["run.json", "run.safetensors"]


def test_weights_that_may_not_be_read_are_refused_in_words(library, monkeypatch):
    def forbidden(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("SwinX2SLib.weights.locating.sha256_of", forbidden)
    with pytest.raises(WeightsError, match=r"Permission denied.*permissions") as caught:
        load_weights("toy")
    assert kinds(caught) == ["weights-unreadable"]
