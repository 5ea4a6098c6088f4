"""The wheel carries everything that the command needs, and works from any folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed(repository, tmp_path_factory) -> Path:
    """A folder with the wheel built from this tree, unpacked as pip does."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", str(repository), "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("swinx2s-*.whl")
    target = folder / "site"
    subprocess.run(
        [*pip, "install", "--no-deps", "--target", str(target), str(wheel)], check=True, capture_output=True
    )
    return target


def swinx2s(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "SwinX2SLib", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )


def test_the_installed_command_finds_its_own_weights_from_another_folder(installed, tmp_path):
    where = "import SwinX2SLib.resources as r; print(r.resources_root())"
    found = subprocess.run(
        [sys.executable, "-c", where],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(found.stdout.strip()) == installed / "SwinX2SLib" / "Resources"
    verified = swinx2s(installed, tmp_path, "weights", "verify")
    assert verified.returncode == 0, verified.stderr
    assert "valid" in verified.stdout


def test_the_wheel_holds_every_file_of_the_library_and_its_resources(installed, repository):
    for folder, inside in (("SwinX2SLib", "SwinX2SLib"), ("Resources", "SwinX2SLib/Resources")):
        for path in (repository / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.name != "CMakeLists.txt":
                assert (installed / inside / path.relative_to(repository / folder)).is_file(), path
