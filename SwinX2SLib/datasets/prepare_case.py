"""One scan of a download becomes a case: read, checked, brought onto the paper's grid, projected, written."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from SwinX2SLib.anatomy import CLASS_COUNT, label_by_id, label_ids, mirrored_ids
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.dataset import Contents, DataSet
from SwinX2SLib.datasets.grid import Grid, box_of, ct_on, paper_grid
from SwinX2SLib.datasets.scan import Scan, read_scan
from SwinX2SLib.drr.projection import WATER_PER_MM, project_grid
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import orientation_of, transform_points, voxel_spacing_mm
from SwinX2SLib.geometry.resampling import resample_labels
from SwinX2SLib.geometry.tuples import shape3, vector3
from SwinX2SLib.io.atomic_output import atomic_directory, remove_stale
from SwinX2SLib.io.volumes import write_volume

# Rounded centres of bones that are cut by the edge of the scan.
_SLACK_MM = 5.0


def layout_faults(labels: np.ndarray, affine: np.ndarray) -> list[str]:
    """Return what is against nature in the places of the bones, in sentences.

    Left and right are judged by the bones of both sides, up and down by the order of vertebrae and ribs and by femora
    below hips, front and back by the sacrum, which lies behind the hips. A spine alone says nothing of its sides.

    Args:
        labels: uint8 `(X, Y, Z)`, our labels.
        affine: index -> RAS mm.
    """
    centres = _centres(labels, affine)
    rules = (_sides_fault, _order_fault, _sacrum_fault)
    return [sentence for rule in rules if (sentence := rule(centres))]


def _centres(labels: np.ndarray, affine: np.ndarray) -> dict[int, np.ndarray]:
    """Return the centre of each bone that is there, `(3,)` in RAS mm."""
    present = [int(i) for i in np.unique(labels) if i]
    if not present:
        return {}
    found = ndimage.center_of_mass(labels > 0, labels, present)
    return dict(zip(present, transform_points(affine, np.array(found)), strict=True))


def _sides_fault(centres: dict[int, np.ndarray]) -> str | None:
    pairs = [
        (i, j)
        for i, j in enumerate(mirrored_ids())
        if i in centres and j in centres and i != j and label_by_id(i).side == "left"
    ]
    wrong = [i for i, j in pairs if centres[i][0] >= centres[j][0]]
    if 2 * len(wrong) <= len(pairs):
        return None
    return (
        f"Left bones are to the right of the corresponding right bones ({len(wrong)} of {len(pairs)} pairs)."
    )


def _order_fault(centres: dict[int, np.ndarray]) -> str | None:
    rows = [label_ids("spine"), label_ids("ribs")[:12], label_ids("ribs")[12:]]
    steps = [
        centres[upper][2] - centres[lower][2]
        for row in rows
        for upper, lower in pairwise(row)
        if upper in centres and lower in centres
    ]
    hips = [centres[i][2] for i in label_ids("pelvis")[1:] if i in centres]
    femora = [centres[i][2] for i in label_ids("femur") if i in centres]
    if hips and femora:
        steps.append(np.mean(hips) - np.mean(femora))
    wrong = sum(step <= 0 for step in steps)
    if 2 * wrong <= len(steps):
        return None
    return f"Bones are not in craniocaudal order ({wrong} of {len(steps)})."


def _sacrum_fault(centres: dict[int, np.ndarray]) -> str | None:
    sacrum, *hips = label_ids("pelvis")
    shown = [centres[i][1] for i in hips if i in centres]
    if sacrum not in centres or not shown or centres[sacrum][1] < np.mean(shown) + _SLACK_MM:
        return None
    return "The sacrum is in front of the hip bones."


LABELS, CT, RADIOGRAPHS = "labels.nii.gz", "ct.nii.gz", ("coronal.png", "sagittal.png")
LAYOUT = (
    "PNG rows run superior to inferior; coronal columns run patient right to left, sagittal columns run "
    "posterior to anterior"
)


def write_case(
    folder: Path, grid: Grid, labels: np.ndarray, ct: np.ndarray | None, excess: np.ndarray | None
) -> None:
    """Write a case, atomically, in RAS order as viewers have it; an earlier one is replaced.

    Args:
        folder: of the case.
        grid: of the arrays.
        labels: uint8 `(X, Y, Z)`.
        ct: float32 `(X, Y, Z)` [HU], or None.
        excess: what of the CT the radiographs show, float32 `(X, Y, Z)` [HU], or None.
    """
    remove_case(folder)
    with atomic_directory(folder, files_of(True), overwrite=True) as part:
        write_volume(part / LABELS, labels, grid.affine, "RAS")
        if ct is not None and excess is not None:
            write_volume(part / CT, np.round(ct).astype(np.int16), grid.affine, "RAS")
            for picture, name in zip(radiographs(excess, grid), RADIOGRAPHS, strict=True):
                Image.fromarray(picture).save(part / name, optimize=True)


def remove_case(folder: Path) -> None:
    """Remove a case, and what killed runs left of it."""
    if folder.parent.is_dir():
        remove_stale(folder, files_of(True))
    shutil.rmtree(folder, ignore_errors=True)


def files_of(with_ct: bool) -> tuple[str, ...]:
    """Return the names of a case's files."""
    return (LABELS, CT, *RADIOGRAPHS) if with_ct else (LABELS,)


def radiographs(excess: np.ndarray, grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """Return the coronal and the sagittal radiograph in the layout of the paper's pictures.

    Parallel rays, a pixel for each line of voxels; the darkest value becomes 0 and the brightest 255, as the paper's
    code rescales them. See `cases.RadiographPair` for the layout.

    Args:
        excess: what attenuates, float32 `(X, Y, Z)` [HU] above the threshold, in network order.
        grid: of the array.

    Returns:
        uint8 `(Z, X)` and `(Z, Y)`.

    Raises:
        ValueError: a radiograph shows nothing.
    """
    attenuation = excess * np.float32(WATER_PER_MM / 1000)
    coronal = project_grid(attenuation, grid.affine, "ap")
    sagittal = project_grid(attenuation, grid.affine, "lateral")[:, ::-1]
    return _eight_bits(coronal), _eight_bits(sagittal)


def _eight_bits(radiograph: np.ndarray) -> np.ndarray:
    darkest, brightest = float(radiograph.min()), float(radiograph.max())
    if not brightest > darkest:
        raise ValueError("A projected radiograph is empty.")
    return np.ascontiguousarray(
        np.round((radiograph - darkest) / (brightest - darkest) * 255).astype(np.uint8)
    )


# What of the bones may lie beyond the grid before it is worth a word.
_WORTH_TELLING = 0.01


def prepare_case(payload: Mapping[str, Any]) -> dict:
    """Prepare one scan; runs in a process, or on a machine, of its own.

    Args:
        payload: `data_set`, `case`, `labels` and `image` (paths), `split`, `licence`, `missing`, `folder` (of the
            case, None to check only), `shape`, `spacing_mm`, `threshold`, `labels_only`, `labels_on_image_grid`,
            `assumed_orientation`, `scheme`.

    Returns:
        `{"entry": ...}` for the case list, or `{"excluded": reason}`.

    Raises:
        InputError: the scan cannot be used; names every problem.
    """
    data_set = DATASETS[payload["data_set"]]
    data_set = replace(data_set, scheme=payload.get("scheme") or data_set.scheme)
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
        hint_image = "Complete the download, set the folder of the CTs with --images, or add --labels-only."
        faults.append(Fault("image-missing", "Its CT is missing.", hint_image))
    if payload["split"] is None:
        message = f"Its split (training, validation or test) is unknown ({data_set.split_source})."
        faults.append(Fault("split-unknown", message, "Add that file to the download, or use --split FILE."))
    if not payload["labels"] and not faults:
        faults.append(Fault("incomplete", "Its labels are missing.", hint))
    if faults:
        raise InputError(faults)


def _contents(scan: Scan, threshold: float) -> Contents:
    """Return what the scan shows, at its own resolution."""
    present = frozenset(int(i) for i in np.flatnonzero(_counts(scan.labels)) if i)
    if scan.ct is None or scan.ct_affine is None:
        lower, upper = box_of(scan.labels.shape, scan.labels_affine)
        return Contents(present, vector3(upper - lower))
    extent = [0.0, 0.0, 0.0]
    codes, spacing = orientation_of(scan.ct_affine), voxel_spacing_mm(scan.ct_affine)
    dense = scan.ct[::2, ::2, ::2] > threshold
    for axis, code in enumerate(codes):
        found = np.flatnonzero(dense.any(axis=tuple(other for other in range(3) if other != axis)))
        size = 2 * (found[-1] - found[0] + 1) * spacing[axis] if len(found) else 0.0
        extent["RLAPSI".index(code) // 2] = float(size)
    return Contents(present, vector3(extent))


def _made(scan: Scan, data_set: DataSet, payload: Mapping[str, Any], folder: Path | None) -> dict:
    shape, affine = scan.labels.shape, scan.labels_affine
    if scan.ct is not None and scan.ct_affine is not None:
        shape, affine = scan.ct.shape, scan.ct_affine
    grid = paper_grid(shape, affine, shape3(payload["shape"]), payload["spacing_mm"])
    # Nearest neighbour, as in the paper.
    labels = resample_labels(scan.labels, scan.labels_affine, grid.shape, grid.affine)
    against_nature = layout_faults(labels, grid.affine)
    if against_nature:
        hint = (
            "The header rotates or mirrors the patient, or the label numbering is different: correct it, or "
            "exclude the scan."
        )
        where = str(payload["labels"][0])
        raise InputError([Fault("layout", sentence, hint, where) for sentence in against_nature])
    notes = [*scan.notes, *_lost(scan, labels, grid)]
    ct = excess = None
    if scan.ct is not None and scan.ct_affine is not None:
        ct, excess = ct_on(grid, scan.ct, scan.ct_affine, payload["threshold"])
        _check_radiographs(excess, grid, payload)
    if folder:
        write_case(folder, grid, labels, ct, excess)
    return _entry(data_set, payload, grid, labels, notes)


def _check_radiographs(excess: np.ndarray, grid: Grid, payload: Mapping[str, Any]) -> None:
    try:
        radiographs(excess, grid)
    except ValueError as error:
        message = f"{error} No voxel in the grid exceeds {payload['threshold']:g} HU."
        fault = Fault("radiograph-empty", message, "Exclude this scan.", str(payload["image"]))
        raise InputError([fault]) from error


def _lost(scan: Scan, labels: np.ndarray, grid: Grid) -> list[str]:
    """Return a note on what of the bones lies beyond the grid."""
    counts = _counts(scan.labels)[1:]
    kept = _counts(labels)[1:]
    before = counts.sum() * float(np.prod(voxel_spacing_mm(scan.labels_affine)))
    share = 1 - kept.sum() * grid.spacing_mm**3 / before if before else 0.0
    gone = [label_by_id(int(i) + 1).title for i in np.flatnonzero((counts > 0) & (kept == 0))]
    notes = [f"Entirely outside the grid: {', '.join(gone)}."] if gone else []
    if share > _WORTH_TELLING:
        notes.append(
            f"{100 * share:.0f} % of the bone is outside the grid, which is cropped laterally as in the "
            "paper."
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
        entry["radiographs"] = {"files": list(RADIOGRAPHS), "spacing_mm": spacing, "layout": LAYOUT}
    return entry
