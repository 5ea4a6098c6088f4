"""Radiographs of the scene as the library's readers would decode their files, without writing any."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import slicer

from SwinX2SLib.radiographs.acquisition import StatedDistances, stated_distances
from SwinX2SLib.radiographs.decoded_image import DecodedImage, HeaderSpacing, gray_of_channels
from SwinX2SLib.radiographs.dicom_geometry import patient_orientation, stated_view, view_position
from SwinX2SLib.radiographs.dicom_geometry import radiograph_spacing as spacing_of_header
from SwinX2SLib.radiographs.transforms import upright_letters
from SwinX2SLib.slicerui.radiographs import dicom_file, header_of, radiograph_axes

if TYPE_CHECKING:
    from pydicom import Dataset


# A radiograph is looked at and checked at no more than so many pixels a side: enough for any screen, quick enough
# to follow every click.
_LARGEST_SIDE = 1200


@dataclass(frozen=True)
class SceneRadiograph:
    """A radiograph of the scene.

    Attributes:
        decoded: the picture, smaller where it is very large; its spacing is that of the smaller pixels.
        shape: rows and columns of the volume itself.
        words: texts that describe the radiograph: series and protocol, the volume's name.
        view_position: of the DICOM header, see `dicom_geometry.view_position`, or "".
    """

    decoded: DecodedImage
    shape: tuple[int, int]
    words: tuple[str, ...]
    view_position: str


class SceneRadiographs:
    """Decodes the radiographs of a scene, each once until it changes."""

    def __init__(self):
        self._kept: dict[str, tuple[object, SceneRadiograph]] = {}

    def decode(self, node: slicer.vtkMRMLScalarVolumeNode) -> SceneRadiograph | None:
        """Return a radiograph, or None for a volume that is none."""
        if radiograph_axes(node) is None:
            return None
        path = dicom_file(node)
        state = (node.GetMTime(), node.GetImageData().GetMTime(), node.GetName(), path)
        kept = self._kept.get(node.GetID())
        if kept is None or kept[0] != state:
            kept = state, _scene_radiograph(node, path)
            self._kept = {**dict(list(self._kept.items())[-3:]), node.GetID(): kept}
        return kept[1]


def _scene_radiograph(node: slicer.vtkMRMLScalarVolumeNode, path: Path | None) -> SceneRadiograph:
    column_axis, row_axis = radiograph_axes(node)
    values = np.asarray(slicer.util.arrayFromVolume(node))
    dimensions = node.GetImageData().GetDimensions()
    shape = dimensions[row_axis], dimensions[column_axis]
    values = values.reshape(*shape, *values.shape[3:])
    notes, faults = [], []
    if values.ndim == 3:
        values, notes, faults = gray_of_channels(values[..., :3], white=float(values.max(initial=1)))
    small = _smaller(values)
    if not np.isfinite(small).all():
        # Every pixel that is no number is counted.
        small = values.astype(np.float32)
    header = header_of(path) if path is not None else None
    spacing, remark, orientation = _geometry(node, header)
    if spacing is not None:
        scale = shape[0] / small.shape[0], shape[1] / small.shape[1]
        spacing = _scaled(spacing, scale)
    decoded = DecodedImage(
        small,
        bone_bright=header is None or header.get("PhotometricInterpretation") != "MONOCHROME1",
        spacing=spacing,
        spacing_remark=remark,
        orientation=orientation,
        stated_view=stated_view(header) if header is not None else "",
        distances=stated_distances(header) if header is not None else StatedDistances(),
        notes=notes,
        faults=faults,
    )
    stated = [str(header.get(name) or "") for name in ("SeriesDescription", "ProtocolName")] if header else []
    position = view_position(header) if header else ""
    return SceneRadiograph(decoded, shape, (node.GetName(), *stated), position)


def _geometry(
    node: slicer.vtkMRMLScalarVolumeNode, header: Dataset | None
) -> tuple[HeaderSpacing | None, str, tuple[str, str] | None]:
    """Return spacing, why there is none, and orientation: of the DICOM header, else of the volume."""
    if header is not None:
        spacing, remark, _ = spacing_of_header(header)
        return spacing, remark, patient_orientation(header)[0]
    column_axis, row_axis = radiograph_axes(node)
    directions = np.zeros((3, 3))
    node.GetIJKToRASDirections(directions)
    lps = directions * np.array([[-1.0], [-1.0], [1.0]])
    spacing = HeaderSpacing(
        node.GetSpacing()[row_axis], node.GetSpacing()[column_axis], "the volume's geometry"
    )
    return spacing, "", upright_letters(lps[:, column_axis], lps[:, row_axis])


def _smaller(values: np.ndarray) -> np.ndarray:
    factor = math.ceil(max(values.shape) / _LARGEST_SIDE)
    if factor == 1:
        return values.astype(np.float32)
    rows, cols = (count // factor for count in values.shape)
    # Whole rows first, which is several times faster than blocks at once.
    sums = values[: rows * factor].reshape(rows, factor, -1).sum(axis=1, dtype=np.float32)
    return sums[:, : cols * factor].reshape(rows, cols, factor).mean(axis=2) / factor


def _scaled(spacing: HeaderSpacing, scale: tuple[float, float]) -> HeaderSpacing:
    detector = spacing.detector_mm
    return HeaderSpacing(
        spacing.row_mm * scale[0],
        spacing.col_mm * scale[1],
        spacing.source,
        detector and (detector[0] * scale[0], detector[1] * scale[1]),
        spacing.calibrated,
    )
