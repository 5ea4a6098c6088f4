"""How good the weights are: Dice on synthetic samples and on the published radiographs of people kept aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import nn

from SwinX2SLib.anatomy import GROUPS, label_ids
from SwinX2SLib.datasets import Case
from SwinX2SLib.evaluation import score_overlap
from SwinX2SLib.models.reconstruction import ReconstructionModel, reconstructs
from SwinX2SLib.reconstruct.device import fast_autocast
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.scoring import score_cases
from SwinX2SLib.reconstruct.test_time_augmentation import predict
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.synthesis.sample import Sample

# Sample `i` is seeded with `(i, *APART)`; those of a training have three numbers, so never a fourth one.
APART = (0, 0, 1)


class Validator:
    """Scores networks, always on the same radiographs.

    Args:
        synthesiser: draws the synthetic samples, from the sources of the training.
        samples: how many.
        cases: people with published radiographs, none of them trained on; may be empty.
        device: where the networks run.
    """

    def __init__(self, synthesiser: Synthesiser, samples: int, cases: Sequence[Case], device: torch.device):
        self.samples = [synthesiser.draw(np.random.default_rng((i, *APART))) for i in range(samples)]
        self.cases, self.device = list(cases), device

    def __call__(self, model: nn.Module) -> dict[str, dict[str, float]]:
        """Return foreground Dice 0..1: `{"synthetic": {"mean", each group}, "published": ..., "cases": {name: mean}}`

        Args:
            model: in evaluation mode, on the device.
        """
        if not reconstructs(model):
            raise TypeError(f"{type(model).__name__} reconstructs nothing that could be scored.")
        result = {"synthetic": _summary(list(self._synthetic(model)))}
        if self.cases:
            scores = {
                name: score.dice_means()
                for name, score in score_cases(Reconstructor(model, self.device.type), self.cases)
            }
            result["published"] = _summary(list(scores.values()))
            result["cases"] = {name: round(means["mean"], 4) for name, means in scores.items() if means}
        return result

    @torch.inference_mode()
    def _synthetic(self, model: ReconstructionModel) -> Iterator[dict[str, float]]:
        for sample in self.samples:
            coronal, sagittal = (
                radiographs[None].to(self.device)
                for radiographs in (sample.coronal_radiographs, sample.sagittal_radiographs)
            )
            with fast_autocast(self.device):
                labels = predict(model, coronal, sagittal).labels
            yield score_overlap(labels, sample.labels.cpu().numpy(), _annotated(sample)).dice_means()


def selection_score(result: dict[str, dict[str, float]]) -> float:
    """Return the number by which weights are chosen: the mean of the published cases, else of the synthetic ones."""
    return result.get("published", result["synthetic"])["mean"]


def _annotated(sample: Sample) -> list[str]:
    return [group for group in GROUPS if bool(sample.known[list(label_ids(group))].all())]


def _summary(scores: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean over the cases, of all bones and of each group; a case without a bone to find has no say."""
    given = {name: [score[name] for score in scores if name in score] for name in ("mean", *GROUPS)}
    return {name: round(float(np.mean(values)), 4) for name, values in given.items() if values} or {
        "mean": 0.0
    }
