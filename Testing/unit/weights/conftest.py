"""A small network, its checkpoint as the published code would store it, and folders to put weights in."""

import json

import pytest
import torch

from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights import WeightsRecord, manifest
from SwinX2SLib.weights.manifest import add_to_manifest
from SwinX2SLib.weights.storage import write_weights
from SwinX2SLib.weights.upstream import upstream_name, upstream_shape

OVERRIDES = {"embed_dim": 4, "depths": [2, 2, 2, 2], "grid_shape": [32, 32, 64], "out_channels": 5}


@pytest.fixture(scope="session")
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model("swinx2s-tiny", **OVERRIDES).eval()


@pytest.fixture
def published(network) -> dict[str, torch.Tensor]:
    """State dictionary with the published names and shapes, to be changed at will."""
    return {
        upstream_name(name): value.detach().clone().reshape(upstream_shape(name, tuple(value.shape)))
        for name, value in network.state_dict().items()
    }


@pytest.fixture
def films() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(1, 1, 32, 64, generator=generator) for _ in range(2))


@pytest.fixture
def record() -> WeightsRecord:
    return WeightsRecord(
        name="toy",
        variant="swinx2s-tiny",
        overrides=OVERRIDES,
        file="",
        sha256="",
        bytes=0,
        date="2025-01-02",
        licence="MIT",
        training_data=["nobody"],
        scores={"dice": 0.5},
        notes="For tests.",
    )


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache folder of the user."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SWINX2S_CACHE", str(folder))
    return folder


@pytest.fixture
def library(tmp_path, monkeypatch, network, record, cache):
    """Resources that hold the weights "toy", which are the default; the user's cache is empty."""
    root = tmp_path / "Resources"
    stored = write_weights(network.state_dict(), root / "Models" / "toy.safetensors", record)
    add_to_manifest(root / "models.json", stored)
    content = json.loads((root / "models.json").read_text())
    (root / "models.json").write_text(json.dumps({**content, "default": "toy"}))
    monkeypatch.setattr(manifest, "resources_root", lambda: root)
    return root
