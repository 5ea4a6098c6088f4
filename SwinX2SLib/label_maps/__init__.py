"""Numberings of label volumes in the field, and how they become ours."""

from SwinX2SLib.label_maps.files import label_mapping, scheme_reference
from SwinX2SLib.label_maps.mapping import UNKNOWN, LabelMapping, drop_unnamed, without_unnamed
from SwinX2SLib.label_maps.numberings import OURS, SCHEME_NAMES
from SwinX2SLib.label_maps.recognition import (
    AUTOMATIC,
    RecognisedMapping,
    numbering,
    recognise_mapping,
    settled,
)

__all__ = [
    "AUTOMATIC",
    "OURS",
    "SCHEME_NAMES",
    "UNKNOWN",
    "LabelMapping",
    "RecognisedMapping",
    "drop_unnamed",
    "label_mapping",
    "numbering",
    "recognise_mapping",
    "scheme_reference",
    "settled",
    "without_unnamed",
]
