"""The example notebooks run against the library as it is, hold their outputs, and stay small."""

import ast
import base64
import contextlib
import importlib
import io
import json
import re
import tomllib
from pathlib import Path

import pytest

import SwinX2SLib

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "Docs" / "examples"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
names = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path) -> list[dict]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(path: Path) -> str:
    """The code of a notebook without its magics."""
    lines = "\n".join("".join(cell["source"]) for cell in code_cells(path)).splitlines()
    return "\n".join(line for line in lines if not line.startswith("%"))


def test_there_are_the_notebooks_that_the_gallery_and_the_site_name():
    assert {path.stem for path in NOTEBOOKS} == {"reconstruct", "measure_and_compare", "train_small_model"}
    gallery = (FOLDER / "index.md").read_text(encoding="utf-8")
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for path in NOTEBOOKS:
        assert f"({path.name})" in gallery
        assert f"examples/{path.name}" in site


@names
def test_every_name_that_a_notebook_takes_from_the_library_exists(path):
    tree = ast.parse(source(path))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "SwinX2SLib":
            module = importlib.import_module(node.module)
            for alias in node.names:
                assert hasattr(module, alias.name), f"{node.module}.{alias.name}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sx":
            assert node.attr in {*SwinX2SLib.__all__, "__all__"}, node.attr


@names
def test_a_notebook_holds_the_outputs_of_a_run_from_top_to_bottom_without_errors(path):
    cells = code_cells(path)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 3


@names
def test_a_notebook_is_small_and_tells_nothing_of_the_machine_that_ran_it(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < 300_000
    assert not re.search(r"/(home|root|work|tmp|Users)/", re.sub(r'"image/png": "[^"]*"', "", text))


@names
def test_every_picture_can_be_read(path):
    from PIL import Image

    for cell in code_cells(path):
        for output in cell["outputs"]:
            if picture := output.get("data", {}).get("image/png"):
                Image.open(io.BytesIO(base64.b64decode(picture))).verify()


def test_the_run_in_the_training_notebook_has_parameters_that_can_be_used():
    from SwinX2SLib.training import TrainingConfig

    tree = ast.parse(source(FOLDER / "train_small_model.ipynb"))
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "TrainingConfig"
    )
    config = TrainingConfig(**{word.arg: ast.literal_eval(word.value) for word in call.keywords})
    assert not config.faults()
    assert not config.mixed_precision


@pytest.mark.slow
@pytest.mark.parametrize("name", ["reconstruct", "measure_and_compare"])
def test_a_notebook_runs_from_top_to_bottom(name, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    from matplotlib import pyplot

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(source(FOLDER / f"{name}.ipynb"), f"{name}.ipynb", "exec"), {"__name__": "__main__"})
        assert len(pyplot.get_fignums()) >= 3
    finally:
        pyplot.close("all")


def test_the_tools_that_execute_notebooks_are_pinned():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    assert all("==" in line for line in extras["notebooks"])
