"""The module's own file, as Slicer loads it: with nothing but its own folder on the path."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Without site packages (`-S`) the library is not installed; Slicer's and Qt's names are empty.
LOAD = """
import importlib.util, sys, types
from unittest import mock
for name in ("qt", "slicer", "slicer.i18n", "slicer.ScriptedLoadableModule"):
    sys.modules[name] = mock.MagicMock(name=name)
base = sys.modules["slicer.ScriptedLoadableModule"]
for name in ("", "Logic", "Test", "Widget"):
    setattr(base, f"ScriptedLoadableModule{name}", type(f"Base{name}", (), {}))
sys.path.append(sys.argv[1])
spec = importlib.util.spec_from_file_location("SwinX2S", sys.argv[1] + "/SwinX2S.py")
spec.loader.exec_module(importlib.util.module_from_spec(spec))
print(sys.modules["SwinX2SLib"].__path__[0])
"""


@pytest.mark.parametrize("installed", [False, True])
def test_the_module_finds_its_library_in_the_source_tree_and_installed_beside_it(
    repository, tmp_path, installed
):
    module = repository / "SwinX2S"
    if installed:
        module = tmp_path
        (module / "SwinX2S.py").write_bytes((repository / "SwinX2S" / "SwinX2S.py").read_bytes())
        for name in ("SwinX2SLib", "Resources"):
            (module / name).symlink_to(repository / name, target_is_directory=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-S", "-c", LOAD, str(module)],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert Path(ran.stdout.strip()) == (module if installed else repository) / "SwinX2SLib"


# As Slicer 5.8 runs it. The Python is that of 5.8, or this one that calls itself so.
OLD = """
import importlib.util, sys, types
from unittest import mock
for name in ("qt", "slicer", "slicer.i18n", "slicer.ScriptedLoadableModule"):
    sys.modules[name] = mock.MagicMock(name=name)
sys.modules["slicer.i18n"].tr = lambda words: words
slicer, qt = sys.modules["slicer"], sys.modules["qt"]
slicer.app.majorVersion, slicer.app.minorVersion = 5, 8
qt.QLabel = lambda words: types.SimpleNamespace(words=words, setWordWrap=lambda wraps: None)
shown = []
class Base:
    def __init__(self, *parents):
        self.layout = types.SimpleNamespace(addWidget=shown.append, addStretch=lambda stretch: None)
    def setup(self):
        pass
base = sys.modules["slicer.ScriptedLoadableModule"]
for name in ("", "Logic", "Test", "Widget"):
    setattr(base, "ScriptedLoadableModule" + name, type("Base" + name, (Base,), {}))
sys.path.append(sys.argv[1])
sys.version_info = (3, 9, 10, "final", 0)
spec = importlib.util.spec_from_file_location("SwinX2S", sys.argv[1] + "/SwinX2S.py")
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
module.SwinX2S(mock.MagicMock())
assert not slicer.app.connect.called
widget = module.SwinX2SWidget(None)
widget.setup()
widget.enter()
widget.exit()
widget.cleanup()
(label,) = shown
print(label.words)
print("loaded:", *sorted(sys.modules[name].__file__ for name in sys.modules if name.startswith("SwinX2SLib")))
"""


def old_pythons() -> list[str]:
    """Return the interpreters of Python 3.9 on this machine, in the path or beside others of pyenv."""
    candidates = [shutil.which("python3.9")]
    candidates += [str(path) for path in Path.home().glob(".pyenv/versions/3.9*/bin/python")]
    found = []
    for path in filter(None, candidates):
        told = subprocess.run(
            [path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True
        )
        if told.stdout.split() == ["3", "9"]:
            found.append(path)
    return found[:1]


def run_on_old(python: str, repository: Path, folder: Path) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [python, "-S", "-c", OLD, str(repository / "SwinX2S")]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


@pytest.mark.parametrize("python", [sys.executable, *old_pythons()])
def test_an_old_slicer_is_told_which_version_is_needed_and_nothing_else(python, repository, tmp_path):
    words, loaded = run_on_old(python, repository, tmp_path)
    assert words == "SwinX2S needs Slicer 5.10 or newer (this is Slicer 5.8, Python 3.9)."
    files = [repository / "SwinX2S" / "SwinX2S.py", *map(Path, loaded.split()[1:])]
    assert len(files) > 2
    for path in files:
        ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
        assert "slicerui" not in path.parts
