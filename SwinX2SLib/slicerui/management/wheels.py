"""Installing without internet: from a folder of wheels that was filled on another machine."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault

_SOURCES = (".tar.gz", ".zip")


def install_arguments(folder: Path, missing: Sequence[Requirement]) -> list[str]:
    """Return the arguments of the interpreter that install packages from a folder, and from nowhere else.

    Args:
        folder: with wheels.
        missing: what is to be installed; what is there already stays as it is unless another package needs it newer.
    """
    options = ["--no-index", "--find-links", str(folder), "--disable-pip-version-check", "--no-input"]
    return ["-m", "pip", "install", *options, *map(str, missing)]


def folder_faults(folder: Path, missing: Sequence[Requirement]) -> list[Fault]:
    """Return why what is missing cannot be installed from a folder; what it needs in turn is for pip to say.

    Args:
        folder: with wheels.
        missing: what is to be installed.
    """
    try:
        files = sorted(path.name for path in folder.iterdir() if path.is_file())
    except OSError as error:
        return [
            Fault(
                "folder-unreadable", f"The folder cannot be read ({error}).", "Choose another.", str(folder)
            )
        ]
    if not any(name.endswith((".whl", *_SOURCES)) for name in files):
        return [Fault("no-wheels", "The folder holds no packages (.whl).", filling_words(), str(folder))]
    found = dict(_packages(files))
    absent = [str(each) for each in missing if canonicalize_name(each.name) not in found]
    unfit = [found[name] for each in missing if found.get(name := canonicalize_name(each.name))]
    faults = []
    if absent:
        words = f"The folder lacks {', '.join(absent)}."
        faults.append(Fault("wheels-absent", words, filling_words(), str(folder)))
    if unfit:
        words = f"Made for another system or another Python: {', '.join(unfit)}."
        faults.append(Fault("wheels-unfit", words, filling_words(), str(folder)))
    return faults


def _packages(files: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the names of packages, those that can be installed here last, with the file where it cannot, or ""."""
    here, fit = set(sys_tags()), []
    for file in files:
        if file.endswith(_SOURCES):
            fit.append(canonicalize_name(file.rpartition("-")[0]))
            continue
        try:
            name, _version, _build, tags = parse_wheel_filename(file)
        except InvalidWheelFilename:
            continue
        if tags & here:
            fit.append(name)
        else:
            yield name, file
    yield from ((name, "") for name in fit)


def filling_words() -> str:
    """Say how to fill such a folder on a machine with internet."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _(
        "On a machine with internet, the same system and Python {0}, run: "
        "python -m pip download -d WHEELS -r requirements.txt torch "
        "(requirements.txt lies in the folder Resources of SwinX2S)."
    ).format(version)
