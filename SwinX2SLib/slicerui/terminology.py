"""Coded terminology of a segment, as the text that Slicer stores in a segment's tag."""

from __future__ import annotations

from SwinX2SLib.anatomy import Code, Label

CATEGORY_CONTEXT = "Segmentation category and type - DICOM master list"
ANATOMY_CONTEXT = "Anatomic codes - DICOM master list"
_NO_CODE = "^^"


def terminology_entry(label: Label) -> str:
    """Return the serialised terminology entry of a bone.

    Seven fields between tildes: context, category, type, type modifier, anatomic context, anatomic region and its
    modifier; every code is `scheme^value^meaning`. The format is that of `vtkSlicerTerminologiesModuleLogic`.
    """
    fields = (
        CATEGORY_CONTEXT,
        _code(label.category),
        _code(label.type),
        _code(label.modifier),
        ANATOMY_CONTEXT,
        _NO_CODE,
        _NO_CODE,
    )
    return "~".join(fields)


def _code(code: Code | None) -> str:
    return f"{code.scheme}^{code.value}^{code.meaning}" if code else _NO_CODE
