"""Labels, uncertainty, sides, progress and faults of the reconstructor."""

import dataclasses

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation, binary_erosion
from torch import nn
from torch.nn import functional

from SwinX2SLib.anatomy import mirrored_ids
from SwinX2SLib.errors import Cancelled, DeviceError, ModelError
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.models.silhouettes import SilhouetteConfig, SilhouetteModel
from SwinX2SLib.radiographs import read_pair
from SwinX2SLib.reconstruct import Reconstructor
from SwinX2SLib.reconstruct.backends import TorchBackend
from SwinX2SLib.reconstruct.device import bfloat16_is_fast, choose_device
from SwinX2SLib.reconstruct.test_time_augmentation import (
    SLAB,
    _unzoomed,
    logit_slabs,
    mean_silhouettes,
    predict,
)
from SwinX2SLib.reconstruct.variations import VARIATIONS, Variation
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights

LEFT_FEMUR, RIGHT_FEMUR = 53, 54


class FixedLogits(nn.Module):
    """Returns the same logits `(55, X, Y, Z)` whatever it sees."""

    def __init__(self, logits):
        super().__init__()
        self.register_buffer("logits", logits)
        self.grid_shape = tuple(logits.shape[1:])

    def reconstruct_logits(self, coronal, sagittal):
        return self.logits[None]


@pytest.fixture
def pair(job):
    return read_pair(job.ap, job.lateral, job.ap_options, job.lateral_options)


def test_the_bone_lies_where_both_radiographs_are_bright_on_the_patients_left_and_in_front(
    pair, threshold_model
):
    result = Reconstructor(threshold_model(), "cpu").reconstruct(*pair)
    assert np.unique(result.labels).tolist() == [0, LEFT_FEMUR]
    centre = transform_points(result.affine, np.argwhere(result.labels == LEFT_FEMUR).mean(axis=0))
    # Bars at columns 96-111 and 16-39 of 128, rows 24-71 of 192, at 2 mm.
    expected = -(103.5 - 63.5) * 2, (63.5 - 27.5) * 2, (95.5 - 47.5) * 2
    assert centre == pytest.approx(expected, abs=0.5 * result.spacing_mm)


def test_uncertainty_is_one_minus_the_probability_of_the_label_taken():
    logits = torch.randn(55, 6, 5, 2 * SLAB + 3, generator=torch.Generator().manual_seed(0)) * 3
    radiographs = torch.rand(1, 1, 6, 2 * SLAB + 3), torch.rand(1, 1, 5, 2 * SLAB + 3)
    found = predict(FixedLogits(logits), *radiographs)
    probability = logits.softmax(0).gather(0, torch.from_numpy(found.labels).long()[None])[0]
    assert len(np.unique(found.labels)) > 20
    np.testing.assert_allclose(found.uncertainty, (1 - probability).numpy(), atol=1e-3)
    assert found.labels.dtype == np.uint8
    assert found.uncertainty.dtype == np.float16


def test_a_mirrored_variation_swaps_sides_back(monkeypatch):
    """A model that sees the same in every radiograph sees, mirrored, the left femur where the right one was."""
    monkeypatch.setattr(
        "SwinX2SLib.reconstruct.test_time_augmentation.VARIATIONS", (Variation(), Variation(mirrored=True))
    )
    logits = torch.full((55, 8, 4, 16), -20.0)
    logits[0] = 0
    logits[RIGHT_FEMUR, :3] = 30
    logits[LEFT_FEMUR, 5:] = 30
    radiographs = torch.rand(1, 1, 8, 16), torch.rand(1, 1, 4, 16)
    plain = predict(FixedLogits(logits), *radiographs)
    both = predict(FixedLogits(logits), *radiographs, tta=2)
    np.testing.assert_array_equal(plain.labels, both.labels)
    lopsided = logits.clone()
    lopsided[LEFT_FEMUR, 5:] = -20
    averaged = predict(FixedLogits(lopsided), *radiographs, tta=2)
    # One of two passes says femur: where it does, half the probability is left.
    np.testing.assert_allclose(averaged.uncertainty[:3], 0.5, atol=1e-3)
    assert set(np.unique(averaged.labels)) <= {0, LEFT_FEMUR, RIGHT_FEMUR}
    assert mirrored_ids()[LEFT_FEMUR] == RIGHT_FEMUR


@pytest.mark.parametrize("variation", VARIATIONS, ids=str)
def test_every_variation_finds_the_bone_where_and_on_the_side_where_it_is(
    monkeypatch, threshold_model, variation
):
    """The model names what both radiographs show the left femur; mirrored it must come out as the right one, in
    place."""
    monkeypatch.setattr("SwinX2SLib.reconstruct.test_time_augmentation.VARIATIONS", (variation, variation))
    radiographs = torch.zeros(1, 1, 64, 96), torch.zeros(1, 1, 48, 96)
    radiographs[0][..., 8:28, 50:80], radiographs[1][..., 20:40, 50:80] = 1, 1
    truth = np.zeros((64, 48, 96), dtype=bool)
    truth[8:28, 20:40, 50:80] = True
    found = predict(threshold_model((64, 48, 96)), *radiographs, tta=2)
    assert set(np.unique(found.labels)) == {0, RIGHT_FEMUR if variation.mirrored else LEFT_FEMUR}
    dice = 2 * (truth & (found.labels > 0)).sum() / (truth.sum() + (found.labels > 0).sum())
    assert dice > 0.93
    assert np.isfinite(found.uncertainty).all()


@pytest.mark.parametrize("zoom", [0.9, 1.0, 1.1])
def test_slabs_of_a_zoomed_volume_equal_the_whole_one_sampled_at_once(zoom):
    torch.manual_seed(3)
    logits = functional.interpolate(torch.randn(1, 55, 4, 3, 10), (12, 10, 3 * SLAB + 6), mode="trilinear")[0]
    slabs = (logits[..., start : start + SLAB] for start in range(0, logits.shape[-1], SLAB))
    found = torch.cat(list(_unzoomed(slabs, zoom, logits.shape[-1])), dim=-1)
    matrix = torch.tensor([[[zoom, 0, 0, 0], [0, zoom, 0, 0], [0, 0, zoom, 0]]])
    places = functional.affine_grid(matrix, [1, *logits.shape], align_corners=False)
    expected = functional.grid_sample(
        logits.softmax(0)[None], places, padding_mode="border", align_corners=False
    )
    torch.testing.assert_close(found, expected[0], rtol=1e-4, atol=1e-5)


def test_variations_that_disagree_raise_the_uncertainty(threshold_model):
    """They agree inside the bone and differ at its rim; mirrored, this one-sided model names the other side."""
    radiographs = torch.zeros(1, 1, 64, 96), torch.zeros(1, 1, 48, 96)
    radiographs[0][..., 8:28, 50:80], radiographs[1][..., 20:40, 50:80] = 1, 1
    model = threshold_model((64, 48, 96))
    alone = predict(model, *radiographs).uncertainty
    together = predict(model, *radiographs, tta=len(VARIATIONS)).uncertainty
    edge = np.zeros(alone.shape, dtype=bool)
    edge[6:30, 18:42, 48:82] = True
    assert together[edge].mean() > 1.5 * alone[edge].mean()


def test_slabs_of_the_fused_variant_equal_its_whole_volume():
    torch.manual_seed(0)
    config = FusedConfig(
        8, (1, 1, 1, 1), (1, 1, 1, 1), (16, 16, 16, 8, 8), grid_shape=(32, 32, 64), decoder_3d=(8, 8, 8)
    )
    model = FusedSwinX2S(config).eval()
    radiographs = torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64)
    with torch.inference_mode():
        whole = model.reconstruct_logits(*radiographs)[0]
        slabs = torch.cat(list(logit_slabs(model, *radiographs)), dim=-1)
    torch.testing.assert_close(slabs, whole, rtol=1e-5, atol=1e-5)


class Seen(SilhouetteModel):
    """Sees the left femur on the left half of every frontal radiograph, and in front in every lateral one."""

    def __init__(self, grid_shape=(32, 32, 64)):
        super().__init__(
            SilhouetteConfig(grid_shape=grid_shape, residual_widths=(8,) * 5, decoder_2d=(16,) * 5)
        )

    def forward(self, coronal, sagittal):
        maps = []
        for radiograph in (coronal, sagittal):
            logits = torch.full((1, 54, *radiograph.shape[2:]), -12.0)
            logits[:, LEFT_FEMUR - 1] = 12 * (2 * radiograph[:, 0] - 1)
            maps.append(logits)
        return tuple(maps)


@pytest.mark.parametrize("tta", [1, len(VARIATIONS)])
def test_silhouettes_lie_where_the_radiographs_are_bright_at_any_resolution_and_on_their_side(tta):
    radiographs = torch.zeros(1, 1, 32, 64), torch.zeros(1, 1, 32, 64)
    radiographs[0][..., 20:28, 16:48], radiographs[1][..., 4:12, 16:48] = 1, 1
    maps = mean_silhouettes(Seen(), radiographs, (40, 48, 80), tta)
    assert [view.shape for view in maps] == [(54, 40, 80), (54, 48, 80)]
    wanted = {0: (slice(25, 35), slice(20, 60)), 1: (slice(6, 18), slice(20, 60))}
    # Mirrored, this one-sided network sees the other femur: half of six passes.
    sure = 0.9 if tta == 1 else 0.45
    for axis, view in enumerate(maps):
        inside = np.zeros(view.shape[1:], dtype=bool)
        inside[wanted[axis]] = True
        inner, outer = binary_erosion(inside, iterations=4), ~binary_dilation(inside, iterations=4)
        assert view[LEFT_FEMUR - 1][inner].min() > sure
        assert view[LEFT_FEMUR - 1][outer].max() < 0.1
        assert (view[RIGHT_FEMUR - 1][inner].max() < 0.1) == (tta == 1)
        others = np.delete(view, [LEFT_FEMUR - 1, RIGHT_FEMUR - 1], axis=0)
        assert others.max() < 0.01


def test_a_network_of_silhouettes_gives_a_result_as_fine_as_the_radiographs(pair):
    reconstructor = Reconstructor(Seen(), "cpu")
    assert reconstructor.grid_shape == (32, 32, 64)
    result = reconstructor.reconstruct(*pair)
    # The radiographs have 192 rows of 2 mm.
    assert result.labels.shape == (96, 96, 192)
    assert result.spacing_mm == pytest.approx(pair[0].size_mm[1] / 96)
    assert set(np.unique(result.labels)) == {0, LEFT_FEMUR}
    coarse = [dataclasses.replace(one, pixels=one.pixels[::8, ::8], spacing_mm=(16.0, 16.0)) for one in pair]
    assert reconstructor.reconstruct(*coarse).labels.shape == (32, 32, 64)


def test_the_visual_hull_is_as_probable_as_both_rays_together():
    model = Seen()
    radiographs = torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64)
    hull = model.reconstruct_logits(*radiographs)[0].softmax(0)
    front, side = (12 * (2 * radiograph[0, 0] - 1) for radiograph in radiographs)
    expected = front.sigmoid()[:, None] * side.sigmoid()[None]
    torch.testing.assert_close(hull[LEFT_FEMUR], expected, atol=2e-4, rtol=1e-3)
    assert float(hull[RIGHT_FEMUR].max()) < 1e-6


def test_progress_rises_and_says_what_is_done(pair, threshold_model):
    told = []
    Reconstructor(threshold_model(layers=20), "cpu").reconstruct(
        *pair, progress=lambda *event: told.append(event)
    )
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) >= 20
    assert 0 <= fractions[0] < fractions[-1] <= 1
    assert [message for _, message in told][-1] == "Removing small components"


def test_what_the_progress_raises_ends_the_work_at_the_next_layer(pair, threshold_model):
    model = threshold_model(layers=50)
    calls = []

    def cancel(fraction, message):
        calls.append(fraction)
        raise Cancelled

    with pytest.raises(Cancelled):
        Reconstructor(model, "cpu").reconstruct(*pair, progress=cancel)
    assert len(calls) == 1
    assert not any(layer._forward_hooks for layer in model.modules())


def test_a_network_that_yields_no_numbers_is_a_model_error(pair):
    broken = FixedLogits(torch.full((55, 32, 32, 48), torch.nan))
    with pytest.raises(ModelError) as caught:
        Reconstructor(broken, "cpu").reconstruct(*pair)
    assert caught.value.faults[0].kind == "model-not-finite"


def test_cuda_is_never_replaced_in_silence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError) as caught:
        choose_device("cuda")
    assert caught.value.faults[0].kind == "device-absent"
    assert choose_device("auto").type == "cpu"


@pytest.mark.parametrize("tta", [1, 3])
def test_bfloat16_and_float32_find_the_same_bone(pair, threshold_model, tta):
    reconstructor = Reconstructor(threshold_model(), "cpu", tta)
    assert reconstructor.half_precision == bfloat16_is_fast(torch.device("cpu"))
    results = []
    for half in (False, True):
        reconstructor.half_precision = half
        results.append(reconstructor.reconstruct(*pair))
    both = [result.labels > 0 for result in results]
    # Resampled voxels on the very rim may fall to either side.
    assert 2 * (both[0] & both[1]).sum() / (both[0].sum() + both[1].sum()) > (0.99 if tta > 1 else 0.9999)
    assert [result.precision for result in results] == ["float32", "bfloat16"]


@pytest.mark.parametrize(("name", "number"), [("out_channels", 5), ("views_per_plane", 2)])
def test_weights_for_other_classes_or_more_radiographs_are_refused_in_words(tmp_path, job, name, number):
    overrides = {
        "embed_dim": 8,
        "depths": [1, 1, 1, 1],
        "heads": [1, 1, 1, 1],
        "decoder_2d": [16, 16, 16, 8, 8],
        "decoder_3d": [8, 8, 8],
        "grid_shape": [32, 32, 64],
        name: number,
    }
    model = build_model("fused-nano", **overrides)
    record = WeightsRecord("other", "fused-nano", "", "", 0, "2026-01-01", "MIT", overrides)
    path = tmp_path / "other.safetensors"
    write_weights(model.state_dict(), path, record)
    with pytest.raises(ModelError, match=f" {number} .*--model") as caught:
        Reconstructor(path, "cpu")
    (error,) = TorchBackend().check(dataclasses.replace(job, model=str(path)))
    assert [fault.kind for fault in (*caught.value.faults, *error.faults)] == ["model-unfit"] * 2


@pytest.mark.parametrize("helper", ["disc_finder", "bone_namer"])
def test_a_record_that_names_a_helper_of_another_task_is_refused_in_words(tmp_path, helper):
    overrides = {
        "residual_widths": [8, 8, 8, 8, 8],
        "decoder_2d": [8, 8, 8, 8, 8],
        "grid_shape": [32, 32, 64],
    }
    model = build_model("silhouettes", **overrides)
    named = {helper: "film-orientation-v2"}
    record = WeightsRecord("other", "silhouettes", "", "", 0, "2026-01-01", "MIT", overrides, **named)
    path = tmp_path / "other.safetensors"
    write_weights(model.state_dict(), path, record)
    with pytest.raises(ModelError, match="film-orientation-v2 are those of another task"):
        Reconstructor(path, "cpu")
