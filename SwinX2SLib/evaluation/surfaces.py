"""The file of the surfaces of prediction and truth with the signed distances between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.distances import signed_distances_mm
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.io.label_volumes import LabelVolume
from SwinX2SLib.io.packing import open_arrays

COARSEST_MM = 2.0
"""Finer volumes are thinned to about this voxel size [mm]; neither pictures nor an alignment gain by more."""
_COMPARED_MM = 1.0  # where distances are measured, finer volumes are thinned to about this


@dataclass(frozen=True, eq=False)
class ComparedSurface:
    """The surface of a bone.

    Attributes:
        vertices: float32 `(V, 3)`, RAS mm.
        faces: int32 `(F, 3)`, counter-clockwise from outside.
        distance_mm: float32 `(V,)`, from the truth, positive outside it; None where there is nothing to compare with.
    """

    vertices: np.ndarray
    faces: np.ndarray
    distance_mm: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class ComparedSurfaces:
    """Surfaces by name of the bone, in the order of the ids."""

    prediction: Mapping[str, ComparedSurface]
    truth: Mapping[str, ComparedSurface]


def compared_surfaces(
    prediction: LabelVolume, truth: LabelVolume, labels: Collection[int]
) -> ComparedSurfaces:
    """Make the surfaces of both and measure the distances.

    Args:
        prediction, truth: in one patient space (RAS mm), on any grids.
        labels: ids that are compared.
    """
    found, true = (
        label_surfaces(volume.labels, volume.affine, labels, coarsest_mm=_COMPARED_MM)
        for volume in (prediction, truth)
    )
    compared = {
        label: signed_distances_mm(surface.vertices, true[label]) if label in true else None
        for label, surface in found.items()
    }
    return ComparedSurfaces(
        *(
            {
                label_by_id(label).name: ComparedSurface(
                    surface.vertices.astype(np.float32),
                    surface.faces.astype(np.int32),
                    None if (away := distances.get(label)) is None else away.astype(np.float32),
                )
                for label, surface in surfaces.items()
            }
            for surfaces, distances in ((found, compared), (true, {}))
        )
    )


def write_surfaces(stream: BinaryIO, surfaces: ComparedSurfaces) -> None:
    """Write the file."""
    arrays = {}
    for role in ("prediction", "truth"):
        for name, surface in getattr(surfaces, role).items():
            arrays[f"{role}/{name}/vertices"], arrays[f"{role}/{name}/faces"] = (
                surface.vertices,
                surface.faces,
            )
            if surface.distance_mm is not None:
                arrays[f"{role}/{name}/distance_mm"] = surface.distance_mm
    np.savez_compressed(stream, **arrays)


def read_surfaces(path: Path) -> ComparedSurfaces:
    """Read the file.

    Raises:
        InputError: it cannot be read.
    """
    found: dict[str, dict[str, dict[str, np.ndarray]]] = {"prediction": {}, "truth": {}}
    try:
        with open_arrays(path, "file of surfaces") as arrays:
            for key in arrays.files:
                role, name, what = key.split("/")
                found[role].setdefault(name, {})[what] = arrays[key]
        return ComparedSurfaces(
            *({name: ComparedSurface(**parts) for name, parts in found[role].items()} for role in found)
        )
    except InputError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"The surfaces cannot be read ({error})."
        raise InputError([Fault("surfaces-unreadable", message, "Compare again.", str(path))]) from error
