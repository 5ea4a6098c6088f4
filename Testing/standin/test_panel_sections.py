"""The panel as a row of sections: each is found, folds, remembers that, and lets go."""

import qt
import slicer
from shiboken6 import isValid

from SwinX2SLib.slicerui.panel import ORDER
from SwinX2SLib.slicerui.signals import Signal


def test_sections_stand_in_the_order_of_the_registry(panel):
    names = list(panel.whole.sections)
    known = [name for name in ORDER if name in names]
    assert names[: len(known)] == known
    assert names[:2] == ["inputs", "reconstruct"]


def test_every_section_has_a_title_and_every_control_a_tooltip(panel):
    folds = slicer.util.findChildren(slicer.modules.SwinX2SWidget.parent, className="ctkCollapsibleButton")
    assert all(fold.text for fold in folds)
    controls = (qt.QAbstractButton, qt.QComboBox, qt.QAbstractSpinBox, qt.QLineEdit, qt.QAbstractSlider)
    silent = [
        f"{name}: {widget_name}"
        for name, section in panel.whole.sections.items()
        for widget_name, widget in vars(section.ui).items()
        if isinstance(widget, controls)
        and isValid(widget)
        and not widget_name.startswith(("qt_", "Scroll"))
        and not widget.toolTip
    ]
    assert silent == []


def test_what_was_folded_is_folded_when_the_module_is_opened_again(panel, module_widget, library_kept):
    folds = slicer.util.findChildren(module_widget.parent, className="ctkCollapsibleButton")
    fold = next(each for each in folds if each.text == "Inputs")
    assert not fold.collapsed
    fold.collapsed = True
    module_widget.onReload()
    again = slicer.util.findChildren(slicer.modules.SwinX2SWidget.parent, className="ctkCollapsibleButton")
    assert [each.collapsed for each in again if isValid(each) and each.text == fold.text][-1]


def test_listeners_hear_in_order_and_once():
    notice, heard = Signal(), []
    for listener in (
        first := lambda value: heard.append(("first", value)),
        lambda value: heard.append(("second", value)),
    ):
        notice.connect(listener)
        notice.connect(listener)
    notice.emit(1)
    notice.disconnect(first)
    notice.disconnect(first)
    notice.emit(2)
    assert heard == [("first", 1), ("second", 1), ("second", 2)]
