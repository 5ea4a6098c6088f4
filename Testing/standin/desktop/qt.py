"""`qt` as PythonQt shows it to Slicer's modules, on PySide6.

PythonQt turns every Qt property into a Python attribute (`button.enabled = False`, `edit.text`), flattens all Qt
modules into one and offers `obj.name`. That much is imitated here; a test that passes on it is no proof of PythonQt's
behaviour.
"""

import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import PySide6
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

if sys.version_info < (3, 12) and PySide6.__version_info__[:2] == (6, 12):
    # Every call of a void function takes a reference from None, until Python aborts; None is immortal from 3.12 on.
    raise ImportError("PySide6 6.12 crashes Python 3.11: install 'PySide6-Essentials<6.12' (6.11 is sound).")

application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["SwinX2S stand-in"])

# Qt's own code calls these as methods through the Python override table, so they stay methods.
_KEPT_AS_METHODS = {"sizeHint", "minimumSizeHint", "locale", "childrenRegion"}


def _attribute_for(property_name: str) -> property:
    def read(self):
        return self.property(property_name)

    def write(self, value):
        self.setProperty(property_name, os.fspath(value) if isinstance(value, os.PathLike) else value)

    return property(read, write)


def _properties_as_attributes(qt_class: type) -> None:
    meta = qt_class.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        name = meta.property(index).name()
        if name not in _KEPT_AS_METHODS:
            setattr(qt_class, name, _attribute_for(name))


for _module in (QtCore, QtGui, QtWidgets):
    for _name in dir(_module):
        _value = getattr(_module, _name)
        if _name.startswith("_"):
            continue
        if isinstance(_value, type) and issubclass(_value, QtCore.QObject):
            _properties_as_attributes(_value)
        globals()[_name] = _value

QtCore.QObject.name = _attribute_for("objectName")
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
