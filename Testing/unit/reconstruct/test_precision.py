"""Precision follows what the device computes fast; nobody waits for emulated bfloat16."""

import dataclasses

import pytest
import torch

from SwinX2SLib.reconstruct import device as devices
from SwinX2SLib.training import loop
from SwinX2SLib.training.distributed import joined
from SwinX2SLib.training.run import train
from SwinX2SLib.training.smoke_test import smoke_config

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("fast", "enabled"), [(False, True), (True, False), (True, True)])
def test_bfloat16_is_used_only_where_it_is_fast_and_wanted(monkeypatch, fast, enabled):
    monkeypatch.setattr(devices, "bfloat16_is_fast", lambda device: fast)
    layer = torch.nn.Linear(4, 4)
    with devices.fast_autocast(torch.device("cpu"), enabled):
        made = layer(torch.ones(2, 4))
    assert made.dtype == (torch.bfloat16 if fast and enabled else torch.float32)


def test_a_processor_without_bfloat16_instructions_counts_as_slow(monkeypatch):
    for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda: False, raising=False)
    assert not devices.bfloat16_is_fast(torch.device("cpu"))


def test_a_training_run_asks_for_no_more_precision_than_the_processor_has(monkeypatch, tmp_path):
    seen = []

    def watched(device, enabled=True):
        seen.append(devices.fast_autocast(device, enabled))
        return seen[-1]

    monkeypatch.setattr(devices, "bfloat16_is_fast", lambda device: False)
    monkeypatch.setattr(loop, "fast_autocast", watched)
    config = dataclasses.replace(
        smoke_config("fused-nano"), steps=2, layout_steps=1, workers=0, phantoms=1, validation_samples=1
    )
    with joined("cpu") as process:
        train(config, [], [], tmp_path / "run", "a", lambda entry: None, process)
    assert len(seen) >= 2
    assert not any(context._enabled for context in seen)
