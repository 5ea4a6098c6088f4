"""Translation of fault messages into the language of the application."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
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
        fault: with the names of the panel, see `messages.panel_fault`.
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
