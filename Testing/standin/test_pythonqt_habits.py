"""What runs on PySide and not in Slicer's PythonQt, looked for in the sources and refused by the stand-in."""

import ast
import warnings
from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
from slicer.parameterNodeWrapper import parameterNodeWrapper

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = [REPOSITORY / "SwinX2S" / "SwinX2S.py", *sorted((REPOSITORY / "SwinX2SLib/slicerui").rglob("*.py"))]
_WRAPPERS = {"qt", "ctk"}
# Methods in PySide, properties in PythonQt, which the stand-in cannot turn into attributes.
_PROPERTIES_ALWAYS = {"sizeHint", "minimumSizeHint", "locale"}


def parts(node: ast.expr) -> list[str]:
    """`qt.Qt.AlignLeft` as its names; nothing for other expressions."""
    if isinstance(node, ast.Name):
        return [node.id]
    inner = parts(node.value) if isinstance(node, ast.Attribute) else []
    return [*inner, node.attr] if inner else []


def complaints(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        names = parts(node) if isinstance(node, ast.Attribute) else []
        if names[:1] and names[0] in _WRAPPERS and len(names) > 3:
            found.append(f"{node.lineno}: {'.'.join(names)}: values of enumerations stand in their class")
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [getattr(node, "module", "") or "", *(alias.name for alias in node.names)]
            if any(each.startswith(("PySide", "PyQt", "shiboken")) for each in modules):
                found.append(f"{node.lineno}: Slicer has no PySide")
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        method, root = node.func.attr, parts(node.func)[:1]
        if node.keywords and root and root[0] in _WRAPPERS:
            found.append(f"{node.lineno}: PythonQt takes no keyword arguments")
        if method == "connect" and len(node.args) != 1 and not isinstance(node.args[0], ast.Constant):
            found.append(f"{node.lineno}: a signal is connected to one callable and nothing else")
        if method in _PROPERTIES_ALWAYS:
            found.append(f"{node.lineno}: {method} is a property")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_the_module_keeps_to_what_pythonqt_has(path):
    assert complaints(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "line",
    [
        "item.setFlags(qt.Qt.ItemFlag.ItemIsEnabled)",
        "box = qt.QCheckBox(text='on')",
        "button.clicked.connect(act, qt.Qt.QueuedConnection)",
        "size = label.sizeHint()",
        "from PySide6 import QtCore",
    ],
)
def test_each_habit_is_found(line):
    assert len(complaints(ast.parse(line))) == 1


def test_the_stand_in_refuses_what_pythonqt_refuses():
    button, bar = qt.QPushButton(), qt.QProgressBar()
    for name, value in (("text", None), ("text", Path("a")), ("enabled", np.bool_(True)), ("txet", "a")):
        with pytest.raises(AttributeError):
            setattr(button, name, value)
    with pytest.raises(AttributeError):
        bar.value = 3.0
    with pytest.raises(AttributeError, match="use the property enabled"):
        button.isEnabled()
    with pytest.raises(TypeError):
        button.text()
    assert not hasattr(qt, "Signal")


def test_a_watch_is_closed_more_than_once_without_a_warning(desktop):
    from SwinX2SLib.slicerui.devices import DeviceWatch

    watch = DeviceWatch(lambda: None)
    watch.ask()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        watch.close()
        watch.close()
        watch.ask()


def test_an_ended_process_holds_nobody_and_is_held_by_nobody(desktop, spin, spin_until):
    """Slicer's Python never frees a ring of a process and the methods that are connected to it."""
    import sys

    from SwinX2SLib.slicerui.background_process import QtWorkerProcess

    class Listener:
        ended = ()

        def on_line(self, line):
            pass

        def on_log(self, line):
            pass

        def on_ended(self, ending):
            self.ended += (ending.exit_code,)

    listener = Listener()
    process = QtWorkerProcess(listener)
    process.start([sys.executable, "-c", "pass"], {})
    spin_until(lambda: listener.ended)
    spin(0.05)
    assert listener.ended == (0,)
    assert process._process.receivers(qt.SIGNAL("finished(int,QProcess::ExitStatus)")) == 0
    assert not process.is_running()


def wrap_abstract_class():
    @parameterNodeWrapper
    class _Parameters:
        volume: slicer.vtkMRMLDisplayableNode

    # Slicer itself finds out only here, when it asks for the names of the classes.
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode")
    _Parameters(node).connectParametersToGui({"volume": slicer.qMRMLNodeComboBox()})


def test_an_abstract_class_of_nodes_is_refused_as_in_slicer():
    with pytest.raises(TypeError, match="abstract"):
        wrap_abstract_class()


def test_a_union_of_classes_of_nodes_holds_either_of_them_or_none():
    @parameterNodeWrapper
    class _Parameters:
        truth: slicer.vtkMRMLSegmentationNode | slicer.vtkMRMLLabelMapVolumeNode | None = None

    parameters = _Parameters(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
    assert parameters.truth is None
    for kind in ("vtkMRMLSegmentationNode", "vtkMRMLLabelMapVolumeNode"):
        parameters.truth = node = slicer.mrmlScene.AddNewNodeByClass(kind)
        assert parameters.truth is node
