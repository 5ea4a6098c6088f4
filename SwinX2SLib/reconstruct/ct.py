"""The CT numbers that two radiographs suggest, on the grid of their bones: synthetic, not for diagnosis."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from SwinX2SLib.drr.overlay import result_cameras
from SwinX2SLib.errors import Fault, InputError, ModelError
from SwinX2SLib.geometry.tuples import shape3
from SwinX2SLib.models.implicit_ct import CHUNK, LEAST_HU, MOST_HU, CTModel, to_hu, view_matrix
from SwinX2SLib.radiographs import PreparedPair, Radiograph, prepare_pair
from SwinX2SLib.reconstruct.model_choice import require_ct_model
from SwinX2SLib.reconstruct.reconstruction import CT_REMARK, ReconstructedCT, radiograph_entry


class CTReconstructor:
    """A loaded network of CT numbers.

    Args:
        model: name of weights, path of a `.safetensors` file, "default", or the network itself.
        device: where it runs.

    Raises:
        ModelError: there are no such weights, or they cannot be used.
    """

    def __init__(self, model: str | Path | nn.Module, device: torch.device):
        self.device, self.about = device, {"name": "supplied by the caller"}
        if isinstance(model, nn.Module):
            network = model
        else:
            network, self.about = _load(model, device)
        if not isinstance(network, CTModel):
            raise ModelError([_OTHER_TASK])
        self.model = network.to(device).eval()

    @torch.inference_mode()
    def reconstruct(
        self,
        ap: Radiograph,
        lateral: Radiograph,
        shape: tuple[int, int, int],
        affine: np.ndarray,
        progress: Callable[[float, str], None] = lambda fraction, message: None,
        with_structures: bool = False,
    ) -> ReconstructedCT:
        """Return the CT numbers on a grid; beyond what both radiographs show is air.

        Rays are parallel unless the radiographs state their source distances.

        Args:
            ap: frontal radiograph.
            lateral: lateral radiograph.
            shape: `(X, Y, Z)` of the grid.
            affine: 4x4, index -> RAS mm; the common centre of the radiographs is the origin.
            progress: called after each stretch of the grid; an exception from it stops the work.
            with_structures: keep which structure the network takes each voxel for.

        Raises:
            ModelError: the network yields no numbers.
        """
        started = time.perf_counter()
        pair = prepare_pair(ap, lateral, self.model.grid_shape)
        coronal, sagittal = (
            torch.from_numpy(picture)[None, None].to(self.device) for picture in (pair.coronal, pair.sagittal)
        )
        to_box = _box_of_ras(pair) @ affine
        matrices, total = pair_matrices(ap, lateral, pair), math.prod(shape)
        hu = np.empty(total, np.int16)
        labels = np.zeros(total, np.uint8) if with_structures else None
        grid = torch.from_numpy(to_box[:3])
        for part, values in self.model.chunks(coronal, sagittal, shape, matrices, grid, CHUNK):
            if not bool(values.intensity.isfinite().all()):
                raise ModelError([_NO_NUMBERS])
            hu[part] = to_hu(values.intensity[0]).round().to(torch.int16).cpu().numpy()
            if labels is not None and values.structure is not None:
                labels[part] = values.structure[0].argmax(0).to(torch.uint8).cpu().numpy()
            progress(part.stop / total, "Reconstructing the CT")
        volume = hu.reshape(shape)
        volume[~_shown(shape, to_box, pair)] = LEAST_HU
        about = {**self.about, "remark": CT_REMARK, "data_range_hu": [int(LEAST_HU), int(MOST_HU)]}
        structures = None if labels is None else labels.reshape(shape)
        return ReconstructedCT(volume, np.asarray(affine), about, time.perf_counter() - started, structures)


def pair_matrices(ap: Radiograph, lateral: Radiograph, pair: PreparedPair) -> Tensor:
    """Return how the box of a prepared pair is projected into its radiographs, float32 `(2, 3, 4)`."""
    shape = shape3((*pair.coronal.shape[:1], *pair.sagittal.shape))
    cameras = result_cameras(
        {
            "inputs": {"ap": radiograph_entry(ap), "lateral": radiograph_entry(lateral)},
            "grid": {"shape": list(shape), "affine_ras_mm": pair.affine.tolist()},
        }
    )
    matrices = []
    for role, radiograph, picture in (("ap", ap, pair.coronal), ("lateral", lateral, pair.sagittal)):
        prepared = picture.shape[::-1]
        scale = np.asarray(radiograph.spacing_mm) / pair.spacing_mm
        middle = (np.array(prepared) - 1) / 2 - scale * (np.array(radiograph.pixels.shape) - 1) / 2
        # From pixels of the radiograph to those of the picture that the network sees, centre on centre.
        to_prepared = np.array([[scale[0], 0, middle[0]], [0, scale[1], middle[1]], [0, 0, 1]])
        camera = to_prepared @ cameras[role].projection_matrix
        matrices.append(view_matrix(camera, prepared, np.linalg.inv(_box_of_ras(pair))))
    return torch.stack(matrices).float()


def _box_of_ras(pair: PreparedPair) -> np.ndarray:
    """Return the 4x4 from RAS mm to the box of a prepared pair."""
    half = (np.array([*pair.coronal.shape[:1], *pair.sagittal.shape]) - 1) / 2
    to_box = np.diag([*(1 / half), 1.0])
    to_box[:3, 3] = -1
    return to_box @ np.linalg.inv(pair.affine)


def _shown(shape: tuple[int, int, int], to_box: np.ndarray, pair: PreparedPair) -> np.ndarray:
    """Return which voxels of a grid both radiographs show, bool `(X, Y, Z)`; its axes run along those of the box."""
    shown = np.ones(shape, bool)
    for axis, (side, field) in enumerate(zip(shape, pair.field, strict=True)):
        count = (*pair.coronal.shape[:1], *pair.sagittal.shape)[axis]
        index = (to_box[axis, axis] * np.arange(side) + to_box[axis, 3] + 1) / 2 * (count - 1)
        within = (index >= field.start - 0.5) & (index <= field.stop - 0.5)
        shown &= np.expand_dims(within, [other for other in range(3) if other != axis])
    return shown


def _load(model: str | Path, device: torch.device) -> tuple[nn.Module, dict]:
    from SwinX2SLib.weights import load_weights

    path, _ = require_ct_model(model)
    try:
        network, record = load_weights(path, device)
    except InputError as error:
        raise ModelError(error.faults) from error
    return network, {"asked": str(model), **asdict(record)}


_OTHER_TASK = Fault(
    "ct-model-unfit",
    "The network reconstructs no CT numbers.",
    "Choose weights of the network implicit-ct with --ct-model.",
)
_NO_NUMBERS = Fault(
    "ct-model-not-finite",
    "The output of the network of CT numbers is not finite (NaN or infinite).",
    "Choose other weights with --ct-model.",
)
