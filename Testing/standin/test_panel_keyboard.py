"""The panel without a mouse and without sight: what every control is called, told about, and reached by."""

from itertools import pairwise

import pytest
import qt
import slicer

from SwinX2SLib.slicerui.panel import TABS

CONTROLS = (
    qt.QAbstractButton,
    qt.QComboBox,
    qt.QAbstractSpinBox,
    qt.QLineEdit,
    qt.QAbstractSlider,
    qt.QPlainTextEdit,
    qt.QAbstractItemView,
)
SECTIONS = ("inputs", "reconstruct", "result", "measurements", "compare", "batch", "models")
# Parts that Qt itself makes inside its widgets.
_OF_QT = ("qt_", "Scroll", "horizontal", "vertical")


@pytest.fixture
def controls(panel):
    """The controls of each section, by name."""
    return {name: _controls(section.ui) for name, section in panel.whole.sections.items()}


@pytest.fixture
def every_control(controls):
    assert set(controls) == set(SECTIONS)
    return [(name, widget) for found in controls.values() for name, widget in found.items()]


def _controls(ui) -> dict[str, qt.QWidget]:
    named = ((name, widget) for name, widget in vars(ui).items() if name and not name.startswith(_OF_QT))
    return {name: widget for name, widget in named if isinstance(widget, CONTROLS)}


def test_every_control_tells_what_it_is_for_and_is_reached_by_the_tab_key(every_control):
    assert [name for name, widget in every_control if not widget.toolTip] == []
    reached = (qt.Qt.StrongFocus, qt.Qt.TabFocus, qt.Qt.WheelFocus)
    assert [name for name, widget in every_control if widget.focusPolicy not in reached] == []


def test_every_control_has_words_of_its_own_or_a_label(panel, every_control):
    widgets = [widget for section in panel.whole.sections.values() for widget in vars(section.ui).values()]
    labels = [widget for widget in widgets if isinstance(widget, qt.QLabel)]
    labelled = {label.buddy().objectName for label in labels if label.buddy() is not None}
    nameless = [
        name
        for name, widget in every_control
        if not widget.accessibleName
        and name not in labelled
        and not (isinstance(widget, qt.QAbstractButton) and widget.text)
    ]
    assert nameless == []
    assert [each.objectName for each in labels if each.text.endswith(":") and each.buddy() is None] == []
    bars = [widget for widget in widgets if isinstance(widget, qt.QProgressBar)]
    assert [bar.objectName for bar in bars if not (bar.accessibleName and bar.toolTip)] == []


def test_the_tab_key_goes_down_the_panel_line_by_line(panel, controls, spin):
    """A control is never followed by one of a line that lies wholly above it."""
    for fold in slicer.util.findChildren(
        slicer.modules.SwinX2SWidget.parent, className="ctkCollapsibleButton"
    ):
        fold.collapsed = False
    spin(0.05)
    back = []
    for name, found in controls.items():
        panel.whole.tabs.show(next(tab for tab, names in TABS.items() if name in names))
        spin(0.05)
        chain = _in_order_of_focus([widget for widget in found.values() if widget.visible])
        back += [
            f"{before.objectName} -> {after.objectName}"
            for before, after in pairwise(chain)
            if _place(after)[1] <= _place(before)[0]
        ]
    assert back == []


def _in_order_of_focus(widgets: list[qt.QWidget]) -> list[qt.QWidget]:
    """Put widgets into the order in which the tab key visits them, from the top of their window on."""
    wanted, chain = {widget.objectName for widget in widgets}, []
    window = widgets[0].window()
    widget = window.nextInFocusChain()
    while widget is not window:
        if widget.objectName in wanted:
            chain.append(widget)
        widget = widget.nextInFocusChain()
    return chain


def _place(widget: qt.QWidget) -> tuple[int, int]:
    """Top and bottom of a widget in the window."""
    top = widget.mapTo(widget.window(), qt.QPoint(0, 0)).y()
    return top, top + widget.height
