"""The phantom has every bone, in its place, on its side, with the measures that its truth states."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from SwinX2SLib.anatomy import label_ids, labels, mirrored_ids
from SwinX2SLib.geometry.frames import orientation_of, transform_points
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, Sided, build_phantom

pytestmark = pytest.mark.slow

SPACING_MM = 2.0
ID = {label.name: label.id for label in labels()}


@pytest.fixture(scope="module")
def phantom():
    return build_phantom(spacing_mm=SPACING_MM)


def label_at(phantom, point):
    index = np.round(transform_points(np.linalg.inv(phantom.affine), point)).astype(int)
    return int(phantom.labels[tuple(index)])


def places_of(phantom, name):
    return transform_points(phantom.affine, np.argwhere(phantom.labels == ID[name]))


def distance_to_surface_mm(phantom, name, point):
    inside = phantom.labels == ID[name]
    shell = inside & ~ndimage.binary_erosion(inside)
    surface = transform_points(phantom.affine, np.argwhere(shell))
    return np.linalg.norm(surface - point, axis=1).min()


def test_all_54_bones_are_there_each_in_one_piece(phantom):
    assert set(np.unique(phantom.labels)) == set(range(55))
    assert phantom.labels.dtype == np.uint8
    assert orientation_of(phantom.affine) == "LPI"
    boxes = ndimage.find_objects(phantom.labels)
    for label in labels():
        pieces, count = ndimage.label(phantom.labels[boxes[label.id - 1]] == label.id, np.ones((3, 3, 3)))
        largest = np.bincount(pieces.ravel())[1:].max()
        assert largest >= 0.98 * (pieces > 0).sum(), f"{label.name} lies in {count} pieces"


def test_volumes_of_the_bones_are_those_of_adults(phantom):
    volume_ml = np.bincount(phantom.labels.ravel(), minlength=55) * SPACING_MM**3 / 1000
    assert 150 < volume_ml[ID["sacrum"]] < 320
    for side in ("left", "right"):
        assert 280 < volume_ml[ID[f"hip_{side}"]] < 480
        assert 10 < volume_ml[ID[f"rib_{side}_6"]] < 28
    assert 35 < volume_ml[ID["vertebrae_L3"]] < 75
    assert 15 < volume_ml[ID["vertebrae_T5"]] < 30
    assert 5 < volume_ml[ID["vertebrae_C4"]] < 14


def test_bones_named_left_lie_on_the_left(phantom):
    for label in labels():
        if label.side:
            centre = places_of(phantom, label.name).mean(axis=0)
            assert (centre[0] > 0) == (label.side == "right"), label.name


def test_levels_follow_each_other_upwards(phantom):
    heights = [places_of(phantom, name)[:, 2].mean() for name in ID if name.startswith("vertebrae_")]
    assert all(upper > lower for upper, lower in itertools.pairwise(heights))
    assert places_of(phantom, "sacrum")[:, 2].mean() < heights[-1]
    for side in ("left", "right"):
        ribs = [places_of(phantom, f"rib_{side}_{number}")[:, 2].max() for number in range(1, 13)]
        assert all(upper > lower for upper, lower in itertools.pairwise(ribs))


def test_a_mirrored_phantom_is_another_one(phantom):
    mirrored = np.array(mirrored_ids(), dtype=np.uint8)[phantom.labels[::-1]]
    both = (mirrored > 0) | (phantom.labels > 0)
    assert (mirrored != phantom.labels)[both].mean() > 0.1


def test_voxels_of_the_head_fit_the_true_sphere(phantom):
    for side in ("left", "right"):
        truth = phantom.truth.femora[side]
        surface = places_of(phantom, f"femur_{side}") - truth.head_centre
        away_from_neck = surface @ truth.neck_axis > 0.3 * np.linalg.norm(surface, axis=1)
        reach = np.linalg.norm(surface[away_from_neck], axis=1).max()
        assert reach == pytest.approx(truth.head_radius_mm, abs=0.5)


def test_the_socket_holds_the_head_without_touching_it(phantom):
    for side in ("left", "right"):
        truth = phantom.truth.femora[side]
        gap = np.linalg.norm(places_of(phantom, f"hip_{side}") - truth.head_centre, axis=1).min()
        assert truth.head_radius_mm + 1 < gap < truth.head_radius_mm + 6


def test_femoral_axes_enclose_the_neck_shaft_angle():
    parameters = PhantomParameters(
        neck_shaft_angle_deg=Sided(118.0, 140.0), anteversion_deg=Sided(-5.0, 25.0)
    )
    box = FieldOfView((-180, -60, -100), (180, 60, 40))
    phantom = build_phantom(parameters, 3.0, box)
    for side, angle in (("left", 118.0), ("right", 140.0)):
        truth = phantom.truth.femora[side]
        assert np.degrees(np.arccos(truth.neck_axis @ truth.shaft_axis)) == pytest.approx(angle, abs=1e-9)
        assert label_at(phantom, truth.head_centre) == ID[f"femur_{side}"]
        assert label_at(phantom, truth.neck_shaft_point + 50 * truth.shaft_axis) == ID[f"femur_{side}"]
        assert truth.neck_axis[0] * (1 if side == "left" else -1) > 0, "the neck points inwards"
    assert phantom.truth.femora["right"].neck_axis[1] > 0 > phantom.truth.femora["left"].neck_axis[1]


def test_endplates_bound_the_bodies(phantom):
    for name, truth in phantom.truth.vertebrae.items():
        if name in ("vertebrae_C1", "vertebrae_C2"):  # a ring; a body that goes on into the dens
            continue
        for centre, normal, inwards in (
            (truth.upper_endplate_centre, truth.upper_endplate_normal, -1),
            (truth.lower_endplate_centre, truth.lower_endplate_normal, 1),
        ):
            assert label_at(phantom, centre + inwards * 2.0 * normal) == ID[name]
            assert label_at(phantom, centre - inwards * 2.0 * normal) == 0
        distance = np.linalg.norm(truth.upper_endplate_centre - truth.lower_endplate_centre)
        assert distance == pytest.approx(truth.body_height_mm)


@pytest.mark.parametrize("name", ["vertebrae_T8", "vertebrae_L3"])
def test_the_canal_is_as_long_and_wide_as_its_truth_says(phantom, name):
    centre = phantom.truth.vertebrae[name].canal_centre
    fine = build_phantom(phantom.parameters, 0.5, FieldOfView(tuple(centre - 35), tuple(centre + 35)))
    truth = fine.truth.vertebrae[name]
    steps = np.arange(-20, 20, 0.25)
    for axis, expected in ((0, truth.canal_width_mm), (1, truth.canal_length_mm)):
        line = truth.canal_centre + steps[:, None] * truth.axes[:, axis]
        empty = np.array([label_at(fine, point) != ID[name] for point in line])
        hole, _ = ndimage.label(empty)
        measured = 0.25 * (hole == hole[len(steps) // 2]).sum()
        assert measured == pytest.approx(expected, abs=1.2)


def test_curves_of_the_spine_are_the_ones_asked_for():
    parameters = PhantomParameters(scoliosis_cobb_deg=24.0, scoliosis_apex=10.5, scoliosis_extent=8.0)
    truth = build_phantom(parameters, 8.0).truth
    normals = {name: v.upper_endplate_normal for name, v in truth.vertebrae.items()}
    leans = {name: np.degrees(np.arctan2(normal[0], normal[2])) for name, normal in normals.items()}
    upper, lower = min(leans, key=leans.get), max(leans, key=leans.get)
    assert truth.cobb_angle_deg(upper, lower) == pytest.approx(24.0, abs=1.0)
    apex = truth.vertebrae["vertebrae_T8"].body_centre[0]
    assert apex > truth.vertebrae["vertebrae_L4"].body_centre[0] + 5, "a positive curve bows to the right"
    sagittal = {name: np.degrees(np.arctan2(normal[1], normal[2])) for name, normal in normals.items()}
    assert sagittal["vertebrae_T1"] - sagittal["vertebrae_L1"] == pytest.approx(38.0, abs=0.1)
    assert truth.sacral_slope_deg - sagittal["vertebrae_L1"] == pytest.approx(50.0, abs=0.1)


def test_pelvic_incidence_is_the_angle_at_the_sacral_endplate(phantom):
    truth = phantom.truth
    hip_axis = (truth.femora["left"].head_centre + truth.femora["right"].head_centre) / 2
    to_hips = (hip_axis - truth.sacral_endplate_centre)[1:]
    normal = -truth.sacral_endplate_normal[1:]
    cosine = to_hips @ normal / np.linalg.norm(to_hips) / np.linalg.norm(normal)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(truth.pelvic_incidence_deg, abs=1e-6)
    assert truth.pelvic_incidence_deg == pytest.approx(truth.pelvic_tilt_deg + truth.sacral_slope_deg)


def test_landmarks_lie_on_the_surface_of_their_bones(phantom):
    for name, point in phantom.truth.landmarks.items():
        bone = "sacrum" if name == "promontory" else f"hip_{name.rsplit('_', 1)[1]}"
        assert distance_to_surface_mm(phantom, bone, point) < 1.5 * SPACING_MM, name
        if bone != "sacrum":
            assert (point[0] > 0) == name.endswith("right")


def test_centrelines_run_inside_the_ribs_from_the_spine_forwards(phantom):
    for name, line in phantom.truth.ribs.items():
        inside = np.mean([label_at(phantom, point) == ID[name] for point in line])
        assert inside > 0.95, name
        assert abs(line[0, 0]) < abs(line[len(line) // 2, 0])
        assert line[-1, 1] > line[len(line) // 3, 1]


def test_a_window_holds_the_same_bones_as_the_whole(phantom):
    lower = phantom.affine[:3, 3] - SPACING_MM * (np.array([140, 90, 420]) + 0.5)
    upper = phantom.affine[:3, 3] - SPACING_MM * (np.array([20, 10, 200]) - 0.5)
    window = build_phantom(phantom.parameters, SPACING_MM, FieldOfView(tuple(lower), tuple(upper)))
    np.testing.assert_allclose(window.affine, phantom.affine @ shift(20, 10, 200), atol=1e-9)
    np.testing.assert_array_equal(window.labels, phantom.labels[20:141, 10:91, 200:421])


def shift(*indices):
    matrix = np.eye(4)
    matrix[:3, 3] = indices
    return matrix


@pytest.mark.parametrize("seed", range(4))
def test_random_people_have_all_their_bones_and_can_be_repeated(seed):
    parameters = PhantomParameters.random(np.random.default_rng(seed))
    assert parameters == PhantomParameters.random(np.random.default_rng(seed))
    assert parameters == PhantomParameters.from_dict(parameters.to_dict())
    present = set(np.unique(build_phantom(parameters, 3.0).labels)) - {0}
    missing = set(range(1, 55)) - present
    assert missing == ({ID["vertebrae_L6"]} if parameters.lumbar_count == 5 else set())
    assert len(label_ids("spine")) == 25


def test_parameters_that_make_no_person_are_refused():
    with pytest.raises(ValueError, match=r"head_radius_mm(.|\n)*lumbar_count"):
        PhantomParameters(lumbar_count=4, head_radius_mm=Sided(-1.0, 24.0))
    with pytest.raises(ValueError, match="scale"):
        PhantomParameters(scale=float("nan"))
    with pytest.raises(ValueError, match="spacing"):
        build_phantom(spacing_mm=0)
    with pytest.raises(ValueError, match="empty"):
        build_phantom(spacing_mm=2, field_of_view=FieldOfView((0, 0, 0), (0, 1, 1)))
