"""The section Measurements: measuring beside Slicer, correcting, copying, signing, and what a scene keeps."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import pytest
import qt
import slicer
from measured_person import HEAD_MM, head, measured_text, surface_name, usual_radius

from SwinX2SLib.reconstruct.verdict import BoneVerdict, Verdict
from SwinX2SLib.report.findings import recorded_verdict
from SwinX2SLib.slicerui.measurements import nodes
from SwinX2SLib.slicerui.measurements import section as section_module
from SwinX2SLib.slicerui.measurements.commands import SegmentationCommand, share_done
from SwinX2SLib.slicerui.measurements.markups import places_of
from SwinX2SLib.slicerui.measurements.tree import ALL
from SwinX2SLib.slicerui.result.links import linked
from SwinX2SLib.slicerui.segmentation_import import import_segmentation

RADIUS = ("femur_left", "head_radius", "left")


@pytest.fixture
def section(panel):
    return panel.whole.sections["measurements"]


@pytest.fixture
def bones(section, bones_file):
    return import_segmentation(bones_file, "Bones")


@pytest.fixture
def measured(section, bones):
    nodes.add_document(bones, measured_text())
    section.parameters.measured_segmentation = bones
    return section


def number_of(section, key):
    return next(number for number, row in enumerate(section.session.rows) if key in row.keys.values())


def text(section, key, column):
    return section._tree.text(number_of(section, key), column)


def move_surface(section, radius):
    (node,) = [
        node
        for node in linked(section.session.segmentation, nodes.MARKUP)
        if surface_name("left") in places_of(node)
    ]
    node.InvokeEvent(node.PointStartInteractionEvent)
    index = places_of(node).index(surface_name("left"))
    node.SetNthControlPointPosition(index, *head("left", 0.0, 0.0, radius))
    node.InvokeEvent(node.PointEndInteractionEvent)


def test_measuring_a_result_hands_its_verdict_on_without_bones_that_were_edited(bones, monkeypatch):
    verdict = Verdict("look", {name: BoneVerdict("look", 0.6) for name in ("sacrum", "femur_left")})
    found = []
    monkeypatch.setattr(
        SegmentationCommand,
        "_start",
        lambda self, arguments: found.append(recorded_verdict(Path(arguments[1]))),
    )
    for stated, edited in ((None, []), (verdict, []), (verdict, ["femur_left"])):
        bones.SetAttribute("SwinX2S.verdict", json.dumps(stated and stated.to_json()))
        bones.SetAttribute("SwinX2S.edited_bones", json.dumps(edited))
        command = SegmentationCommand(bones, lambda line: None, lambda *ended: None)
        command.measure()
        shutil.rmtree(command.out.parent)
    assert found == [None, verdict, verdict.without(["femur_left"])]


def test_without_bones_nothing_can_be_done(section):
    ui = section.ui
    for name in (
        "measureButton", "measureCancelButton", "measuredUndoButton", "measuredRedoButton", "measuredResetButton",
        "measuredResetAllButton", "measuredCopyButton", "measuredCsvButton", "measuredReportButton",
        "reviewSignButton", "reviewWithdrawButton",
    ):  # fmt: skip
        assert not getattr(ui, name).enabled, name
    for widget in vars(ui).values():
        if isinstance(widget, (qt.QPushButton, qt.QLineEdit, qt.QComboBox, qt.QTreeWidget)):
            assert widget.toolTip, widget.objectName


def test_bones_are_measured_in_a_process_of_its_own_and_slicer_goes_on(
    section, bones, spin_until, slot_errors
):
    section.parameters.measured_segmentation = bones
    ticks = []
    timer = qt.QTimer()
    timer.timeout.connect(lambda: ticks.append(section.ui.measureStatusLabel.text))
    timer.start(20)
    section.ui.measureButton.click()
    assert not section.ui.measureButton.enabled
    assert section.ui.measureCancelButton.enabled
    spin_until(lambda: section.ui.measureButton.enabled, 180)
    timer.stop()
    assert any("Measuring region" in words for words in ticks)
    assert len(ticks) > 20
    assert section.session is not None, section.ui.measureStatusLabel.text
    assert "to check" in section.ui.measureStatusLabel.text
    assert ("femur_left", "neck_shaft_angle", "left") in section.session.edited.keys
    tree = section.ui.measuredTree
    assert "Femora" in [tree.topLevelItem(index).text(0) for index in range(tree.topLevelItemCount)]
    assert section.ui.measureButton.text == "Measure again"


def test_cancelled_measuring_leaves_nothing(section, bones, spin_until):
    section.parameters.measured_segmentation = bones
    section.ui.measureButton.click()
    section.ui.measureCancelButton.click()
    spin_until(lambda: section.ui.measureButton.enabled, 60)
    assert "Cancelled" in section.ui.measureStatusLabel.text
    assert nodes.document_of(bones) is None


def test_a_scene_closed_while_it_measures_takes_the_process_along(section, bones, spin_until, spin):
    section.parameters.measured_segmentation = bones
    section.ui.measureButton.click()
    slicer.mrmlScene.Clear(0)
    spin_until(lambda: not section._is_running(), 60)
    spin(0.05)
    assert section.session is None
    assert not section.ui.measureButton.enabled


def test_every_region_is_a_part_of_the_list_with_both_sides(measured):
    tree = measured.ui.measuredTree
    titles = [tree.topLevelItem(index).text(0) for index in range(tree.topLevelItemCount)]
    assert titles == ["Spine", "Ribs", "Pelvis", "Femora"]
    assert (text(measured, RADIUS, "Right"), text(measured, RADIUS, "Left")) == ("24.0", "24.0")
    assert text(measured, RADIUS, "Reference range") == usual_radius()
    assert "–" in text(measured, ("femur_left", "anteversion", "left"), "Left")


def test_choosing_a_line_shows_its_markups_and_a_drag_changes_the_line(measured):
    measured._tree.choose(number_of(measured, RADIUS))
    shown = [
        node
        for node in linked(measured.session.segmentation, nodes.MARKUP)
        if node.GetDisplayNode().GetVisibility()
    ]
    assert any(surface_name("left") in places_of(node) for node in shown)
    move_surface(measured, 28.0)
    assert text(measured, RADIUS, "Left") == "28.0"
    assert text(measured, RADIUS, "Measurement") == "✎ Head radius"
    assert measured.ui.measuredUndoButton.enabled
    measured.ui.measuredUndoButton.click()
    assert text(measured, RADIUS, "Left") == f"{HEAD_MM}"
    assert text(measured, RADIUS, "Measurement") == "Head radius"
    measured.ui.measuredRedoButton.click()
    measured.ui.measuredResetButton.click()
    assert text(measured, RADIUS, "Left") == f"{HEAD_MM}"
    assert not measured.ui.measuredResetAllButton.enabled


def test_the_list_can_be_cut_to_what_was_edited_or_is_to_be_checked(measured):
    canal = ("vertebrae_L1", "canal_length", None)
    measured.ui.measuredFilterBox.setCurrentIndex(1)
    assert measured._tree.is_listed(number_of(measured, canal))
    assert not measured._tree.is_listed(number_of(measured, RADIUS))
    measured.ui.measuredFilterBox.setCurrentIndex(0)
    measured._tree.choose(number_of(measured, RADIUS))
    move_surface(measured, 28.0)
    measured.ui.measuredFilterBox.setCurrentIndex(2)
    assert measured._tree.is_listed(number_of(measured, RADIUS))
    assert not measured._tree.is_listed(number_of(measured, canal))


def test_the_table_is_copied_and_saved(measured, tmp_path):
    measured.ui.measuredCopyButton.click()
    lines = qt.QApplication.clipboard().text().splitlines()
    assert len(lines) == len(measured.session.rows) + 1
    assert lines[0].split("\t")[:3] == ["Region", "Structure", "Measurement"]
    measured.save_csv(tmp_path / "table.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text(encoding="utf-8-sig"))))
    assert {row["Review"] for row in rows} == {"Not reviewed"}
    assert any(row["Measurement"] == "Head radius" and row["Left"] == "24.0" for row in rows)
    measured.save_csv(tmp_path / "nowhere" / "table.csv")
    assert "Saving the table failed" in measured.ui.measureStatusLabel.text


def test_signing_needs_a_name_and_a_correction_makes_it_void(measured):
    ui = measured.ui
    ui.reviewSignButton.click()
    assert "name" in ui.measureStatusLabel.text
    ui.reviewerEdit.text = "Dr. Ada <Lovelace>"
    ui.reviewSignButton.click()
    assert "Reviewed by Dr. Ada &lt;Lovelace&gt;" in ui.reviewLabel.text
    measured._tree.choose(number_of(measured, RADIUS))
    move_surface(measured, 28.0)
    assert "changed since" in ui.reviewLabel.text
    ui.reviewWithdrawButton.click()
    assert "Not reviewed" in ui.reviewLabel.text
    assert not ui.reviewWithdrawButton.enabled


def test_measuring_again_asks_before_corrections_are_lost(measured):
    measured._tree.choose(number_of(measured, RADIUS))
    move_surface(measured, 28.0)
    asked = []
    measured.confirm = lambda question: bool(asked.append(question))
    measured.ui.measureButton.click()
    assert "corrections" in asked[0]
    assert not measured._is_running()
    assert text(measured, RADIUS, "Left") == "28.0"


def test_a_scene_that_is_loaded_again_shows_values_edits_and_review(measured, tmp_path, spin):
    measured._tree.choose(number_of(measured, RADIUS))
    move_surface(measured, 28.0)
    measured.ui.reviewerEdit.text = "Dr. Ada"
    measured.ui.reviewSignButton.click()
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"), None)
    slicer.mrmlScene.Clear(0)
    spin(0.05)
    assert measured.ui.measuredTree.topLevelItemCount == 0
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    measured.parameters.measured_segmentation = slicer.mrmlScene.GetFirstNodeByName("Bones")
    assert text(measured, RADIUS, "Left") == "28.0"
    assert "Reviewed by Dr. Ada" in measured.ui.reviewLabel.text
    measured._tree.choose(number_of(measured, RADIUS))
    move_surface(measured, 26.0)
    assert text(measured, RADIUS, "Left") == "26.0"


def test_measurements_that_cannot_be_read_are_told(section, bones):
    nodes.add_document(bones, "{broken")
    section.parameters.measured_segmentation = bones
    assert "cannot be read" in section.ui.measureStatusLabel.text
    assert section.session is None
    assert section.ui.measureButton.enabled


def test_an_empty_segmentation_is_told_or_measured_as_absent(section, spin_until):
    section.parameters.measured_segmentation = slicer.mrmlScene.AddNewNodeByClass(
        "vtkMRMLSegmentationNode", "Empty"
    )
    section.ui.measureButton.click()
    spin_until(lambda: section.ui.measureButton.enabled, 60)
    assert section.ui.measureStatusLabel.text
    assert not section._is_running()


def test_progress_is_read_from_the_commands_words():
    assert share_done("Measuring region 3 of 5: spine ...") == pytest.approx(0.4)
    assert share_done("Measuring 54 bones ...") is None


def link_of(words: str, name: str) -> str:
    """The target of the first link after a name in a card."""
    return re.search(rf"{name} <a href='(\d+)'", words).group(1)


def test_the_three_measurements_stand_on_top_and_a_click_shows_one(measured):
    ui, session = measured.ui, measured.session
    assert all(not card.isHidden() for card in (ui.neckShaftCard, ui.pelvisCard, ui.canalCard))
    keys = [key for key in session.edited.keys if key[1] == "neck_shaft_angle"]
    for key in keys:
        one = session.edited.reviewed(key).present
        if one.is_present:
            assert f"{one.value:.1f}°" in ui.neckShaftCard.text
            link = link_of(ui.neckShaftCard.text, key[2])
            assert measured._cards.keys_of(link) == [key]
            ui.neckShaftCard.linkActivated.emit(link)
            shown = [
                node for node in linked(session.segmentation, nodes.MARKUP) if node.GetDisplayVisibility()
            ]
            assert shown
    measured.parameters.measured_segmentation = None
    assert ui.neckShaftCard.isHidden()


def test_what_has_no_value_is_not_listed_unless_asked_for_and_words_find_lines(measured):
    rows, edited, tree = measured.session.rows, measured.session.edited, measured._tree
    for number, row in enumerate(rows):
        has_value = any(edited.reviewed(key).present.is_present for key in row.keys.values())
        assert tree.is_listed(number) == has_value
    measured.ui.measuredFilterBox.currentIndex = ALL
    assert all(tree.is_listed(number) for number in range(len(rows)))
    measured.ui.measuredSearchEdit.text = "FEMUR head"
    listed = [rows[number].title for number in range(len(rows)) if tree.is_listed(number)]
    assert listed
    assert all("head" in title.casefold() for title in listed)


def test_a_new_result_is_measured_by_itself_unless_something_must_be_asked(section, bones, monkeypatch):
    measured = []
    monkeypatch.setattr(section, "measure", lambda: measured.append(section.parameters.measured_segmentation))
    section.services.result_added.emit(bones)
    assert measured == []
    section.ui.measuredAutomaticBox.checked = True
    section.services.result_added.emit(bones)
    assert measured == [bones]
    # Packages are missing: a click asks for them, nothing else does.
    monkeypatch.setattr(section_module, "missing_requirements", lambda with_networks: ["trimesh"])
    section.services.result_added.emit(bones)
    assert measured == [bones]


def test_measurements_that_cannot_be_read_are_not_made_again_and_again(section, bones, monkeypatch, tmp_path):
    section.parameters.measured_segmentation = bones
    section.ui.measuredAutomaticBox.checked = True
    section._measured_id = bones.GetID()
    (tmp_path / "measurements.json").write_text("{}")
    started = []
    monkeypatch.setattr(section, "measure", lambda: started.append(True))
    section._on_measured(True, "", tmp_path)
    assert section.session is None
    assert started == []
    assert "cannot be read" in section.ui.measureStatusLabel.text
