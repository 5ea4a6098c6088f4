"""What is installed here, in words."""

from __future__ import annotations

import html
import platform

import slicer
from slicer.i18n import tr as _

from SwinX2SLib import __version__
from SwinX2SLib.slicerui.devices import Devices
from SwinX2SLib.slicerui.packages import installed_version, missing_requirements, requirements

_CPU_BUILD = "cpu"


def version_rows(devices: Devices) -> list[tuple[str, str]]:
    """Return names and what is there, for a person to read or to send with a question.

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
        return _("{0}: built for the processor only, so the {1} is not used").format(version, devices.card)
    return version


def _build() -> str:
    """Return what PyTorch was built for, as its version says after a plus sign: "cpu", "cu126"; often nothing."""
    return installed_version("torch").partition("+")[2]


def _package_words() -> str:
    missing = missing_requirements()
    if not missing:
        return _("all {0} are there").format(len(requirements()))
    return _("missing: {0}").format(", ".join(map(str, missing)))
