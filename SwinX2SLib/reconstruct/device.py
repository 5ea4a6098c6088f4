"""Where the network runs, and in what precision."""

from __future__ import annotations

from importlib.util import find_spec

import torch

from SwinX2SLib.errors import DeviceError, Fault, install_hint


def openvino_is_installed() -> bool:
    """Return whether the extra `openvino` is there; does not import it."""
    return find_spec("openvino") is not None


def choose_device(name: str) -> torch.device:
    """Return the device for "auto" (a CUDA card if there is one), "cpu", "openvino" (the processor) or "cuda".

    Raises:
        DeviceError: CUDA or OpenVINO was requested and is not available; there is no fallback.
    """
    if name == "openvino" and not openvino_is_installed():
        message = "OpenVINO was requested, but is not installed."
        hint = f"Use --device auto or cpu. {install_hint('openvino')}"
        raise DeviceError([Fault("device-absent", message, hint)])
    present = torch.cuda.is_available()
    if name == "cuda" and not present:
        built = (
            "no CUDA device is available"
            if torch.backends.cuda.is_built()
            else "this PyTorch was built without CUDA"
        )
        fault = Fault(
            "device-absent",
            f"CUDA was requested, but {built}.",
            "Use --device auto or cpu, or install a driver and a PyTorch with CUDA.",
        )
        raise DeviceError([fault])
    return torch.device("cuda" if name == "cuda" or (name == "auto" and present) else "cpu")


def bfloat16_is_fast(device: torch.device) -> bool:
    """Return whether bfloat16 autocast beats float32: on CUDA, and on processors with its instructions."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    # Absent from older PyTorch, which then stays with float32.
    checks = (
        getattr(torch.cpu, name, None) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
    return any(check() for check in checks if check is not None)


def fast_autocast(device: torch.device, enabled: bool = True) -> torch.autocast:
    """Return bfloat16 autocast where the device computes it fast; elsewhere the context keeps float32.

    Processors without bfloat16 instructions emulate it, many times slower than float32.

    Args:
        device: where the network runs.
        enabled: False keeps float32 everywhere.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=enabled and bfloat16_is_fast(device))
