"""The files that the extension must carry, as `CMake/SwinX2SFiles.cmake` lists them.

`python Testing/cmake/manifest.py` rewrites that file from the source tree.
"""

import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FILE_LIST = Path("CMake") / "SwinX2SFiles.cmake"
_HEAD = """# Every script of SwinX2SLib and every resource: what is not listed is missing once installed.
# Written by `python Testing/cmake/manifest.py`.
"""


def expected_text(repository: Path = REPOSITORY) -> str:
    """Return what the list must say for the files that are in the tree now."""
    scripts = [
        path.relative_to("SwinX2SLib") for path in _files(repository, "SwinX2SLib") if path.suffix == ".py"
    ]
    resources = _files(repository, "Resources")
    lists = {"SwinX2SLib_SCRIPTS": scripts, "SwinX2S_RESOURCES": resources}
    return _HEAD + "".join(_cmake_list(name, files) for name, files in lists.items())


def listed_files(repository: Path = REPOSITORY) -> set[str]:
    """Return the files that the list names."""
    lines = (repository / FILE_LIST).read_text(encoding="utf-8").splitlines()
    return {line.strip() for line in lines if line.startswith("  ")}


def _files(repository: Path, folder: str) -> list[Path]:
    """Files of a folder that git tracks or would track, in order; every file where git is not at hand."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder]
    if (repository / ".git").exists():
        told = subprocess.run(
            command, cwd=repository, capture_output=True, text=True, check=True
        ).stdout.splitlines()
        paths = [Path(line) for line in told if (repository / line).is_file()]
    else:
        found = (repository / folder).rglob("*")
        paths = [path.relative_to(repository) for path in found if path.is_file() and path.suffix != ".pyc"]
    return sorted(path for path in set(paths) if path.name != "CMakeLists.txt")


def _cmake_list(name: str, files: list[Path]) -> str:
    lines = "".join(f"  {path.as_posix()}\n" for path in files)
    return f"\nset({name}\n{lines})\n"


if __name__ == "__main__":
    (REPOSITORY / FILE_LIST).parent.mkdir(exist_ok=True)
    (REPOSITORY / FILE_LIST).write_text(expected_text(), encoding="utf-8")
