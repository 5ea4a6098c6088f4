"""Broken, swapped, speckled and empty labels: reasons instead of numbers, and never an exception."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from SwinX2SLib.measurements.bones import bones_from_labels
from SwinX2SLib.measurements.rib import measure_ribs
from SwinX2SLib.measurements.spine import measure_spine
from SwinX2SLib.measurements.vertebra import measure_vertebrae, vertebra_shapes
from SwinX2SLib.phantom import FieldOfView, PhantomParameters, build_phantom

pytestmark = pytest.mark.slow

# Wider than any person: what lies outside has to be flagged.
POSSIBLE = {
    "height": (4, 60),
    "endplate_length": (6, 70),
    "canal": (3, 45),
    "spinous_process_length": (4, 90),
}


@pytest.fixture(scope="module")
def piece():
    """A coarse thoracolumbar piece with ribs: small, and quick to measure."""
    view = FieldOfView((-75.0, -140.0, 345.0), (75.0, 30.0, 430.0))
    phantom = build_phantom(PhantomParameters(), 4.0, view)
    return phantom.labels, phantom.affine


DAMAGES = ("holes", "islands", "cut", "swap", "specks", "empty", "erode", "half", "noise", "merge")


def damaged(labels, kind, rng):
    labels = labels.copy()
    present = np.unique(labels)[1:]
    one, other = rng.choice(present, 2)
    inside = np.argwhere(labels > 0)
    if kind == "holes":
        for centre in inside[rng.integers(len(inside), size=20)]:
            start = np.maximum(centre - rng.integers(1, 4, 3), 0)
            labels[tuple(slice(a, a + rng.integers(2, 6)) for a in start)] = 0
    elif kind == "islands":
        for _ in range(30):
            start = rng.integers(0, labels.shape)
            labels[tuple(slice(a, a + 3) for a in start)] = rng.choice(present)
    elif kind == "cut":
        axis, at = rng.integers(3), rng.uniform(0.2, 0.8)
        labels = np.split(labels, [int(at * labels.shape[axis])], axis=axis)[rng.integers(2)]
    elif kind == "swap":
        labels[labels == one], labels[labels == other] = 0, one
    elif kind == "specks":
        kept = inside[rng.integers(len(inside), size=40)]
        few = np.zeros_like(labels)
        few[tuple(kept.T)] = labels[tuple(kept.T)]
        labels = few
    elif kind == "empty":
        labels[:] = 0
    elif kind == "erode":
        labels[rng.random(labels.shape) < rng.uniform(0.1, 0.7)] = 0
    elif kind == "half":
        where = inside[labels[tuple(inside.T)] == one]
        axis = rng.integers(3)
        labels[tuple(where[where[:, axis] > np.median(where[:, axis])].T)] = 0
    elif kind == "noise":
        box = tuple(slice(0, int(rng.integers(8, 24))) for _ in range(3))
        labels[box] = rng.choice(np.append(present, 0), labels[box].shape)
    elif kind == "merge":
        labels[labels > 0] = one
    return labels


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(kind=st.sampled_from(DAMAGES), seed=st.integers(0, 10_000), twice=st.booleans())
def test_damage_gives_reasons_and_no_exception(piece, kind, seed, twice):
    labels, affine = piece
    rng = np.random.default_rng(seed)
    broken = damaged(labels, kind, rng)
    if twice and broken.any() and len(np.unique(broken)) > 2:
        broken = damaged(broken, DAMAGES[seed % 5], rng)
    bones = bones_from_labels(broken, affine)
    shapes = vertebra_shapes(bones)
    found = [*measure_vertebrae(bones, shapes), *measure_spine(bones, shapes), *measure_ribs(bones)]
    for measurement in found:
        assert (measurement.quality == "good") == (not measurement.reasons)
        if measurement.value is not None:
            assert np.isfinite(measurement.value)
        if measurement.quality == "good" and measurement.value is not None:
            for part, (least, most) in POSSIBLE.items():
                if part in measurement.name:
                    assert least <= measurement.value <= most, measurement


def test_the_undamaged_piece_is_measured(piece):
    labels, affine = piece
    found = measure_vertebrae(bones_from_labels(labels, affine))
    lengths = [m for m in found if m.name == "canal_length" and m.is_present]
    assert len(lengths) >= 3
