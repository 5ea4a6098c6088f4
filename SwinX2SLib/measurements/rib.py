"""Measurements of ribs: centreline from the vertebra to the front end, length, curvature.

The length is that of the bone along its centreline, without cartilage. The curvature is the mean over the length of
1 / radius, between chords of 3 cm.
"""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from scipy import sparse
from scipy.interpolate import make_smoothing_spline
from scipy.sparse import csgraph
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import label_ids, labels
from SwinX2SLib.geometry.polylines import mean_curvature, resampled
from SwinX2SLib.measurements.bones import Bone
from SwinX2SLib.measurements.results import Curve, Landmark, Measurement, NotFoundError, absent
from SwinX2SLib.measurements.vertebra_frame import SUPERIOR

# Surface points are averaged over this length along the rib; longer than a voxel, shorter than a bend.
BANDWIDTH_MM = 5.0
SAMPLE_MM = 1.0
REFINEMENTS = 2
LEAST_RIB_MM = 15.0
LEAST_POINTS = 12
MOST_PIECES = 25


@dataclass(frozen=True, eq=False)
class Centreline:
    """A rib's middle line.

    Attributes:
        points_ras_mm: `(N, 3)`, about a millimetre apart, from end to end.
        bridged_mm: total of the gaps between pieces that it jumps.
        pieces: number of pieces of the surface.
    """

    points_ras_mm: np.ndarray
    bridged_mm: float
    pieces: int

    @property
    def length_mm(self) -> float:
        """Length along the line."""
        return float(np.linalg.norm(np.diff(self.points_ras_mm, axis=0), axis=1).sum())


# Of the bones that exist: an evaluation measures them and compares their lines.
_CENTRELINES: WeakKeyDictionary[Bone, Centreline] = WeakKeyDictionary()


def find_centreline(bone: Bone) -> Centreline:
    """Find the middle line of a long bone, once for each.

    The two points farthest from each other over the surface are its ends; surface points at the same part of the way
    between them are averaged into a curve, which is refined as a principal curve (Hastie and Stuetzle 1989): points
    go to their nearest place on it, and are averaged again.

    Raises:
        NotFoundError: too little of the bone, or not elongated.
    """
    if bone not in _CENTRELINES:
        _CENTRELINES[bone] = _centreline(bone)
    return _CENTRELINES[bone]


def _centreline(bone: Bone) -> Centreline:
    points = bone.vertices_ras_mm
    if len(points) < LEAST_POINTS:
        raise NotFoundError("The rib is too incomplete for a centreline.")
    graph, pieces, bridged = _surface_graph(points, bone.faces)
    ends, way = _geodesic_ends(graph, points)
    length = float(way[0].max())
    if not np.isfinite(length) or length < LEAST_RIB_MM:
        raise NotFoundError("The rib is too incomplete for a centreline.")
    place = length * way[0] / np.maximum(way[0] + way[1], 1e-9)
    spacing = max(bone.spacing_mm) if bone.spacing_mm else SAMPLE_MM
    bandwidth = max(BANDWIDTH_MM, 1.6 * spacing)
    curve = _averaged(points, place, bandwidth)
    for _ in range(REFINEMENTS):
        curve = _averaged(points, _nearest_place(points, curve), bandwidth)
    curve = _with_tips(curve, points, ends)
    if np.linalg.norm(np.diff(curve, axis=0), axis=1).sum() < LEAST_RIB_MM:
        raise NotFoundError("The rib is too incomplete for a centreline.")
    return Centreline(_smooth(curve), bridged, pieces)


def _surface_graph(points: np.ndarray, faces: np.ndarray) -> tuple[sparse.csr_matrix, int, float]:
    """Return the graph of edges with their lengths, its pieces joined by the shortest bridges, and their length.

    Raises:
        NotFoundError: there are too many pieces.
    """
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    length = np.maximum(np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1), 1e-6)
    graph = sparse.coo_matrix((length, edges.T), (len(points), len(points))).tocsr()
    graph = graph.maximum(graph.T)
    count, piece = csgraph.connected_components(graph, directed=False)
    if count > MOST_PIECES:
        raise NotFoundError(f"The label has {count} components, too many for a rib.")
    bridges, bridged = [], 0.0
    joined = piece == np.bincount(piece).argmax()
    for _ in range(count - 1):
        distance, nearest = cKDTree(points[joined]).query(points[~joined])
        shortest = int(distance.argmin())
        one = int(np.flatnonzero(~joined)[shortest])
        bridges.append(
            (one, int(np.flatnonzero(joined)[nearest[shortest]]), max(float(distance.min()), 1e-6))
        )
        bridged += float(distance.min())
        joined |= piece == piece[one]
    if bridges:
        first, second, gap = (np.array(column) for column in zip(*bridges, strict=True))
        extra = sparse.coo_matrix((gap, (first, second)), graph.shape).tocsr()
        graph = graph.maximum(extra).maximum(extra.T)
    return graph, count, bridged


def _geodesic_ends(graph: sparse.csr_matrix, points: np.ndarray) -> tuple[tuple[int, int], np.ndarray]:
    """Return the two ends, and the way `(2, N)` [mm] from each of them over the surface."""
    start = int(np.linalg.norm(points - points.mean(axis=0), axis=1).argmax())
    first = int(csgraph.dijkstra(graph, directed=False, indices=start).argmax())
    way = csgraph.dijkstra(graph, directed=False, indices=first)
    last = int(way.argmax())
    return (first, last), np.stack([way, csgraph.dijkstra(graph, directed=False, indices=last)])


def _averaged(points: np.ndarray, place: np.ndarray, bandwidth: float) -> np.ndarray:
    """Return means of the points along their place, one every bandwidth / 2, `(M, 3)`."""
    knots = np.linspace(place.min(), place.max(), max(int(np.ptp(place) / (bandwidth / 2)) + 1, 3))
    weight = np.exp(-0.5 * ((place[None] - knots[:, None]) / (bandwidth / 2)) ** 2)
    total = weight.sum(axis=1)
    usable = total > 1e-3
    return (weight @ points)[usable] / total[usable, None]


def _nearest_place(points: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """Return how far along a polyline the nearest place to each point is [mm]; it runs straight on at its ends."""
    fine = resampled(curve, SAMPLE_MM)
    ahead, behind = fine[-1] - fine[-2], fine[0] - fine[1]
    reach = np.arange(1, 13)[:, None]
    fine = np.concatenate([fine[0] + behind * reach[::-1], fine, fine[-1] + ahead * reach])
    return cKDTree(fine).query(points)[1].astype(np.float64) * SAMPLE_MM


def _with_tips(curve: np.ndarray, points: np.ndarray, ends: tuple[int, int]) -> np.ndarray:
    """Return the curve run on to the bone's ends: averaging stops short of them."""
    if np.linalg.norm(curve[0] - points[ends[0]]) > np.linalg.norm(curve[-1] - points[ends[0]]):
        curve = curve[::-1]
    tips: list[np.ndarray | None] = []
    for line in (curve, curve[::-1]):
        inner = line[min(2, len(line) - 1)]
        way = line[0] - inner
        length = np.linalg.norm(way)
        if length == 0:
            tips.append(None)
            continue
        beyond = (points - line[0]) @ (way / length)
        near = np.linalg.norm(points - line[0] - np.outer(beyond, way / length), axis=1) < 15.0
        reach = float(beyond[near & (beyond < 25.0)].max(initial=0.0))
        tips.append(line[0] + way / length * reach if reach > 0.25 else None)
    parts = [curve] if tips[0] is None else [tips[0][None], curve]
    return np.concatenate(parts if tips[1] is None else [*parts, tips[1][None]])


def _smooth(curve: np.ndarray) -> np.ndarray:
    """Return a smoothing spline through a curve, sampled every millimetre."""
    step = np.linalg.norm(np.diff(curve, axis=0), axis=1)
    curve = curve[np.concatenate([[True], step > 1e-6])]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    if len(curve) < 5:
        return resampled(curve, SAMPLE_MM)
    # The penalty grows with the fourth power of a wavelength: bends shorter than about 2 cm are straightened.
    penalty = (20.0 / (2 * np.pi)) ** 4 / max(along[-1] / len(along), 1e-6)
    weight = np.ones(len(curve))
    weight[[0, -1]] = 10.0
    places = np.linspace(0, along[-1], max(int(along[-1] / SAMPLE_MM) + 1, 2))
    columns = [make_smoothing_spline(along, axis, weight, lam=penalty)(places) for axis in curve.T]
    return resampled(np.stack(columns, axis=1), SAMPLE_MM)


LEAST_KEPT_FRACTION = 0.9
# A jump between pieces longer than this hides an unknown course.
MOST_BRIDGED_MM = 8.0
# Usual length [mm] of the bony rib, least of small and most of tall adults, after Mohr et al., J Anat 194 (1999) and
# Holcombe et al., J Anat 231 (2017); rib 12 may be a stump.
USUAL_LENGTH_MM = {
    1: (65, 150),
    2: (115, 250),
    3: (160, 310),
    4: (185, 350),
    5: (205, 380),
    6: (215, 400),
    7: (215, 410),
    8: (205, 390),
    9: (180, 360),
    10: (140, 330),
    11: (80, 290),
    12: (25, 220),
}


def measure_ribs(bones: dict[str, Bone], superior: np.ndarray = SUPERIOR) -> list[Measurement]:
    """Measure each rib among the bones; what is not there or not whole is absent, with a reason.

    Args:
        bones: by label name; the vertebrae tell which end of a rib is which.
        superior: the patient's upward direction in RAS, used where no vertebra is in view: ribs hang down.
    """
    spine = [bones[label.name].vertices_ras_mm for label in _vertebrae() if label.name in bones]
    column = cKDTree(np.concatenate(spine)) if spine else None
    results = []
    for label in labels():
        if label.group == "ribs" and label.name in bones:
            results += _measure(bones[label.name], label.side, column, superior)
    return results


def _vertebrae() -> list:
    ids = set(label_ids("spine"))
    return [label for label in labels() if label.id in ids and label.name.startswith("vertebrae_")]


def _measure(bone: Bone, side: str | None, column: cKDTree | None, superior: np.ndarray) -> list[Measurement]:
    units = (("rib_length", "mm"), ("rib_curvature", "1/m"))
    try:
        found = find_centreline(bone)
    except NotFoundError as error:
        return [absent(name, bone.name, side, unit, str(error)) for name, unit in units]
    points = _from_vertebra(found.points_ras_mm, column, superior)
    curve = Curve("centreline", points)
    marks = (Landmark("vertebral_end", points[0]), Landmark("front_end", points[-1]))
    flags = _flags(bone, found.bridged_mm, found.length_mm)
    cut = bone.cut_near([points[0], points[-1]], 2.5 * max(bone.spacing_mm or (1.0,)) + 2.0)
    if cut:
        reason = (
            f"The rib is cut off by the field of view ({', '.join(cut)}); {found.length_mm:.0f} mm are "
            "visible."
        )
        length = Measurement(
            "rib_length",
            bone.name,
            side,
            None,
            "mm",
            landmarks=marks,
            curves=(curve,),
            quality="absent",
            reasons=(reason,),
        )
        flags.append(reason)
    else:
        # A part of a rib is bent otherwise than the whole.
        flags += _unusual(bone.name, found.length_mm)
        whole = Measurement(
            "rib_length", bone.name, side, found.length_mm, "mm", landmarks=marks, curves=(curve,)
        )
        length = whole.flagged(flags)
    curvature = Measurement(
        "rib_curvature", bone.name, side, mean_curvature(points), "1/m", landmarks=marks, curves=(curve,)
    )
    return [length, curvature.flagged(flags)]


def _from_vertebra(points: np.ndarray, column: cKDTree | None, superior: np.ndarray) -> np.ndarray:
    """Return the line from its vertebral end on: the end nearer to a vertebra, or else the higher one."""
    ends = points[[0, -1]]
    away = column.query(ends)[0] if column is not None else -ends @ superior
    return points if away[0] <= away[1] else points[::-1]


def _flags(bone: Bone, bridged_mm: float, length_mm: float) -> list[str]:
    flags = []
    if bridged_mm > MOST_BRIDGED_MM:
        flags.append(f"The rib is in several pieces; gaps of {bridged_mm:.0f} mm were bridged.")
    if bone.kept_fraction < LEAST_KEPT_FRACTION:
        flags.append(f"{1 - bone.kept_fraction:.0%} of the label is in separate components and was ignored.")
    section = bone.volume_mm3 / max(length_mm, 1.0)
    if section > 400:
        flags.append(f"The cross-section is {section:.0f} mm², too large for a rib.")
    return flags


def _unusual(name: str, length_mm: float) -> list[str]:
    least, most = USUAL_LENGTH_MM[int(name.rsplit("_", 1)[1])]
    if least <= length_mm <= most:
        return []
    return [f"{length_mm:.0f} mm is outside the reference range of this rib ({least} to {most} mm)."]
