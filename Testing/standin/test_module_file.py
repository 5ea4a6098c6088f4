"""The module's own file, as Slicer loads it: with nothing but its own folder on the path."""

import os
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
