"""A radiograph from whatever a program has: a file, arrays, a reconstruction, a phantom."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.drr.projection import BONE_PER_MM, project_ct, project_labels
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.cameras import VIEWS, Camera, ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import reorient
from SwinX2SLib.io.label_arrays import LabelArrays, arrays_of, label_volume, placed
from SwinX2SLib.io.volumes import read_three_axes
from SwinX2SLib.measurements.reading import RESULT_LABELS
from SwinX2SLib.measurements.sources import subject_of

Kind = Literal["auto", "labels", "ct"]


def render_drr(
    source: str | Path | LabelArrays,
    camera: str | Camera = "ap",
    *,
    kind: Kind = "auto",
    threshold_hu: float = 0.0,
    bone_per_mm: float | ArrayLike = BONE_PER_MM,
) -> np.ndarray:
    """Return the digitally reconstructed radiograph of a label map or a CT.

    Args:
        source: path of a label volume, of a CT (NIfTI, NRRD, MetaImage, a folder of DICOM files) or of a result; an
            object with `labels` and `affine`; or the pair (numbers `(I, J, K)` in any order of axes,
            affine 4x4 from index to RAS mm).
        camera: "ap", "pa" or "lateral": parallel rays along the axes of the volume, one pixel for each line of
            voxels; or a `ParallelCamera` or `ConeCamera`.
        kind: "labels" (every bone attenuates evenly), "ct" (numbers in HU), or "auto": whole numbers from 0 to 54
            are labels, all else is a CT.
        threshold_hu: CT number below which all is air; -1000 shows soft tissue in full.
        bone_per_mm: attenuation of bones [1/mm], of all or of each of the 55 classes, background first.

    Returns:
        float32 `(rows, columns)` in display orientation: head up, the patient's right on the left of AP and PA
        radiographs, anterior on the left of lateral ones. The integral of the attenuation, without unit: bone is
        bright, and exp(-x) is the share of the rays that reaches the detector.

    Raises:
        InputError: the source, the camera or the kind cannot be used; with all faults.

    Examples:
        >>> from SwinX2SLib import build_phantom, render_drr
        >>> phantom = build_phantom(spacing_mm=8.0)
        >>> render_drr(phantom, "ap").shape == (phantom.labels.shape[2], phantom.labels.shape[0])
        True
    """
    faults = _argument_faults(camera, kind)
    volume: np.ndarray | None = None
    try:
        volume, affine, kind = _read(source, kind if kind in get_args(Kind) else "auto")
    except InputError as error:
        faults += error.faults
    if faults or volume is None:
        raise InputError(faults)
    if isinstance(camera, str):
        volume, affine = reorient(volume, affine)
    try:
        if kind == "ct":
            return project_ct(volume, affine, camera, threshold_hu)
        return project_labels(volume, affine, camera, np.asarray(bone_per_mm))
    except InputError:
        raise
    except ValueError as error:
        raise InputError([Fault("not-renderable", str(error), "Correct the argument.")]) from error


def _argument_faults(camera: str | Camera, kind: str) -> list[Fault]:
    faults = []
    if not isinstance(camera, ParallelCamera | ConeCamera) and camera not in VIEWS:
        hint = f"Use {', '.join(VIEWS)}, or a camera."
        faults.append(Fault("no-camera", f"Unknown view {camera!r}.", hint))
    if kind not in get_args(Kind):
        faults.append(Fault("no-kind", f"Unknown kind {kind!r}.", f"Use {', '.join(get_args(Kind))}."))
    return faults


def _read(source: str | Path | LabelArrays, kind: Kind) -> tuple[np.ndarray, np.ndarray, Kind]:
    """Return the numbers, their affine (index -> RAS mm), and what they are: "labels" or "ct"."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        holds_names = (path / RESULT_LABELS).is_file() or path.name.lower().endswith(".seg.nrrd")
        if kind == "labels" or (kind == "auto" and holds_names):
            return _named(path)
        values, affine = read_three_axes(path)
    elif kind != "ct" and hasattr(source, "labels"):
        volume = label_volume(source)
        return volume.labels, volume.affine, "labels"
    else:
        values, affine = arrays_of(source)
        affine = placed(affine)
    if values.ndim != 3 or values.dtype.kind not in "buif":
        message = f"The array has type {values.dtype} and {values.ndim} axes and is not a volume."
        raise InputError([Fault("not-a-volume", message, "Use a three-dimensional volume.")])
    if kind == "labels" or (kind == "auto" and _are_labels(values)):
        volume = label_volume((values, affine))
        return volume.labels, volume.affine, "labels"
    return values, affine, "ct"


def _named(path: Path) -> tuple[np.ndarray, np.ndarray, Kind]:
    volume = subject_of(path).volume
    if volume is None:
        hint = "Use a label volume or a result."
        raise InputError([Fault("not-a-volume", "The file has meshes, not a volume.", hint, str(path))])
    return volume.labels, volume.affine, "labels"


def _are_labels(values: np.ndarray) -> bool:
    if not values.size or values.min() < 0 or values.max() >= CLASS_COUNT:
        return False
    return values.dtype.kind != "f" or bool((values == np.rint(values)).all())
