"""How much a file may hold unpacked: one limit for all readers, checked before and while anything is decoded.

A header may state any size, and a compressed stream of some megabytes may hold gigabytes. What exceeds the limit is
refused without asking for memory; reading what is within it takes less than 2 GB.
"""

from __future__ import annotations

import os
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError

VARIABLE = "SWINX2S_LARGEST_FILE_MIB"
# A CT of 512 x 512 x 1500 voxels.
DEFAULT_MIB = 768
# Of a radiograph: its stored value, and what it becomes.
PIXEL_BYTES = 8
_MIB = 1 << 20


def largest_bytes() -> int:
    """Return how many bytes a file may hold unpacked: `$SWINX2S_LARGEST_FILE_MIB` MiB if set, else 768 MiB.

    Raises:
        InputError: the variable is no positive whole number.
    """
    text = os.environ.get(VARIABLE, "").strip() or str(DEFAULT_MIB)
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1 << 40):
        message = f"The environment variable {VARIABLE} is {text!r}, not a number of MiB."
        raise InputError(
            [Fault("limit-invalid", message, f"Remove it, or set a number such as {DEFAULT_MIB}.")]
        )
    return int(text) * _MIB


def require_size(count: int, what: str, path: Path, most: int = 0) -> None:
    """Refuse a file that holds too much.

    Args:
        count: bytes that its content takes, or has taken so far.
        what: "NRRD file", for example.
        path: of the file.
        most: bytes that are allowed beyond the limit, of files that take so many on the disk.

    Raises:
        InputError: they are more than `largest_bytes`.
    """
    limit = largest_bytes()
    if count <= max(limit, most):
        return
    message = f"The {what} holds {count / _MIB:.0f} MiB or more, above the limit of {limit // _MIB} MiB."
    hint = f"Check the file; if it is right, crop or resample it, or set the environment variable {VARIABLE}."
    raise InputError([Fault("too-large", message, hint, str(path))])
