"""Numberings of label volumes in the field, and how they become ours."""

from SwinX2SLib.label_maps.files import label_mapping
from SwinX2SLib.label_maps.mapping import UNKNOWN, LabelMapping, drop_unnamed
from SwinX2SLib.label_maps.numberings import SCHEME_NAMES
from SwinX2SLib.label_maps.recognition import AUTOMATIC, RecognisedMapping, recognise_mapping

__all__ = [
    "AUTOMATIC",
    "SCHEME_NAMES",
    "UNKNOWN",
    "LabelMapping",
    "RecognisedMapping",
    "drop_unnamed",
    "label_mapping",
    "recognise_mapping",
]
