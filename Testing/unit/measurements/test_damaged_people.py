"""A whole person with broken, exchanged and missing bones: no exception, no warning, and no silent nonsense."""

import numpy as np
import pytest

from SwinX2SLib.anatomy import labels
from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.measurements.bones import bone_from_mesh, bones_from_labels
from SwinX2SLib.measurements.measure import measure_subject
from SwinX2SLib.phantom import PhantomParameters, build_phantom

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("error::RuntimeWarning")]
NAMES = {label.id: label.name for label in labels()}
IDS = {name: label for label, name in NAMES.items()}
# A value may differ by so much from that of the whole person and still be called good.
FURTHEST = {"mm": 12.0, "deg": 15.0, "1/m": 12.0}
SPACING_MM = 4.0


@pytest.fixture(scope="module")
def person():
    phantom = build_phantom(PhantomParameters(lumbar_count=5), SPACING_MM)
    return phantom.labels, phantom.affine, measured(phantom.labels, phantom.affine)


def measured(volume, affine):
    found = measure_subject(bones_from_labels(volume, affine))
    return {(m.structure, m.name, m.side): m for region in found.values() for m in region}


def good(found, *starts):
    return [key for key, m in found.items() if key[0].startswith(starts) and m.quality == "good"]


def exchanged(volume, pairs):
    result = volume.copy()
    for one, other in pairs:
        result[volume == IDS[one]], result[volume == IDS[other]] = IDS[other], IDS[one]
    return result


def half_of(volume, name, axis, rng):
    place = np.argwhere(volume == IDS[name])
    middle = np.quantile(place[:, axis], rng.uniform(0.35, 0.65))
    result = volume.copy()
    result[tuple(place[place[:, axis] > middle].T)] = 0
    return result


def test_the_whole_person_is_good(person):
    assert len(good(person[2], "vertebrae", "rib", "hip", "femur", "pelvis")) > 250


def test_exchanged_sides_are_told_for_every_bone(person):
    volume, affine, _ = person
    pairs = [(name, name.replace("left", "right")) for name in IDS if "left" in name]
    found = measured(exchanged(volume, pairs), affine)
    assert not good(found, "femur", "pelvis", "rib")


@pytest.mark.parametrize("kind", ["rib", "femur", "hip", "rib_left_1 rib_right_1"])
def test_exchanged_sides_are_told_where_no_other_bone_tells_them(person, kind):
    """Ribs alone, femora alone, as a file shows them: all else of such bones is right."""
    volume, affine, _ = person
    kept = [name for name in IDS if name.startswith(tuple(kind.split()))]
    alone = np.where(np.isin(volume, [IDS[name] for name in kept]), volume, 0)
    pairs = [(name, name.replace("left", "right")) for name in kept if "left" in name]
    regions = ("rib_", "femur", "pelvis", "hip")
    assert good(measured(alone, affine), *regions) or kind.startswith(("hip", "rib_left"))
    found = measured(exchanged(alone, pairs), affine)
    assert not good(found, *regions)
    told = {key[0] for key, m in found.items() if any("to the right of" in reason for reason in m.reasons)}
    assert {name for name in kept if "left" in name and "hip" not in name} <= told
    assert not any(
        "coordinate frame" in reason for m in measured(alone, affine).values() for reason in m.reasons
    )


@pytest.mark.parametrize("kind", ["vertebrae", "rib", "femur", ""])
def test_meshes_in_the_other_frame_are_told(person, kind):
    """Vertices in LPS that are read as RAS turn the patient about: all distances and angles stay as they are."""
    volume, affine, _ = person
    bones = {name: bone for name, bone in bones_from_labels(volume, affine).items() if name.startswith(kind)}
    turned = {
        name: bone_from_mesh(name, ras_to_lps(bone.vertices_ras_mm), bone.faces)
        for name, bone in bones.items()
    }
    assert not [m for ones in measure_subject(turned).values() for m in ones if m.quality == "good"]


def test_exchanged_femora_are_told(person):
    volume, affine, _ = person
    found = measured(exchanged(volume, [("femur_left", "femur_right")]), affine)
    assert not good(found, "femur")


def test_vertebrae_out_of_order_are_told(person):
    volume, affine, _ = person
    found = measured(exchanged(volume, [("vertebrae_T5", "vertebrae_L2")]), affine)
    assert not good(found, "vertebrae_T5", "vertebrae_L2")


def test_names_that_skip_a_vertebra_are_told_by_the_ribs(person):
    volume, affine, _ = person
    shifted = volume.copy()
    for name in [f"T{n}" for n in range(5, 13)] + [f"L{n}" for n in range(1, 6)]:
        shifted[volume == IDS[f"vertebrae_{name}"]] = IDS[f"vertebrae_{name}"] + 1
    found = measured(shifted, affine)
    assert not good(found, "vertebrae_T7", "vertebrae_T9", "vertebrae_L3")


def test_joined_neighbours_are_told(person):
    volume, affine, _ = person
    joined = np.where(volume == IDS["vertebrae_T9"], np.uint8(IDS["vertebrae_T8"]), volume)
    assert not good(measured(joined, affine), "vertebrae_T8")


@pytest.mark.parametrize(
    ("name", "seed"), [("femur_left", 2), ("vertebrae_L3", 1), ("rib_right_6", 0), ("hip_left", 2)]
)
def test_half_a_bone_gives_no_silent_nonsense(person, name, seed):
    volume, affine, whole = person
    found = measured(half_of(volume, name, seed, np.random.default_rng(seed)), affine)
    check_against(whole, found)


@pytest.mark.parametrize("seed", range(2))
def test_holes_specks_and_lost_voxels_give_no_silent_nonsense(person, seed):
    volume, affine, whole = person
    rng, broken = np.random.default_rng(seed), volume.copy()
    if seed % 2:
        broken[rng.random(volume.shape) < 0.3] = 0
    else:
        inside = np.argwhere(volume > 0)
        for place in inside[rng.integers(len(inside), size=25)]:
            broken[tuple(slice(max(index - 1, 0), index + 1) for index in place)] = rng.choice([0, 30])
    check_against(whole, measured(broken, affine))


def test_single_voxels_and_nothing_at_all_have_no_numbers(person):
    volume, affine, _ = person
    single = np.zeros_like(volume)
    for label in NAMES:
        single[4 + label % 7 * 3, 5 + label // 7 * 3, 20] = label
    for broken in (single, np.zeros_like(volume)):
        assert all(m.value is None for m in measured(broken, affine).values())


def check_against(whole, found):
    for key, m in found.items():
        before = whole.get(key)
        if m.quality == "good" and m.value is not None and before is not None and before.value is not None:
            limit = max(FURTHEST.get(m.unit, np.inf), 0.35 * abs(before.value))
            assert abs(m.value - before.value) <= limit, (key, before.value, m.value)
