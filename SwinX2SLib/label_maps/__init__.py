"""Numberings of label volumes in the field, and how they become ours."""

from SwinX2SLib.label_maps.files import scheme
from SwinX2SLib.label_maps.mapping import UNKNOWN, LabelScheme, without_marks
from SwinX2SLib.label_maps.numberings import SCHEME_NAMES
from SwinX2SLib.label_maps.recognition import AUTOMATIC, RecognisedNumbering, recognise_scheme

__all__ = [
    "AUTOMATIC",
    "SCHEME_NAMES",
    "UNKNOWN",
    "LabelScheme",
    "RecognisedNumbering",
    "recognise_scheme",
    "scheme",
    "without_marks",
]
