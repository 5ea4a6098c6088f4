"""What the evaluation of one case says, and its JSON form. Undefined numbers are None, never NaN."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from SwinX2SLib.io.csv_tables import csv_text

SCHEMA = "swinx2s-evaluation/1"
Status = Literal["both", "missed", "invented"]


@dataclass(frozen=True)
class Scores:
    """Scores of a bone, or their means over the bones of a group that they are defined for.

    Attributes:
        dice, iou: 0 to 1.
        hausdorff95_mm, hausdorff_mm, assd_mm: distances of surfaces; None where one of the two has none.
        nsd: normalised surface Dice, 0 to 1, by tolerance in mm ("1.0").
        localisation_error_mm: distance of the centres of mass.
        line_dice: share of both ribs' centrelines that runs along the other one, 0 to 1; None for other bones.
        line_distance_mm: mean distance of both centrelines.
    """

    dice: float | None
    iou: float | None
    hausdorff95_mm: float | None
    hausdorff_mm: float | None
    assd_mm: float | None
    nsd: Mapping[str, float | None]
    localisation_error_mm: float | None
    line_dice: float | None
    line_distance_mm: float | None


@dataclass(frozen=True)
class LabelEvaluation(Scores):
    """One bone.

    Attributes:
        label: id, 1 to 54.
        group: of `anatomy.GROUPS`.
        status: "both"; "missed", only the truth holds it; "invented", only the prediction does.
        identified, nearest: whether it is found under its own name, by the rule of Swin-X2S and by that of VerSe (see
            `identification`); None when invented.
        prediction_ml, truth_ml: volumes.
    """

    label: int
    group: str
    status: Status
    identified: bool | None
    nearest: bool | None
    prediction_ml: float
    truth_ml: float


@dataclass(frozen=True)
class GroupEvaluation(Scores):
    """Means over the bones of a group, or over all bones.

    Overlap (dice, iou, nsd, line_dice) counts a missed bone as 0; distances are over the bones that both hold.

    Attributes:
        labels: number of bones that the truth holds.
        identification_rate, identification_rate_verse: share of them that is identified, and that is also nearest.
        missed, invented: names of bones.
    """

    labels: int
    identification_rate: float | None
    identification_rate_verse: float | None
    missed: tuple[str, ...]
    invented: tuple[str, ...]


@dataclass(frozen=True)
class MeasuredPair:
    """One measurement of both volumes.

    Attributes:
        name, structure, side, unit: as in `measurements.Measurement`.
        prediction, truth: values; None where it could not be made.
        difference: prediction less truth; of angles, the shorter way round; of places, their distance [mm].
        quality: "good"; "check" when one of both needs a look; "absent" when one of both is missing.
    """

    name: str
    structure: str
    side: str | None
    unit: str
    prediction: float | None
    truth: float | None
    difference: float | None
    quality: str


@dataclass(frozen=True)
class Registration:
    """How the prediction was moved before it was compared.

    Attributes:
        matrix: 4x4, RAS mm as in the file -> RAS mm as compared.
        shift_mm: way to the right, anterior, superior; of the middle of its bones where they were turned, too.
        turn_deg: angle of the turn.
        before_mm, after_mm: mean distance of the surfaces of matching bones; None where they were not laid together.
    """

    matrix: tuple[tuple[float, ...], ...]
    shift_mm: tuple[float, ...]
    turn_deg: float = 0.0
    before_mm: float | None = None
    after_mm: float | None = None


@dataclass(frozen=True)
class CaseEvaluation:
    """One prediction against the truth.

    Attributes:
        case: name.
        prediction, truth: paths, as given.
        scheme: numbering of the truth.
        spacing_mm: of the truth's grid, on which everything is compared.
        annotated_groups: groups that the truth draws; bones of others are not scored.
        labels: by bone name, in the order of the ids.
        groups: by group; those without a bone in either volume are left out.
        foreground: over all bones.
        paper: the averages of Swin-X2S (see `evaluation.bones`).
        measurements: pairs of both volumes; empty when none were asked for.
        notes: what a reader must know, in sentences.
        placing: how the prediction was moved, or None when it was not.

    Examples:
        >>> from SwinX2SLib import build_phantom, evaluate
        >>> phantom = build_phantom(spacing_mm=8.0)
        >>> scores = evaluate(phantom, phantom, groups=["pelvis"], measurements=False)
        >>> scores.labels["sacrum"].hausdorff95_mm, scores.groups["pelvis"].identification_rate
        (0.0, 1.0)
    """

    case: str
    prediction: str
    truth: str
    scheme: str
    spacing_mm: tuple[float, float, float]
    annotated_groups: tuple[str, ...]
    labels: Mapping[str, LabelEvaluation]
    groups: Mapping[str, GroupEvaluation]
    foreground: GroupEvaluation
    paper: Mapping[str, float | None]
    measurements: tuple[MeasuredPair, ...] = ()
    notes: tuple[str, ...] = field(default=())
    placing: Registration | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {"schema": SCHEMA, **_plain(asdict(self))}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> CaseEvaluation:
        """Return what `as_dict` wrote; keys of newer versions are passed over.

        Raises:
            ValueError: it is no such document, or keys are missing.
        """
        if content.get("schema") != SCHEMA:
            raise ValueError(f"The document has format {content.get('schema')!r} instead of {SCHEMA}.")
        try:
            values = {
                **content,
                "labels": {name: _made(LabelEvaluation, one) for name, one in content["labels"].items()},
                "groups": {name: _made(GroupEvaluation, one) for name, one in content["groups"].items()},
                "foreground": _made(GroupEvaluation, content["foreground"]),
                "measurements": [_made(MeasuredPair, one) for one in content["measurements"]],
                "placing": _placing(content.get("placing")),
            }
            return _made(cls, values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"The evaluation document is incomplete: {error}.") from error


def _placing(values: Mapping[str, Any] | None) -> Registration | None:
    if not values:
        return None
    return _made(Registration, {**values, "matrix": [tuple(row) for row in values["matrix"]]})


def _made(kind: type, values: Mapping[str, Any]) -> Any:
    known = {each.name for each in fields(kind)}
    return kind(
        **{
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if name in known
        }
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value


_SCORES = (
    "dice", "iou", "hausdorff95_mm", "hausdorff_mm", "assd_mm", "localisation_error_mm", "line_dice",
    "line_distance_mm",
)  # fmt: skip
_BONE = ("status", "identified", "nearest", "prediction_ml", "truth_ml")
_GROUP = ("labels", "identification_rate", "identification_rate_verse", "missed", "invented")
_PAIR = ("structure", "name", "side", "unit", "prediction", "truth", "difference", "quality")


def evaluation_text(evaluation: CaseEvaluation) -> str:
    """Return the JSON document (see `case`)."""
    return json.dumps(evaluation.as_dict(), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def scores_table(evaluation: CaseEvaluation) -> str:
    """Return the CSV table of scores: a row for each bone, each group, the foreground and the paper's averages.

    Overlap and rates run from 0 to 1; a cell is empty where a score is not defined.
    """
    tolerances = list(evaluation.foreground.nsd)
    header = ["part", "name", "group", *_SCORES, *(f"nsd_{each}mm" for each in tolerances), *_BONE, *_GROUP]
    return _csv(header, _score_rows(evaluation, tolerances))


def measurements_table(evaluation: CaseEvaluation) -> str:
    """Return the CSV table of measurements: a row for each that the prediction or the truth shows."""
    return _csv(_PAIR, ({name: getattr(pair, name) for name in _PAIR} for pair in evaluation.measurements))


def _score_rows(evaluation: CaseEvaluation, tolerances: Sequence[str]) -> Iterator[dict[str, Any]]:
    for name, bone in evaluation.labels.items():
        own = {each: getattr(bone, each) for each in _BONE}
        yield {"part": "bone", "name": name, "group": bone.group, **_scores(bone, tolerances), **own}
    means = [("group", name, one) for name, one in evaluation.groups.items()]
    for part, name, mean in (*means, ("foreground", "foreground", evaluation.foreground)):
        own = {each: getattr(mean, each) for each in _GROUP}
        yield {"part": part, "name": name, **_scores(mean, tolerances), **own}
    yield {"part": "paper", "name": "averages of Swin-X2S", **evaluation.paper}


def _scores(scores: Scores, tolerances: Sequence[str]) -> dict[str, Any]:
    row = {name: getattr(scores, name) for name in _SCORES}
    return row | {f"nsd_{each}mm": scores.nsd.get(each) for each in tolerances}


def _csv(header: Sequence[str], rows: Iterator[dict[str, Any]]) -> str:
    return csv_text(header, ({name: cell(value) for name, value in row.items()} for row in rows))


def cell(value: Any) -> Any:
    """Return a value as a cell: nothing where it is undefined, 1 and 0 for yes and no, names with blanks between."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else value
