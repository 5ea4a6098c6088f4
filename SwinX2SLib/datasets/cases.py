"""Cases: a label volume, what of it is annotated, perhaps a CT or radiographs, and the licence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nibabel as nib
import numpy as np

from SwinX2SLib.anatomy import CLASS_COUNT, label_ids
from SwinX2SLib.datasets.grid import interpolated
from SwinX2SLib.geometry.frames import reorient, voxel_spacing_mm
from SwinX2SLib.measurements.reading.volume import reading

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
        to_ct = np.linalg.inv(ct_affine) @ affine
        air = AIR_HU if self.ct_kind == "HU" else 0.0
        return interpolated(ct, to_ct, labels.shape, air)

    def _load(self, name: str, dtype: type) -> tuple[np.ndarray, np.ndarray]:
        """Return a volume in network order and its affine (index -> RAS mm)."""
        with reading(self.folder / name, "NIfTI file"):
            image = nib.load(self.folder / name)
            volume, affine = reorient(np.asanyarray(image.dataobj).astype(dtype), image.affine)
        return np.ascontiguousarray(volume), affine
