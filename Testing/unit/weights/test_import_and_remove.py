"""Weights of this library taken over, hashes that were announced, and imported weights removed."""

import argparse
import json

import pytest
import torch
from safetensors.torch import load_file

from SwinX2SLib.cli.weights import add_weights_parser
from SwinX2SLib.errors import InputError
from SwinX2SLib.weights import WeightsError, load_weights, stored_weights
from SwinX2SLib.weights.importing import ImportOptions, import_weights
from SwinX2SLib.weights.locating import sha256_of
from SwinX2SLib.weights.manifest import remove_imported, usable_weights
from SwinX2SLib.weights.storage import write_weights


@pytest.fixture
def given(tmp_path, network, record):
    """A file of weights that somebody else gave, as this library writes it."""
    path = tmp_path / "given" / "theirs.safetensors"
    write_weights(network.state_dict(), path, record)
    return path


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_weights_parser(parser.add_subparsers())
    parsed = parser.parse_args(["weights", *map(str, arguments)])
    return parsed.func(parsed)


def test_own_weights_are_taken_over_with_what_is_known_of_them(cache, given, network):
    path, record = import_weights(given, ImportOptions("theirs"))
    assert path == cache / "Models" / "theirs.safetensors"
    assert (record.licence, record.scores, record.training_data) == ("MIT", {"dice": 0.5}, ["nobody"])
    assert record.source == {"file": "theirs.safetensors", "sha256": sha256_of(given)}
    model, found = load_weights("theirs")
    assert found == record
    for key, value in network.state_dict().items():
        torch.testing.assert_close(model.state_dict()[key], value)


def test_own_weights_without_a_record_beside_them_are_known_by_their_header(cache, given):
    given.with_suffix(".json").unlink()
    _, record = import_weights(given, ImportOptions("theirs"))
    assert (record.variant, record.sha256) == ("swinx2s-tiny", sha256_of(given))


def test_half_precision_is_asked_for_and_got(cache, given):
    path, record = import_weights(given, ImportOptions("small", half=True))
    assert path.stat().st_size == record.bytes < 0.6 * given.stat().st_size
    assert {value.dtype for value in load_file(path).values() if value.is_floating_point()} == {torch.float16}


def test_an_altered_file_is_refused_and_nothing_is_written(cache, given):
    content = bytearray(given.read_bytes())
    content[-1] ^= 1
    given.write_bytes(content)
    with pytest.raises(WeightsError, match="altered"):
        import_weights(given, ImportOptions("theirs"))
    assert not cache.exists()


@pytest.mark.parametrize("prefix", ["", "sha256:", "SHA256: "])
def test_an_announced_hash_is_compared(cache, given, prefix):
    digest = sha256_of(given)
    with pytest.raises(InputError, match="unexpected hash") as caught:
        import_weights(given, ImportOptions("theirs", sha256=prefix + "0" * 64))
    assert digest in str(caught.value)
    assert not cache.exists()
    import_weights(given, ImportOptions("theirs", sha256=prefix + digest.upper()))


def test_a_hash_cut_short_and_a_taken_name_are_told_together(library, given):
    with pytest.raises(InputError) as caught:
        import_weights(given, ImportOptions("toy", sha256="abc"))
    assert [fault.kind for fault in caught.value.faults] == ["hash-invalid", "name-taken"]


def test_a_checkpoint_of_the_published_code_is_converted_after_its_hash_was_compared(
    cache, tmp_path, published
):
    torch.save(published, tmp_path / "model.pt")
    _, record = import_weights(
        tmp_path / "model.pt", ImportOptions("mine", sha256=sha256_of(tmp_path / "model.pt"))
    )
    assert record.source["file"] == "model.pt"


def test_removing_takes_entry_and_files_and_leaves_the_others(library, given, cache, capsys):
    import_weights(given, ImportOptions("first"))
    import_weights(given, ImportOptions("second"))
    assert run("remove", "first") == 0
    assert "Removed first" in capsys.readouterr().out
    assert [entry.record.name for entry in stored_weights()] == ["toy", "second"]
    assert sorted(path.name for path in (cache / "Models").iterdir()) == [
        "second.json",
        "second.safetensors",
    ]


def test_weights_whose_file_is_gone_can_be_removed(cache, given):
    path, _ = import_weights(given, ImportOptions("first"))
    path.unlink()
    assert [file.name for file in remove_imported("first")] == ["first.json"]
    assert stored_weights() == [entry for entry in stored_weights() if entry.bundled]


def test_the_librarys_own_weights_cannot_be_removed(library):
    with pytest.raises(WeightsError, match="are bundled with SwinX2S"):
        remove_imported("toy")
    with pytest.raises(WeightsError, match="Unknown weights 'other'"):
        remove_imported("other")
    assert (library / "Models" / "toy.safetensors").is_file()


def test_files_alone_are_verified_without_reading_tensors(library, capsys, monkeypatch):
    monkeypatch.setattr("SwinX2SLib.weights.storage.content_faults", None)
    assert run("verify", "--files-only") == 0
    assert capsys.readouterr().out == "toy: valid\n"


def test_a_damaged_list_of_imported_weights_leaves_the_librarys_own(library, cache):
    cache.mkdir()
    (cache / "models.json").write_text(json.dumps({"models": [{"name": "half an entry"}]}))
    stored, faults = usable_weights()
    assert [entry.record.name for entry in stored] == ["toy"]
    assert {fault.kind for fault in faults} == {"manifest-damaged"}
    with pytest.raises(WeightsError):
        stored_weights()
