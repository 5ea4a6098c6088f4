"""What a command imports before it works, counted in fresh processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Packages that nothing imports before it needs them.
DRAWING = ("matplotlib", "reportlab", "jinja2", "trimesh", "highdicom")
NETWORKS = ("torch", "safetensors.torch", "openvino")
# They bring more modules than PyTorch itself, and no reconstruction needs them.
COMPILERS = ("timm", "torchvision", "torch._dynamo", "torch._inductor", "sympy", "monai", "huggingface_hub")
FITTING = ("scipy.optimize", "scipy.interpolate", "scipy.stats", "scipy.signal")
NUMBERS = ("numpy", "scipy", "SimpleITK", "vtkmodules", "nibabel", "pydicom", "PIL", "rich")
LIST_MODULES = """
import atexit, json, sys
path, code = sys.argv[1:3]
sys.argv[1:3] = []
atexit.register(lambda: open(path, "w").write(json.dumps(sorted(sys.modules))))
exec(code)
"""
COMMAND = "from SwinX2SLib.cli import main; main()"
WORKER = "from SwinX2SLib.reconstruct.worker import main; main()"
NETWORK = "from SwinX2SLib.reconstruct.reconstructor import Reconstructor; Reconstructor(device='cpu')"


@pytest.fixture
def modules_after(tmp_path):
    """Modules that a fresh process has loaded when some code ends."""

    def run(code: str, *arguments: str) -> set[str]:
        path = tmp_path / "modules.json"
        done = subprocess.run(
            [sys.executable, "-c", LIST_MODULES, str(path), code, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
        return set(json.loads(path.read_text(encoding="utf-8")))

    return run


@pytest.mark.parametrize(
    ("code", "arguments", "absent"),
    [
        (COMMAND, ["--help"], (*NUMBERS, *NETWORKS, *FITTING)),
        (COMMAND, ["reconstruct", "--help"], (*NETWORKS, *FITTING, "vtkmodules", "SimpleITK")),
        (COMMAND, ["measure", "--help"], (*NETWORKS, *FITTING)),
        (COMMAND, ["evaluate", "--help"], (*NETWORKS, *FITTING)),
        (WORKER, ["--help"], (*NETWORKS, *FITTING, "vtkmodules", "nibabel", "pydicom")),
        (NETWORK, [], ("openvino", "nibabel", "pydicom")),
    ],
    ids=["help", "reconstruct", "measure", "evaluate", "worker", "loaded network"],
)
def test_nothing_heavy_is_imported_before_it_is_needed(modules_after, code, arguments, absent):
    loaded = modules_after(code, *arguments)
    assert "SwinX2SLib.errors" in loaded
    assert not loaded & {*absent, *DRAWING, *COMPILERS}


def test_modules_are_listed_with_their_packages(modules_after):
    assert {"json", "xml.dom"} <= modules_after("import xml.dom")
