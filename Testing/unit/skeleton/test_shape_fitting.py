"""Shapes change a reconstruction only where the radiographs show them, and then towards the truth."""

import numpy as np
import pytest
import torch

from SwinX2SLib.skeleton import shape_fitting
from SwinX2SLib.skeleton.label_probabilities import FEMORA
from SwinX2SLib.skeleton.pieces import PELVIS
from SwinX2SLib.skeleton.shape_fitting import LEAST_SIMILARITY, LEAST_SIMILARITY_OF_PELVIS, fit_shape_model

SHAPE, SPACING_MM = (44, 44, 48), 2.5
LABELS = (20, 21)


@pytest.fixture(scope="module")
def true_bones(lumbar, fill) -> dict[int, np.ndarray]:
    return fill(lumbar(count=2, true=True), SHAPE, SPACING_MM)


@pytest.fixture(scope="module")
def radiographs(true_bones, radiograph):
    return radiograph(true_bones, SPACING_MM)


@pytest.fixture
def seen(lumbar, fill) -> torch.Tensor:
    """What a network says that has the bones not quite where they are, and is not sure of them."""
    probability = torch.zeros(55, *SHAPE)
    for label, bone in fill(lumbar(count=2), SHAPE, SPACING_MM).items():
        probability[label] = 0.95 * torch.from_numpy(bone).clamp(0, 1) + 0.01
    probability[0] = 1 - probability[1:].sum(dim=0).clamp(max=1)
    return probability / probability.sum(dim=0)


def lay(probability: torch.Tensor, coronal: torch.Tensor, sagittal: torch.Tensor) -> dict[int, float]:
    labels = probability.argmax(dim=0).numpy().astype(np.uint8)
    return fit_shape_model(probability, labels, coronal, sagittal, SPACING_MM).similarity


def dice(probability: torch.Tensor, truth: dict[int, np.ndarray], label: int) -> float:
    one, other = (probability.argmax(dim=0) == label).numpy(), truth[label] > 0.5
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_radiographs_of_the_bones_move_them_towards_where_they_are(seen, radiographs, true_bones):
    before = seen.clone()
    believed = lay(seen, radiographs.coronal, radiographs.sagittal)
    assert set(believed) == set(LABELS)
    assert all(LEAST_SIMILARITY <= alike <= 1 for alike in believed.values())
    for label in LABELS:
        assert dice(seen, true_bones, label) > dice(before, true_bones, label) + 0.05
    assert bool(((seen >= 0) & (seen <= 1)).all())
    untouched = [label for label in range(1, 55) if label not in LABELS]
    assert torch.equal(seen[untouched], before[untouched])


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_radiographs_of_nothing_or_noise_are_not_believed(seen, noise):
    made = torch.Generator().manual_seed(0)
    coronal, sagittal = (noise * torch.rand(44, 48, generator=made) for _ in range(2))
    before = seen.clone()
    assert lay(seen, coronal, sagittal) == {}
    assert torch.equal(seen, before)


def test_where_there_is_no_bone_nothing_is_fitted(radiographs):
    probability = torch.zeros(55, *SHAPE)
    probability[0] = 1
    assert lay(probability, radiographs.coronal, radiographs.sagittal) == {}
    assert bool((probability[0] == 1).all())


def test_shapes_are_fitted_to_a_prediction_in_inference_mode_and_half_precision(
    seen, radiographs, true_bones
):
    with torch.inference_mode():
        said = seen.half()
        believed = lay(said, radiographs.coronal.half(), radiographs.sagittal.half())
        after = dice(said, true_bones, LABELS[0])
    assert set(believed) == set(LABELS)
    assert said.dtype == torch.float16
    assert after > dice(seen, true_bones, LABELS[0]) + 0.05


@pytest.fixture(scope="module")
def turned(pelvis):
    return pelvis(turn=0.1, step=20)


@pytest.fixture(scope="module")
def pelvis_bones(turned, fill) -> dict[int, np.ndarray]:
    return fill(turned, (100, 84, 90), 3.0)


@pytest.fixture
def fit_pelvis(turned, pelvis_bones, sockets_mm, femora, monkeypatch):
    """Function (similarity of the pelvis, radiographs) that returns the fitted shapes, and whether the femora
    moved."""

    def fit_with(alike: float, *radiographs: torch.Tensor):
        monkeypatch.setattr(shape_fitting, "_fitted", lambda *given: (turned, [alike]))
        probability, labels = femora(sockets_mm(turned), (-9.0, 9.0))
        for label, bone in pelvis_bones.items():
            labels[bone > 0.5] = label
        before = probability[list(FEMORA)].clone()
        fitted_shapes = fit_shape_model(probability, labels, *radiographs, 3.0)
        return fitted_shapes, not torch.equal(probability[list(FEMORA)], before)

    return fit_with


@pytest.mark.parametrize("beyond", [-0.01, 0.01])
def test_femora_follow_a_pelvis_that_is_believed_and_no_other(fit_pelvis, beyond):
    dark = torch.zeros(100, 90), torch.zeros(84, 90)
    fitted_shapes, moved = fit_pelvis(LEAST_SIMILARITY_OF_PELVIS + beyond, *dark)
    believed = beyond > 0
    assert set(fitted_shapes.similarity) == (set(PELVIS) if believed else set())
    assert set(fitted_shapes.femur_shifts_mm) == (set(FEMORA) if believed else set())
    assert moved is believed


def test_a_pelvis_much_less_like_the_radiographs_than_the_one_drawn_is_not_believed(
    fit_pelvis, pelvis_bones, radiograph
):
    radiographs = radiograph(pelvis_bones, 3.0)
    assert fit_pelvis(0.5, radiographs.coronal, radiographs.sagittal)[0].similarity == {}
    assert set(fit_pelvis(0.95, radiographs.coronal, radiographs.sagittal)[0].similarity) == set(PELVIS)
