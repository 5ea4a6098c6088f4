"""Verdicts: what they say, how they are stored, and that evidence leads to them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.anatomy import ids_by_name, labels
from SwinX2SLib.cli.reconstruct import ConsoleReport
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.reconstruct.evidence import FEATURES, Evidence, Observed, calibration, evidence_of, judge
from SwinX2SLib.reconstruct.protocol import Result, decode, encode
from SwinX2SLib.reconstruct.verdict import COLOURS, SYMBOLS, BoneVerdict, Verdict, strip, strip_html
from SwinX2SLib.weights.manifest import default_name

NAMES = [label.name for label in labels()]
LOOK = Verdict(
    "look",
    {
        "vertebrae_L1": BoneVerdict("believe", 0.97),
        "sacrum": BoneVerdict("look", 0.6),
        "rib_left_4": BoneVerdict("reject", 0.1),
    },
    "some-weights",
)


def test_the_line_counts_bones_and_names_none():
    assert LOOK.line == ("Verdict: look. Of 3 bones, 1 can be believed, 1 needs a look and 1 is rejected.")
    many = Verdict("reject", dict.fromkeys(NAMES, BoneVerdict("reject", 0.1)))
    assert many.line == (
        "Verdict: reject. Do not rely on this reconstruction. "
        "Of 54 bones, 0 can be believed, 0 need a look and 54 are rejected."
    )
    assert (many.alarm, LOOK.alarm) == (many.line, "")
    nothing = Verdict("reject", {}, reason="No bone was found.")
    assert nothing.line == "Verdict: reject. Do not rely on this reconstruction. No bone was found."


@given(
    st.sampled_from(sorted(SYMBOLS)),
    st.dictionaries(
        st.sampled_from(NAMES), st.tuples(st.sampled_from(sorted(SYMBOLS)), st.integers(0, 1000))
    ),
    st.text(max_size=9),
)
def test_a_verdict_comes_back_from_its_json_as_it_was(whole, bones, reason):
    stated = {name: BoneVerdict(verdict, share / 1000) for name, (verdict, share) in bones.items()}
    verdict = Verdict(whole, stated, "weights", reason)
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"whole": "maybe", "bones": {}},
        {"whole": "look", "bones": {"sacrum": {"verdict": "look", "probability": 1.5}}},
        {"whole": "look", "bones": {"sacrum": {"verdict": "look"}}},
        {"whole": "look", "bones": {}, "reason": 3},
    ],
)
def test_what_is_no_verdict_is_none(value):
    assert Verdict.from_json(value) is None


def test_every_bone_that_can_be_found_has_one_place_in_the_picture():
    shown = [name for _, row in strip().rows for name in row if name]
    assert sorted(shown) == sorted(NAMES)
    assert all(len(row) == len(strip().columns) for _, row in strip().rows)


def test_the_picture_tells_verdicts_apart_by_mark_by_colour_and_by_lightness():
    html = strip_html(LOOK, 20)
    assert [html.count(f">{mark}</td>") for mark in SYMBOLS.values()] == [1, 1, 1]
    assert 'title="Sacrum, look: within 5 mm with a probability of 60 %"' in html
    light = [
        sum(w * int(paper[i : i + 2], 16) for w, i in ((0.3, 1), (0.59, 3), (0.11, 5)))
        for paper, _ in COLOURS.values()
    ]
    assert min(abs(one - other) for i, one in enumerate(light) for other in light[:i]) > 10
    assert strip_html(LOOK.without(["sacrum"]), 20).count(">?</td>") == 0


def test_a_narrow_picture_names_each_part_of_the_spine_once():
    narrow, wide = strip_html(LOOK, 11), strip_html(LOOK, 34)
    assert ">C1<" in narrow
    assert [narrow.count(f">{title}<") for title in ("T1", "T2", "T12", "2", "12", "P", "F")] == [
        1,
        0,
        0,
        3,
        1,
        1,
        1,
    ]
    assert [wide.count(f">{title}<") for title in ("T1", "T2", "T12", "2", "Pelvis")] == [1, 1, 1, 0, 1]


def test_the_console_prints_the_line_once_and_the_picture(capsys):
    rejected = replace(LOOK, whole="reject")
    ConsoleReport()(Result({}, (rejected.alarm, "Another note."), {}, rejected.to_json()))
    said = capsys.readouterr().err
    assert said.count(rejected.line) == 1
    assert said.count("Another note.") == 1
    rows = {
        line.split()[0]: line for line in said.splitlines() if line.startswith(("Right", "Spine", "Left"))
    }
    assert [rows[title].split()[1:] for title in ("Right", "Spine", "Left")] == [[], ["✓", "?"], ["✕"]]
    # L1 stands below its name.
    (head,) = (line for line in said.splitlines() if "L1" in line)
    assert abs(rows["Spine"].index("✓") - head.index("L1")) <= 1


def test_the_worker_hands_a_verdict_on_and_a_damaged_one_is_no_event():
    result = Result({"labels": "x"}, ("note",), {"total": 1.0}, LOOK.to_json())
    assert decode(encode(result)) == result
    assert decode(encode(replace(result, verdict={"whole": "maybe"}))) is None
    assert decode('{"event": "result", "files": {}}').verdict is None


def evidence(value: float, names=("vertebrae_L1", "vertebrae_L2", "sacrum")) -> Evidence:
    """Bones of which every number says the same, from bad (0) to good (1)."""
    worst = {"position_error": np.log(40.0), "levels": 1.0}
    best = {"position_error": np.log(2.0), "levels": 0.0}
    row = [worst.get(name, 0.0) + value * (best.get(name, 1.0) - worst.get(name, 0.0)) for name in FEATURES]
    return Evidence(tuple(names), np.tile(row, (len(names), 1)))


def test_good_evidence_is_believed_and_bad_evidence_rejected_with_the_constants_of_this_copy():
    good, bad = (judge(evidence(value), calibration()) for value in (1.0, 0.0))
    assert {good.whole, *(bone.verdict for bone in good.bones.values())} == {"believe"}
    assert {bad.whole, *(bone.verdict for bone in bad.bones.values())} == {"reject"}
    assert judge(evidence(1.0), calibration(), "look", "A doubt.").reason == "A doubt."
    assert "A doubt." in judge(evidence(1.0), calibration(), "reject", "A doubt.").alarm
    assert judge(Evidence((), np.zeros((0, len(FEATURES)))), calibration()).whole == "reject"


def test_the_whole_is_judged_by_the_share_of_its_bones_that_is_probably_right():
    good, bad = evidence(1.0), evidence(0.0, ("rib_left_4", "rib_left_5", "rib_left_6", "rib_left_7"))

    def whole(*parts: Evidence) -> str:
        bones = tuple(name for part in parts for name in part.bones)
        return judge(Evidence(bones, np.vstack([part.rows for part in parts])), calibration()).whole

    assert whole(good) == "believe"
    assert whole(good, evidence(0.0, ("rib_left_4", "rib_left_5"))) == "look"
    assert whole(bad) == "reject"
    assert whole(evidence(1.0, ("sacrum",)), bad) == "reject"


SHAPE, SPACING_MM = (40, 30, 50), 2.0
BOX = (slice(10, 20), slice(8, 18), slice(20, 35))


def observed(shift: int = 0) -> Observed:
    """A box of bone, on radiographs and silhouettes that show it `shift` voxels to the left of where it lies."""
    volume = np.zeros(SHAPE, np.uint8)
    sacrum = ids_by_name()["sacrum"]
    volume[BOX] = sacrum
    moved = np.roll(volume, shift, axis=0)
    shadows = tuple((moved > 0).any(axis=axis).astype(np.float32) for axis in (1, 0))
    silhouettes = tuple(np.zeros((54, *shadow.shape), np.float32) for shadow in shadows)
    for own, shadow in zip(silhouettes, shadows, strict=True):
        own[sacrum - 1] = shadow
    uncertainty = np.full(SHAPE, 0.25, np.float32)
    affine = network_affine(SPACING_MM, SHAPE)
    return Observed(
        volume, uncertainty, affine, silhouettes, shadows, SPACING_MM, {sacrum: 3.0}, 0.2, (0.9, 0.8)
    )


def test_evidence_of_a_bone_is_what_can_be_computed_by_hand():
    found = evidence_of(observed())
    assert found.bones == ("sacrum",)
    row = dict(zip(FEATURES, found.rows[0], strict=True))
    assert row == pytest.approx(
        {
            "silhouette_front": 1.0, "silhouette_side": 1.0, "edges_front": 1.0, "edges_side": 1.0,
            "confidence": 0.75, "position_error": np.log(3.0), "levels": 0.2,
            "view_front": 0.9, "view_side": 0.8,
        }
    )  # fmt: skip
    # Half of ten voxels aside: half of either shadow lies on the other.
    aside = dict(zip(FEATURES, evidence_of(observed(shift=5)).rows[0], strict=True))
    assert aside["silhouette_front"] == pytest.approx(0.5)
    assert aside["silhouette_side"] == pytest.approx(1.0)
    assert aside["edges_front"] < 0.9 < aside["edges_side"]


def test_a_bone_that_the_skeleton_does_not_explain_may_lie_anywhere():
    row = evidence_of(replace(observed(), position_error_mm={})).rows[0]
    assert row[FEATURES.index("position_error")] == pytest.approx(np.log(30.0))


def test_the_constants_are_those_of_the_default_weights():
    stated = calibration().calibrated_for
    assert stated == default_name(), "run `python Testing/bench/reliability.py --fit` for the new weights"
