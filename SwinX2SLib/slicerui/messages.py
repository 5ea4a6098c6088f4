"""Messages that the panel shows, translated."""

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
    """Return a fault in the language of the application.

    Args:
        fault: in the module's words, as `words.fault_of_the_module` gives it.
    """
    sentences = _sentences().get(fault.kind, ())
    return replace(fault, message=_said(fault.message, sentences), hint=_said(fault.hint, sentences))


def told(faults: Sequence[Fault]) -> str:
    """Return faults in the language of the application, one after the other."""
    return " ".join(str(translated(fault)) for fault in faults)


def _said(words: str, sentences: Sequence[str]) -> str:
    for sentence in sentences:
        if found := _pattern(sentence).fullmatch(words):
            wanted = translate(FAULTS_CONTEXT, sentence)
            # A translation that lost a place would tell less than the original.
            if wanted == sentence or sorted(_PLACE.findall(wanted)) != sorted(_PLACE.findall(sentence)):
                return words
            return _PLACE.sub(lambda place: found[int(place[1]) + 1], wanted)
    return words


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """Return what finds a sentence whatever was put into its places."""
    parts = _PLACE.split(sentence)
    # Text and numbers of places take turns.
    return re.compile("(.*?)".join(map(re.escape, parts[::2])), re.DOTALL)


@cache
def _sentences() -> dict[str, list[str]]:
    return json.loads(resource_path("Translations", "faults.json").read_text(encoding="utf-8"))


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
