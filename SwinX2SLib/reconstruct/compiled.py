"""Networks compiled by OpenVINO for the processor at hand, and the folder where they are kept.

A compiled network is a file in `Compiled` of the user's cache folder, named by a hash of all that it depends on:
weights, network, precision, versions and processor. The folder can be deleted at any time. Files appear whole, so
that two processes can compile the same network; a damaged one is compiled again.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from SwinX2SLib.errors import needs_extra
from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.models.reconstruction import ReconstructionModel
from SwinX2SLib.models.rewrites import RewrittenSwinX2S
from SwinX2SLib.models.silhouettes import SilhouetteModel
from SwinX2SLib.reconstruct.device import bfloat16_is_fast
from SwinX2SLib.version import __version__
from SwinX2SLib.weights.manifest import cache_folder

FOLDER = "Compiled"
_DIGEST_BYTES = 32
_VOLUME_DIMENSIONS = 5
Compiled = Callable[[Tensor, Tensor], tuple[Tensor, ...]]


def can_be_compiled(network: nn.Module) -> bool:
    """Return whether OpenVINO runs a network: the paper's, rewritten, and those that find silhouettes.

    OpenVINO 2026.4 ends the process while it compiles the 3D decoder of the fused variant.
    """
    return isinstance(network, RewrittenSwinX2S | SilhouetteModel)


def compile_network(network: ReconstructionModel, weights: str, half: bool | None = None) -> None:
    """Let OpenVINO compute a network's `tensors` from now on, for one pair on the network's own grid.

    Args:
        network: on the processor, in evaluation mode.
        weights: SHA-256 of its weights; "" for weights of no file, which are not kept.
        half: bfloat16 or float32; None takes bfloat16 where the processor has its instructions.

    Raises:
        InputError: the extra `openvino` is not installed.
    """
    openvino = _openvino()
    if half is None:
        half = bfloat16_is_fast(torch.device("cpu"))
    settings = {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
        "PERFORMANCE_HINT": "LATENCY",
    }
    core = openvino.Core()
    path = compiled_path(network, weights, settings) if weights else None
    kept = None if path is None else _read(path)
    if kept is not None:
        # Another build of OpenVINO may refuse it.
        with suppress(RuntimeError):
            network.compiled = _caller(core.import_model(io.BytesIO(kept), "CPU", settings))
            return
    compiled = core.compile_model(_converted(network), "CPU", settings)
    network.compiled = _caller(compiled)
    if path is not None:
        # A folder that takes no files costs time at the next start, and nothing else.
        with suppress(OSError):
            _write(path, compiled.export_model())


def compiled_path(network: ReconstructionModel, weights: str, settings: dict[str, Any]) -> Path:
    """Return where a network is kept that was compiled on this machine.

    Args:
        network: see `compile_network`.
        weights: SHA-256 of its weights.
        settings: of OpenVINO.
    """
    parts = (
        weights, type(network).__name__, repr(network.config), repr(getattr(network, "rewrites", None)),
        repr(sorted(settings.items())), __version__, torch.__version__, _openvino().__version__, _processor(),
    )  # fmt: skip
    name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]
    return cache_folder() / FOLDER / f"{name}.blob"


def _openvino() -> Any:
    """Return the package, which sends nothing: it reports its use to its makers by another one."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    with needs_extra("openvino"):
        import openvino
    return openvino


def _processor() -> str:
    """Return what tells processors apart: name, instructions, cores."""
    found = [platform.system(), platform.machine(), platform.processor(), str(os.cpu_count())]
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        found += sorted({line for line in lines if line.startswith(("model name", "flags"))})
    return "\n".join(found)


def _read(path: Path) -> bytes | None:
    """Return a compiled network; None if there is none, or it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, blob = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    return blob if hashlib.sha256(blob).digest() == digest else None


def _write(path: Path, blob: bytes | io.BytesIO) -> None:
    blob = blob.getvalue() if isinstance(blob, io.BytesIO) else bytes(blob)
    path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(path, hashlib.sha256(blob).digest() + blob)


class _Tensors(nn.Module):
    """What is compiled of a network: its tensors, volumes with the channels last, as OpenVINO has them in memory."""

    def __init__(self, network: ReconstructionModel):
        super().__init__()
        self.network = network

    def forward(self, coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        found = self.network.tensors(coronal, sagittal)
        return tuple(each.movedim(1, -1) if each.ndim == _VOLUME_DIMENSIONS else each for each in found)


def _converted(network: ReconstructionModel) -> Any:
    """Return the network as OpenVINO's graph, of one pair."""
    if isinstance(network, RewrittenSwinX2S):
        # OpenVINO lays volumes out and fuses normalisations itself, and is slower with planar convolutions.
        plain = replace(
            network.rewrites, channels_last=False, fused_normalisation=False, planar_convolutions=False
        )
        network = RewrittenSwinX2S(network.network, plain)
    x, y, z = network.grid_shape
    views = network.config.views_per_plane
    example = (torch.zeros(1, views, x, z), torch.zeros(1, views, y, z))
    with torch.inference_mode(False), torch.no_grad(), warnings.catch_warnings():
        # Of the tracer: sizes are constants here, as they are meant to be.
        warnings.simplefilter("ignore")
        graph = _openvino().convert_model(_Tensors(network).eval(), example_input=example)
    graph.reshape({0: list(example[0].shape), 1: list(example[1].shape)})
    return graph


def _caller(compiled: Any) -> Compiled:
    request = compiled.create_infer_request()

    def call(coronal: Tensor, sagittal: Tensor) -> tuple[Tensor, ...]:
        inputs = [each.float().contiguous().numpy() for each in (coronal, sagittal)]
        found = request.infer(inputs, share_inputs=True, share_outputs=False)
        tensors = (torch.from_numpy(found[output]) for output in compiled.outputs)
        return tuple(each.movedim(-1, 1) if each.ndim == _VOLUME_DIMENSIONS else each for each in tensors)

    return call
