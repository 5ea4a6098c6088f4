"""The formats of an export: what they are called, which files they write, and in which frame and unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: as the command takes it.
        title: as a person reads it.
        entry: the file, or folder of files, that it writes.
        frame: axes and unit of the coordinates in it.
    """

    name: str
    title: str
    entry: str
    frame: str


FORMATS = {
    entry.name: entry
    for entry in (
        Format("stl", "STL, a file for each bone", "stl", "LPS (left, posterior, superior), mm"),
        Format("obj", "OBJ, one file with colours", "bones.obj", "LPS (left, posterior, superior), mm"),
        Format(
            "gltf",
            "glTF (.glb), one file with colours",
            "bones.glb",
            "x to the patient's left, y up (superior), z to the front (anterior), m",
        ),
        Format("nifti", "NIfTI label volume", "labels.nii.gz", "RAS (right, anterior, superior), mm"),
        Format(
            "nrrd",
            "Slicer segmentation (.seg.nrrd)",
            "segmentation.seg.nrrd",
            "LPS (left, posterior, superior), mm",
        ),
        Format(
            "dicomseg",
            "DICOM segmentation",
            "segmentation.dcm",
            "DICOM patient coordinates (LPS), mm, a frame of reference of its own",
        ),
    )
}
MATERIALS, DOCUMENT = "bones.mtl", "export.json"
# Whatever an export may write: what else lies in a folder is somebody else's.
ENTRIES = (*(entry.entry for entry in FORMATS.values()), MATERIALS, DOCUMENT)
