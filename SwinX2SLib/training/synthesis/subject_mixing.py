"""People composed of two people: one above a disc, the other below it.

Two label volumes may be joined where both hold the vertebrae on either side of a disc. The upper person is moved by
the similarity transform that lays its vertebrae onto the lower person's; every bone then comes whole from one of the
two: vertebrae and ribs above the disc from the upper person, everything below it from the lower one. What does not
fit (size, tilt, a gap or an overlap at the seam, a bone that the field of view of its volume cuts in the middle of
the composed person) is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from SwinX2SLib.anatomy import CLASS_COUNT, label_by_id
from SwinX2SLib.geometry.components import connected_components
from SwinX2SLib.geometry.registration import Similarity, register_bones
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.training.synthesis.subjects import FIRST_THORACIC, VERTEBRAE, Subject, level_of

CRUMB_SHARE = 0.05  # pieces below this share of the largest are crumbs
GAP_LIMIT_VOXELS = 16  # longer gaps stay
END_VOXELS = 4.0  # what of a piece counts as its end, from the point nearest to the other piece


def join_pieces(labels: np.ndarray) -> list[int]:
    """Make every bone one connected piece, in place; pieces that the field of view cuts apart may stay.

    Args:
        labels: uint8 `(X, Y, Z)` with cubic voxels.

    Returns:
        The bones for which it failed.
    """
    broken = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        mask = labels[box] == label
        if connected_components(mask).count == 1:
            continue
        _remove_crumbs(labels, label, box)
        while (gap := _nearest_pieces(labels, label, box)) is not None:
            start, stop, radius = gap
            if np.linalg.norm(stop - start) > GAP_LIMIT_VOXELS or not _bridge(
                labels, label, start, stop, radius
            ):
                broken.append(label)
                break
    return broken


def _remove_crumbs(labels: np.ndarray, label: int, box: tuple[slice, ...]) -> None:
    view = labels[box]
    pieces = connected_components(view == label)
    view[(view == label) & ~pieces.mask(pieces.at_least(CRUMB_SHARE))] = 0


def _nearest_pieces(
    labels: np.ndarray, label: int, box: tuple[slice, ...]
) -> tuple[np.ndarray, np.ndarray, float] | None:
    """Return the ends of the narrowest gap from the largest piece to another one, and the bone's radius, in voxels.

    None when there is no gap: one piece, or all others reach the top or the bottom of the volume, where it was cut.
    """
    pieces = connected_components(labels[box] == label)
    points = [np.argwhere(pieces.numbers == piece) for piece in range(1, pieces.count + 1)]
    first = [side.start for side in box]
    points.sort(key=len, reverse=True)
    main, last = points[0], labels.shape[2] - 1
    others = [p for p in points[1:] if (p[:, 2] + first[2] > 0).all() and (p[:, 2] + first[2] < last).all()]
    if not others:
        return None
    tree = cKDTree(main)
    matches = [tree.query(p) for p in others]
    nearest = min(range(len(others)), key=lambda place: matches[place][0].min())
    distances, partners = matches[nearest]
    here, there = others[nearest][distances.argmin()], main[partners[distances.argmin()]]
    radius = float(ndimage.distance_transform_edt(labels[box] == label).max())
    return _end(others[nearest], here) + first, _end(main, there) + first, 0.8 * radius


def _end(points: np.ndarray, tip: np.ndarray) -> np.ndarray:
    """Return the middle of that end of a piece which holds a point."""
    return points[np.linalg.norm(points - tip, axis=1) <= END_VOXELS].mean(0)


def _bridge(labels: np.ndarray, label: int, start: np.ndarray, stop: np.ndarray, radius: float) -> bool:
    """Fill a rod between two points where nothing is; whether that joined anything is seen by its new voxels."""
    low = np.maximum(np.floor(np.minimum(start, stop) - radius).astype(int), 0)
    high = np.ceil(np.maximum(start, stop) + radius).astype(int) + 1
    view = labels[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    grid = np.moveaxis(np.indices(view.shape), 0, -1) + low
    along = stop - start
    share = np.clip((grid - start) @ along / max(along @ along, 1e-9), 0, 1)
    inside = np.linalg.norm(grid - (start + share[..., None] * along), axis=-1) <= radius
    free = inside & (view == 0)
    view[free] = label
    return bool(free.any())


SPACING_MM = 2.0
MARGIN_MM = 12.0
# Vertebrae above and below the disc that take part in the registration.
REACH = 2
MISSING_SHARE = 0.5  # an unwhole vertebra takes part if at least this share of the other person's is there
SCALE_LIMITS = (0.85, 1.2)
TILT_LIMIT_DEG = 20.0
NECK_TILT_LIMIT_DEG = 30.0  # necks bend
DISTANCE_LIMIT_MM = 5.0
STEP_LIMITS = (0.85, 1.18)  # spacing of the bodies at the seam, as a share of what the two people have there
OVERLAP_LIMIT_MM3 = 1000.0


class SeamError(ValueError):
    """Two people do not fit together at this disc; the message says why."""


@dataclass(frozen=True)
class Seam:
    """How the upper person joins the lower one.

    Attributes:
        upper, lower: the people.
        level: id of the lowest vertebra that comes from the upper person.
        to_lower: the upper person's millimetres -> the lower person's.
    """

    upper: Subject
    lower: Subject
    level: int
    to_lower: Similarity


def upper_bones(person: Subject, level: int) -> list[int]:
    """Return the bones of a person that go with vertebrae down to `level`."""
    return [label for label in person.boxes if level_of(label) <= level]


def lower_bones(person: Subject, level: int) -> list[int]:
    """Return the bones of a person that go with what is below vertebra `level`."""
    return [label for label in person.boxes if level_of(label) > level]


def find_seam(upper: Subject, lower: Subject, level: int) -> Seam:
    """Fit the upper person onto the lower one at the disc below vertebra `level`.

    Raises:
        SeamError: it cannot be done soundly.
    """
    check_bones(upper, lower, level)
    shared = [v for v in range(level - REACH + 1, level + REACH + 1) if _comparable(upper, lower, v)]
    if not any(upper.is_whole(v) and lower.is_whole(v) for v in shared):
        raise SeamError("no vertebra next to the disc is complete in both subjects")
    if len(shared) < 2:
        raise SeamError("fewer than two vertebrae are shared next to the disc")
    to_lower, distance = register_bones(
        [upper.points_mm(v) for v in shared],
        [lower.points_mm(v) for v in shared],
        [(upper.is_whole(v), lower.is_whole(v)) for v in shared],
    )
    if not SCALE_LIMITS[0] <= to_lower.scale <= SCALE_LIMITS[1]:
        raise SeamError(f"scale {to_lower.scale:.2f}")
    if to_lower.angle_deg > (NECK_TILT_LIMIT_DEG if level <= FIRST_THORACIC else TILT_LIMIT_DEG):
        raise SeamError(f"tilt {to_lower.angle_deg:.0f} degrees")
    if distance > DISTANCE_LIMIT_MM:
        raise SeamError(f"shared vertebrae differ by {distance:.1f} mm")
    seam = Seam(upper, lower, level, to_lower)
    _check_step(seam)
    return seam


def compose(seam: Seam) -> Subject:
    """Return the composed person on a grid of `SPACING_MM`, along the lower person's axes.

    Raises:
        SeamError: bones of the two people overlap, or one falls apart.
    """
    start, stop = _extent_mm(seam)
    shape = tuple(int(n) + 1 for n in (stop - start) // SPACING_MM)
    above = _resample_upper(seam, start, shape)
    below = _resample_lower(seam, start, shape)
    overlap = float(((above > 0) & (below > 0)).sum()) * SPACING_MM**3
    if overlap > OVERLAP_LIMIT_MM3:
        raise SeamError(f"the two subjects overlap by {overlap:.0f} mm³")
    labels = np.where(above > 0, above, below)
    broken = join_pieces(labels)
    if broken:
        raise SeamError(f"bones {broken} are split")
    covered_above = np.array([label > 0 and level_of(label) <= seam.level for label in range(CLASS_COUNT)])
    known = np.where(covered_above, seam.upper.known, seam.lower.known)
    known[0] = True
    name = f"{seam.upper.name}/{label_by_id(seam.level).name.removeprefix('vertebrae_')}/{seam.lower.name}"
    return Subject(name, labels, np.full(3, SPACING_MM), known)


def check_bones(upper: Subject, lower: Subject, level: int) -> None:
    """Check that both people have whole bones for a disc.

    Raises:
        SeamError: a vertebra next to the disc is not whole, or a bone is cut elsewhere than at the outer end.
    """
    if not upper.is_whole(level) or not lower.is_whole(level + 1):
        raise SeamError("the vertebrae at the disc are incomplete")
    for person, bones, outer in (
        (upper, upper_bones(upper, level), "top"),
        (lower, lower_bones(lower, level), "bottom"),
    ):
        cut = [label for label in bones if person.cut_faces[label] - {outer}]
        if cut:
            raise SeamError(f"bones {cut} of {person.name} are cut by its field of view")


def _comparable(upper: Subject, lower: Subject, label: int) -> bool:
    """Whether a vertebra is there in both people, and whole in at least one."""
    if label not in upper.boxes or label not in lower.boxes:
        return False
    if not (upper.is_whole(label) or lower.is_whole(label)):
        return False
    a, b = upper.volumes_mm3[label], lower.volumes_mm3[label]
    # Not whole for another reason than a face, or another size: sizes within the limits differ by their cube.
    return min(a, b) / max(a, b) > MISSING_SHARE * SCALE_LIMITS[0] ** 3


def _check_step(seam: Seam) -> None:
    """Check the spacing of the two bodies at the seam against what either person has there."""
    lower_end = seam.lower.body_centre_mm(seam.level + 1)
    upper_end = seam.to_lower.apply(seam.upper.body_centre_mm(seam.level)[None])[0]
    own = []
    for person, scale in ((seam.upper, seam.to_lower.scale), (seam.lower, 1.0)):
        if person.is_whole(seam.level) and person.is_whole(seam.level + 1):
            pair = [person.body_centre_mm(seam.level + i) for i in (0, 1)]
            own.append(scale * np.linalg.norm(pair[1] - pair[0]))
    if not own:
        raise SeamError("neither subject has both vertebrae complete")
    step = np.linalg.norm(lower_end - upper_end) / np.mean(own)
    if not STEP_LIMITS[0] <= step <= STEP_LIMITS[1]:
        raise SeamError(f"the bodies at the seam are {step:.2f} of their usual spacing apart")


def _extent_mm(seam: Seam) -> tuple[np.ndarray, np.ndarray]:
    """Return the centres of the first and the last voxel of the composed volume in the lower person's millimetres.

    Where the field of view of either person cut bones, the volume ends: the cut lies on its face again.
    """
    above, below = upper_bones(seam.upper, seam.level), lower_bones(seam.lower, seam.level)
    corners = [seam.to_lower.apply(_box_corners(seam.upper, above)), _box_corners(seam.lower, below)]
    points = np.concatenate(corners)
    start, stop = points.min(0) - MARGIN_MM, points.max(0) + MARGIN_MM
    contact = [seam.to_lower.apply(p) for p in _contact_points(seam.upper, above, first=True)]
    if contact:
        start[2] = np.concatenate(contact)[:, 2].max()
    if _contact_points(seam.lower, below, first=False):
        stop[2] = (seam.lower.labels.shape[2] - 1) * seam.lower.spacing_mm[2]
    return start, stop


def _box_corners(person: Subject, bones: list[int]) -> np.ndarray:
    """Return tight bounds of bones: their outermost points `(N, 3)` [mm]."""
    return np.concatenate([person.points_mm(label) for label in bones])


def _contact_points(person: Subject, bones: list[int], first: bool) -> list[np.ndarray]:
    """Return the points [mm] at which bones are cut by the top (first) or the bottom of their volume."""
    face, index = ("top", 0) if first else ("bottom", person.labels.shape[2] - 1)
    points = []
    for label in bones:
        if face in person.cut_faces[label]:
            flat = np.argwhere(person.labels[..., index] == label)
            points.append(np.column_stack([flat, np.full(len(flat), index)]) * person.spacing_mm)
    return points


def _resample_upper(seam: Seam, start: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    transform = seam.to_lower
    matrix = transform.rotation.T / transform.scale
    bones = upper_bones(seam.upper, seam.level)
    return _resample(seam.upper, bones, matrix, matrix @ (start - transform.shift), shape)


def _resample_lower(seam: Seam, start: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return _resample(seam.lower, lower_bones(seam.lower, seam.level), np.eye(3), start, shape)


def _resample(
    person: Subject, bones: list[int], matrix: np.ndarray, offset: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Return the chosen bones of a person on the composed grid; `matrix`, `offset`: its mm -> the person's mm."""
    keep = np.zeros(256, dtype=np.uint8)
    keep[bones] = bones
    composed = np.eye(4)
    composed[:3, :3], composed[:3, 3] = matrix * SPACING_MM, offset
    return resample_labels(keep[person.labels], np.diag([*person.spacing_mm, 1.0]), shape, composed)


PAIR_LIMIT = 3  # discs at which the same two people are joined
# Share of the composed people that are made in the second round, from a composed person and a third one.
SECOND_ROUND = 0.35
BELOW_SPINE = VERTEBRAE[-1] + 1
LOWEST_USUAL = 24  # L5: whoever shows it shows the sacrum too

Candidate = tuple[Subject, Subject, int]


def compose_subjects(people: Sequence[Subject], count: int, rng: np.random.Generator) -> list[Subject]:
    """Compose up to `count` people, preferring those with many bones.

    Args:
        people: donors.
        count: wanted; fewer come back where the donors give no more.
        rng: makes the choice.
    """
    first = _compose(_candidates(people, people), count - int(SECOND_ROUND * count), rng)
    second = _compose(_candidates(people, first) + _candidates(first, people), count - len(first), rng)
    return first + second


def _candidates(uppers: Sequence[Subject], lowers: Sequence[Subject]) -> list[Candidate]:
    """Return whom to try: at discs beside whole vertebrae, where the result shows more bones than either person."""
    found = []
    for upper in uppers:
        for lower in lowers:
            parts = set(upper.name.split("/")) & set(lower.name.split("/"))
            for level in () if parts else VERTEBRAE[:-1]:
                bones = len(upper_bones(upper, level)) + len(lower_bones(lower, level))
                if bones <= max(len(upper.boxes), len(lower.boxes)) - 1:
                    continue
                try:
                    check_bones(upper, lower, level)
                except SeamError:
                    continue
                if shows_only_known(upper, upper_bones(upper, level)) and shows_only_known(
                    lower, lower_bones(lower, level)
                ):
                    found.append((upper, lower, level))
    return found


def shows_only_known(person: Subject, bones: Sequence[int]) -> bool:
    """Whether all that lies next to the chosen bones is annotated: a chest without its ribs is no part of a
    person."""
    levels = {level_of(label) for label in bones}
    if LOWEST_USUAL in levels:
        levels.add(BELOW_SPINE)
    return all(person.known[label] for label in range(1, CLASS_COUNT) if level_of(label) in levels)


def _compose(candidates: list[Candidate], count: int, rng: np.random.Generator) -> list[Subject]:
    sizes = [len(upper_bones(u, level)) + len(lower_bones(w, level)) for u, w, level in candidates]
    pairs = Counter((u.name, w.name) for u, w, _ in candidates)
    weights = [
        (size / CLASS_COUNT) ** 4 / pairs[u.name, w.name]
        for size, (u, w, _) in zip(sizes, candidates, strict=True)
    ]
    keys = rng.random(len(candidates)) ** (1 / np.array(weights)) if candidates else np.zeros(0)
    made: list[Subject] = []
    taken: Counter = Counter()
    for place in np.argsort(-keys):
        upper, lower, level = candidates[place]
        if len(made) == count or taken[upper.name, lower.name] == PAIR_LIMIT:
            continue
        try:
            made.append(compose(find_seam(upper, lower, level)))
        except SeamError:
            continue
        taken[upper.name, lower.name] += 1
    return made
