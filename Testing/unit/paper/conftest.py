"""Phantoms as prepared cases, and a benchmark of networks that train in seconds."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.datasets.grid import Grid
from SwinX2SLib.datasets.prepare_case import FILMS, write_case
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.phantom import PhantomParameters, build_phantom

SHAPE, SPACING_MM = (64, 64, 96), 8.0


@pytest.fixture(scope="session")
def write_phantoms() -> Callable:
    """Function (folder, {name: split}) that writes a case list of one phantom, and returns it."""
    source = build_phantom(PhantomParameters(), SPACING_MM).labels
    labels = np.zeros(SHAPE, np.uint8)
    part = tuple(slice(0, min(sides)) for sides in zip(SHAPE, source.shape, strict=True))
    labels[part] = source[part]
    noise = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
    excess = (labels > 0) * np.float32(300) + noise
    grid = Grid(SHAPE, network_affine(SPACING_MM, SHAPE), SPACING_MM)

    def write(folder: Path, splits: dict[str, str], licence: str = "CC0") -> Path:
        entries = []
        for name, split in splits.items():
            write_case(folder / "volumes" / name, grid, labels, excess - 50, excess)
            films = {"files": list(FILMS), "spacing_mm": SPACING_MM}
            entries.append({"case": name, "split": split, "annotated": list(GROUPS), "licence": licence})
            entries[-1] |= {"ct": "HU", "radiographs": films}
        path = folder / "manifest.json"
        path.write_text(json.dumps(entries))
        return path

    return write


@pytest.fixture
def write_config() -> Callable:
    """Function (folder, text before the tables) that writes a benchmark of tiny networks, and returns its path."""

    def write(folder: Path, head: str, more: str = "") -> Path:
        path = folder / "benchmark.toml"
        path.write_text(
            f"""{head}
[data]
ctspine1k = "manifest.json"
[training]
batch_size = 2
workers = 0
validate_every = 0
checkpoint_seconds = 0.0
mixed_precision = false
network = {{ grid_shape = [32, 32, 64] }}
[model.swinx2s-base]
network = {{ embed_dim = 4, depths = [1, 1, 1, 1], heads = [1, 1, 1, 1] }}
[model.tl-embedding]
network = {{ channels = [4, 4, 4, 4], latent = 4 }}
[model.unet]
network = {{ channels = [4, 4, 4, 4, 4] }}
{more}"""
        )
        return path

    return write
