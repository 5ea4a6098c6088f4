"""The extension as Slicer's build system packs it: every file listed, and it runs where it is installed."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import manifest

INSTALLED = Path("lib/Slicer-5.12/qt-scripted-modules")


def test_every_script_and_resource_is_listed(repository):
    expected = {line.strip() for line in manifest.expected_text().splitlines() if line.startswith("  ")}
    listed = manifest.listed_files()
    missing, gone = sorted(expected - listed), sorted(listed - expected)
    assert not missing, (
        "add to CMake/SwinX2SFiles.cmake (or run python Testing/cmake/manifest.py):\n  "
        + "\n  ".join(missing)
    )
    assert not gone, (
        "take out of CMake/SwinX2SFiles.cmake (or run python Testing/cmake/manifest.py):\n  "
        + "\n  ".join(gone)
    )


def test_the_modules_own_folder_lists_its_only_script(repository):
    scripts = [path.name for path in (repository / "SwinX2S").glob("*.py")]
    assert re.search(r"SCRIPTS SwinX2S\.py\b", (repository / "SwinX2S" / "CMakeLists.txt").read_text())
    assert scripts == ["SwinX2S.py"]


def test_the_description_of_the_extension_is_complete(repository):
    text = (repository / "CMakeLists.txt").read_text()
    for name in ("HOMEPAGE", "CONTRIBUTORS", "DESCRIPTION", "ICONURL", "SCREENSHOTURLS", "DEPENDS"):
        assert re.search(rf'set\(EXTENSION_{name} "[^"]+"\)', text), name
    name = re.search(r"project\((\w+)", text).group(1)
    assert not name.startswith("Slicer")
    assert (repository / "LICENSE").is_file()


@pytest.mark.skipif(
    not (shutil.which("cmake") and shutil.which("cc")),
    reason="cmake and a C compiler are not on this machine",
)
def test_the_extension_builds_installs_and_finds_its_resources(repository, tmp_path):
    build, install = tmp_path / "build", tmp_path / "install"
    stub = Path(__file__).parent / "stub"
    configure = [
        "cmake",
        "-S",
        repository,
        "-B",
        build,
        f"-DSlicer_DIR={stub}",
        f"-DCMAKE_INSTALL_PREFIX={install}",
    ]
    for command in (configure, ["cmake", "--build", build], ["cmake", "--install", build]):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    expected = {line.strip() for line in manifest.expected_text().splitlines() if line.startswith("  ")}
    expected = {f"SwinX2SLib/{name}" if not name.startswith("Resources/") else name for name in expected}
    found = {
        path.relative_to(install / INSTALLED).as_posix()
        for path in (install / INSTALLED).rglob("*")
        if path.is_file()
    }
    assert found == expected | {"SwinX2S.py"}
    code = (
        "import json, sys; import SwinX2SLib.anatomy, SwinX2SLib.resources as r;"
        "print(json.dumps([str(r.resources_root()), len(SwinX2SLib.anatomy.labels())]))"
    )
    command = [
        sys.executable,
        "-I",
        "-c",
        f"import sys; sys.path.insert(0, {str(install / INSTALLED)!r}); {code}",
    ]
    root, count = json.loads(
        subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    )
    assert Path(root) == install / INSTALLED / "Resources"
    assert count == 54
