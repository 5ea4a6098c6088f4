"""Evaluation of one case from its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.evaluation.case import CaseEvaluation, MeasuredPair
from SwinX2SLib.evaluation.inputs import Inputs, read_inputs
from SwinX2SLib.evaluation.options import TOLERANCES_MM, Alignment, EvaluationOptions
from SwinX2SLib.evaluation.volumes import evaluate_volumes
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.geometry.polylines import resampled
from SwinX2SLib.geometry.tuples import vector3
from SwinX2SLib.measurements.bones import Bone, bones_from_labels
from SwinX2SLib.measurements.measure import measure_subject
from SwinX2SLib.measurements.results import Measurement, NotFoundError
from SwinX2SLib.measurements.rib import find_centreline
from SwinX2SLib.measurements.sources import BonesSource, path_of

STEP_MM = 1.0
TOLERANCE_MM = 5.0


def normalised_line_dice(first: np.ndarray, second: np.ndarray, tolerance_mm: float = TOLERANCE_MM) -> float:
    """Return the share of both lines that runs along the other one, 0 to 1.

    With P and Q the lines sampled every millimetre and d(p, Q) the distance from a point to the nearest segment of
    the other line, it is (#{p in P: d(p, Q) <= t} + #{q in Q: d(q, P) <= t}) / (#P + #Q).

    Args:
        first, second: `(N, 3)` and `(M, 3)`, mm.
        tolerance_mm: t, half the height of a rib by default.

    Raises:
        ValueError: a line has fewer than two points.
    """
    there, back = _distances(first, second)
    near = np.count_nonzero(there <= tolerance_mm) + np.count_nonzero(back <= tolerance_mm)
    return near / (len(there) + len(back))


def line_segment_chamfer_mm(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean distance between two lines, from points to the nearest segment of the other [mm].

    (mean over p in P of d(p, Q) + mean over q in Q of d(q, P)) / 2, as in `normalised_line_dice`.

    Raises:
        ValueError: a line has fewer than two points.
    """
    there, back = _distances(first, second)
    return float(there.mean() + back.mean()) / 2


def _distances(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    lines = []
    for line in (first, second):
        line = np.asarray(line, dtype=np.float64).reshape(-1, 3)
        if len(line) < 2 or not np.isfinite(line).all():
            raise ValueError("A line needs two finite points or more.")
        lines.append(resampled(line, STEP_MM))
    return _to_segments(*lines), _to_segments(*reversed(lines))


def _to_segments(points: np.ndarray, line: np.ndarray) -> np.ndarray:
    """Return the distance `(N,)` of points to the nearest segment of a polyline."""
    start, way = line[:-1], np.diff(line, axis=0)
    square = np.maximum((way**2).sum(axis=1), 1e-12)
    along = (points @ way.T - (start * way).sum(axis=1)) / square
    nearest = start + np.clip(along, 0, 1)[..., None] * way
    return np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1)


_REGIONS = {"femur": ("femur",), "pelvis": ("pelvis",), "spine": ("spine", "vertebra"), "ribs": ("rib",)}
Measured = Mapping[str, Sequence[Measurement]]


def measured_pairs(
    prediction: Mapping[str, Bone], truth: Mapping[str, Bone], groups: Sequence[str]
) -> tuple[MeasuredPair, ...]:
    """Measure both and pair the results; what neither shows is left out.

    Args:
        prediction, truth: bones by label name, in one frame.
        groups: groups of bones that are compared.
    """
    only = [region for group in groups for region in _REGIONS[group]]
    found, true = (_by_key(measure_subject(dict(bones), only)) for bones in (prediction, truth))
    keys = list(dict.fromkeys([*true, *found]))
    pairs = [pair for key in keys for pair in _pairs(found.get(key), true.get(key))]
    # Several measurements rest on the same places.
    return tuple({(pair.structure, pair.name, pair.side): pair for pair in pairs}.values())


def line_scores(
    prediction: Mapping[str, Bone], truth: Mapping[str, Bone]
) -> dict[int, tuple[float | None, float | None]]:
    """Compare the centrelines of ribs in the manner of RibSeg v2 (see `evaluation.evaluate`).

    Returns:
        Dice (0 to 1) and mean distance [mm] of both lines, by label id, for true ribs that have a line; a rib that
        the prediction lacks, or shows too little of, has the Dice 0 and no distance.
    """
    scores: dict[int, tuple[float | None, float | None]] = {}
    for name, bone in truth.items():
        true = _line(bone) if name.startswith("rib_") else None
        if true is None:
            continue
        found = _line(prediction[name]) if name in prediction else None
        scores[bone.label] = (
            (0.0, None)
            if found is None
            else (float(normalised_line_dice(found, true)), line_segment_chamfer_mm(found, true))
        )
    return scores


def _line(bone: Bone) -> np.ndarray | None:
    try:
        return find_centreline(bone).points_ras_mm
    except NotFoundError:
        return None


def _by_key(measured: Measured) -> dict[tuple[str, str, str | None], Measurement]:
    return {(m.structure, m.name, m.side): m for found in measured.values() for m in found}


def _pairs(found: Measurement | None, true: Measurement | None) -> Iterator[MeasuredPair]:
    known = true or found
    if known is None:
        return
    quality = _quality(found, true)
    if known.unit == "point":
        yield from _place_pairs(known, found, true, quality)
        return
    ours, theirs = (None if m is None else m.value for m in (found, true))
    if ours is None and theirs is None:
        return
    difference = None if ours is None or theirs is None else _difference(ours, theirs, known.unit)
    about = known.name, known.structure, known.side, known.unit
    yield MeasuredPair(*about, ours, theirs, difference, quality)


def _place_pairs(
    known: Measurement, found: Measurement | None, true: Measurement | None, quality: str
) -> Iterator[MeasuredPair]:
    """Yield one pair for each named place of either: no values, the distance as difference."""
    places = [
        {} if m is None else {mark.name: mark.position_ras_mm for mark in m.landmarks} for m in (found, true)
    ]
    for name in dict.fromkeys([*places[1], *places[0]]):
        both = [place[name] for place in places if name in place]
        away = float(np.linalg.norm(both[0] - both[1])) if len(both) == 2 else None
        yield MeasuredPair(
            name,
            known.structure,
            known.side,
            "point",
            None,
            None,
            away,
            quality if len(both) == 2 else "absent",
        )


def _difference(found: float, true: float, unit: str) -> float:
    return (found - true + 180) % 360 - 180 if unit == "deg" else found - true


def _quality(found: Measurement | None, true: Measurement | None) -> str:
    qualities = {"absent" if m is None else m.quality for m in (found, true)}
    return next(quality for quality in ("absent", "check", "good") if quality in qualities)


DEFAULT_OPTIONS = EvaluationOptions()
# A mean Dice of bones below which something other than the reconstruction is likely wrong; and the Dice of all bones
# as one from which they are the same bones under other names.
_HARDLY_ANY_DICE, _SAME_BONES_DICE = 0.02, 0.5

_ENDINGS = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".nhdr")


def evaluate(
    prediction: BonesSource,
    truth: BonesSource,
    *,
    scheme: str | Path | None = None,
    prediction_scheme: str | Path | None = None,
    groups: Sequence[str] | None = None,
    tolerances_mm: Sequence[float] = TOLERANCES_MM,
    align: Alignment = "none",
    measurements: bool = True,
    case: str = "",
) -> CaseEvaluation:
    """Compare a reconstruction with CT truth, bone by bone, on the truth's grid.

    Args:
        prediction: a `Reconstruction` or anything else with `labels` and `affine`; the pair (labels `(I, J, K)`,
            affine 4x4 from index to RAS mm); or the path of a label volume (`.nii.gz`, `.nrrd`, `.seg.nrrd`) or of
            a result. It may be empty.
        truth: likewise, of any grid, spacing and orientation.
        scheme: label numbering of the truth: "swinx2s", "totalsegmentator_v2", "verse"... (see
            `label_maps.SCHEME_NAMES`), the path of a label map, or "auto" to recognise it; None for ours unless the
            places of the labels contradict it.
        prediction_scheme: label numbering of the prediction.
        groups: groups annotated in the truth ("spine", "ribs", "pelvis", "femur"); bones of others are not scored.
            None for all that its numbering names.
        tolerances_mm: of the normalised surface Dice.
        align: "none"; "centres", the centres of both grids together (radiographs know no patient position);
            "bones", the median shift of matching bones; or "rigid", shifted and rotated, surface onto surface.
        measurements: whether both are measured and compared, too.
        case: name of the case; that of the prediction's path if empty.

    Returns:
        Scores by bone, by group and over all bones: overlap 0..1, distances in mm.

    Raises:
        InputError: with all faults of both and of the options.

    Examples:
        >>> from SwinX2SLib import build_phantom, evaluate
        >>> phantom = build_phantom(spacing_mm=8.0)
        >>> scores = evaluate(phantom, phantom, groups=["femur"], measurements=False)
        >>> scores.foreground.dice, list(scores.labels)
        (1.0, ['femur_left', 'femur_right'])
    """
    options = EvaluationOptions(
        case=case,
        scheme=scheme,
        prediction_scheme=prediction_scheme,
        groups=None if groups is None else tuple(groups),
        tolerances_mm=tuple(tolerances_mm),
        measurements=measurements,
        align=align,
    )
    return evaluate_case(prediction, truth, options)


def evaluate_case(
    prediction: BonesSource, truth: BonesSource, options: EvaluationOptions = DEFAULT_OPTIONS
) -> CaseEvaluation:
    """Compare a prediction with the truth, on the truth's grid.

    Args:
        prediction: label volume (NIfTI, NRRD, `.seg.nrrd`), the folder of a result of `swinx2s reconstruct`, or
            arrays.
        truth: label volume of any grid, spacing, orientation and numbering.
        options: how.

    Raises:
        InputError: all faults of the inputs.
    """
    inputs = read_inputs(prediction, truth, options)
    return evaluate_inputs(inputs, path_of(prediction), path_of(truth), options)


def evaluate_inputs(
    inputs: Inputs, prediction: Path | str, truth: Path | str, options: EvaluationOptions
) -> CaseEvaluation:
    """Compare what was read (see `evaluate_case`)."""
    # Surfaces are only made of bones that are measured, or have a centreline.
    wanted = (
        inputs.labels
        if options.measurements
        else [i for i in inputs.labels if label_by_id(i).group == "ribs"]
    )
    names = tuple(label_by_id(i).name for i in wanted)
    found, true = (
        bones_from_labels(volume.labels, volume.affine, names)
        for volume in (inputs.own_prediction, inputs.own_truth)
    )
    compared = evaluate_volumes(
        inputs.prediction,
        inputs.truth,
        inputs.affine,
        inputs.labels,
        options.tolerances_mm,
        line_scores(found, true),
        inputs.voxels,
    )
    return CaseEvaluation(
        case=options.case or case_name(Path(prediction)),
        prediction=str(prediction),
        truth=str(truth),
        scheme=inputs.scheme.name,
        spacing_mm=vector3(voxel_spacing_mm(inputs.affine)),
        annotated_groups=inputs.groups,
        **{name: getattr(compared, name) for name in ("labels", "groups", "foreground", "paper")},
        measurements=measured_pairs(found, true, inputs.groups) if options.measurements else (),
        notes=(*inputs.notes, *_mismatch_notes(inputs, compared.foreground.dice)),
        placing=inputs.placing,
    )


def _mismatch_notes(inputs: Inputs, dice: float | None) -> tuple[str, ...]:
    """Return a note where bones of both volumes hardly meet those of their names."""
    drawn = [np.count_nonzero(volume) for volume in (inputs.prediction, inputs.truth)]
    if dice is None or dice >= _HARDLY_ANY_DICE or not all(drawn):
        return ()
    common = np.count_nonzero((inputs.prediction > 0) & (inputs.truth > 0))
    if 2 * common / sum(drawn) >= _SAME_BONES_DICE:
        return (
            "The bones of both volumes overlap, but bear other labels: the label numbering of one may be another "
            "(--scheme, --prediction-scheme).",
        )
    return (
        "The bones of both volumes hardly overlap: their positions may differ (--align), or the label numbering of "
        "one may be another (--scheme, --prediction-scheme).",
    )


def case_name(path: Path) -> str:
    """Return the name of a case: that of its file without its ending, or of its folder."""
    name = path.resolve().name
    ending = next((ending for ending in _ENDINGS if name.lower().endswith(ending)), "")
    return name[: len(name) - len(ending)] or name
