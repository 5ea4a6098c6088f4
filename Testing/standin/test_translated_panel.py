"""The panel in another language: every text is looked up, and what is stored stays as it is."""

import re

import pytest
import qt
import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui import translation
from SwinX2SLib.slicerui.batch.run import CaseList


class Brackets(qt.QTranslator):
    """Puts every text into brackets, so that the ones that were not looked up are seen."""

    def translate(self, _context, text, _disambiguation=None, _count=-1):
        return f"«{text}»"

    def isEmpty(self):
        return False


@pytest.fixture
def brackets(desktop):
    translator = Brackets()
    assert qt.QCoreApplication.installTranslator(translator)
    yield
    qt.QCoreApplication.removeTranslator(translator)


@pytest.fixture
def foreign_panel(brackets, request):
    return request.getfixturevalue("panel")


def items(box) -> list[str]:
    return [box.itemText(index) for index in range(box.count)]


def test_choices_are_translated_and_stored_as_ever(foreign_panel):
    panel, node = foreign_panel, foreign_panel.parameters.parameterNode
    for name in ("deviceBox", "apViewBox", "comparePlacementBox", "compareDistanceBox"):
        assert all(words.startswith("«") for words in items(getattr(panel.ui, name))), name
    panel.ui.deviceBox.currentIndex = 1
    panel.ui.apViewBox.currentIndex = 1
    assert node.GetParameter("device") == "CPU"
    assert node.GetParameter("ap_view") == "PA"
    assert node.GetParameter("compare_placement") in ("RIGID", "BONES", "CENTRES", "NONE")


def test_faults_are_told_in_the_language_of_the_application(foreign_panel, add_radiograph):
    panel = foreign_panel
    assert "«No {0} radiograph is selected.»".replace("{0}", "frontal") in panel.ui.faultsLabel.text
    radiograph = add_radiograph("one radiograph", spacing_mm=1.0)
    panel.ui.apSelector.setCurrentNode(radiograph)
    panel.ui.lateralSelector.setCurrentNode(radiograph)
    shown = panel.ui.faultsLabel.text
    assert "«Please correct:»" in shown
    assert (
        "one radiograph: «Both radiographs use the same volume.» «Choose the lateral radiograph of the same "
        "person.»" in shown
    )
    assert {fault.kind for fault in panel.whole.sections["inputs"].examination.faults} >= {"same-radiograph"}


def test_what_the_worker_refuses_is_translated_too(foreign_panel, run_worker):
    run_worker(
        """
        tell(event="error", kind="few-gray-levels", hint="Unheard of.", path=job["ap"], message="The image has only"
             " 2 gray levels: it is a mask, a drawing or an empty radiograph.")
        sys.exit(3)
        """
    )
    told = "«The image has only 2 gray levels: it is a mask, a drawing or an empty radiograph.» Unheard of."
    assert f"radiograph front: {told}" in foreign_panel.ui.faultsLabel.text


def test_every_word_of_the_sections_was_looked_up(foreign_panel):
    silent = []
    for name, section in foreign_panel.whole.sections.items():
        for widget_name, widget in vars(section.ui).items():
            if widget_name.startswith(("qt_", "Scroll")):
                continue
            for told in (widget.property("text"), widget.property("toolTip"), widget.property("title")):
                words = re.sub(r"<[^>]*>|&\w+;", " ", str(told or ""))
                if re.search(r"[A-Za-z]{3}", words) and "«" not in words:
                    silent.append(f"{name}: {widget_name}: {words.strip()[:60]}")
    assert silent == []


def test_the_list_of_a_batch_is_translated(foreign_panel):
    table = foreign_panel.ui.batchList
    cases = CaseList(table)
    cases.take({"case": "p1", "status": "failed", "failure": {"message": "Odd."}})
    assert [table.horizontalHeaderItem(column).text() for column in (0, 1)] == ["«Case»", "«Status»"]
    assert table.item(0, 1).text() == "«failed»"


def test_faults_without_a_translation_and_unknown_ones_are_told_as_they_came(monkeypatch):
    fault = Fault("same-radiograph", "Both radiographs use the same volume.", "Choose it.", "a radiograph")
    assert translation.translated(fault) == fault
    monkeypatch.setattr(translation, "translate", lambda _context, text: text.replace("{0}", "lost"))
    missing = Fault("radiograph-missing", "No frontal radiograph is selected.", "Load it.")
    assert translation.translated(missing) == missing
    monkeypatch.setattr(translation, "translate", lambda _context, _text: "Es fehlt: {0}.")
    assert translation.translated(missing).message == "Es fehlt: frontal."
    assert translation.translated(Fault("unheard-of", "Odd.", "Even.")).message == "Odd."


def test_reading_a_scene_does_not_touch_what_was_chosen(panel):
    panel.ui.deviceBox.currentIndex = 1
    for _ in range(2):
        slicer.mrmlScene.InvokeEvent(slicer.mrmlScene.EndImportEvent)
        panel.whole.enter()
    node = panel.parameters.parameterNode
    assert (node.GetParameter("device"), node.GetParameter("ap_view")) == ("CPU", "AP")
    assert panel.ui.deviceBox.currentIndex == 1
    panel.ui.deviceBox.currentIndex = 0
    assert panel.parameters.device.value == "auto"
