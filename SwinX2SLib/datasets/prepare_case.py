"""One scan of a download becomes a case: read, checked, brought onto the paper's grid, projected, written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, label_by_id
from SwinX2SLib.datasets.case_folder import FILMS, LAYOUT, films, remove_case, write_case
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.dataset import Contents, DataSet
from SwinX2SLib.datasets.grid import Grid, box_of, ct_on, labels_on, paper_grid
from SwinX2SLib.datasets.layout import layout_faults
from SwinX2SLib.datasets.scan import Scan, read_scan
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import orientation_of, voxel_spacing_mm

# What of the bones may lie beyond the grid before it is worth a word.
_WORTH_TELLING = 0.01


def prepare_case(payload: Mapping[str, Any]) -> dict:
    """Prepare one scan; runs in a process, or on a machine, of its own.

    Args:
        payload: `data_set`, `case`, `labels` and `image` (paths), `split`, `licence`, `missing`, `folder` (of the
            case, None to check only), `shape`, `spacing_mm`, `threshold`, `labels_only`, `labels_on_image_grid`,
            `assumed_orientation`.

    Returns:
        `{"entry": ...}` for the case list, or `{"excluded": reason}`.

    Raises:
        InputError: the scan cannot be used; all that is wrong is told.
    """
    data_set = DATASETS[payload["data_set"]]
    _check_presence(payload, data_set)
    scan = read_scan(
        payload["labels"],
        None if payload["labels_only"] else payload["image"],
        data_set,
        payload["assumed_orientation"],
        payload["labels_on_image_grid"],
    )
    folder = Path(payload["folder"]) if payload["folder"] else None
    reason = data_set.excluded(_contents(scan, payload["threshold"]))
    if reason:
        if folder:
            remove_case(folder)
        return {"excluded": reason}
    return {"entry": _made(scan, data_set, payload, folder)}


def _check_presence(payload: Mapping[str, Any], data_set: DataSet) -> None:
    hint = "Complete the download."
    faults = [Fault("incomplete", sentence, hint) for sentence in payload["missing"]]
    if payload["image"] is None and not payload["labels_only"]:
        hint_image = "Complete the download, name the CTs' folder with --images, or add --labels-only."
        faults.append(Fault("image-missing", "Its CT is not there.", hint_image))
    if payload["split"] is None:
        message = f"Nothing says whether it is for training, validation or test ({data_set.split_source})."
        faults.append(Fault("split-unknown", message, "Add that file to the download, or give --split FILE."))
    if not payload["labels"] and not faults:
        faults.append(Fault("incomplete", "Its labels are not there.", hint))
    if faults:
        raise InputError(faults)


def _contents(scan: Scan, threshold: float) -> Contents:
    """Return what the scan shows, at its own resolution."""
    present = frozenset(int(i) for i in np.flatnonzero(_counts(scan.labels)) if i)
    if scan.ct is None:
        lower, upper = box_of(scan.labels.shape, scan.labels_affine)
        return Contents(present, tuple((upper - lower).tolist()))
    extent = [0.0, 0.0, 0.0]
    codes, spacing = orientation_of(scan.ct_affine), voxel_spacing_mm(scan.ct_affine)
    dense = scan.ct[::2, ::2, ::2] > threshold
    for axis, code in enumerate(codes):
        found = np.flatnonzero(dense.any(axis=tuple(other for other in range(3) if other != axis)))
        size = 2 * (found[-1] - found[0] + 1) * spacing[axis] if len(found) else 0.0
        extent["RLAPSI".index(code) // 2] = float(size)
    return Contents(present, tuple(extent))


def _made(scan: Scan, data_set: DataSet, payload: Mapping[str, Any], folder: Path | None) -> dict:
    shown = (scan.labels.shape, scan.labels_affine) if scan.ct is None else (scan.ct.shape, scan.ct_affine)
    grid = paper_grid(*shown, tuple(payload["shape"]), payload["spacing_mm"])
    labels = labels_on(grid, scan.labels, scan.labels_affine)
    against_nature = layout_faults(labels, grid.affine)
    if against_nature:
        hint = "The header turns or mirrors the patient, or the numbering is another: correct it, or leave it out."
        where = str(payload["labels"][0])
        raise InputError([Fault("layout", sentence, hint, where) for sentence in against_nature])
    notes = [*scan.notes, *_lost(scan, labels, grid)]
    ct = excess = None
    if scan.ct is not None:
        ct, excess = ct_on(grid, scan.ct, scan.ct_affine, payload["threshold"])
        _check_films(excess, grid, payload)
    if folder:
        write_case(folder, grid, labels, ct, excess)
    return _entry(data_set, payload, grid, labels, notes)


def _check_films(excess: np.ndarray, grid: Grid, payload: Mapping[str, Any]) -> None:
    try:
        films(excess, grid)
    except ValueError as error:
        message = f"{error} Nothing in the grid exceeds {payload['threshold']:g} HU."
        fault = Fault("film-empty", message, "Leave this scan out.", str(payload["image"]))
        raise InputError([fault]) from error


def _lost(scan: Scan, labels: np.ndarray, grid: Grid) -> list[str]:
    """Tell what of the bones lies beyond the grid."""
    counts = _counts(scan.labels)[1:]
    kept = _counts(labels)[1:]
    before = counts.sum() * float(np.prod(voxel_spacing_mm(scan.labels_affine)))
    share = 1 - kept.sum() * grid.spacing_mm**3 / before if before else 0.0
    gone = [label_by_id(int(i) + 1).title for i in np.flatnonzero((counts > 0) & (kept == 0))]
    notes = [f"Not on the grid at all: {', '.join(gone)}."] if gone else []
    if share > _WORTH_TELLING:
        notes.append(
            f"{100 * share:.0f} % of the bone lies beyond the grid, which the paper cuts at the sides."
        )
    return notes


def _counts(labels: np.ndarray) -> np.ndarray:
    """Return how many voxels each label has, `(55,)`."""
    # A slab at a time: counting widens the numbers eightfold.
    return np.sum([np.bincount(slab.ravel(), minlength=CLASS_COUNT) for slab in labels], axis=0)


def _entry(
    data_set: DataSet, payload: Mapping[str, Any], grid: Grid, labels: np.ndarray, notes: list[str]
) -> dict:
    spacing = round(grid.spacing_mm, 6)
    entry = {
        "case": payload["case"],
        "split": payload["split"],
        "annotated": list(data_set.groups),
        "licence": payload["licence"],
        "source": f"{data_set.title}, {data_set.source}",
        "note": " ".join(notes),
        "labels": [int(i) for i in np.unique(labels) if i],
        "shape": list(grid.shape),
        "spacing_mm": [spacing] * 3,
    }
    if not payload["labels_only"]:
        entry["ct"] = "HU"
        entry["radiographs"] = {"files": list(FILMS), "spacing_mm": spacing, "layout": LAYOUT}
    return entry
