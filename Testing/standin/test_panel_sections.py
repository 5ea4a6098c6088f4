"""The panel as a row of sections: each is found, folds, remembers that, and lets go."""

import pytest
import qt
import slicer
from shiboken6 import isValid

from SwinX2SLib.slicerui.panel import TABS, tab_title
from SwinX2SLib.slicerui.signals import Signal


def is_shown(widget) -> bool:
    return isValid(widget) and isinstance(widget, qt.QWidget)


def test_sections_stand_in_the_tabs_and_the_order_of_the_registry(panel):
    assert list(panel.whole.sections) == [name for names in TABS.values() for name in names]
    tabs = panel.whole.tabs.widget
    assert [tabs.tabText(index) for index in range(tabs.count)] == [tab_title(tab) for tab in TABS]
    for index, names in enumerate(TABS.values()):
        page = tabs.widget(index)
        for name in names:
            widgets = vars(panel.whole.sections[name].ui).values()
            assert any(page.isAncestorOf(widget) for widget in widgets if is_shown(widget)), name


# A docked panel is rarely wider, and a screen of 1080 lines leaves it about so much.
WIDEST_PX, HIGHEST_PX = 400, 900


@pytest.mark.parametrize("tab", TABS)
def test_no_tab_is_wider_or_higher_than_a_panel_has_room(panel, tab, spin):
    panel.whole.tabs.show(tab)
    parent = slicer.modules.SwinX2SWidget.parent
    parent.resize(WIDEST_PX, HIGHEST_PX)
    spin(0.05)
    assert parent.minimumSizeHint().width() <= WIDEST_PX
    layout = parent.layout()
    assert layout.minimumHeightForWidth(WIDEST_PX) <= HIGHEST_PX


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
