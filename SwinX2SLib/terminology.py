"""Coded terminology of a segment, as the text that Slicer stores in a segment's tag and in a `.seg.nrrd` file."""

from __future__ import annotations

from SwinX2SLib.anatomy import Code, Label

TERMINOLOGY_TAG = "TerminologyEntry"
_CATEGORY_CONTEXT = "Segmentation category and type - DICOM master list"
_ANATOMY_CONTEXT = "Anatomic codes - DICOM master list"


def terminology_entry(label: Label) -> str:
    """Return the serialised entry of a bone, in the format of Slicer's `vtkSlicerTerminologiesModuleLogic`.

    Seven fields between tildes: context, category, type, type modifier, anatomic context, anatomic region and its
    modifier; a code is `scheme^value^meaning`.
    """
    codes = [_code(code) for code in (label.category, label.type, label.modifier)]
    return "~".join([_CATEGORY_CONTEXT, *codes, _ANATOMY_CONTEXT, _code(None), _code(None)])


def _code(code: Code | None) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}" if code else "^^"
