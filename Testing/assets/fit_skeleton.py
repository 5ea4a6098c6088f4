"""Fit the table of the statistical skeleton.

`python -m Testing.assets.fit_skeleton bone_shapes.npz llp26_subjects.npz rib_cage_population.json OUT` writes
`skeleton.npz`.

- Vertebrae: the mean shapes of `bone_shapes.npz` (`fit_bone_shapes`), each in the frame of its own body.
- Hips, sacrum and femur: means and modes of 26 adults in correspondence (LLP26, MPL-2.0).
- Ribs: means, deviations and correlates of Holcombe et al. 2017.

Frames: right, front, up [mm]. Vertebrae around the centre of the body, the pelvis around the middle of the hip axis,
the femur around the centre of its head.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree
from vtkmodules.vtkFiltersCore import vtkQuadricDecimation

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.geometry.fits import fit_sphere
from SwinX2SLib.geometry.label_surfaces import mask_surface
from SwinX2SLib.geometry.registration import fit_similarity
from SwinX2SLib.geometry.surfaces import Surface
from SwinX2SLib.geometry.vtk_arrays import polydata_of, surface_of
from SwinX2SLib.measurements.bones import bone_from_mesh
from SwinX2SLib.measurements.pelvis_landmarks import find_hip_landmarks
from SwinX2SLib.measurements.sacral_endplate import find_sacral_endplate
from SwinX2SLib.measurements.vertebra_shape import vertebra_shape
from SwinX2SLib.measurements.voxel_solid import LocalFrame
from SwinX2SLib.skeleton.discs import SACRUM
from SwinX2SLib.skeleton.table import FEMUR_LEFT, HIP_LEFT, HIP_RIGHT
from Testing.assets.fit_bone_shapes import BoneShape, read_shapes

LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
# Faces of a bone's surface.
FACES = {"vertebra": 900, SACRUM: 1800, HIP_RIGHT: 2200, HIP_LEFT: 2200, FEMUR_LEFT: 1400}
PELVIS_MODES, FEMUR_MODES = 20, 8
# The socket is what of a hip faces the middle of its ball: cosine.
SOCKET_FACING = 0.8
# Vertices of the sacral endplate: distance from its plane and from its centre.
ENDPLATE_MM = (3.0, 24.0)
SUPERIOR = np.array([0.0, 0.0, 1.0])
RIB_PARAMETERS = (
    *("chord_mm", "peak_x", "peak_y", "proximal_inner_angle_deg", "distal_spiral"),
    *("pump_handle_deg", "lateral_swing_deg", "bucket_handle_deg"),
)


def scaled_modes(aligned: np.ndarray, count: int) -> np.ndarray:
    """Return the first modes `(K, V, 3)` of shapes `(N, V, 3)`, one standard deviation each."""
    residual = (aligned - aligned.mean(0)).reshape(len(aligned), -1)
    _, deviations, modes = np.linalg.svd(residual, full_matrices=False)
    return (modes[:count] * deviations[:count, None] / np.sqrt(len(aligned) - 1)).reshape(count, -1, 3)


def vertebra_entries(path: Path) -> dict[str, np.ndarray]:
    """Return vertices `(V, 3)`, faces and height of each vertebra's body, in the frame of the body."""
    table, heights = {}, {}
    for label, shape in read_shapes(path).items():
        if label >= SACRUM:
            continue
        surface = _surface_of(shape)
        name = label_by_id(label).name
        found = vertebra_shape(bone_from_mesh(name, surface.vertices, surface.faces), SUPERIOR)
        centre = found.body_centre_ras()
        axes = found.found_frame.axes
        plates = [found.endplate_ras(which) for which in ("superior", "inferior")]
        middle = found.found_frame.origin if centre is None else centre
        if all(plate is not None for plate in plates):
            heights[label] = float(np.linalg.norm(plates[0][0] - plates[1][0]))
        coarse = _decimated(surface, FACES["vertebra"])
        table[f"vertices_{label}"] = ((coarse.vertices - middle) @ axes).astype(np.float32)
        table[f"faces_{label}"] = coarse.faces.astype(np.uint16)
    table["body_height_mm"] = np.array([heights.get(label, np.nan) for label in range(1, 25)], np.float32)
    return table


def _surface_of(shape: BoneShape) -> Surface:
    """Return the surface of a mean shape at half of its probability, RAS."""
    fine = ndimage.zoom(shape.probability, 2, order=1)
    step = shape.spacing_mm * (np.array(shape.probability.shape) - 1) / (np.array(fine.shape) - 1)
    affine = np.diag([*-step, 1.0])
    affine[:3, 3] = -shape.origin_mm
    mask = fine > 0.5
    pieces, _ = ndimage.label(mask)
    largest = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    return mask_surface(largest, affine, smoothing=0.4)


def _decimated(surface: Surface, faces: int) -> Surface:
    """Return a coarser closed surface of about so many faces; now and then the filter leaves a gap at one size."""
    for wanted in range(faces, 2 * faces, 20):
        decimation = vtkQuadricDecimation()
        decimation.SetInputData(polydata_of(surface))
        decimation.SetTargetReduction(max(0.0, 1 - wanted / len(surface.faces)))
        decimation.VolumePreservationOn()
        decimation.Update()
        found = surface_of(decimation.GetOutput())
        edges = np.sort(found.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        if (np.unique(edges, axis=0, return_counts=True)[1] == 2).all():
            return found
    raise ValueError("No closed surface of about this size was found.")


def pelvis_and_femur_entries(path: Path) -> dict[str, np.ndarray]:
    """Return means, modes, landmarks and deviations of the pelvis and of the left femur."""
    data = np.load(path)
    people = data["vertices"].astype(np.float64) * LPS_TO_RAS
    faces, owner = data["faces"].astype(np.int64), data["face_label"]
    own = {label: np.unique(faces[owner == label]) for label in (SACRUM, HIP_RIGHT, HIP_LEFT, FEMUR_LEFT)}
    pelvis = np.concatenate([own[label] for label in (SACRUM, HIP_RIGHT, HIP_LEFT)])
    mean, aligned = _aligned(people, pelvis)
    heads = np.array([_head(person[own[FEMUR_LEFT]]) for person in people])
    table = _pelvis_entries(mean, aligned, faces, owner, own, pelvis)
    table |= _femur_entries(people, heads, faces, owner, own[FEMUR_LEFT], table["pelvis_axes"])
    return table


def _aligned(people: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean `(V, 3)` of all vertices, and people laid onto it by the chosen ones.

    The mean keeps the mean size, and the mean orientation of people as they lay in the scanner.
    """
    mean = people[0] - people[0, chosen].mean(0)
    for _ in range(10):
        fits = [fit_similarity(person[chosen], mean[chosen]) for person in people]
        aligned = np.stack([fit.apply(person) for fit, person in zip(fits, people, strict=True)])
        mean = aligned.mean(0)
    scale = np.exp(np.mean([np.log(fit.scale) for fit in fits]))
    rotation = np.mean([fit.rotation for fit in fits], axis=0)
    u, _, vt = np.linalg.svd(rotation)
    turn = (u @ vt).T / scale
    return mean @ turn.T, aligned @ turn.T


def _pelvis_entries(
    mean: np.ndarray, aligned: np.ndarray, faces: np.ndarray, owner: np.ndarray, own: dict, pelvis: np.ndarray
) -> dict[str, np.ndarray]:
    bones = {}
    for label in (SACRUM, HIP_RIGHT, HIP_LEFT):
        name = label_by_id(label).name
        bones[name] = bone_from_mesh(name, mean[own[label]], _renumbered(faces[owner == label], own[label]))
    found = find_hip_landmarks(bones["hip_left"], bones["hip_right"])
    endplate = find_sacral_endplate(bones["sacrum"], found.frame)
    kept, table = {}, {}
    modes = scaled_modes(aligned[:, pelvis], PELVIS_MODES)
    full = np.zeros((PELVIS_MODES, *mean.shape))
    full[:, pelvis] = modes
    heads = _socket_centres(mean, aligned, faces, owner, own)
    middle = np.mean([centre for centre, _, _ in heads.values()], axis=0)
    axes = LocalFrame.from_directions(middle, heads[HIP_RIGHT][0] - heads[HIP_LEFT][0], SUPERIOR).axes
    for label in (SACRUM, HIP_RIGHT, HIP_LEFT):
        surface = Surface(mean[own[label]], _renumbered(faces[owner == label], own[label]))
        kept, coarse = _subset(surface, FACES[label])
        chosen = own[label][kept]
        table[f"vertices_{label}"] = ((mean[chosen] - middle) @ axes).astype(np.float32)
        table[f"faces_{label}"] = coarse.astype(np.uint16)
        table[f"modes_{label}"] = (full[:, chosen] @ axes).astype(np.float16)
        if label in heads:
            _, radius, on = heads[label]
            place = np.flatnonzero(np.isin(chosen, on))
            table[f"socket_{label}"] = place.astype(np.uint16)
            table[f"socket_radius_{label}"] = np.float32(radius)
    centre, normal = (endplate.centre_ras_mm - middle) @ axes, endplate.normal_ras @ axes
    table["endplate_mm"] = np.stack([centre, normal]).astype(np.float32)
    away = table[f"vertices_{SACRUM}"] - centre
    aside = np.linalg.norm(np.cross(away, normal), axis=1)
    table["endplate_vertices"] = np.flatnonzero(
        (np.abs(away @ normal) < ENDPLATE_MM[0]) & (aside < ENDPLATE_MM[1])
    ).astype(np.uint16)
    table["pelvis_axes"] = axes.astype(np.float32)
    return table


def _socket_centres(
    mean: np.ndarray, aligned: np.ndarray, faces: np.ndarray, owner: np.ndarray, own: dict
) -> dict[int, tuple]:
    """Return centre, radius and vertices of both sockets; of the right one from the mirrored left head on."""
    left = np.mean([_head(person[own[FEMUR_LEFT]])[:3] for person in aligned], axis=0)
    # The median plane of the pelvis is that of the hips' middles.
    middle = (mean[own[HIP_RIGHT]].mean(0) + mean[own[HIP_LEFT]].mean(0)) / 2
    right = left.copy()
    right[0] = 2 * middle[0] - left[0]
    found = {}
    for label, start in ((HIP_LEFT, left), (HIP_RIGHT, right)):
        surface = Surface(mean[own[label]], _renumbered(faces[owner == label], own[label]))
        centre, radius, on = _socket(surface, start)
        found[label] = (centre, radius, own[label][on])
    return found


def _socket(surface: Surface, start: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Return centre and radius of the ball in a hip's socket, and the vertices on it: those that face its centre."""
    points, normals = surface.vertices, vertex_normals(surface.vertices, surface.faces)
    centre, radius, on = start, 25.0, np.array([], dtype=int)
    for reach in (14.0, 14.0, 10.0, 8.0, 6.0, 5.0, 4.0, 4.0, 4.0, 4.0):
        away = centre - points
        distance = np.linalg.norm(away, axis=1)
        facing = (normals * away).sum(1) / np.maximum(distance, 1e-6)
        on = np.flatnonzero((np.abs(distance - radius) < reach) & (facing > SOCKET_FACING))
        centre, radius = fit_sphere(points[on], np.ones(len(on)), centre, radius, reach / 3)
    return centre, radius, on


def _femur_entries(people, heads, faces, owner, own, axes) -> dict[str, np.ndarray]:
    femora = people[:, own]
    mean = femora[0] - heads[0, :3]
    for _ in range(10):
        fits = [fit_similarity(femur, mean) for femur in femora]
        aligned = np.stack([fit.apply(femur) for fit, femur in zip(fits, femora, strict=True)])
        mean = aligned.mean(0)
        scale = np.exp(np.mean([np.log(fit.scale) for fit in fits]))
        mean, aligned = mean / scale, aligned / scale
    # The mean orientation of people as they lay.
    rotation = np.mean([fit.rotation for fit in fits], axis=0)
    u, _, vt = np.linalg.svd(rotation)
    turn = (u @ vt).T
    mean, aligned = mean @ turn.T @ axes, aligned @ turn.T @ axes
    sphere = _head(mean)
    modes = scaled_modes(aligned, FEMUR_MODES)
    kept, coarse = _subset(Surface(mean, _renumbered(faces[owner == FEMUR_LEFT], own)), FACES[FEMUR_LEFT])
    on = np.flatnonzero(np.abs(np.linalg.norm(mean[kept] - sphere[:3], axis=1) - sphere[3]) < 1.5)
    on = on[(mean[kept] - sphere[:3])[on, 0] > -0.2 * sphere[3]]
    return {
        f"vertices_{FEMUR_LEFT}": (mean[kept] - sphere[:3]).astype(np.float32),
        f"faces_{FEMUR_LEFT}": coarse.astype(np.uint16),
        f"modes_{FEMUR_LEFT}": modes[:, kept].astype(np.float16),
        "femoral_head_vertices": on.astype(np.uint16),
        "femoral_head_radius_mm": np.float32(sphere[3]),
    }


def _head(femur: np.ndarray) -> np.ndarray:
    """Return centre and radius `(4,)` of the head of a left femur, the ball at its upper, medial end."""
    top = femur[:, 2].max()
    upper = femur[femur[:, 2] > top - 60]
    start = upper[upper[:, 0] > np.percentile(upper[:, 0], 70)].mean(0)
    centre, radius = start, 23.0
    for _ in range(10):
        near = upper[np.linalg.norm(upper - centre, axis=1) < 1.35 * radius]
        centre, radius = fit_sphere(near, np.ones(len(near)), centre, radius, 1.5)
    return np.array([*centre, radius])


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the outward unit normals `(V, 3)` of a closed surface, weighted by the areas of its faces."""
    corners = vertices[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = np.sign((corners.mean(axis=1) * across).sum())
    normals = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(normals, faces[:, corner], outwards * across)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)


def _renumbered(faces: np.ndarray, own: np.ndarray) -> np.ndarray:
    return np.searchsorted(own, faces)


def _subset(surface: Surface, faces: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which vertices of a surface stand for it, and the faces between them."""
    coarse = _decimated(surface, faces)
    nearest = cKDTree(surface.vertices).query(coarse.vertices)[1]
    kept, renumber = np.unique(nearest, return_inverse=True)
    triangles = renumber[coarse.faces]
    whole = (
        (triangles[:, 0] != triangles[:, 1])
        & (triangles[:, 1] != triangles[:, 2])
        & (triangles[:, 0] != triangles[:, 2])
    )
    return kept, triangles[whole]


def rib_entries(path: Path) -> dict[str, np.ndarray]:
    """Return means, deviations `(12, 8)` and regressions `(12, 8, 5)` of the rib parameters by level."""
    levels = [json.loads(path.read_text())["levels"][str(number)] for number in range(1, 13)]
    return {
        "rib_mean": np.array([[one["mean"][name] for name in RIB_PARAMETERS] for one in levels], np.float32),
        "rib_sd": np.array([[one["sd"][name] for name in RIB_PARAMETERS] for one in levels], np.float32),
        "rib_regression": np.array(
            [[one["regression"][name] for name in RIB_PARAMETERS] for one in levels], np.float32
        ),
    }


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("shapes", type=Path, help="bone_shapes.npz")
    parser.add_argument("llp26", type=Path, help="llp26_subjects.npz")
    parser.add_argument("ribs", type=Path, help="rib_cage_population.json")
    parser.add_argument("out", type=Path, help="folder to write")
    args = parser.parse_args()
    table = vertebra_entries(args.shapes) | pelvis_and_femur_entries(args.llp26) | rib_entries(args.ribs)
    np.savez_compressed(args.out / "skeleton.npz", **table)


if __name__ == "__main__":
    main()
