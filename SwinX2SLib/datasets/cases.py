"""Cases: a label volume, what of it is annotated, perhaps a CT or radiographs, and the licence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_ids
from SwinX2SLib.datasets.grid import interpolated
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm

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
        sagittal: picture whose columns run posterior -> anterior: mirrored, against how a lateral film hangs.
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
    """

    name: str
    folder: Path
    split: str
    annotated: tuple[str, ...]
    licence: str
    ct_kind: str | None = None
    radiographs: RadiographPair | None = None

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
        to_ct = np.linalg.inv(ct_affine) @ affine
        air = AIR_HU if self.ct_kind == "HU" else 0.0
        return interpolated(ct, to_ct, labels.shape, air)

    def _load(self, name: str, dtype: type) -> tuple[np.ndarray, np.ndarray]:
        """Return a volume in network order and its affine (index -> RAS mm)."""
        image = nib.load(self.folder / name)
        volume, affine = reorient(np.asanyarray(image.dataobj).astype(dtype), image.affine)
        return np.ascontiguousarray(volume), affine


def load_case_list(manifest: Path) -> list[Case]:
    """Read the volume cases of a manifest (`volumes/<case>/labels.nii.gz` beside it).

    Raises:
        InputError: the manifest is unreadable, or cases lack files or name unknown groups; all are listed.
    """
    try:
        entries = json.loads(Path(manifest).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        fault = Fault(
            "manifest-unreadable", f"The case list cannot be read: {error}.", "Check the path.", str(manifest)
        )
        raise InputError([fault]) from error
    cases, faults = [], []
    for entry in entries:
        if entry.get("kind"):  # meshes and key points, not volumes
            continue
        case = _case(entry, Path(manifest).parent / "volumes" / entry["case"])
        unknown = set(case.annotated) - set(GROUPS)
        if unknown:
            faults.append(
                Fault(
                    "unknown-group", f"{case.name} names unknown groups {sorted(unknown)}.", f"Use {GROUPS}."
                )
            )
        if not (case.folder / "labels.nii.gz").is_file():
            faults.append(
                Fault(
                    "labels-missing",
                    f"{case.name} has no labels.nii.gz.",
                    "Complete the download.",
                    str(case.folder),
                )
            )
        cases.append(case)
    if faults:
        raise InputError(faults)
    return cases


def _case(entry: dict, folder: Path) -> Case:
    ct, films = entry.get("ct"), entry.get("radiographs")
    return Case(
        name=entry["case"],
        folder=folder,
        split=entry["split"],
        annotated=tuple(entry["annotated"]),
        licence=entry["licence"],
        ct_kind=None if ct is None or entry["case"] in MISMATCHED_CTS else ct.split(",")[0],
        radiographs=RadiographPair(*(folder / name for name in films["files"]), films["spacing_mm"])
        if films
        else None,
    )
