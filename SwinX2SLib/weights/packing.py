"""Weights as whole numbers of few bits with one scale for each output channel, packed without gaps.

Uniform symmetric quantisation of trained weights (Jacob et al., CVPR 2018, section 2.1, without zero point). It only
makes files smaller: packed weights load as float32.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from SwinX2SLib.weights.header import PACKED_KEY, SCALE

# Smaller tensors, and those of one axis (biases, norms), are stored as float16.
LEAST_NUMBERS = 2048
# A scale below the largest value clips it and is finer for the others: the shares tried.
SHARES = np.linspace(0.6, 1.0, 21)
# Each byte with its bits in opposite order.
_REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1), 1, "little")[:, 0]


def pack(state: Mapping[str, Tensor], bits: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a file of packed weights, and the metadata with which `unpack` reads them.

    Args:
        state: finite tensors on the processor.
        bits: of a weight, one of `record.BITS`.
    """
    tensors: dict[str, Tensor] = {}
    shapes = {}
    for key, value in state.items():
        if not value.is_floating_point():
            tensors[key] = value
        elif value.ndim < 2 or value.numel() < LEAST_NUMBERS:
            tensors[key] = value.half()
        else:
            codes, scale = _quantised(value.float().numpy().reshape(len(value), -1), 2 ** (bits - 1) - 1)
            shifts = np.arange(bits, dtype=np.uint8)
            ones = (codes.ravel()[:, None] >> shifts) & 1
            tensors[key] = torch.from_numpy(np.packbits(ones))
            tensors[key + SCALE] = torch.from_numpy(scale.astype(np.float16))
            shapes[key] = list(value.shape)
    return tensors, {PACKED_KEY: json.dumps({"bits": bits, "shapes": shapes}, sort_keys=True)}


def unpack(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> dict[str, Tensor]:
    """Return the state dictionary of a file, packed or not."""
    if PACKED_KEY not in metadata:
        return dict(tensors)
    packed = json.loads(metadata[PACKED_KEY])
    bits, shapes = int(packed["bits"]), packed["shapes"]
    if not 1 <= bits <= 8:
        raise ValueError(f"the file states {bits} bits for each number")
    state = {}
    for key, value in tensors.items():
        if key in shapes:
            count = math.prod(map(int, shapes[key]))
            if value.numel() != -(-count * bits // 8):
                raise ValueError(f"{key} does not have the size that the file states")
            codes = _codes(value.numpy(), count, bits) - np.int16(2 ** (bits - 1) - 1)
            scale = tensors[key + SCALE].float().numpy()
            rows = codes.reshape(len(scale), -1) * scale[:, None]
            state[key] = torch.from_numpy(rows).view(shapes[key])
        elif not key.endswith(SCALE):
            state[key] = value
    return state


def _codes(packed: np.ndarray, count: int, bits: int) -> np.ndarray:
    """Return the first whole numbers of packed bytes, int16 `(count,)`; the lowest bit of each comes first."""
    # Eight of them fill `bits` bytes, which are one number of 64 bits.
    whole = np.zeros((-(-count // 8), 8), dtype=np.uint8)
    padded = np.zeros(len(whole) * bits, dtype=np.uint8)
    padded[: len(packed)] = _REVERSED[packed]
    whole[:, :bits] = padded.reshape(-1, bits)
    shifts = np.arange(0, 8 * bits, bits, dtype="<u8")
    return ((whole.view("<u8") >> shifts) & np.uint64(2**bits - 1)).astype(np.int16).ravel()[:count]


def _quantised(rows: np.ndarray, largest: int) -> tuple[np.ndarray, np.ndarray]:
    """Return codes 0 to twice `largest` and the scale of each row with the least squared error, from `(C, N)`."""
    peak = np.maximum(np.abs(rows).max(axis=1), 1e-8)
    best = np.full(len(rows), np.inf)
    scale = peak / largest
    for share in SHARES:
        # As the file will have it.
        tried = np.maximum((share * peak / largest).astype(np.float16).astype(np.float32), 1e-7)
        error = (
            (np.clip(np.rint(rows / tried[:, None]), -largest, largest) * tried[:, None] - rows) ** 2
        ).sum(axis=1)
        better = error < best
        best[better], scale[better] = error[better], tried[better]
    codes = np.clip(np.rint(rows / scale[:, None]), -largest, largest) + largest
    return codes.astype(np.uint8), scale
