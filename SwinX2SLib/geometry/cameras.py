"""X-ray cameras: where a point of the patient lands on a radiograph.

Radiographs are in standard display orientation: rows run superior to inferior; columns of AP and PA radiographs run
patient right to left, columns of lateral radiographs anterior to posterior. Pixel (row, column) coordinates are those
of pixel centres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from SwinX2SLib.geometry.frames import transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.tuples import vector2, vector3

# Along columns, along rows, along the rays; RAS. The source is in front of the patient (AP), behind (PA), or at the
# right side with the left side against the detector (lateral, the usual left lateral).
_AXES = {
    "ap": ((-1, 0, 0), (0, 0, -1), (0, -1, 0)),
    "pa": ((-1, 0, 0), (0, 0, -1), (0, 1, 0)),
    "lateral": ((0, -1, 0), (0, 0, -1), (-1, 0, 0)),
}
VIEWS = tuple(_AXES)

# Swin-X2S, section on data: source 1800 mm before the volume's centre, detector 200 mm behind it, pixel = long side
# of the volume / 160, 160 x 160 pixels.
PAPER_SOURCE_TO_ISOCENTRE_MM = 1800.0
PAPER_SOURCE_TO_DETECTOR_MM = 2000.0
PAPER_PIXELS = 160


def view_axes(view: str) -> np.ndarray:
    """Return the unit vectors along columns, rows and rays of a view as rows of a `(3, 3)` array, RAS.

    Raises:
        ValueError: the view is none of `VIEWS`.
    """
    if view not in _AXES:
        raise ValueError(f"Unknown view {view!r}; views are {', '.join(VIEWS)}.")
    return np.array(_AXES[view], dtype=np.float64)


@dataclass(frozen=True)
class ParallelCamera:
    """Parallel rays, square to the detector.

    Attributes:
        view: one of `VIEWS`.
        isocentre_ras_mm: the point that lands on the middle of the radiograph.
        pixel_mm: (from row to row, from column to column).
        shape: (rows, columns).

    Examples:
        >>> from SwinX2SLib import ParallelCamera
        >>> camera = ParallelCamera("ap", (0.0, 0.0, 0.0), (0.5, 0.5), (101, 81))
        >>> camera.project([10.0, 99.0, 5.0]).tolist()  # 10 mm to the right, 5 mm up: row 40, column 20
        [40.0, 20.0]
    """

    view: str
    isocentre_ras_mm: tuple[float, float, float]
    pixel_mm: tuple[float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        _check(self)

    @classmethod
    def on_grid(cls, view: str, shape: Sequence[int], affine: np.ndarray) -> ParallelCamera:
        """Return the camera whose pixels are the ends of the lines of voxels of a volume in network order.

        Args:
            view: one of `VIEWS`.
            shape: `(X, Y, Z)` of the volume.
            affine: 4x4, index -> RAS mm.
        """
        across = 1 if view == "lateral" else 0
        spacing = voxel_spacing_mm(affine)
        return cls(
            view,
            _middle(shape, affine),
            (float(spacing[2]), float(spacing[across])),
            (int(shape[2]), int(shape[across])),
        )

    @property
    def middle_px(self) -> np.ndarray:
        """The pixel (row, column) on which the isocentre lands."""
        return (np.array(self.shape) - 1) / 2

    @property
    def projection_matrix(self) -> np.ndarray:
        """The `(3, 4)` matrix from homogeneous RAS mm to homogeneous (row, column) pixels."""
        return _matrix(self, np.array([0.0, 0.0, 0.0, 1.0]), 1.0)

    def project(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return where points `(..., 3)` land, `(..., 2)` in (row, column) pixels."""
        along_columns, along_rows, _ = _camera_coordinates(self, points_ras_mm)
        return _pixels(self, along_columns, along_rows)


@dataclass(frozen=True)
class ConeCamera:
    """Rays from a point source.

    Attributes:
        view, shape: as of `ParallelCamera`.
        isocentre_ras_mm: a point of the patient on the central ray.
        pixel_mm: on the detector, not magnified back to the isocentre.
        source_to_detector_mm: along the central ray, which goes through the isocentre and meets the detector at a
            right angle.
        source_to_isocentre_mm: along the central ray.
        central_ray_px: the pixel (row, column) that it meets, on the detector or beyond its edge where the
            radiograph is a part of a larger one; None for the detector's middle.

    Examples:
        >>> from SwinX2SLib import ConeCamera
        >>> camera = ConeCamera("ap", (0.0, 0.0, 0.0), (1.0, 1.0), (101, 101), 1100.0, 1000.0)
        >>> round(camera.magnification, 3), camera.source_ras_mm.tolist()
        (1.1, [0.0, 1000.0, 0.0])
    """

    view: str
    isocentre_ras_mm: tuple[float, float, float]
    pixel_mm: tuple[float, float]
    shape: tuple[int, int]
    source_to_detector_mm: float
    source_to_isocentre_mm: float
    central_ray_px: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        _check(self)
        if not 0 < self.source_to_isocentre_mm <= self.source_to_detector_mm < np.inf:
            raise ValueError(
                "The isocentre must lie between source and detector: source to isocentre "
                f"{self.source_to_isocentre_mm} mm, source to detector {self.source_to_detector_mm} mm."
            )

    @classmethod
    def of_the_paper(cls, view: str, shape: Sequence[int], affine: np.ndarray) -> ConeCamera:
        """Return the geometry that the paper states for a volume (its published radiographs do not follow it).

        Args:
            view: one of `VIEWS`.
            shape: `(X, Y, Z)`.
            affine: 4x4, index -> RAS mm.
        """
        long_side = float(np.max(np.asarray(shape) * voxel_spacing_mm(affine)))
        pixel = long_side / PAPER_PIXELS
        return cls(
            view,
            _middle(shape, affine),
            (pixel, pixel),
            (PAPER_PIXELS, PAPER_PIXELS),
            PAPER_SOURCE_TO_DETECTOR_MM,
            PAPER_SOURCE_TO_ISOCENTRE_MM,
        )

    @property
    def middle_px(self) -> np.ndarray:
        """The pixel (row, column) on which the isocentre lands."""
        return (
            (np.array(self.shape) - 1) / 2 if self.central_ray_px is None else np.array(self.central_ray_px)
        )

    @property
    def magnification(self) -> float:
        """How much larger than life what lies at the isocentre appears."""
        return self.source_to_detector_mm / self.source_to_isocentre_mm

    @property
    def source_ras_mm(self) -> np.ndarray:
        """Where the focal spot is, `(3,)`."""
        return np.asarray(self.isocentre_ras_mm) - self.source_to_isocentre_mm * view_axes(self.view)[2]

    @property
    def projection_matrix(self) -> np.ndarray:
        """The `(3, 4)` matrix from homogeneous RAS mm to homogeneous (row, column) pixels.

        The last coordinate is the distance from the source along the central ray [mm].
        """
        ray = view_axes(self.view)[2]
        distance = np.append(ray, self.source_to_isocentre_mm - ray @ np.asarray(self.isocentre_ras_mm))
        return _matrix(self, distance, self.source_to_detector_mm)

    def project(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return where points `(..., 3)` land, `(..., 2)` in (row, column) pixels; NaN behind the source."""
        along_columns, along_rows, along_rays = _camera_coordinates(self, points_ras_mm)
        distance = along_rays + self.source_to_isocentre_mm
        scale = self.source_to_detector_mm / np.where(distance > 0, distance, np.nan)
        return _pixels(self, along_columns * scale, along_rows * scale)


Camera = ParallelCamera | ConeCamera


def radiograph_camera(
    view: str,
    middle_ras_mm: tuple[float, float, float],
    pixel_mm: tuple[float, float],
    shape: tuple[int, int],
    distances_mm: tuple[float, float] | None = None,
    central_ray_px: tuple[float, float] | None = None,
) -> Camera:
    """Return the camera of a radiograph whose pixels are measured at the patient.

    Args:
        view: one of `VIEWS`.
        middle_ras_mm: the point that the middle of the radiograph shows.
        pixel_mm: (from row to row, from column to column), at the patient.
        shape: (rows, columns).
        distances_mm: from the source to the detector and to the patient; None for parallel rays.
        central_ray_px: (row, column) where the central ray meets the radiograph; None for its middle.
    """
    if distances_mm is None:
        return ParallelCamera(view, middle_ras_mm, pixel_mm, shape)
    detector, source = distances_mm
    # On the detector a pixel is larger.
    on_detector = vector2(size * detector / source for size in pixel_mm)
    if central_ray_px is None:
        return ConeCamera(view, middle_ras_mm, on_detector, shape, detector, source)
    # The central ray goes through the patient next to what the middle shows.
    down, across = (np.array(central_ray_px) - (np.array(shape) - 1) / 2) * pixel_mm
    columns, rows, _ = view_axes(view)
    on_ray = vector3(np.asarray(middle_ras_mm) + down * rows + across * columns)
    return ConeCamera(view, on_ray, on_detector, shape, detector, source, central_ray_px)


def _check(camera: Camera) -> None:
    view_axes(camera.view)
    if not (np.isfinite(camera.pixel_mm).all() and min(camera.pixel_mm) > 0):
        raise ValueError(f"The detector's pixels must have a positive size, not {camera.pixel_mm} mm.")
    if min(camera.shape) < 1:
        raise ValueError(f"The detector must have pixels, not {camera.shape}.")


def _middle(shape: Sequence[int], affine: np.ndarray) -> tuple[float, float, float]:
    return tuple(transform_points(affine, (np.asarray(shape) - 1) / 2).tolist())


def _camera_coordinates(camera: Camera, points_ras_mm: np.ndarray) -> np.ndarray:
    offset = np.asarray(points_ras_mm, dtype=np.float64) - np.asarray(camera.isocentre_ras_mm)
    return np.moveaxis(offset @ view_axes(camera.view).T, -1, 0)


def _matrix(camera: Camera, last: np.ndarray, scale: float) -> np.ndarray:
    """Return a camera's `(3, 4)` matrix whose last row is given; lengths on the detector are `scale` times those in
    the patient over the last coordinate."""
    columns, rows, _ = view_axes(camera.view)
    axes = np.stack([rows, columns]) * (scale / np.asarray(camera.pixel_mm))[:, None]
    offsets = -axes @ np.asarray(camera.isocentre_ras_mm, dtype=np.float64)
    return np.vstack([np.column_stack([axes, offsets]) + camera.middle_px[:, None] * last, last])


def _pixels(camera: Camera, along_columns: np.ndarray, along_rows: np.ndarray) -> np.ndarray:
    rows = along_rows / camera.pixel_mm[0] + camera.middle_px[0]
    columns = along_columns / camera.pixel_mm[1] + camera.middle_px[1]
    return np.stack([rows, columns], axis=-1)
