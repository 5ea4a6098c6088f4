import argparse
import json

import pytest
import torch

from SwinX2SLib.cli.weights import add_weights_parser
from SwinX2SLib.weights import WeightsError


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_weights_parser(parser.add_subparsers())
    parsed = parser.parse_args(["weights", *map(str, arguments)])
    return parsed.func(parsed)


def test_list_names_the_default_and_what_is_missing(library, capsys):
    assert run("list") == 0
    assert "toy  swinx2s-tiny" in (line := capsys.readouterr().out)
    assert "(default)" in line
    (library / "Models" / "toy.safetensors").unlink()
    run("list")
    assert "FILE MISSING" in capsys.readouterr().out


def test_list_as_json_holds_the_whole_record(library, capsys):
    run("list", "--json")
    listed = json.loads(capsys.readouterr().out)
    assert listed["default"] == "toy"
    assert listed["models"][0]["training_data"] == ["nobody"]
    assert listed["models"][0]["path"] == str(library / "Models" / "toy.safetensors")


def test_verify_passes_whole_weights_and_refuses_damaged_ones(library, capsys):
    assert run("verify") == 0
    assert capsys.readouterr().out == "toy: valid\n"
    with (library / "Models" / "toy.safetensors").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(WeightsError, match="longer than it was") as caught:
        run("verify", "toy")
    assert caught.value.exit_code == 4
    assert capsys.readouterr().out == "toy: DAMAGED\n"


def test_import_then_list_then_verify(library, tmp_path, published, capsys):
    torch.save(published, tmp_path / "model.pt")
    assert run("import", tmp_path / "model.pt", "--name", "mine", "--licence", "MIT") == 0
    assert "--model mine" in capsys.readouterr().out
    assert run("list") == 0
    assert "mine  swinx2s-tiny" in capsys.readouterr().out
    assert run("verify", "mine") == 0


def test_import_into_a_folder_leaves_the_cache_alone(cache, tmp_path, published, capsys):
    torch.save(published, tmp_path / "model.pt")
    run("import", tmp_path / "model.pt", "--name", "mine", "--out", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["mine.json", "mine.safetensors"]
    assert not cache.exists()
    assert str(tmp_path / "out" / "mine.safetensors") in capsys.readouterr().out
