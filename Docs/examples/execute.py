"""Executes the example notebooks and saves them with their outputs: `make notebooks`.

Pictures are reduced to a palette, and what differs from run to run without telling anything is left out, so that a
notebook stays small and its history readable. A notebook whose cell fails is left as it was.

Usage: python Docs/examples/execute.py [NOTEBOOK.ipynb ...]
"""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

FOLDER = Path(__file__).resolve().parent
COLOURS = 96
LARGEST_BYTES = 300_000
SECONDS_PER_CELL = 3600


def execute(path: Path) -> int:
    """Execute a notebook in place and return its size in bytes."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=SECONDS_PER_CELL, kernel_name="python3", resources={}).execute()
    for cell in notebook.cells:
        cell.metadata = nbformat.NotebookNode()
        for output in cell.get("outputs", []):
            _reduce(output)
    notebook.metadata["language_info"] = {"name": "python"}
    content = nbformat.writes(notebook) + "\n"
    if len(content.encode()) > LARGEST_BYTES:
        raise SystemExit(f"{path.name} has {len(content.encode())} bytes, more than {LARGEST_BYTES}.")
    path.write_text(content, encoding="utf-8")
    return len(content.encode())


def _reduce(output: nbformat.NotebookNode) -> None:
    """Bring a picture to few colours and drop what stands for it in words."""
    data = output.get("data", {})
    if "image/png" not in data:
        return
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")
    stream = io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    output["data"] = {"image/png": base64.b64encode(stream.getvalue()).decode()}


if __name__ == "__main__":
    for chosen in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        print(chosen.name, flush=True)
        print(f"  {execute(chosen) / 1000:.0f} kB")
