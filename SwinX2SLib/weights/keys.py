"""Do the tensors of a file fit a network?"""

from __future__ import annotations

from collections.abc import Mapping

from SwinX2SLib.errors import Fault

Shapes = Mapping[str, tuple[int, ...]]
_HINT = "Check that the file belongs to this network and these sizes."


def key_faults(expected: Shapes, found: Shapes, path: str) -> list[Fault]:
    """Return one fault for every tensor that is missing, unexpected or of another shape.

    Args:
        expected: name -> shape in the network.
        found: name -> shape in the file.
        path: the file, for the message.
    """
    missing = [
        Fault("weights-missing-key", f"{key} of shape {shape} is missing.", _HINT, path)
        for key, shape in expected.items()
        if key not in found
    ]
    unexpected = [
        Fault("weights-unexpected-key", f"{key} of shape {shape} is unexpected.", _HINT, path)
        for key, shape in found.items()
        if key not in expected
    ]
    misshapen = [
        Fault("weights-shape", f"{key} has shape {found[key]} instead of {shape}.", _HINT, path)
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    return missing + unexpected + misshapen
