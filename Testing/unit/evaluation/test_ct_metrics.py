"""Agreement of CT numbers, against calculation by hand and against MONAI."""

import numpy as np
import pytest

from SwinX2SLib.evaluation.ct_metrics import psnr_db, score_ct, ssim


def volumes(seed=0, shape=(16, 14, 18)):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(-1000, 1500, shape)
    return np.clip(truth + rng.normal(0, 200, shape), -1000, 1500), truth


def test_errors_are_those_of_a_calculation_by_hand():
    truth = np.full((12, 12, 12), 0.0)
    prediction = truth.copy()
    prediction[:6] = 100.0
    structures = np.zeros(truth.shape, bool)
    structures[:3] = True
    score = score_ct(prediction, truth, structures=structures)
    assert score.mae_hu == pytest.approx(50.0)
    assert score.mae_structures_hu == pytest.approx(100.0)
    assert score.mae_elsewhere_hu == pytest.approx(100 * 3 / 9)
    assert score.psnr_db == pytest.approx(10 * np.log10(2500**2 / 5000))
    assert score.data_range_hu == 2500


def test_air_is_no_body():
    truth = np.full((12, 12, 12), -1000.0)
    truth[:6] = 40.0
    prediction = np.full(truth.shape, -960.0)
    assert score_ct(prediction, truth).mae_elsewhere_hu == pytest.approx(1000.0)


def test_only_the_field_of_view_counts():
    prediction, truth = volumes()
    inside = np.zeros(truth.shape, bool)
    inside[:10] = True
    elsewhere = prediction.copy()
    elsewhere[15:] = 1500.0
    first, second = (score_ct(each, truth, inside) for each in (prediction, elsewhere))
    assert (first.mae_hu, first.psnr_db) == (second.mae_hu, second.psnr_db)
    assert first.mae_hu == pytest.approx(np.abs(prediction - truth)[:10].mean())


def test_what_is_beyond_the_window_is_clipped_in_both():
    truth = np.full((11, 11, 11), 3000.0)
    assert score_ct(np.full(truth.shape, 1500.0), truth).mae_hu == 0


def test_equal_volumes_are_alike():
    _, truth = volumes()
    score = score_ct(truth, truth)
    assert (score.mae_hu, score.psnr_db, score.ssim) == (0.0, float("inf"), pytest.approx(1.0))


def test_similarity_of_constants_is_that_of_their_means():
    first, second = np.full((11, 11, 11), 0.3), np.full((11, 11, 11), 0.5)
    c1 = 0.01**2
    assert ssim(first, second, 1.0) == pytest.approx((2 * 0.15 + c1) / (0.09 + 0.25 + c1))


@pytest.mark.parametrize("seed", [1, 2])
def test_monai_finds_the_same(seed):
    monai = pytest.importorskip("monai.metrics.regression")
    torch = pytest.importorskip("torch")
    prediction, truth = volumes(seed)
    tensors = [torch.from_numpy(each)[None, None] for each in (prediction, truth)]
    theirs = monai.SSIMMetric(3, data_range=2500.0, win_size=11, kernel_sigma=1.5)(*tensors)
    assert ssim(prediction, truth, 2500.0) == pytest.approx(float(theirs), abs=1e-5)
    peak = monai.PSNRMetric(max_val=2500.0)(*tensors)
    assert psnr_db(prediction, truth, 2500.0) == pytest.approx(float(peak), rel=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p, t: (p[:-1], t, None), "one shape"),
        (lambda p, t: (np.where(p > 0, np.nan, p), t, None), "finite"),
        (lambda p, t: (p, t, np.zeros(t.shape, bool)), "nothing to compare"),
        (lambda p, t: (p[:5, :5, :5], t[:5, :5, :5], None), "11 voxels or more"),
    ],
)
def test_what_cannot_be_compared_is_said(change, words):
    with pytest.raises(ValueError, match=words):
        score_ct(*change(*volumes()))
