"""Fault messages for the panel: with the names of its controls, and translated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from slicer.i18n import translate

from SwinX2SLib.errors import Fault
from SwinX2SLib.resources import resource_path

FAULTS_CONTEXT = "SwinX2S.faults"
_PLACE = re.compile(r"\{(\d+)\}")


def translated(fault: Fault) -> Fault:
    """Translate a fault into the language of the application.

    Args:
        fault: with the names of the panel, see `panel_fault`.
    """
    sentences = _sentences().get(fault.kind, ())
    return replace(
        fault, message=_translated(fault.message, sentences), hint=_translated(fault.hint, sentences)
    )


def joined_messages(faults: Sequence[Fault]) -> str:
    """Return several faults in the language of the application, joined by spaces."""
    return " ".join(str(translated(fault)) for fault in faults)


def _translated(text: str, sentences: Sequence[str]) -> str:
    for sentence in sentences:
        if found := _pattern(sentence).fullmatch(text):
            wanted = translate(FAULTS_CONTEXT, sentence)
            # A translation without one of the placeholders would lose information.
            if wanted == sentence or sorted(_PLACE.findall(wanted)) != sorted(_PLACE.findall(sentence)):
                return text
            return _PLACE.sub(lambda place: found[int(place[1]) + 1], wanted)
    return text


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """Return a pattern that matches a sentence with any values for its placeholders."""
    parts = _PLACE.split(sentence)
    # Text and placeholder numbers alternate.
    return re.compile("(.*?)".join(map(re.escape, parts[::2])), re.DOTALL)


@cache
def _sentences() -> dict[str, list[str]]:
    return json.loads(resource_path("Translations", "faults.json").read_text(encoding="utf-8"))


# The first match wins, so whole phrases come before single options.
_PHRASES = (
    (r"\bSet it with --spacing-mm( \([^)]*\))?", "Set Pixel size"),
    (r"\bSet the pixel size in millimetres with --spacing-mm", "Set Pixel size"),
    (r"\bset the pixel size with --spacing-mm", "set Pixel size"),
    (r"\bgive --spacing-mm", "set Pixel size"),
    (
        r"ignore the orientation in the header for this view \(--ignore-orientation\)",
        "clear the box Use orientation in header",
    ),
    (r" \(with --ignore-orientation if their headers state otherwise\)", ""),
    (r" \(--ap-view\)", " (Projection)"),
    (r" \(--model\)", ""),
    (r" \(--device cpu\)", ""),
    (r"Align them vertically with --lateral-offset-mm", "Align them vertically (tab Vertical alignment)"),
    (
        r"Set the vertical offset of the lateral radiograph with --lateral-offset-mm",
        "Align them by points or manually (tab Vertical alignment)",
    ),
    (r"Correct --lateral-offset-mm", "Correct the vertical offset (tab Vertical alignment)"),
    (r"Remove --magnification", "Leave Magnification at from header"),
    (r"\bwith --crop\b", "with Crop"),
    (r"--magnification\b", "Magnification"),
    (r"--source-to-detector-mm\b", "Source-to-detector distance (SID)"),
    (r"--source-to-patient-mm\b", "Source-to-patient distance"),
    (r"--spacing-mm\b", "Pixel size"),
    (r"--crop\b", "Crop"),
    (r"--ap-view\b", "Projection"),
    (r"--flip\b", "the flip buttons"),
    (r"--model\b", "Model"),
    (r"--device\b", "Device"),
)


def panel_wording(text: str) -> str:
    """Replace command-line options in a text by the names of the panel's controls."""
    for phrase, words in _PHRASES:
        text = re.sub(phrase, words, text)
    return text


def panel_fault(fault: Fault, names: Mapping[str, str]) -> Fault:
    """Return a fault that names the panel's controls and nodes.

    Args:
        fault: as raised by the library.
        names: path of a radiograph's file -> name of its node.
    """
    return Fault(
        fault.kind,
        panel_wording(fault.message),
        panel_wording(fault.hint),
        names.get(fault.path or "", fault.path),
    )
