"""What a collection of samples shows and checks of the demo's radiographs: thumbnails, and hashes of the files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from PIL import Image

THUMBNAILS, CHECKSUMS = "Thumbnails", "checksums.json"
_HEIGHT_PX, _GAP_PX, _MARGIN_PX = 180, 4, 6


def write_samples(folder: Path) -> None:
    """Write `checksums.json` (file -> SHA-256) and `Thumbnails/<pair>.png` for the pairs in a folder."""
    (folder / THUMBNAILS).mkdir(exist_ok=True)
    checksums = {}
    for path in sorted(folder.glob("*.json")):
        if path.name == CHECKSUMS:
            continue
        views = json.loads(path.read_text(encoding="utf-8"))["views"]
        files = [folder / views[view]["file"] for view in ("ap", "lateral")]
        checksums |= {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
        _thumbnail(files).save(folder / THUMBNAILS / f"{path.stem}.png", optimize=True)
    (folder / CHECKSUMS).write_text(json.dumps(checksums, indent=2) + "\n", encoding="utf-8")


def _thumbnail(files: list[Path]) -> Image.Image:
    """Return both films side by side."""
    films = []
    for file in files:
        with Image.open(file) as film:
            gray = np.asarray(film, dtype=np.float32)
        # Thin bones would be lost among the dark at this size.
        bright = np.sqrt(np.clip(gray / max(float(gray.max()), 1.0), 0, 1)) * 255
        small = Image.fromarray(bright.astype(np.uint8))
        width = round(small.width * _HEIGHT_PX / small.height)
        films.append(small.resize((width, _HEIGHT_PX), Image.Resampling.LANCZOS))
    width = sum(film.width for film in films) + _GAP_PX * (len(films) - 1) + 2 * _MARGIN_PX
    sheet = Image.new("L", (width, _HEIGHT_PX + 2 * _MARGIN_PX))
    left = _MARGIN_PX
    for film in films:
        sheet.paste(film, (left, _MARGIN_PX))
        left += film.width + _GAP_PX
    return sheet
