"""Radiographs as Slicer's volume nodes: their size, their spacing and where it comes from, the file the worker reads.

Array order. A radiograph is a volume of one slice: the first of its two IJK axes that are longer than one voxel
runs along the columns of the picture, the second along its rows, first row on top. A PNG loaded by Slicer is i =
columns, j = rows, with IJKToRAS diag(-s, -s, s): the LPS identity, an axial plane that says nothing of how the
radiograph is oriented. Where IJKToRAS places the radiograph upright in the patient (a coronal or sagittal plane) the
worker's reader follows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.radiographs.acquisition import StatedDistances, stated_distances
from SwinX2SLib.radiographs.decoded_image import HeaderSpacing
from SwinX2SLib.radiographs.dicom_geometry import radiograph_spacing as spacing_of_header
from SwinX2SLib.radiographs.reading import header_spacing, source_from_header
from SwinX2SLib.radiographs.volumes import SPACING_KEY

ROLES = ("ap", "lateral")


ROLE_WORDS = {"ap": "frontal", "lateral": "lateral"}


if TYPE_CHECKING:
    from pydicom import Dataset


ASSUMED_MM = 1.0
_DICOM_UIDS = "DICOM.instanceUIDs"
# The DICOM file that a radiograph was loaded from without Slicer's database.
FILE_ATTRIBUTE = "SwinX2S.dicom_file"
# Who states the pixel size of a radiograph whose geometry was set by this module.
# Slicer writes attributes of a volume into its NRRD files, where the reader finds it.
SPACING_ATTRIBUTE = SPACING_KEY


class ExportError(RuntimeError):
    """A volume could not be written for the worker."""


@dataclass(frozen=True)
class RadiographSpacing:
    """Size of a radiograph's pixel, as far as Slicer knows it.

    Attributes:
        row_mm: height of a pixel [mm]; None if only the worker can read it.
        col_mm: width of a pixel [mm]; None likewise.
        source: where it comes from, human-readable.
        assumed: True if it is unknown: Slicer assumes 1 mm for files without a pixel size.
    """

    row_mm: float | None
    col_mm: float | None
    source: str
    assumed: bool = False

    def __str__(self) -> str:
        if self.row_mm is None:
            return self.source
        size = (
            f"{self.col_mm:.4g}" if self.row_mm == self.col_mm else f"{self.col_mm:.4g} x {self.row_mm:.4g}"
        )
        return f"{size} mm, {self.source}"


def radiograph_axes(node: slicer.vtkMRMLScalarVolumeNode) -> tuple[int, int] | None:
    """Return which IJK axes are the columns and the rows of a radiograph, or None for a volume that is no
    radiograph."""
    image = node.GetImageData()
    if image is None:
        return None
    long_axes = [axis for axis in range(3) if image.GetDimensions()[axis] > 1]
    return (long_axes[0], long_axes[1]) if len(long_axes) == 2 else None


def radiograph_size(node: slicer.vtkMRMLScalarVolumeNode) -> str:
    """Return the size of a radiograph as text: columns x rows."""
    axes = radiograph_axes(node)
    if axes is None:
        return _("no radiograph")
    columns, rows = (node.GetImageData().GetDimensions()[axis] for axis in axes)
    return _("{0} x {1} pixels").format(columns, rows)


def radiograph_spacing(node: slicer.vtkMRMLScalarVolumeNode, options: RadiographOptions) -> RadiographSpacing:
    """Return the spacing of a radiograph and where it comes from: the user, its DICOM file, or the volume's geometry.

    Args:
        node: a radiograph.
        options: user options about it.
    """
    if options.spacing_mm is not None:
        return RadiographSpacing(options.spacing_mm, options.spacing_mm, _("set manually"))
    if (path := dicom_file(node)) is not None:
        return _dicom_spacing(path, options)
    axes = radiograph_axes(node) or (0, 1)
    col_mm, row_mm = (float(node.GetSpacing()[axis]) for axis in axes)
    stated_by = node.GetAttribute(SPACING_ATTRIBUTE)
    if row_mm == col_mm == ASSUMED_MM and not stated_by:
        return RadiographSpacing(
            row_mm, col_mm, _("assumed by Slicer; the file has no pixel size"), assumed=True
        )
    spacing = HeaderSpacing(row_mm, col_mm, stated_by or "the volume's geometry")
    return _at_magnification(spacing, options, StatedDistances())


def radiograph_faults(node: slicer.vtkMRMLScalarVolumeNode | None, role: str) -> list[Fault]:
    """List why a node is no radiograph; the pixels are checked by the worker.

    Args:
        node: the chosen node.
        role: "frontal" or "lateral", for the message.
    """
    if node is None:
        return [
            Fault(
                "radiograph-missing",
                f"No {role} radiograph is selected.",
                f"Load the {role} radiograph and select it above.",
            )
        ]
    if node.GetImageData() is None:
        return [Fault("radiograph-empty", "The volume has no image data.", "Load it again.", node.GetName())]
    if radiograph_axes(node) is None:
        size = " x ".join(str(length) for length in node.GetImageData().GetDimensions())
        return [
            Fault(
                "not-a-radiograph",
                f"The volume has {size} voxels and is not a single radiograph.",
                "Choose a radiograph (a volume with one slice).",
                node.GetName(),
            )
        ]
    return []


def dicom_file(node: slicer.vtkMRMLScalarVolumeNode) -> Path | None:
    """Return the DICOM file that a radiograph was loaded from, where Slicer's database knows it and the size agrees.

    The file has more information than the volume: pixel size at the detector and magnification, orientation of the
    radiograph, whether small values are bright. A volume that was cropped or resampled since no longer has the size
    of its file.
    """
    axes = radiograph_axes(node)
    loaded_from = node.GetAttribute(FILE_ATTRIBUTE)
    if loaded_from and axes is not None and (header := header_of(Path(loaded_from))) is not None:
        in_scene = tuple(node.GetImageData().GetDimensions()[axis] for axis in axes)
        same = (header.get("Columns"), header.get("Rows")) == in_scene
        return Path(loaded_from) if same else None
    database = getattr(slicer, "dicomDatabase", None)
    uids = (node.GetAttribute(_DICOM_UIDS) or "").split()
    if database is None or len(uids) != 1 or axes is None:
        return None
    path = database.fileForInstance(uids[0])
    size = tuple(int(database.instanceValue(uids[0], tag) or 0) for tag in ("0028,0011", "0028,0010"))
    in_scene = tuple(node.GetImageData().GetDimensions()[axis] for axis in axes)
    return Path(path) if path and Path(path).is_file() and size == in_scene else None


def radiograph_file(node: slicer.vtkMRMLScalarVolumeNode, folder: Path, name: str) -> Path:
    """Return the file for the worker: the DICOM file of the radiograph, or a NRRD written now.

    Args:
        node: a radiograph.
        folder: where the NRRD is written.
        name: its name without ending.

    Raises:
        ExportError: Slicer could not write it.
    """
    if (path := dicom_file(node)) is not None:
        return path
    path = folder / f"{name}.nrrd"
    storage = slicer.vtkMRMLNRRDStorageNode()
    storage.SetFileName(str(path))
    storage.SetUseCompression(False)
    if not storage.WriteData(node) or not path.is_file():
        raise ExportError(
            f"The radiograph {node.GetName()} could not be written to {path}. Check the free disk space."
        )
    return path


def header_of(path: Path) -> Dataset | None:
    """Return the header of a DICOM file, or None where it cannot be read."""
    try:
        from pydicom.errors import InvalidDicomError

        from SwinX2SLib.io.dicom_files import read_dicom
    except ImportError:
        # Slicer brings it; a Python without it cannot have read the radiograph either.
        return None
    try:
        return read_dicom(path, stop_before_pixels=True)
    except (InvalidDicomError, OSError):
        # The database may name a file that was replaced since; the worker reports its faults.
        return None


def _dicom_spacing(path: Path, options: RadiographOptions) -> RadiographSpacing:
    header = header_of(path)
    if header is None:
        return RadiographSpacing(None, None, _("unknown: the DICOM file cannot be read"))
    spacing, remark, _notes = spacing_of_header(header)
    if spacing is None:
        return RadiographSpacing(None, None, f"unknown: {remark}")
    return _at_magnification(spacing, options, stated_distances(header))


def _at_magnification(
    spacing: HeaderSpacing, options: RadiographOptions, distances: StatedDistances
) -> RadiographSpacing:
    xray_source, _faults, _notes = source_from_header(distances, options)
    divided, _faults = header_spacing(spacing, options, xray_source)
    return RadiographSpacing(divided.row_mm, divided.col_mm, f"from {divided.source}")
