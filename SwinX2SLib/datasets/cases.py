"""Cases: a label volume, what of it is annotated, perhaps a CT or radiographs, and the licence."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm
from SwinX2SLib.geometry.resampling import resample_image
from SwinX2SLib.io.json_files import read_json
from SwinX2SLib.io.volumes import read_three_axes

# CTs that do not match their own labels or radiographs (squeezed in x; another scan), measured on the published data.
MISMATCHED_CTS = ("x2s_verse083", "x2s_0646")
AIR_HU = -1000.0
# Licences under which derived weights may be shipped; anything else (NC, ND) serves evaluation only.
PERMISSIVE_LICENCES = ("CC BY 3.0", "CC BY 4.0", "CC BY-SA 4.0", "CC0", "MIT", "Apache-2.0")


@dataclass(frozen=True)
class RadiographPair:
    """Published radiographs of a case, pixel-aligned with its label volume.

    Attributes:
        coronal: picture whose columns run patient right -> left.
        sagittal: picture whose columns run posterior -> anterior: the mirrored display orientation.
        spacing_mm: pixel size.
    """

    coronal: Path
    sagittal: Path
    spacing_mm: float


@dataclass(frozen=True)
class Case:
    """One person of a training or evaluation set.

    Attributes:
        name: unique name.
        folder: where `labels.nii.gz` (and `ct.nii.gz`) lie.
        split: "train", "val" or "test".
        annotated: groups of `anatomy.GROUPS` whose bones are all drawn; the others are unknown, not background.
        licence: as in the manifest.
        ct_kind: "HU", "8-bit rescaled" or None.
        radiographs: published radiographs, or None.
        unknown_labels: bones of annotated groups that are cut or wrong in the label volume: unknown, too.
    """

    name: str
    folder: Path
    split: str
    annotated: tuple[str, ...]
    licence: str
    ct_kind: str | None = None
    radiographs: RadiographPair | None = None
    unknown_labels: tuple[int, ...] = ()

    @property
    def may_train_default_weights(self) -> bool:
        """Whether the licence allows weights derived from the case to be given away."""
        return self.licence.startswith(PERMISSIVE_LICENCES)

    @cached_property
    def known_classes(self) -> np.ndarray:
        """Boolean `(55,)`: classes whose absence from the label volume means absence; background is known."""
        known = np.zeros(CLASS_COUNT, dtype=bool)
        known[0] = True
        for group in self.annotated:
            known[list(label_ids(group))] = True
        known[list(self.unknown_labels)] = False
        return known

    def load_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the label volume, uint8 `(X, Y, Z)` in network order, and its voxel size `(3,)` [mm]."""
        labels, affine = self._load("labels.nii.gz", np.uint8)
        return labels, voxel_spacing_mm(affine)

    def load_ct(self) -> np.ndarray | None:
        """Return the CT on the label volume's grid, float32 `(X, Y, Z)` in network order, or None.

        A CT on another grid is interpolated; beyond it is air.
        """
        if self.ct_kind is None:
            return None
        labels, affine = self._load("labels.nii.gz", np.uint8)
        ct, ct_affine = self._load("ct.nii.gz", np.float32)
        if ct.shape == labels.shape and np.allclose(affine, ct_affine, atol=0.1):
            return ct
        air = AIR_HU if self.ct_kind == "HU" else 0.0
        return resample_image(ct, ct_affine, labels.shape, affine, outside=air)

    def _load(self, name: str, dtype: type) -> tuple[np.ndarray, np.ndarray]:
        """Return a volume in network order and its affine (index -> RAS mm)."""
        volume, affine = reorient(*read_three_axes(self.folder / name))
        return np.ascontiguousarray(volume, dtype=dtype), affine


def load_case_list(manifest: Path) -> list[Case]:
    """Read the volume cases of a manifest (`volumes/<case>/labels.nii.gz` beside it).

    Raises:
        InputError: the manifest is unreadable, or entries are incomplete, lack files or name unknown groups; all are
            listed.
    """
    manifest = Path(manifest)
    cases, faults = [], []
    names: set[str] = set()
    for number, entry in enumerate(_entries(manifest), start=1):
        if isinstance(entry, dict) and entry.get("kind") not in (None, "atlas"):  # meshes and key points
            continue
        wrong = _wrong_with(entry)
        if not wrong:
            case = _case(entry, manifest.parent / "volumes" / entry["case"])
            cases.append(case)
            wrong = [f"{case.name} is listed twice."] if case.name in names else []
            names.add(case.name)
            faults += _case_faults(case)
        faults += [_fault("case-invalid", f"Entry {number}: {words}", manifest) for words in wrong]
    if faults:
        raise InputError(faults)
    return cases


def _entries(manifest: Path) -> list:
    try:
        entries = read_json(manifest)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            [_fault("manifest-unreadable", f"The file cannot be read ({reason}).", manifest)]
        ) from error
    if not isinstance(entries, list):
        raise InputError([_fault("manifest-unreadable", "The file is not a case list.", manifest)])
    return entries


def _wrong_with(entry: Any) -> list[str]:
    """Return what an entry lacks to be a case, in sentences."""
    if not isinstance(entry, dict):
        return [f"{json.dumps(entry)[:40]} is not a valid case."]
    wrong = [
        f"{key} must be a string." for key in ("case", "split", "licence") if not _is_text(entry.get(key))
    ]
    groups, radiographs = entry.get("annotated"), entry.get("radiographs")
    if not isinstance(groups, list) or not all(map(_is_text, groups)):
        wrong.append("annotated must be a list of groups.")
    if not (entry.get("ct") is None or _is_text(entry["ct"])):
        wrong.append("ct must be a string or null.")
    if not _are_labels(entry.get("unknown_labels", [])):
        wrong.append(f"unknown_labels must be a list of integers from 1 to {CLASS_COUNT - 1}.")
    if radiographs and not _are_radiographs(radiographs):
        wrong.append("radiographs must have two files and a spacing_mm above 0.")
    return wrong


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_labels(values: Any) -> bool:
    return isinstance(values, list) and all(type(v) is int and 1 <= v < CLASS_COUNT for v in values)


def _are_radiographs(radiographs: Any) -> bool:
    if not isinstance(radiographs, dict) or not isinstance(radiographs.get("files"), list):
        return False
    spacing = radiographs.get("spacing_mm")
    is_size = isinstance(spacing, int | float) and math.isfinite(spacing) and spacing > 0
    return len(radiographs["files"]) == 2 and all(map(_is_text, radiographs["files"])) and is_size


def _case_faults(case: Case) -> list[Fault]:
    faults = []
    if unknown := sorted(set(case.annotated) - set(GROUPS)):
        message = f"{case.name} has unknown groups: {', '.join(unknown)}."
        faults.append(Fault("unknown-group", message, f"Use {', '.join(GROUPS)}."))
    if not (case.folder / "labels.nii.gz").is_file():
        message = f"{case.name} has no labels.nii.gz."
        faults.append(Fault("labels-missing", message, "Complete the download.", str(case.folder)))
    return faults


def _fault(kind: str, message: str, manifest: Path) -> Fault:
    return Fault(kind, message, "Use a case list written by `swinx2s prepare`.", str(manifest))


def _published_pair(folder: Path, entry: dict) -> RadiographPair:
    coronal, sagittal = (folder / name for name in entry["files"])
    return RadiographPair(coronal, sagittal, entry["spacing_mm"])


def _case(entry: dict, folder: Path) -> Case:
    ct, radiographs = entry.get("ct"), entry.get("radiographs")
    return Case(
        name=entry["case"],
        folder=folder,
        split=entry["split"],
        annotated=tuple(entry["annotated"]),
        licence=entry["licence"],
        ct_kind=None if ct is None or entry["case"] in MISMATCHED_CTS else ct.split(",")[0],
        radiographs=_published_pair(folder, radiographs) if radiographs else None,
        unknown_labels=tuple(entry.get("unknown_labels", ())),
    )
