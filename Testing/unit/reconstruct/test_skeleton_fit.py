"""A person of the skeleton comes back from rough probabilities; what is not seen or not modelled stays as it is."""

import numpy as np
import pytest
import torch

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.reconstruct.label_assignment import assign_labels
from SwinX2SLib.reconstruct.skeleton_fit import fit_to_radiographs
from SwinX2SLib.skeleton.population import label_map, sample_weights

SPACING_MM, L6 = 4.0, 25


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    labels, _ = label_map(sample_weights(np.random.default_rng(8)), SPACING_MM)
    rows = np.flatnonzero((labels == 53).any(axis=(0, 1)))
    return np.ascontiguousarray(labels[:, :, : rows[0] + 30])


def rough(truth: np.ndarray) -> torch.Tensor:
    """Return probabilities of a network that draws every bone too thick."""
    probability = torch.zeros(55, *truth.shape)
    for label in np.unique(truth[truth > 0]):
        probability[int(label)] = 0.9 * torch.from_numpy(truth == label)
    thick = torch.nn.functional.max_pool3d(probability[None, 1:], 3, 1, 1)[0]
    probability[1:] = torch.maximum(probability[1:], 0.55 * thick / thick.sum(0).clamp(min=1))
    probability[0] = (1 - probability[1:].sum(0)).clamp(min=0)
    return probability


def radiographs(truth: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    bone = torch.from_numpy((truth > 0).astype(np.float32))
    return bone.sum(1) / 20, bone.sum(0) / 20


def dice(labels: np.ndarray, truth: np.ndarray, group: str) -> float:
    own = [label for label in label_ids(group) if (truth == label).sum() > 20]
    return float(
        np.mean(
            [
                2 * ((labels == k) & (truth == k)).sum() / ((labels == k).sum() + (truth == k).sum())
                for k in own
            ]
        )
    )


@pytest.fixture(scope="module")
def fitted(truth):
    probability = rough(truth)
    probability[L6, 2:6, 2:6, 2:6] = 0.7
    before = probability.clone()
    return fit_to_radiographs(probability, *radiographs(truth), SPACING_MM, {}), before, probability


def test_bones_of_a_rough_prediction_become_those_of_the_person(fitted, truth):
    _, before, after = fitted
    plain, found = (assign_labels(one).labels for one in (before, after))
    for group in ("spine", "pelvis", "femur"):
        assert dice(found, truth, group) > 0.7, group
    assert dice(found, truth, "ribs") > 0.25
    assert dice(found, truth, "spine") > dice(plain, truth, "spine") - 0.05


def test_the_fit_states_a_position_error_for_every_bone_that_it_took(fitted, truth):
    fit, _, _ = fitted
    assert set(label_ids("ribs")) <= set(fit.position_error_mm)
    assert set(fit.position_error_mm) <= {int(label) for label in np.unique(truth)} | set(label_ids("ribs"))
    assert all(0 < error < 60 for error in fit.position_error_mm.values())


def test_probabilities_stay_probabilities_and_a_bone_that_is_not_modelled_stays(fitted):
    _, before, after = fitted
    assert torch.equal(after[L6], before[L6])
    assert float(after.min()) >= 0
    assert float(after.max()) <= 1


def test_where_nothing_is_seen_nothing_changes():
    probability = torch.zeros(55, 24, 24, 40)
    probability[0] = 1
    before = probability.clone()
    fit = fit_to_radiographs(probability, torch.zeros(24, 40), torch.zeros(24, 40), SPACING_MM, {})
    assert fit.position_error_mm == {}
    assert torch.equal(probability, before)


def test_a_bone_seen_in_one_radiograph_alone_is_left_to_the_network(truth):
    probability = rough(truth)
    # Spread over all depths with so little probability that one radiograph alone shows it.
    probability[20] = 0.2 * torch.from_numpy((truth == 20).any(axis=1)).float()[:, None]
    before = probability[20].clone()
    fit = fit_to_radiographs(probability, *radiographs(truth), SPACING_MM, {})
    assert 20 not in fit.position_error_mm
    assert torch.equal(probability[20], before)
