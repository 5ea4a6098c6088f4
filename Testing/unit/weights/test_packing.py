"""Packed weights are small, come back close to what they were, and are told from damaged files."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights import load_weights
from SwinX2SLib.weights.checkpoint import read_checkpoint
from SwinX2SLib.weights.header import read_header
from SwinX2SLib.weights.importing import ImportOptions, import_weights
from SwinX2SLib.weights.packing import pack, unpack
from SwinX2SLib.weights.record import BITS, WeightsError, WeightsRecord
from SwinX2SLib.weights.storage import write_weights

SIZES = {
    "residual_widths": [8, 16, 32, 32, 32],
    "decoder_2d": [32, 16, 16, 16, 8],
    "grid_shape": [32, 32, 64],
}


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(BITS)), st.integers(0, 10_000), st.floats(-4, 4))
def test_every_weight_is_at_most_half_a_step_off_unless_clipping_pays(bits, seed, log_size):
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(4, 700)).astype(np.float32))
    state = {"kernel": rows.view(4, 7, 100) * 10**log_size, "bias": torch.ones(3)}
    tensors, metadata = pack(state, bits)
    back = unpack(tensors, metadata)
    assert set(back) == set(state)
    assert back["kernel"].shape == (4, 7, 100)
    assert tensors["kernel"].numel() == -(-2800 * bits // 8)
    error = (back["kernel"] - state["kernel"]).double().pow(2).mean().sqrt()
    # A normal variable cut into steps: about its peak over the number of steps, over the root of twelve.
    peak = state["kernel"].abs().amax()
    assert float(error / peak) < 2 / (2**bits - 2) / 12**0.5 * 1.05
    torch.testing.assert_close(back["bias"].float(), state["bias"])


def test_whole_numbers_and_zeros_survive():
    state = {"count": torch.tensor(7), "kernel": torch.zeros(8, 512)}
    back = unpack(*pack(state, 6))
    assert int(back["count"]) == 7
    assert not back["kernel"].any()


@pytest.fixture
def packed(tmp_path):
    torch.manual_seed(0)
    model = build_model("silhouettes", **SIZES).eval()
    record = WeightsRecord("small", "silhouettes", "", "", 0, "2026-01-01", "MIT", SIZES)
    plain = tmp_path / "plain.safetensors"
    write_weights(model.state_dict(), plain, record)
    path, _ = import_weights(plain, ImportOptions("packed", tmp_path / "out", bits=8))
    return model, plain, path


def test_a_packed_file_is_checked_loaded_and_read_as_any_other(packed):
    model, plain, path = packed
    assert path.stat().st_size < 0.4 * plain.stat().st_size
    assert read_header(path)[0] == read_header(plain)[0]
    loaded, record = load_weights(path)
    assert record.name == "packed"
    radiographs = torch.rand(1, 1, 32, 64), torch.rand(1, 1, 32, 64)
    with torch.inference_mode():
        for found, expected in zip(loaded(*radiographs), model(*radiographs), strict=True):
            assert float((found - expected).abs().max()) < 0.05
    state = read_checkpoint(path)
    assert set(state) == set(model.state_dict())
    torch.testing.assert_close(
        state["silhouettes.names.0.bias"].float(), model.silhouettes.names[0].bias.detach()
    )


@pytest.mark.parametrize("damage", ['{"bits": 8}', "no JSON", '{"bits": 8, "shapes": [1]}'])
def test_a_packed_file_whose_shapes_are_damaged_is_refused_in_words(packed, tmp_path, damage):
    _, _, path = packed
    metadata = {**read_header(path)[1], "packed": damage}
    broken = tmp_path / "broken.safetensors"
    save_file(load_file(path), broken, metadata)
    with pytest.raises(WeightsError, match="cannot be read"):
        read_header(broken)
    assert json.loads(metadata["swinx2s"])["name"] == "packed"


@pytest.mark.parametrize(
    "sizes",
    [
        {"depths": [10**9] * 4},
        {"grid_shape": None},
        {"residual_widths": "many"},
        {"decoder_2d": [[1], 2]},
        {"grid_shape": [1e308] * 3},
    ],
    ids=lambda sizes: next(iter(sizes)),
)
def test_a_record_whose_sizes_make_no_network_is_refused_in_words_and_in_no_time(packed, tmp_path, sizes):
    _, _, path = packed
    record = json.loads(read_header(path)[1]["swinx2s"])
    record["overrides"] = {**SIZES, **sizes}
    if "depths" in sizes:
        record["variant"] = "fused-nano"
        record["overrides"] = sizes
    broken = tmp_path / "broken.safetensors"
    save_file(load_file(path), broken, {**read_header(path)[1], "swinx2s": json.dumps(record)})
    with pytest.raises(WeightsError) as caught:
        load_weights(broken)
    assert all(fault.message and fault.path for fault in caught.value.faults)
