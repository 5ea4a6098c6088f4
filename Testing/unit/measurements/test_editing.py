"""Moved landmarks: values by the same definitions, what depends on what, and the way back."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from people import bones_of, names_of_people

from SwinX2SLib.errors import InputError
from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.from_landmarks import can_be_settled, value_from_landmarks
from SwinX2SLib.measurements.measure import measure_subject
from SwinX2SLib.measurements.reading import ReadOptions, read_subject
from SwinX2SLib.measurements.stored import measured_document
from SwinX2SLib.measurements.writing import document_text
from SwinX2SLib.phantom import PhantomParameters, build_phantom

LEFT, RIGHT = "femur_left", "femur_right"
NECK_SHAFT = (LEFT, "neck_shaft_angle", "left")
RADIUS = (LEFT, "head_radius", "left")


def text_of(bones) -> str:
    return document_text(measure_subject(bones), {"segmentation": {"path": "phantom"}})


@pytest.fixture(scope="module")
def text():
    phantom = build_phantom(PhantomParameters(), 4.0)
    return text_of(bones_from_labels(phantom.labels, phantom.affine))


@pytest.fixture
def edited(text):
    return EditableMeasurements(measured_document(text))


def value(edited, key):
    return edited.reviewed(key).present.value


def place_of(edited, key, start):
    """Key of the place of a landmark."""
    binding, found = edited.geometry.bindings[key], edited.geometry.measurements[key]
    names = [mark.name for mark in found.landmarks]
    return binding.landmarks[next(index for index, name in enumerate(names) if name.startswith(start))]


def assert_agrees(edited):
    others = {
        key: edited.geometry.placed(key, edited.places, edited.normals) for key in edited.geometry.bindings
    }
    compared = set()
    for key, found in others.items():
        assert can_be_settled(found), key
        again = value_from_landmarks(found, others)
        assert (again.value is None) == (found.value is None), key
        if found.value is not None:
            assert again.value == pytest.approx(found.value, abs=1e-6), key
            assert again.side == found.side
            compared.add(found.name.split("_T")[0])
        for attribute, place in (
            ("landmarks", "position_ras_mm"),
            ("axes", "direction_ras"),
            ("planes", "normal_ras"),
        ):
            for one, other in zip(getattr(found, attribute), getattr(again, attribute), strict=True):
                np.testing.assert_allclose(getattr(one, place), getattr(other, place), atol=1e-6)
    return compared


def test_values_from_landmarks_are_those_that_were_measured(edited):
    compared = assert_agrees(edited)
    assert {"neck_shaft_angle", "head_radius", "femoral_offset", "neck_length"} <= compared
    assert {"pelvic_incidence", "sacral_slope", "anterior_pelvic_plane_tilt"} <= compared
    assert {"cobb_angle", "lumbar_lordosis", "centreline_length", "axial_rotation"} <= compared
    assert {"wedge_angle", "spinous_process_angle", "canal_length", "rib_curvature"} <= compared


def test_they_are_in_people_too(shared_data):
    path = shared_data / "anatomy" / "volumes" / "ts_s0003" / "labels.nii.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    text = text_of(read_subject(path, ReadOptions(None, True)).bones)
    assert len(assert_agrees(EditableMeasurements(measured_document(text)))) > 10


def test_they_are_in_whole_femora(shared_data):
    folder = shared_data / "anatomy" / "meshes"
    compared = assert_agrees(
        EditableMeasurements(measured_document(text_of(bones_of(folder, names_of_people(folder)[0]))))
    )
    assert {
        "anteversion",
        "femoral_length",
        "mechanical_anatomical_angle",
        "femoral_length_difference",
    } <= compared


def test_a_head_moved_along_the_shafts_normal_changes_all_that_rests_on_it_and_nothing_else(edited):
    centre = place_of(edited, RADIUS, "head_centre")
    before = {key: edited.reviewed(key).present.value for key in edited.keys}
    edited.remember()
    touched = edited.move(centre, edited.places[centre] + (5.0, 0.0, 0.0))
    assert {NECK_SHAFT, RADIUS, ("pelvis", "pelvic_tilt", None)} <= touched
    changed = {key for key in edited.keys if edited.reviewed(key).present.value != before[key]}
    assert changed <= touched
    assert not any(structure == RIGHT for structure, _, _ in touched)
    shaft = edited.reviewed(NECK_SHAFT).present.axes[1]
    away = edited.places[centre] - shaft.point_ras_mm
    offset = np.linalg.norm(away - (away @ shaft.direction_ras) * shaft.direction_ras)
    assert value(edited, (LEFT, "femoral_offset", "left")) == pytest.approx(offset)
    assert edited.is_edited(NECK_SHAFT)
    assert edited.reviewed(NECK_SHAFT).stored.computed.value == before[NECK_SHAFT]
    assert not edited.is_edited((RIGHT, "neck_shaft_angle", "right"))


def test_the_place_on_the_heads_surface_gives_the_radius(edited):
    surface = place_of(edited, RADIUS, "head_surface")
    centre = edited.places[place_of(edited, RADIUS, "head_centre")]
    edited.move(surface, np.add(centre, (0.0, 40.0, 0.0)))
    found = edited.reviewed(RADIUS).present
    assert found.value == pytest.approx(40.0)
    # No femoral head has such a radius.
    assert found.quality == "check"
    assert "outside" in found.reasons[-1]
    edited.move(surface, np.add(centre, (0.0, 0.0, 24.0)))
    assert not any("outside" in reason for reason in edited.reviewed(RADIUS).present.reasons)


def test_turning_one_endplate_changes_the_angles_that_it_bounds_by_as_much(edited):
    key = ("spine", "lumbar_lordosis", None)
    (plane, _) = edited.geometry.bindings[key].planes
    before, normal = value(edited, key), edited.normals[plane]
    turn = np.radians(4.0)
    turned = np.array(
        [
            normal[0],
            np.cos(turn) * normal[1] + np.sin(turn) * normal[2],
            np.cos(turn) * normal[2] - np.sin(turn) * normal[1],
        ]
    )
    touched = edited.turn(plane, turned)
    assert value(edited, key) == pytest.approx(before - 4.0, abs=1e-6)
    assert any(name == "wedge_angle" for _, name, _ in touched)


def test_a_rib_that_is_bent_outwards_grows_longer_and_keeps_its_ends(edited):
    key = next(key for key in edited.keys if key[1] == "rib_length" and key[0].endswith("_7"))
    line = edited.geometry.lines[edited.geometry.bindings[key].curves[0]]
    before, middle = edited.reviewed(key).present, line.places[len(line.places) // 2]
    edited.move(middle, edited.places[middle] + 6.0 * np.sign(edited.places[middle]) * (1, 0, 0))
    after = edited.reviewed(key).present
    assert after.value > before.value
    np.testing.assert_allclose(
        after.curves[0].points_ras_mm[[0, -1]], before.curves[0].points_ras_mm[[0, -1]]
    )
    assert np.abs(after.curves[0].points_ras_mm - before.curves[0].points_ras_mm).max() == pytest.approx(6.0)


def test_every_change_can_be_taken_back_and_made_again(edited):
    centre = place_of(edited, RADIUS, "head_centre")
    start, values = edited.places[centre].copy(), [value(edited, NECK_SHAFT)]
    for _ in range(3):
        edited.remember()
        edited.move(centre, edited.places[centre] + (3.0, 0.0, 2.0))
        values.append(value(edited, NECK_SHAFT))
    for expected in values[-2::-1]:
        edited.undo()
        assert value(edited, NECK_SHAFT) == pytest.approx(expected, abs=1e-12)
    np.testing.assert_array_equal(edited.places[centre], start)
    assert not edited.edits
    assert not edited.can_undo
    assert edited.undo() == set()
    for expected in values[1:]:
        edited.redo()
        assert value(edited, NECK_SHAFT) == pytest.approx(expected, abs=1e-12)
    assert not edited.can_redo


def test_reset_of_one_measurement_leaves_the_others_edited_and_can_be_taken_back(edited):
    for key, start in ((RADIUS, "head_surface"), ((RIGHT, "head_radius", "right"), "head_surface")):
        place = place_of(edited, key, start)
        edited.move(place, edited.places[place] + (0.0, 0.0, 3.0))
    edited.reset([RADIUS])
    assert not edited.is_edited(RADIUS)
    assert edited.is_edited((RIGHT, "head_radius", "right"))
    edited.undo()
    assert edited.is_edited(RADIUS)
    edited.reset()
    assert not edited.edits


def test_edits_are_kept_in_the_document(text, edited):
    centre = place_of(edited, RADIUS, "head_centre")
    edited.move(centre, edited.places[centre] + (1.0, 2.0, 3.0))
    content = json.loads(json.dumps({**edited.document.content, "edits": edited.edits}))
    again = EditableMeasurements(measured_document(json.dumps(content)))
    assert {key: again.reviewed(key).present.value for key in again.keys} == {
        key: edited.reviewed(key).present.value for key in edited.keys
    }
    assert [key for key in again.keys if again.is_edited(key)] == [
        key for key in edited.keys if edited.is_edited(key)
    ]


def test_places_that_give_no_value_are_told_and_not_guessed(edited):
    centre, other = (
        place_of(edited, ("pelvis", "inter_asis_width", None), f"asis_{side}") for side in ("left", "right")
    )
    edited.move(centre, edited.places[other])
    found = edited.reviewed(("pelvis", "anterior_pelvic_plane_tilt", None)).present
    assert (found.value, found.quality) == (None, "absent")
    assert "coincide" in found.reasons[0]


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda content: "no json", "not-measurements"),
        (lambda content: "[]", "not-measurements"),
        (
            lambda content: {**content, "schema": {"name": "swinx2s-measurements", "version": 2}},
            "unknown-version",
        ),
        (lambda content: {**content, "measurements": [{"name": "x"}]}, "measurements-broken"),
        (lambda content: {**content, "edits": {"nowhere": [0, 0, 0]}}, "edits-broken"),
        (lambda content: {**content, "edits": {"femur_left/head_centre_left": [0, "x", 0]}}, "edits-broken"),
        (lambda content: {**content, "edits": {"femur_left/head_centre_left": [0, 1]}}, "edits-broken"),
    ],
)
def test_what_is_no_document_is_refused(text, spoil, kind):
    spoilt = spoil(json.loads(text))
    with pytest.raises(InputError) as raised:
        EditableMeasurements(measured_document(spoilt if isinstance(spoilt, str) else json.dumps(spoilt)))
    assert raised.value.faults[0].kind == kind


def test_values_follow_without_the_packages_that_find_bones(tmp_path, text):
    import subprocess

    path = tmp_path / "measurements.json"
    path.write_text(text)
    code = (
        "import sys\n"
        "for name in ('vtkmodules', 'trimesh', 'torch', 'nibabel'): sys.modules[name] = None\n"
        "from SwinX2SLib.measurements.editing import EditableMeasurements\n"
        "from SwinX2SLib.measurements.stored import measured_document\n"
        f"edited = EditableMeasurements(measured_document(open({str(path)!r}).read()))\n"
        "for key in list(edited.places): edited.move(key, edited.places[key] + 0.5)\n"
        "print(len(edited.edits))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 50


@pytest.mark.parametrize("key", ["name", "structure", "side", "unit", "region", "quality"])
@pytest.mark.parametrize("value", [[], {}, 3, ["a"]])
def test_a_document_whose_names_are_no_texts_is_refused_in_words(text, key, value):
    content = json.loads(text)
    content["measurements"][3][key] = value
    if key == "side" and not value:
        pytest.skip("no side")
    with pytest.raises(InputError, match=r"A measurement of the document is invalid \(.+\)"):
        measured_document(json.dumps(content))


@pytest.mark.parametrize("key", ["interval", "reference_range"])
@pytest.mark.parametrize("value", [[], [1], ["a", "b"], {}, 3])
def test_a_document_whose_ranges_are_no_two_numbers_is_refused_in_words(text, key, value):
    content = json.loads(text)
    content["measurements"][3][key] = value
    with pytest.raises(InputError, match=r"A measurement of the document is invalid \(.+\)"):
        measured_document(json.dumps(content))


@pytest.mark.parametrize("edits", [[], ["a"], [[1]], 3, "abc", None])
def test_edits_that_are_no_object_are_refused_in_words(text, edits):
    document = measured_document(json.dumps({**json.loads(text), "edits": edits}))
    with pytest.raises(InputError, match="The edits are not a JSON object"):
        EditableMeasurements(document)
