"""Single bones that are not what they are called, cut askew, or broken: told, and not measured as if whole."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.geometry.surfaces import angle_deg, unit
from SwinX2SLib.measurements import bones_from_labels
from SwinX2SLib.measurements.crosschecks import cross_check_flags
from SwinX2SLib.measurements.femur_proximal import find_proximal
from SwinX2SLib.measurements.vertebra import measure_vertebrae, vertebra_shapes
from SwinX2SLib.phantom import PhantomParameters

sys.path.insert(0, str(Path(__file__).parent))
from people import phantom_bones


@pytest.fixture(scope="module")
def femur():
    return phantom_bones(PhantomParameters(), 2.0, {"femur_left"})[0]["femur_left"]


def without(bone, removed):
    """The bone without the voxels of which `removed` says so, by their places `(N, 3)` RAS mm."""
    index = np.argwhere(bone.mask)
    places = index @ bone.affine[:3, :3].T + bone.affine[:3, 3]
    kept = np.zeros_like(bone.mask)
    kept[tuple(index[~removed(places)].T)] = True
    padded = np.pad(kept, 4).astype(np.uint8) * bone.label
    moved = bone.affine.copy()
    moved[:3, 3] -= bone.affine[:3, :3] @ (4, 4, 4)
    return bones_from_labels(padded, moved)[bone.name]


@pytest.mark.parametrize("askew", [(0.35, 0.0), (-0.35, 0.0), (0.0, 0.35), (0.0, -0.35)])
def test_a_shaft_cut_askew_is_as_long_as_its_shorter_side(femur, askew):
    upper = find_proximal(femur)
    shaft, head = upper.shaft.cone, upper.head
    across = np.cross(shaft.direction, [1.0, 0.0, 0.0])
    beside = np.cross(shaft.direction, across)
    normal = unit(shaft.direction + askew[0] * unit(across) + askew[1] * unit(beside))
    level = (head.centre - shaft.point) @ shaft.direction + 4.7 * head.radius_mm
    foot = shaft.point + level * shaft.direction
    cut = find_proximal(without(femur, lambda places: (places - foot) @ normal > 0)).shaft
    assert not cut.clear_of_trochanter
    assert angle_deg(cut.cone.direction, shaft.direction) < 5.0


def test_several_bones_under_one_name_are_told(femur):
    small = replace(femur, name="vertebrae_L3")
    reasons = cross_check_flags({"femur_left": femur, "vertebrae_L3": small}, {})
    assert not reasons["femur_left"]
    assert "too large for a single bone" in reasons["vertebrae_L3"][0]


def test_a_spinous_process_whose_tip_broke_off_is_told():
    names = {f"vertebrae_{name}" for name in ("T6", "T7", "T8")}
    bones = phantom_bones(PhantomParameters(), 2.0, names)[0]
    shape = vertebra_shapes(bones)["vertebrae_T7"]
    base, tip = (shape.frame.to_ras(end) for end in (shape.spinous.base, shape.spinous.tip))
    along, length = unit(tip - base), np.linalg.norm(tip - base)

    def gap(places):
        depth = (places - base) @ along
        return (depth > 0.6 * length) & (depth < 0.6 * length + 5.0)

    bones["vertebrae_T7"] = without(bones["vertebrae_T7"], gap)
    found = {m.name: m for m in measure_vertebrae(bones) if m.structure == "vertebrae_T7"}
    assert found["spinous_process_length"].value < 0.8 * length
    assert any(
        "broken" in reason or "separate components" in reason
        for reason in found["spinous_process_length"].reasons
    )


def test_an_endplate_within_one_layer_of_voxels_is_the_least_certain():
    names = {f"vertebrae_{name}" for name in ("T7", "T8", "T9")}
    leans, flags = [], []
    for offset in (0.0, 1.0):
        shape = vertebra_shapes(phantom_bones(PhantomParameters(), 2.0, names, (0, 0, offset))[0])[
            "vertebrae_T8"
        ]
        normal = shape.endplate_ras("superior")[1]
        leans.append(np.degrees(np.arctan2(normal[1], normal[2])))
        flags.append(shape.uncertainties_deg["superior"][0])
    assert abs(leans[0] - leans[1]) > 2.0
    assert max(flags) >= abs(leans[0] - leans[1])
