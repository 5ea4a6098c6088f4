"""`qt` as PythonQt shows it to Slicer's modules, on PySide6.

PythonQt turns every Qt property into a Python attribute (`button.enabled = False`, `edit.text`), flattens all Qt
modules into one and offers `obj.name`. That much is imitated here, and so is what PythonQt refuses (`strictness`):
what PySide would let pass fails the test. A test that passes on it is still no proof of PythonQt's behaviour.
"""

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import PySide6
import strictness
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

if sys.version_info < (3, 12) and PySide6.__version_info__[:2] == (6, 12):
    # Every call of a void function takes a reference from None, until Python aborts; None is immortal from 3.12 on.
    raise ImportError("PySide6 6.12 crashes Python 3.11: install 'PySide6-Essentials<6.12' (6.11 is sound).")

application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["SwinX2S stand-in"])

for _module in (QtCore, QtGui, QtWidgets):
    for _name in dir(_module):
        _value = getattr(_module, _name)
        if _name.startswith("_") or _name in strictness.ONLY_PYSIDE:
            continue
        if isinstance(_value, type) and issubclass(_value, QtCore.QObject):
            strictness.show_properties_as_attributes(_value)
            strictness.refuse_unknown_attributes(_value)
        globals()[_name] = _value

QtCore.QObject.name = strictness.attribute_for("objectName")
QtCore.QObject.className = lambda self: self.metaObject().className()

custom_widgets: dict[str, type] = {}
missing_widgets: list[str] = []
messages: list[str] = []
_alive: list[QtCore.QObject] = []
# The offscreen platform says this of every window.
_EXPECTED = ("This plugin does not support propagateSizeHints()",)


def custom_widget(widget_class: type) -> type:
    """Class decorator: this class is made where a `.ui` file names it."""
    custom_widgets[widget_class.__name__] = widget_class
    return widget_class


class QUiLoader(QtUiTools.QUiLoader):
    """Loads `.ui` files with the stand-ins of CTK's and Slicer's widgets; remembers what it could not make."""

    def createWidget(self, class_name, parent=None, name=""):
        if class_name in custom_widgets:
            widget = custom_widgets[class_name](parent)
            widget.setObjectName(name)
            _alive.append(widget)
            return widget
        if class_name not in self.availableWidgets() and class_name != "Line":
            missing_widgets.append(class_name)
        return super().createWidget(class_name, parent, name)

    def load(self, file, parent=None):
        widget = super().load(file, parent)
        if widget is None:
            messages.append(f"the .ui file could not be loaded: {self.errorString()}")
        return widget


def _keep_message(kind, _context, text) -> None:
    if text not in _EXPECTED and kind not in (QtCore.QtMsgType.QtDebugMsg, QtCore.QtMsgType.QtInfoMsg):
        messages.append(text)


QtCore.qInstallMessageHandler(_keep_message)
