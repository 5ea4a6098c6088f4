"""DICOM segmentation of the bones, with patient and study of the radiographs.

Standard: PS3.3 A.51 (Segmentation IOD), C.8.20. A radiograph has no place in space: the segmentation gets a frame of
reference of its own, in which the patient lies as the reconstruction has it, and names the radiographs as its
sources.
"""

from __future__ import annotations

import copy
import uuid
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import highdicom
import numpy as np
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from pydicom import Dataset
from pydicom.sr.coding import Code as DicomCode
from pydicom.tag import Tag
from pydicom.uid import UID, generate_uid

from SwinX2SLib.anatomy import Code, Label, label_by_id
from SwinX2SLib.errors import InputError
from SwinX2SLib.export.dicom_radiographs import LentHeader, radiograph_headers
from SwinX2SLib.geometry.frames import ras_to_lps, reorient
from SwinX2SLib.version import __version__

if TYPE_CHECKING:
    from SwinX2SLib.export.source import ExportSource
    from SwinX2SLib.reconstruct.verdict import Verdict


# Frames are axial, as every viewer expects; rows run to the back and columns to the left (PS3.3 C.7.6.2.1.1).
_ORIENTATION = "SPL"
_SERIES_NUMBER = 3001
# Type 2 attributes of patient and study: they must be there, and may be empty.
_MAY_BE_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime",
)  # fmt: skip
_NAMESPACE = uuid.UUID("6f1d1a52-64a2-4f0e-9b0b-6d1f0f6a3c55")


def write_dicom_segmentation(path: Path, source: ExportSource) -> list[str]:
    """Write one DICOM SEG object, a binary segment for each bone that is present.

    Returns:
        Sentences about values of the radiographs that DICOM does not allow and that were not copied as they are.

    Raises:
        InputError: the radiographs cannot lend patient and study, see `dicom_radiographs`.
    """
    headers, faults = radiograph_headers(source.radiographs, source.radiograph_hashes)
    if faults:
        raise InputError(faults)
    volume, affine = reorient(source.labels, source.affine, _ORIENTATION)
    present = [label_by_id(int(value)) for value in np.unique(volume) if value]
    numbers = np.zeros(256, np.uint8)
    numbers[[label.id for label in present]] = np.arange(1, len(present) + 1)
    frame_uid = _frame_of_reference(source, headers)
    radiographs = [_as_source(header.dataset, frame_uid) for header in headers.values()]
    study = radiographs[0].StudyInstanceUID
    others = [radiograph for radiograph in radiographs if radiograph.StudyInstanceUID != study]
    with warnings.catch_warnings():
        # Of every name without a caret, and repeating the name.
        warnings.simplefilter("ignore")
        segmentation = Segmentation(
            source_images=radiographs[:1],
            further_source_images=[each for each in radiographs[1:] if each.StudyInstanceUID == study],
            pixel_array=highdicom.Volume(
                np.ascontiguousarray(numbers[volume]),
                ras_to_lps(affine),
                "PATIENT",
                frame_of_reference_uid=frame_uid,
            ),
            segmentation_type="BINARY",
            segment_descriptions=[
                _described(number, label, source.verdict) for number, label in enumerate(present, start=1)
            ],
            series_instance_uid=generate_uid(),
            series_number=_SERIES_NUMBER,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer="SwinX2S",
            manufacturer_model_name="SwinX2S",
            software_versions=__version__,
            device_serial_number="0",
            content_label="BONES",
            content_description=_content(source.verdict),
            series_description="Bones from radiographs (SwinX2S)",
        )
    if others:
        segmentation.StudiesContainingOtherReferencedInstancesSequence = list(map(_of_another_study, others))
    segmentation.save_as(path)
    # highdicom takes patient and study from the first radiograph.
    role, first = next(iter(headers.items()))
    return [
        f"{source.radiographs[role].name}: {note}"
        for tag, note in first.notes.items()
        if tag in segmentation or tag == Tag("SpecificCharacterSet")
    ]


def _frame_of_reference(source: ExportSource, headers: Mapping[str, LentHeader]) -> UID:
    """Return the same frame for all that is exported of one pair of radiographs on one grid."""
    radiographs = "/".join(str(header.dataset.SOPInstanceUID) for header in headers.values())
    grid = f"{source.labels.shape}{np.round(source.affine, 6).tolist()}"
    return UID(f"2.25.{uuid.uuid5(_NAMESPACE, radiographs + grid).int}")


def _as_source(header: Dataset, frame_uid: UID) -> Dataset:
    """Return a header that highdicom takes: all type 2 attributes there, and with a place in our frame of reference.

    It reads the sources' places only to find frames that coincide with them; no axial frame coincides with a
    radiograph.
    """
    radiograph = copy.deepcopy(header)
    for name in _MAY_BE_EMPTY:
        if name not in radiograph:
            setattr(radiograph, name, "")
    # Whatever the radiograph's own encoding, the text here is Unicode.
    radiograph.SpecificCharacterSet = "ISO_IR 192"
    radiograph.Rows, radiograph.Columns = 1, 1
    radiograph.FrameOfReferenceUID = frame_uid
    radiograph.ImagePositionPatient, radiograph.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 0, -1]
    radiograph.PixelSpacing, radiograph.SliceThickness = [1, 1], 1
    return radiograph


def _of_another_study(radiograph: Dataset) -> Dataset:
    """Return the reference to an image of a study other than the segmentation's (PS3.3 C.12.2)."""
    image, series, study = Dataset(), Dataset(), Dataset()
    image.ReferencedSOPClassUID = radiograph.SOPClassUID
    image.ReferencedSOPInstanceUID = radiograph.SOPInstanceUID
    series.SeriesInstanceUID, series.ReferencedInstanceSequence = radiograph.SeriesInstanceUID, [image]
    study.StudyInstanceUID, study.ReferencedSeriesSequence = radiograph.StudyInstanceUID, [series]
    return study


def _content(verdict: Verdict | None) -> str:
    """Return the description of the whole, of 64 characters at most (LO)."""
    said = f"Verdict: {verdict.whole}. " if verdict is not None else ""
    return f"{said}Bones from radiographs; research use only"


def _described(number: int, label: Label, verdict: Verdict | None) -> SegmentDescription:
    """Return the description of a segment; Segment Description (0062,0006) has the bone's verdict."""
    segment = SegmentDescription(
        segment_number=number,
        segment_label=label.title,
        segmented_property_category=_code(label.category),
        segmented_property_type=_code(label.type),
        algorithm_type="AUTOMATIC",
        algorithm_identification=highdicom.AlgorithmIdentificationSequence(
            name="SwinX2S",
            version=__version__,
            family=DicomCode("123109", "DCM", "Artificial Intelligence"),
        ),
        tracking_id=label.name,
        tracking_uid=generate_uid(),
        display_color=CIELabColor.from_rgb(*label.colour),
    )
    if verdict is not None and label.name in verdict.bones:
        segment.SegmentDescription = f"Verdict: {verdict.bones[label.name].words}"
    if label.modifier is not None:
        modifier = highdicom.sr.CodedConcept(
            label.modifier.value, label.modifier.scheme, label.modifier.meaning
        )
        segment.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [modifier]
    return segment


def _code(code: Code) -> DicomCode:
    return DicomCode(code.value, code.scheme, code.meaning)
