"""What is installed here, as text."""

from __future__ import annotations

import html
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import slicer
from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.devices import Devices
from SwinX2SLib.slicerui.installer import installed_version, missing_requirements, requirements
from SwinX2SLib.version import __version__

_CPU_BUILD = "cpu"


def version_rows(devices: Devices) -> list[tuple[str, str]]:
    """Return names and what is there, human-readable or to send with a question.

    Args:
        devices: of this machine.
    """
    return [
        ("SwinX2S", __version__),
        ("3D Slicer", str(slicer.app.applicationVersion)),
        ("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}"),
        ("PyTorch", _torch_words(devices)),
        (_("Device"), devices.words("auto")),
        (_("Packages"), _package_words()),
    ]


def versions_html(devices: Devices) -> str:
    """Return the same as a table."""
    rows = (
        f"<tr><td><b>{html.escape(name)}</b>&nbsp;&nbsp;</td><td>{html.escape(words)}</td></tr>"
        for name, words in version_rows(devices)
    )
    return f"<table>{''.join(rows)}</table>"


def torch_misses_the_card(devices: Devices) -> bool:
    """Return whether a graphics card is there that the installed PyTorch was not built for."""
    return bool(devices.card) and _build() == _CPU_BUILD


def _torch_words(devices: Devices) -> str:
    version = installed_version("torch")
    if not version:
        return _("not installed")
    if torch_misses_the_card(devices):
        return _("{0}: CPU-only build, so the {1} is not used").format(version, devices.card)
    return version


def _build() -> str:
    """Return what PyTorch was built for, from the local part of its version: "cpu", "cu126"; often nothing."""
    return installed_version("torch").partition("+")[2]


def _package_words() -> str:
    missing = missing_requirements()
    if not missing:
        return _("all {0} installed").format(len(requirements()))
    return _("missing: {0}").format(", ".join(map(str, missing)))


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
    """Return why what is missing cannot be installed from a folder; their dependencies are left to pip.

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
        return [Fault("no-wheels", "The folder has no packages (.whl).", filling_words(), str(folder))]
    found = dict(_packages(files))
    absent = [str(each) for each in missing if canonicalize_name(each.name) not in found]
    unfit = [found[name] for each in missing if found.get(name := canonicalize_name(each.name))]
    faults = []
    if absent:
        words = f"Missing in the folder: {', '.join(absent)}."
        faults.append(Fault("wheels-absent", words, filling_words(), str(folder)))
    if unfit:
        words = f"Built for another system or Python version: {', '.join(unfit)}."
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
    """Explain how to fill such a folder on a machine with internet access."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _(
        "On a machine with internet access, the same system and Python {0}, run: python -m pip download -d "
        "WHEELS -r requirements.txt torch (requirements.txt is in the Resources folder of SwinX2S)."
    ).format(version)
