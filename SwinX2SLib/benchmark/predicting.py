"""Reconstructions of the cases of a benchmark, from given films or from films projected at any angle."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch

from SwinX2SLib.benchmark.plan import Films
from SwinX2SLib.datasets import Case
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import network_affine
from SwinX2SLib.inference.device import choose_device, fast_autocast
from SwinX2SLib.inference.islands import remove_islands
from SwinX2SLib.inference.logits import predict
from SwinX2SLib.inference.outputs import write_nifti_labels
from SwinX2SLib.inference.reconstructor import Reconstructor
from SwinX2SLib.inference.scoring import reconstruct_case
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.views import whole_view
from SwinX2SLib.weights import load_weights

ISLAND_FRACTION = 0.1
Labelled = tuple[np.ndarray, np.ndarray]


def predict_cases(
    weights: Path, cases: Sequence[Case], films: Films, folder: Path, device: str
) -> tuple[dict[str, Path], list[str]]:
    """Reconstruct every case that has no reconstruction in the folder yet; one with faulty films is passed over.

    Args:
        weights: of the network.
        cases: with radiographs if these are given.
        films: see `plan.Cell`.
        folder: receives `<case>.nii.gz`.
        device: "auto", "cpu" or "cuda".

    Returns:
        The reconstructions by the case's name, and why others are missing.

    Raises:
        InputError: the weights or the device cannot be used.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {case.name: folder / f"{case.name}.nii.gz" for case in cases}
    waiting = [case for case in cases if not paths[case.name].is_file()]
    reconstruct = _reconstruction(weights, films, device) if waiting else None
    failed = []
    for case in waiting:
        path = paths[case.name]
        partial = path.with_name(f".{os.getpid()}-{path.name}")
        try:
            write_nifti_labels(partial, *reconstruct(case))
            os.replace(partial, path)
        except InputError as error:
            failed.append(f"{case.name}: {' '.join(str(fault) for fault in error.faults)}")
            del paths[case.name]
        finally:
            partial.unlink(missing_ok=True)
    return paths, failed


def _reconstruction(weights: Path, films: Films, device: str) -> Callable[[Case], Labelled]:
    if films == "projected":
        return _FromVolumes(weights, device)
    reconstructor = Reconstructor(weights, device)

    def from_films(case: Case) -> Labelled:
        found = reconstruct_case(reconstructor, case)
        return found.labels, found.affine

    return from_films


class _FromVolumes:
    """Reconstructs from plain parallel projections of a case's CT, or of its bones where it has none."""

    def __init__(self, weights: Path, device: str):
        self.device = choose_device(device)
        self.model, _ = load_weights(weights, self.device)

    @torch.inference_mode()
    def __call__(self, case: Case) -> Labelled:
        shape = self.model.grid_shape
        drawn = Synthesiser(
            shape, ct_share=1.0, augment=False, views_per_plane=self.model.config.views_per_plane
        )
        drawn.add_cases([case], [1.0])
        sample = drawn.draw(np.random.default_rng(0))
        films = (group[None].to(self.device) for group in (sample.coronal_films, sample.sagittal_films))
        with fast_autocast(self.device):
            decision = predict(self.model, *films)
        labels, _ = remove_islands(decision.labels, ISLAND_FRACTION)
        return labels, network_affine(whole_view(drawn.sources[0].extent_mm, shape).spacing_mm, shape)
