"""Weights of this library taken over, hashes that were announced, and imported weights removed."""

import argparse
import json
import subprocess
import sys

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


TEXTS = {
    "a web page": b"<!DOCTYPE html><html><head><title>Quota exceeded</title></head></html>",
    "the answer of a server": b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 1300000000\n",
    "a pointer of git-annex": b"../../.git/annex/objects/Xk/1/SHA256E-s9--0/SHA256E-s9--0",
    "a text": b'{"error": "Entry not found"}',
    "empty": b"",
}


@pytest.mark.parametrize("ending", ["pt", "pth", "safetensors"])
@pytest.mark.parametrize("what", TEXTS)
def test_text_in_place_of_weights_is_named_as_what_it_is(cache, tmp_path, what, ending):
    path = tmp_path / f"downloaded.{ending}"
    path.write_bytes(TEXTS[what])
    for use in (lambda: import_weights(path, ImportOptions("new")), lambda: load_weights(path)):
        with pytest.raises(InputError, match=what) as error:
            use()
        (fault,) = error.value.faults
        assert (fault.kind, fault.path) == ("weights-are-text", str(path))
        assert "again" in fault.hint
    assert not cache.exists()


class Runs:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("damage", ["objects", "noise"])
def test_nobody_is_advised_to_open_a_file_without_care(cache, tmp_path, damage, capsys):
    path = tmp_path / "theirs.pt"
    if damage == "objects":
        torch.save({"state_dict": Runs()}, path)
    else:
        path.write_bytes(bytes(range(255, 0, -1)) * 9)
    with pytest.raises(InputError) as error:
        import_weights(path, ImportOptions("new"))
    assert "weights_only" not in str(error.value)
    assert "torch.load" not in str(error.value)
    assert "run" not in capsys.readouterr().out


FULL = """
import resource, sys
import SwinX2SLib.weights.storage
from SwinX2SLib.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("half", [[], ["--half"]])
def test_a_disk_that_is_full_leaves_nothing_and_is_an_exit_code_of_its_own(given, tmp_path, half):
    target = tmp_path / "new" / "folder"
    command = [
        sys.executable,
        "-c",
        FULL,
        "weights",
        "import",
        given,
        "--name",
        "new",
        "--out",
        target,
        *half,
    ]
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert ended.returncode == 5, ended.stderr
    assert str(given) in ended.stderr
    assert str(target / "new.safetensors") in ended.stderr
    assert ".swinx2s-" not in ended.stderr
    assert not (tmp_path / "new").exists()
