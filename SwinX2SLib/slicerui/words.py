"""The library's hints name the options of its command; in the module the same things have other names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from SwinX2SLib.errors import Fault

# The first that fits wins, so that whole phrases come before single options.
_PHRASES = (
    (r"\bGive it with --spacing-mm( \([^)]*\))?", "Set Pixel size"),
    (r"\bGive the size of a pixel in millimetres with --spacing-mm", "Set Pixel size"),
    (r"\bgive --spacing-mm", "set Pixel size"),
    (
        r"turn the header's orientation off for this view \(--ignore-orientation\)",
        "untick that it is turned as its header says",
    ),
    (r" \(--ap-view\)", " (Rays)"),
    (r" \(--model\)", ""),
    (r" \(--device cpu\)", ""),
    (r"Match their heights with --lateral-shift-mm", "Match their heights (tab Heights)"),
    (
        r"Give how far the lateral film is to be moved up with --lateral-shift-mm",
        "Say it by points or by hand (tab Heights)",
    ),
    (r"Correct --lateral-shift-mm", "Correct Lateral film up by (tab Heights)"),
    (r"Leave out --magnification", "Leave Magnification as the film says"),
    (r"\bwith --crop\b", "with Crop"),
    (r"--magnification\b", "Magnification"),
    (r"--source-to-detector-mm\b", "Tube to detector"),
    (r"--source-to-patient-mm\b", "Tube to patient"),
    (r"--spacing-mm\b", "Pixel size"),
    (r"--crop\b", "Crop"),
    (r"--ap-view\b", "Rays"),
    (r"--flip\b", "the flip buttons"),
    (r"--model\b", "Model"),
    (r"--device\b", "Device"),
)


def words_of_the_module(text: str) -> str:
    """Return a hint with the module's names of the command's options."""
    for phrase, words in _PHRASES:
        text = re.sub(phrase, words, text)
    return text


def fault_of_the_module(fault: Fault, names: Mapping[str, str]) -> Fault:
    """Return a fault in the words of the module.

    Args:
        fault: as the library tells it.
        names: path of a film's file -> name of its node.
    """
    return Fault(
        fault.kind,
        words_of_the_module(fault.message),
        words_of_the_module(fault.hint),
        names.get(fault.path or "", fault.path),
    )
