"""Numberings of label volumes in the field, and how they become ours."""

from SwinX2SLib.label_schemes.builtin import SCHEME_NAMES
from SwinX2SLib.label_schemes.choice import scheme
from SwinX2SLib.label_schemes.recognition import AUTOMATIC, RecognisedNumbering, recognise_scheme
from SwinX2SLib.label_schemes.scheme import UNKNOWN, LabelScheme, without_marks

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
