"""The small parts between the worker and the panel."""

import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.transforms import stated_view_fault
from SwinX2SLib.slicerui import background_process
from SwinX2SLib.slicerui.background_process import LineAssembler, end_process_tree
from SwinX2SLib.slicerui.dialogs import BoundedLog
from SwinX2SLib.slicerui.messages import panel_fault, panel_wording


def test_lines_are_put_together_from_pieces_cut_anywhere():
    text = "Größe 1\nüber\r\nrest".encode()
    for size in range(1, len(text)):
        lines = LineAssembler()
        told = [
            line for start in range(0, len(text), size) for line in lines.feed(text[start : start + size])
        ]
        assert told + lines.rest() == ["Größe 1", "über", "rest"]
    assert lines.rest() == []


def test_a_line_without_end_is_cut_and_not_kept():
    lines = LineAssembler(max_line_bytes=10)
    assert lines.feed(b"x" * 25) == ["x" * 10, "x" * 10]
    assert lines.rest() == ["x" * 5]


def test_the_log_never_passes_its_limit_and_keeps_the_newest_lines():
    log = BoundedLog(limit_bytes=200)
    for number in range(100):
        log.append(f"línea {number}")
        assert len(log.text.encode()) <= 200
    assert log.text.startswith("[earlier lines were dropped]\n")
    assert log.text.endswith("línea 98\nlínea 99")
    log.append("y" * 1000)
    assert len(log.text.encode()) <= 200
    assert log.text.endswith("yyy")
    log.clear()
    log.append("short")
    assert log.text == "short"


def test_hints_of_the_command_are_said_in_the_panel_wording():
    said = panel_wording("Crop the larger one with --crop to the same top, or correct --spacing-mm.")
    assert said == "Crop the larger one with Crop to the same top, or correct Pixel size."
    fault = panel_fault(
        Fault("k", "Odd.", "Set it with --spacing-mm (mm).", "/a/b"), {"/a/b": "Radiograph 1"}
    )
    assert str(fault) == "Radiograph 1: Odd. Set Pixel size."


@pytest.mark.parametrize("stated", ["PA", "lateral"])
def test_a_radiograph_of_the_other_view_is_told_without_options_that_the_module_lacks(stated):
    fault = stated_view_fault(stated, "lateral" if stated == "PA" else "ap")
    assert str(panel_fault(fault, {})).endswith(
        "one. Swap the two files, or clear the box Use orientation in header."
    )


def test_killing_a_tree_ends_children_and_grandchildren():
    code = "import subprocess, sys, time; {}; print('up', flush=True); time.sleep(600)"
    inner = code.format("pass")
    middle = code.format(f"subprocess.Popen([sys.executable, '-c', {inner!r}], stdout=sys.stdout)")
    outer = subprocess.Popen([sys.executable, "-c", middle], stdout=subprocess.PIPE)
    assert [outer.stdout.readline() for _ in range(2)] == [b"up\n"] * 2
    tree = [psutil.Process(outer.pid), *psutil.Process(outer.pid).children(recursive=True)]
    assert len(tree) == 2
    end_process_tree(outer.pid)
    gone, alive = psutil.wait_procs(tree, timeout=10)
    assert (len(gone), alive) == (2, [])
    outer.wait()
    outer.stdout.close()
    end_process_tree(outer.pid)


def test_inside_slicer_the_worker_runs_in_pythonslicer(monkeypatch, tmp_path):
    launcher = tmp_path / "PythonSlicer"
    launcher.write_text("#!/bin/sh\n")
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    command = background_process.worker_command()
    assert command[:4] == [str(launcher), "-m", "SwinX2SLib.reconstruct.worker", "--serve"]
    monkeypatch.setenv("PATH", "")
    assert background_process.worker_python() == sys.executable
    monkeypatch.setattr(sys, "executable", "/opt/Slicer/bin/SlicerApp-real")
    with pytest.raises(background_process.InterpreterError, match="PythonSlicer was not found"):
        background_process.worker_python()


def test_the_worker_finds_the_library_from_any_folder(tmp_path):
    import os

    environment = {**os.environ, **background_process.worker_environment()}
    command = [sys.executable, "-c", "import SwinX2SLib; print(SwinX2SLib.__file__)"]
    told = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout
    assert Path(told.strip()).parents[1] == Path(
        background_process.worker_environment()["PYTHONPATH"].split(os.pathsep)[0]
    )


def test_no_process_state_is_compared_with_a_number(repository):
    sources = (repository / "SwinX2SLib" / "slicerui").rglob("*.py")
    wrong = [
        path.name for path in sources if re.search(r"(state|exitStatus)\(\)\s*[!=]=\s*\d", path.read_text())
    ]
    assert wrong == []
