"""Evaluated cases as documents, without any volume behind them."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.anatomy import GROUPS, labels
from SwinX2SLib.evaluation.case import SCHEMA
from SwinX2SLib.report.evaluation.page import write_cohort_page

sys.path.insert(0, str(Path(__file__).parent))

from page_reader import checked

MEASURED = (
    ("head_radius", "femur_left", "left", "mm", 24.0),
    ("head_radius", "femur_right", "right", "mm", 24.0),
    ("neck_shaft_angle", "femur_left", "left", "deg", 126.0),
    ("pelvic_tilt", "pelvis", None, "deg", 14.0),
    ("asis", "hip_left", "left", "point", None),
    ("cobb_angle", "spine", None, "deg", 11.0),
    *(("wedge_angle", f"vertebrae_L{i}", None, "deg", 4.0) for i in range(1, 6)),
    ("curvature", "rib_left_7", "left", "1", 0.4),
)
OVERLAPS = ("dice", "iou", "line_dice")
DISTANCES = ("hausdorff95_mm", "hausdorff_mm", "assd_mm", "localisation_error_mm", "line_distance_mm")


def _bone(label, quality: float, source: np.random.Generator) -> dict:
    """Scores of a bone: all drawn from one quality, so that metrics go together; a bad one is missed."""
    dice = float(np.clip(quality + source.normal(0, 0.06), 0, 1))
    status = "missed" if dice < 0.35 else "both"
    both = status == "both"
    distance = 12 * (1 - dice) + 0.5
    return {
        "label": label.id,
        "group": label.group,
        "status": status,
        "dice": dice if both else 0.0,
        "iou": dice / (2 - dice) if both else 0.0,
        "hausdorff95_mm": 2 * distance if both else None,
        "hausdorff_mm": 4 * distance if both else None,
        "assd_mm": distance / 2 if both else None,
        "nsd": {"1.0": dice**2 if both else 0.0, "2.0": dice if both else 0.0},
        "localisation_error_mm": distance if both else None,
        "line_dice": dice if label.group == "ribs" and both else None,
        "line_distance_mm": distance if label.group == "ribs" and both else None,
        "identified": both and dice > 0.5,
        "nearest": both and dice > 0.5,
        "prediction_ml": 10.0 * both,
        "truth_ml": 10.0,
    }


def _means(bones: dict[str, dict]) -> dict:
    held = [one for one in bones.values() if one["status"] != "invented"]

    def mean(values):
        known = [float(value) for value in values if value is not None]
        return float(np.mean(known)) if known else None

    return {
        **{key: mean(one[key] for one in held) for key in (*OVERLAPS, *DISTANCES)},
        "nsd": {key: mean(one["nsd"][key] for one in held) for key in ("1.0", "2.0")},
        "labels": len(held),
        "identification_rate": mean(one["identified"] for one in held),
        "identification_rate_verse": mean(one["nearest"] for one in held),
        "missed": [name for name, one in bones.items() if one["status"] == "missed"],
        "invented": [name for name, one in bones.items() if one["status"] == "invented"],
    }


def _pair(entry: tuple, bones: dict[str, dict], source: np.random.Generator) -> dict:
    name, structure, side, unit, usual = entry
    pair = {"name": name, "structure": structure, "side": side, "unit": unit, "quality": "good"}
    if structure in bones and bones[structure]["status"] == "missed":
        return {**pair, "prediction": None, "truth": usual, "difference": None, "quality": "absent"}
    dice = bones.get(structure, {"dice": 0.8})["dice"]
    if unit == "point":
        away = float(abs(source.normal(0, 12 * (1.05 - dice))))
        return {**pair, "prediction": None, "truth": None, "difference": away}
    truth = usual * float(source.normal(1, 0.1))
    difference = truth * float(source.normal(0.02, 0.2 * (1.05 - dice)))
    return {**pair, "prediction": truth + difference, "truth": truth, "difference": difference}


@pytest.fixture(scope="session")
def evaluated_case() -> Callable[..., dict]:
    """Function that makes the document of a case.

    Args: case, quality (0..1), seed, groups, missed and invented bones (names), measured, and further keys.
    """

    def make(case="a", quality=0.8, seed=0, groups=GROUPS, missed=(), invented=(), measured=True, **further):
        source = np.random.default_rng(seed)
        bones = {}
        for label in labels():
            if label.group not in groups or label.name == "vertebrae_L6":
                continue
            bones[label.name] = _bone(label, -1.0 if label.name in missed else quality, source)
            if label.name in invented:
                nothing = dict.fromkeys((*OVERLAPS, *DISTANCES, "identified", "nearest"))
                bones[label.name] |= {**nothing, "status": "invented", "nsd": {"1.0": None, "2.0": None}}
        pairs = [_pair(entry, bones, source) for entry in MEASURED] if measured else []
        of_groups = {group: {n: b for n, b in bones.items() if b["group"] == group} for group in groups}
        return {
            "schema": SCHEMA, "case": case, "prediction": f"/gone/{case}.nii.gz", "truth": f"/gone/{case}_ct.nii.gz",
            "scheme": "swinx2s", "spacing_mm": [1.5, 1.5, 1.5], "annotated_groups": list(groups), "labels": bones,
            "groups": {group: _means(members) for group, members in of_groups.items()}, "foreground": _means(bones),
            "paper": {"dice": quality, "hausdorff95_mm": 5.0, "localisation_error_mm": 3, "identification_rate": 0.9},
            "measurements": pairs, "notes": [], **further,
        }  # fmt: skip

    return make


@pytest.fixture
def cohort_folder(tmp_path: Path) -> Callable[..., Path]:
    """Function from documents to a cohort folder that holds them."""

    def write(documents) -> Path:
        folder = tmp_path / "cohort"
        (folder / "cases").mkdir(parents=True)
        for index, document in enumerate(documents):
            text = json.dumps(document, allow_nan=False)
            (folder / "cases" / f"{index:05d}.json").write_text(text, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def page_of(cohort_folder):
    return lambda documents, **given: checked(write_cohort_page(cohort_folder(documents), **given))
