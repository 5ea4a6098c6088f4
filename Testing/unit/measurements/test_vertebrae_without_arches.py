"""Vertebrae of which a prediction shows the body alone: measured in the directions of their neighbours, and told."""

import numpy as np
import pytest

from SwinX2SLib.anatomy import labels as anatomy_labels
from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.measure import measure_subject
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom

LOINS = FieldOfView((-70.0, -110.0, 80.0), (70.0, 60.0, 330.0))
SPACING_MM = 2.0
IDS = {label.name: label.id for label in anatomy_labels()}


@pytest.fixture(scope="module")
def phantom():
    return build_phantom(PhantomParameters(), SPACING_MM, LOINS)


def without_arches(phantom, names: tuple[str, ...]) -> np.ndarray:
    """Leave of some vertebrae what lies in front of their middle."""
    labels = phantom.labels.copy()
    for name in names:
        place = np.argwhere(labels == IDS[name])
        ras = place @ phantom.affine[:3, :3].T + phantom.affine[:3, 3]
        back = ras[:, 1] < ras[:, 1].max() - 34.0
        labels[tuple(place[back].T)] = 0
    return labels


def vertebra(labels: np.ndarray, affine: np.ndarray) -> dict:
    found = measure_subject(bones_from_labels(labels, affine))
    return {(m.structure, m.name): m for region in ("vertebra", "spine") for m in found[region]}


def test_the_body_is_measured_as_with_its_arch_and_said_to_lack_it(phantom):
    whole = vertebra(phantom.labels, phantom.affine)
    bare = vertebra(without_arches(phantom, ("vertebrae_L2",)), phantom.affine)
    for name, most in (("anterior_body_height", 2.5), ("posterior_body_height", 2.5), ("wedge_angle", 4.0)):
        one = bare["vertebrae_L2", name]
        assert one.quality == "check"
        assert any("arch is missing" in reason for reason in one.reasons)
        assert abs(one.value - whole["vertebrae_L2", name].value) < most, name


def test_what_needs_the_arch_is_absent(phantom):
    bare = vertebra(without_arches(phantom, ("vertebrae_L2",)), phantom.affine)
    for name in ("canal_length", "spinous_process_length", "axial_rotation"):
        assert bare["vertebrae_L2", name].quality == "absent"
        assert "arch" in bare["vertebrae_L2", name].reasons[0]


def test_neighbours_with_arches_are_not_doubted_for_it(phantom):
    bare = vertebra(without_arches(phantom, ("vertebrae_L2",)), phantom.affine)
    assert not any(
        "arch is missing" in reason for reason in bare["vertebrae_L1", "anterior_body_height"].reasons
    )


def test_where_no_vertebra_shows_its_arch_nothing_is_made_up(phantom):
    present = [
        name for name in ("T12", "L1", "L2", "L3", "L4", "L5", "L6") if _there(phantom, f"vertebrae_{name}")
    ]
    bare = vertebra(without_arches(phantom, tuple(f"vertebrae_{name}" for name in present)), phantom.affine)
    assert bare["vertebrae_L2", "anterior_body_height"].quality == "absent"


def _there(phantom, name: str) -> bool:
    return bool((phantom.labels == IDS[name]).any())
