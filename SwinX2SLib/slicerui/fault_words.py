"""Faults in the language of the user.

They come as finished English sentences, from the library and from child processes that know no language. The sentence
with places for what was put into it is found again in a list made from the sources, and its translation is filled in;
what has no translation is told as it came.
"""

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
