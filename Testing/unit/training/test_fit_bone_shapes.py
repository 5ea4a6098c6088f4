"""Mean shapes of synthetic people are the bones that these were given."""

import numpy as np
import pytest
from fit_bone_shapes import SPACING_MM, mean_shape

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.training.synthesis.subjects import Subject

BONE = 22


def person(labels: np.ndarray, spacing_mm=(2.0, 2.0, 2.0)) -> Subject:
    return Subject("drawn", labels, np.array(spacing_mm), np.ones(CLASS_COUNT, dtype=bool))


def bone_at(places_mm: np.ndarray) -> np.ndarray:
    """A body with a process behind and one to the left, around 0."""
    body = ((places_mm / [22, 17, 14]) ** 2).sum(-1) < 1
    behind = (((places_mm - [0, 28, 4]) / [5, 16, 8]) ** 2).sum(-1) < 1
    beside = (((places_mm - [26, 6, -4]) / [14, 5, 5]) ** 2).sum(-1) < 1
    return body | behind | beside


def someone(size: float, at_mm, spacing_mm=(2.0, 2.0, 2.0), bone=bone_at) -> Subject:
    shape = np.ceil(120 / np.array(spacing_mm)).astype(int)
    places = np.moveaxis(np.indices(shape), 0, -1) * spacing_mm
    return person((BONE * bone((places - at_mm) / size)).astype(np.uint8), spacing_mm)


def overlap(shape, reference: Subject) -> float:
    """Dice of a shape and the bone of the person that it is placed as."""
    places = shape.origin_mm + SPACING_MM * np.moveaxis(np.indices(shape.probability.shape), 0, -1)
    index = np.rint((places + reference.points_mm(BONE).mean(axis=0)) / reference.spacing_mm).astype(int)
    truth = reference.labels[tuple(np.moveaxis(index, -1, 0))] == BONE
    return 2 * (truth & (shape.probability > 0.5)).sum() / (truth.sum() + (shape.probability > 0.5).sum())


@pytest.fixture(scope="module")
def people() -> list[Subject]:
    return [
        someone(1.0, (58, 50, 60)),
        someone(1.15, (66, 52, 57), (1.5, 2.0, 1.8)),
        someone(0.85, (50, 60, 64)),
        someone(1.0, (61, 55, 49)),
    ]


def test_the_mean_of_one_bone_moved_and_scaled_is_that_bone(people):
    shape = mean_shape(people, BONE)
    assert 0 <= shape.probability.min() < 0.05
    assert 0.95 < shape.probability.max() <= 1
    assert overlap(shape, people[0]) > 0.88


def test_the_mean_of_one_bone_moved_and_scaled_is_as_large_as_the_first(people):
    shape = mean_shape(people, BONE)
    assert shape.probability.sum() * SPACING_MM**3 == pytest.approx(people[0].volumes_mm3[BONE], rel=0.06)
    assert overlap(shape, people[0]) > 0.93


def test_the_mean_of_two_sizes_of_a_part_is_uncertain_there_only():
    def stump(places_mm):
        return bone_at(places_mm) & (places_mm[..., 0] < 28)

    first = someone(1.0, (58, 50, 60))
    shape = mean_shape([first, someone(1.0, (58, 50, 60), bone=stump)], BONE)
    at = -shape.origin_mm + (58, 50, 60) - first.points_mm(BONE).mean(axis=0)
    tip, middle = (
        shape.probability[tuple(np.rint((at + away) / SPACING_MM).astype(int))] for away in ([36, 6, -4], 0)
    )
    assert tip == pytest.approx(0.5, abs=0.1)
    assert middle == pytest.approx(1.0)


def test_a_bone_that_does_not_fit_has_no_part_in_the_mean():
    def rod(places_mm):
        return (np.abs(places_mm[..., :2]) < 4).all(-1) & (np.abs(places_mm[..., 2]) < 55)

    first, same = someone(1.0, (58, 50, 60)), someone(1.0, (60, 50, 60))
    alone, with_rod = (
        mean_shape(people, BONE) for people in ([first, same], [first, same, someone(1, 60, bone=rod)])
    )
    assert with_rod.probability == pytest.approx(alone.probability)


def test_one_person_is_no_mean():
    assert mean_shape([someone(1.0, (58, 50, 60))], BONE) is None
    assert mean_shape([], BONE) is None
