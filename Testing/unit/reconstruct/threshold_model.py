"""A network with a known answer: the left femur is where both films are bright."""

import ctypes
import time

import torch
from torch import Tensor, nn

LEFT_FEMUR = 53


class ThresholdModel(nn.Module):
    """Logits of the left femur rise with the product of both films; every other bone stays at -10."""

    def __init__(self, grid_shape=(32, 32, 48), layers=3, seconds=0.0):
        super().__init__()
        self.grid_shape = grid_shape
        self.layers = nn.ModuleList(nn.Identity() for _ in range(layers))
        self.seconds = seconds

    def reconstruct_logits(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        for layer in self.layers:
            coronal = layer(coronal)
            time.sleep(self.seconds)
        both = coronal[:, 0, :, None, :].float() * sagittal[:, 0, None, :, :].float()
        logits = torch.full((both.shape[0], 55, *both.shape[1:]), -10.0)
        logits[:, 0] = 0
        logits[:, LEFT_FEMUR] = 40 * (both - 0.4)
        return logits


class NoisyModel(ThresholdModel):
    """Prints as libraries do, from Python and from C."""

    def reconstruct_logits(self, coronal, sagittal):
        print("a library says hello")
        ctypes.CDLL(None).puts(b"and so does its C code")
        ctypes.CDLL(None).fflush(None)
        return super().reconstruct_logits(coronal, sagittal)


class FailingModel(ThresholdModel):
    """Fails as it was told."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def reconstruct_logits(self, coronal, sagittal):
        raise self.error


OUT_OF_MEMORY = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")


def model_of(mode: str) -> ThresholdModel:
    """Return the model for a mode of `stand_in_worker.py`."""
    if mode == "slow":
        return ThresholdModel(layers=600, seconds=0.1)
    if mode == "noisy":
        return NoisyModel()
    if mode in ("crash", "memory"):
        return FailingModel(ZeroDivisionError("a bug") if mode == "crash" else OUT_OF_MEMORY)
    return ThresholdModel()
