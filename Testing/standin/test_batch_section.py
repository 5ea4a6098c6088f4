"""The section Batch: a batch in the background, its cases as they end, cancel, and what is wrong told as text."""

import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import slicer
from block_bones import block_bones
from PIL import Image
from whole_result import write_whole_result

from SwinX2SLib.slicerui.batch import run as batch_run

_WORKER = """
import json, sys, time
def tell(**event):
    print(json.dumps(event), flush=True)
tell(event="progress", fraction=0.4, message="Reconstructing: 1 of 3, about 20 s left")
numbers = dict(seconds=9.6, bones=54, expected_dice=0.71)
tell(event="case", case="one", status="done", warnings=["Look at it."], folder=folder, **numbers)
tell(event="case", case="two", status="failed", failure={"message": "two.png: it is broken"}, folder="")
if wait:
    time.sleep(600)
tell(event="result", files={"table": "t"}, notes=["1 of 2 cases reconstructed; 1 failed."])
sys.exit(6)
"""


@pytest.fixture
def section(panel, monkeypatch):
    section = panel.whole.sections["batch"]
    monkeypatch.setattr(section._installer, "ensure", lambda: None)
    return section


@pytest.fixture
def stand_in(section, tmp_path, monkeypatch):
    """Let the section start a process of the test's own; asked for is kept."""
    asked = []

    def use(wait: bool = False) -> list:
        folder = write_whole_result(tmp_path / "one", block_bones())
        script = tmp_path / "batch.py"
        script.write_text(f"folder, wait = {str(folder)!r}, {wait}\n{textwrap.dedent(_WORKER)}")

        def command(request):
            asked.append(request)
            return [sys.executable, str(script)]

        monkeypatch.setattr(batch_run, "batch_command", command)
        section.parameters.batch_source = str(tmp_path)
        section.parameters.batch_out = str(tmp_path / "out")
        return asked

    return use


def cells(section, row: int) -> list[str]:
    return [section.ui.batchList.item(row, column).text() for column in range(6)]


def test_nothing_starts_before_radiographs_and_results_are_chosen(section, tmp_path):
    ui = section.ui
    assert not ui.batchStartButton.enabled
    section.parameters.batch_source = str(tmp_path / "radiographs")
    assert not ui.batchStartButton.enabled
    section.parameters.batch_out = str(tmp_path / "out")
    assert ui.batchStartButton.enabled
    assert ui.batchSourceLabel.text == "radiographs"
    assert not ui.batchCancelButton.enabled
    assert not ui.batchLoadButton.enabled


def test_cases_are_listed_as_they_end_and_one_is_shown(section, stand_in, spin_until):
    asked = stand_in()
    section.parameters.batch_spacing_mm = 0.25
    section.parameters.batch_measure = True
    section.ui.batchStartButton.click()
    spin_until(lambda: not section.ui.batchCancelButton.enabled)
    assert cells(section, 0) == ["one", "done", "54", "71 %", "10 s", "Look at it."]
    assert cells(section, 1) == ["two", "failed", "", "", "", "two.png: it is broken"]
    assert section.ui.batchStatusLabel.text == "1 of 2 cases reconstructed; 1 failed."
    assert (asked[0].spacing_mm, asked[0].measure, asked[0].device) == (0.25, True, "auto")
    assert "--spacing-mm" in asked[0].arguments()
    section.ui.batchList.setCurrentCell(1, 0)
    assert not section.ui.batchLoadButton.enabled
    section.ui.batchList.setCurrentCell(0, 0)
    section.ui.batchLoadButton.click()
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")]
    assert names == ["one bones"]


def test_cancel_stops_and_takes_away_what_was_half_written(section, stand_in, spin_until, tmp_path):
    stand_in(wait=True)
    half = tmp_path / "out" / ".case 2.swinx2s-new-999999-1-0123abcd"
    half.mkdir(parents=True)
    section.ui.batchStartButton.click()
    spin_until(lambda: section.ui.batchList.rowCount == 2)
    assert section.ui.batchProgressBar.value == 40
    section.ui.batchCancelButton.click()
    spin_until(lambda: not section.ui.batchCancelButton.enabled)
    assert "Finished cases are kept" in section.ui.batchStatusLabel.text
    assert not half.exists()


def test_a_batch_outlives_the_scene(section, stand_in, spin_until):
    stand_in(wait=True)
    section.ui.batchStartButton.click()
    spin_until(lambda: section.ui.batchList.rowCount == 2)
    slicer.mrmlScene.Clear(0)
    assert section.ui.batchCancelButton.enabled
    assert section.ui.batchList.rowCount == 2


def test_the_real_command_tells_pairs_and_faults(section, tmp_path, spin_until):
    radiographs = tmp_path / "radiographs"
    radiographs.mkdir()
    for name in ("a_ap", "a_lat", "b_ap"):
        pixels = np.random.default_rng(len(name)).integers(0, 255, (200, 150)).astype(np.uint8)
        Image.fromarray(pixels).save(radiographs / f"{name}.png")
    section.parameters.batch_source, section.parameters.batch_out = str(radiographs), str(tmp_path / "out")
    section.ui.batchCheckButton.click()
    spin_until(lambda: not section.ui.batchCancelButton.enabled, 120)
    unpaired, a = cells(section, 0), cells(section, 1)
    assert (unpaired[:2], a[:2]) == (["radiographs", "failed"], ["a", "failed"])
    assert "Case b has 1 radiograph (b_ap.png), not a pair." in unpaired[-1]
    assert "The pixel size is unknown" in a[-1]
    (radiographs / "b_ap.png").unlink()
    section.parameters.batch_spacing_mm = 1.0
    section.ui.batchCheckButton.click()
    spin_until(lambda: not section.ui.batchCancelButton.enabled, 120)
    assert cells(section, 0)[:2] == ["a", "ready"]
    assert not Path(tmp_path / "out").exists()


def test_radiographs_that_are_gone_and_a_folder_that_cannot_be_written_are_told_at_once(
    section, stand_in, tmp_path
):
    asked = stand_in()
    (tmp_path / "a file").touch()
    section.parameters.batch_source = str(tmp_path / "moved <b>away.csv")
    section.parameters.batch_out = str(tmp_path / "a file" / "results")
    section.ui.batchStartButton.click()
    said = section.ui.batchStatusLabel.text
    assert "moved &lt;b&gt;away.csv: The radiographs do not exist." in said
    assert "The folder is not writable" in said
    assert asked == []
    assert section.ui.batchStartButton.enabled
    assert not section.ui.batchCancelButton.enabled


def test_a_batch_ends_for_the_panel_though_its_leftovers_cannot_be_removed(
    section, stand_in, spin_until, tmp_path, monkeypatch
):
    stand_in()
    (tmp_path / "out").mkdir()

    def refuse(_folder):
        raise PermissionError("not yours")

    monkeypatch.setattr(batch_run, "clear_leftovers", refuse)
    section.ui.batchStartButton.click()
    spin_until(lambda: not section.ui.batchCancelButton.enabled)
    assert section.ui.batchStatusLabel.text == "1 of 2 cases reconstructed; 1 failed."


def test_a_process_that_cannot_be_started_is_told_and_the_buttons_come_back(
    section, stand_in, spin_until, monkeypatch
):
    stand_in()
    monkeypatch.setattr(batch_run, "batch_command", lambda _request: ["/nowhere/python"])
    section.ui.batchStartButton.click()
    spin_until(lambda: section.ui.batchStartButton.enabled)
    assert "could not be started" in section.ui.batchStatusLabel.text
