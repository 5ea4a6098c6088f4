"""Decode one radiograph in a separate process: `python -m SwinX2SLib.radiographs.unpacking FILE FOLDER`.

Large radiographs take seconds to decompress, during which whoever shows a window wants to go on drawing it. FOLDER
receives `radiograph.npy`, the image as stored, `(rows, columns)`, and `radiograph.json` with the size of its pixels.
Pictures in colour are left to those who can ask whether they may be made gray.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from SwinX2SLib.radiographs.decoded_image import DecodedImage, DecodeError
from SwinX2SLib.radiographs.decoding import decoder_of

PICTURE, ABOUT = "radiograph.npy", "radiograph.json"
_REFUSED = 1
_INTEGERS = (np.uint8, np.int16, np.uint16)


@dataclass(frozen=True)
class UnpackedImage:
    """A radiograph as stored.

    Attributes:
        pixels: `(rows, columns)`, of the smallest type that holds all values.
        spacing_mm: `(row, column)` that the header states, or None.
    """

    pixels: np.ndarray
    spacing_mm: tuple[float, float] | None


def unpack(path: Path, folder: Path) -> None:
    """Decode a radiograph into a folder.

    Raises:
        DecodeError: the file yields no picture, or one in colour.
    """
    radiograph = decoder_of(path)(path)
    if radiograph.faults or any("in colour" in note for note in radiograph.notes):
        raise DecodeError("colour-picture", "The image is in colour.", "Load it with another reader.")
    np.save(folder / PICTURE, _smallest(radiograph.values))
    (folder / ABOUT).write_text(json.dumps({"spacing_mm": _spacing(radiograph)}), encoding="utf-8")


def read_unpacked(folder: Path) -> UnpackedImage:
    """Read what `unpack` wrote."""
    spacing = json.loads((folder / ABOUT).read_text(encoding="utf-8"))["spacing_mm"]
    return UnpackedImage(np.load(folder / PICTURE, allow_pickle=False), spacing and tuple(spacing))


def _spacing(radiograph: DecodedImage) -> tuple[float, float] | None:
    return (radiograph.spacing.row_mm, radiograph.spacing.col_mm) if radiograph.spacing else None


def _smallest(values: np.ndarray) -> np.ndarray:
    if not np.isfinite(values).all() or (values != np.rint(values)).any():
        return values
    low, high = float(values.min(initial=0)), float(values.max(initial=0))
    for kind in _INTEGERS:
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return values.astype(kind)
    return values


def main() -> int:
    """Decode the file that the command line names."""
    path, folder = map(Path, sys.argv[1:3])
    try:
        unpack(path, folder)
    except DecodeError as error:
        print(error, file=sys.stderr)
        return _REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())
