import numpy as np
import pytest
import torch

from SwinX2SLib.anatomy import CLASS_COUNT
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.training.data import BatchDataset, occupied_rays
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.deformation import DeformationLimits

GRID = (48, 48, 64)
STILL = DeformationLimits(0, 0, 0, 0, 0, 0, full_view=1.0, anatomical=0)


def three_bones() -> np.ndarray:
    """Left femur (53) on the patient's left, right femur (54) on the right, both higher than the sacrum (50)."""
    volume = np.zeros(GRID, np.uint8)
    volume[34:40, 12:18, 10:26] = 53
    volume[8:14, 10:16, 12:28] = 54
    volume[20:28, 32:40, 40:54] = 50
    return volume


def synthesiser(limits: DeformationLimits) -> Synthesiser:
    made = Synthesiser(GRID, limits)
    made.add_volume(three_bones(), np.full(3, 3.0), np.ones(CLASS_COUNT, dtype=bool), 1.0)
    return made


def test_left_stays_left_and_front_stays_in_front_on_both_films_and_in_the_labels():
    whole = DeformationLimits(full_view=1.0)
    draws = [synthesiser(whole).draw(np.random.default_rng(seed)) for seed in range(20)]
    for sample in draws:
        left, right, sacrum = (torch.nonzero(sample.labels == i).float().mean(0) for i in (53, 54, 50))
        assert left[0] > sacrum[0] > right[0], "axis 0 runs from the patient's right to the left"
        assert sacrum[1] > left[1], "axis 1 runs from the front to the back"
        assert sacrum[2] > left[2], "axis 2 runs from the head to the feet"


def test_a_mirrored_person_keeps_the_left_on_the_left():
    """Half the draws are mirrored: the left femur's shape then lies on the right, and is called the right femur."""
    volume = np.zeros(GRID, np.uint8)
    volume[34:40, 20:30, 10:50] = 53  # long
    volume[8:14, 20:30, 10:20] = 54  # short
    made = Synthesiser(GRID, STILL)
    made.add_volume(volume, np.full(3, 3.0), np.ones(CLASS_COUNT, dtype=bool), 1.0)
    long_side = set()
    for seed in range(20):
        labels = made.draw(np.random.default_rng(seed)).labels
        left, right = (torch.nonzero(labels == i).float() for i in (53, 54))
        assert left[:, 0].mean() > right[:, 0].mean()
        long_side.add("left" if len(left) > len(right) else "right")
    assert long_side == {"left", "right"}


def test_bones_are_brighter_than_their_surroundings_where_their_silhouettes_are():
    brighter = 0
    for seed in range(20):
        sample = synthesiser(DeformationLimits()).draw(np.random.default_rng(seed))
        for film, axis in ((sample.coronal, 1), (sample.sagittal, 0)):
            silhouette = occupied_rays(sample.labels, axis).bool().any(0)
            assert film.shape == silhouette.shape
            brighter += bool(film[silhouette].mean() > film[~silhouette].mean())
    assert brighter >= 36  # of 40; now and then soft tissue outshines a bone, as on real films


def test_without_deformation_the_labels_come_back_as_they_were():
    found = synthesiser(STILL).draw(np.random.default_rng(3)).labels.numpy()
    # The view is up to a tenth larger or smaller than the volume: compare shares of the two bones, not voxels.
    assert set(np.unique(found)) == {0, 50, 53, 54}
    assert (found == 53).sum() / (found == 54).sum() == pytest.approx(1.0, abs=0.2)


def test_occupied_rays_are_the_projections_of_each_bone():
    labels = torch.from_numpy(three_bones())
    coronal = occupied_rays(labels, 1)
    assert coronal.shape == (54, 48, 64)
    np.testing.assert_array_equal(coronal[52].numpy(), (labels == 53).any(1).numpy())
    np.testing.assert_array_equal(occupied_rays(labels, 0)[53].numpy(), (labels == 54).any(0).numpy())
    assert int(coronal[:49].sum()) == 0


def test_the_same_seed_and_index_give_the_same_batch_and_another_index_another():
    dataset = BatchDataset(synthesiser(DeformationLimits()), 2, seed=7)
    first, again, other = dataset[1], dataset[1], dataset[2]
    torch.testing.assert_close(first.coronal, again.coronal, rtol=0, atol=0)
    torch.testing.assert_close(first.labels, again.labels, rtol=0, atol=0)
    assert not torch.equal(first.coronal, other.coronal)


def test_films_are_finite_and_within_zero_and_one():
    for seed in range(30):
        sample = synthesiser(DeformationLimits()).draw(np.random.default_rng(seed))
        for film in (sample.coronal, sample.sagittal):
            assert bool(torch.isfinite(film).all())
            assert 0 <= float(film.min()) <= float(film.max()) <= 1


def test_a_ct_leaves_bones_that_nobody_drew_unknown():
    volume = three_bones()
    ct = np.where(volume > 0, 700.0, -900.0).astype(np.float32)
    known = np.ones(CLASS_COUNT, dtype=bool)
    known[26:50] = False
    made = Synthesiser(GRID, DeformationLimits(), ct_share=1.0)
    made.add_volume(volume, np.full(3, 3.0), known, 1.0, ct, "HU")
    assert not bool(made.draw(np.random.default_rng(0)).known[26:50].any())
    made.ct_share = 0.0
    assert bool(made.draw(np.random.default_rng(0)).known.all())


@pytest.mark.parametrize("seed", range(4))
def test_a_bone_that_is_drawn_wrongly_is_on_the_films_but_neither_bone_nor_background(seed):
    labels = three_bones()
    present = [int(label) for label in np.unique(labels) if label]
    known = np.ones(CLASS_COUNT, bool)
    known[present[0]] = False
    drawn = Synthesiser((32, 32, 64), augment=False)
    drawn.add_volume(labels, np.full(3, 2.0), known, 1.0)
    whole = Synthesiser((32, 32, 64), augment=False)
    whole.add_volume(labels, np.full(3, 2.0), np.ones(CLASS_COUNT, bool), 1.0)
    sample, reference = (s.draw(np.random.default_rng(seed)) for s in (drawn, whole))
    assert not sample.known[present[0]]
    assert sample.known.sum() == CLASS_COUNT - 1
    assert set(np.unique(sample.labels)) == {0, *present[1:]}
    torch.testing.assert_close(sample.coronal_films, reference.coronal_films)


def test_the_shared_training_cases_load_and_none_forbids_giving_weights_away(shared_data):
    cases = [c for c in load_case_list(shared_data / "anatomy" / "manifest.json") if c.split == "train"]
    assert len(cases) >= 20
    assert all(case.may_train_default_weights for case in cases)
    assert not any(case.name == "x2s_s0561" for case in cases)
    labels, spacing = next(c for c in cases if c.name == "ts_s0004").load_labels()
    left, right = (np.argwhere(labels == i).mean(0) for i in (53, 54))
    assert left[0] > right[0]
    np.testing.assert_allclose(spacing, 1.5)


def test_a_ct_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        Synthesiser(GRID).add_volume(
            three_bones(), np.ones(3), np.ones(CLASS_COUNT, dtype=bool), 1.0, np.zeros((2, 2, 2)), "HU"
        )
