"""What PythonQt does not let pass, though PySide does; see `PythonQtInstanceWrapper_setattro` in PythonQt's sources.

- a property takes a value of its own type: no path for a text, no numpy number, no `None`;
- a misspelt attribute of a widget is refused, not made;
- what a property tells is not told by a method, too (`enabled`, not `isEnabled()`).
"""

import inspect
import numbers

from PySide6 import QtCore

# PySide's own ways to declare things.
ONLY_PYSIDE = {"Signal", "SignalInstance", "Slot", "Property", "ClassInfo", "QEnum", "QFlag"}
# Qt's own code calls these as methods through the Python override table, so they stay methods.
_KEPT_AS_METHODS = {"sizeHint", "minimumSizeHint", "locale", "childrenRegion"}
_Kinds = QtCore.QMetaType.Type
# Python's own types only: numpy's are no texts, truths and numbers to PythonQt.
_TAKES = {
    _Kinds.QString.value: (str,),
    _Kinds.Bool.value: (bool, int),
    _Kinds.Int.value: (int,),
    _Kinds.UInt.value: (int,),
    _Kinds.Double.value: (int, float),
}


class _Attribute(property):
    """A Qt property; on the class itself what was there before (`QTimer.singleShot` is both)."""

    on_class = None

    def __get__(self, instance, owner=None):
        if instance is None and self.on_class is not None:
            return self.on_class
        return super().__get__(instance, owner)


def attribute_for(name: str, kind: int = _Kinds.QString.value) -> _Attribute:
    """Return a Qt property as Python's.

    Args:
        name: of the property.
        kind: of its values, a `QMetaType.Type`.
    """
    taken = _TAKES.get(kind)

    def write(self, value):
        is_own = not isinstance(value, numbers.Number) or type(value).__module__ == "builtins"
        if value is None or (taken is not None and not (isinstance(value, taken) and is_own)):
            raise AttributeError(f"property {name} of {type(self).__name__} does not accept {value!r}")
        self.setProperty(name, value)

    return _Attribute(lambda self: self.property(name), write)


def show_properties_as_attributes(qt_class: type) -> None:
    """Turn what a class adds to the properties of its base into attributes, and take away `is...()` of each."""
    meta = qt_class.staticMetaObject
    for index in range(meta.propertyOffset(), meta.propertyCount()):
        described = meta.property(index)
        name = described.name()
        if name in _KEPT_AS_METHODS:
            continue
        attribute = attribute_for(name, described.typeId())
        attribute.on_class = getattr(qt_class, name, None)
        setattr(qt_class, name, attribute)
        getter = f"is{name[0].upper()}{name[1:]}"
        if getter in vars(qt_class):
            setattr(qt_class, getter, _refusal(getter, name))


def _refusal(getter: str, name: str) -> property:
    def refuse(self):
        raise AttributeError(f"use the property {name}, not {getter}()")

    return property(refuse)


def refuse_unknown_attributes(qt_class: type) -> None:
    """Let attributes be set on classes made in Python only, as PythonQt does.

    Classes of this stand-in count as Qt's own: they may set what begins with an underscore, for themselves.
    """

    def write(self, name, value):
        kind = type(self)
        is_of_qt = kind.__module__.startswith(("PySide6", "ctk", "qmrml"))
        described = inspect.getattr_static(kind, name, None)
        if hasattr(described, "__set__"):
            described.__set__(self, value)
        elif isinstance(described, QtCore.Property):
            self.setProperty(name, value)
        elif isinstance(value, QtCore.SignalInstance):
            # PySide itself keeps the signals of an object with it.
            vars(self)[name] = value
        elif is_of_qt and not name.startswith("_"):
            raise AttributeError(f"{name!r} does not exist on {kind.__name__}, and is not made")
        else:
            vars(self)[name] = value

    qt_class.__setattr__ = write
