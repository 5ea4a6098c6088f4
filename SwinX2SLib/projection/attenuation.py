"""From CT numbers and labels to linear attenuation."""

from __future__ import annotations

import numpy as np

from SwinX2SLib.anatomy import BACKGROUND, CLASS_COUNT

# At 70 keV, about the mean energy of a diagnostic beam: water 0.193 and cortical bone 0.26 cm^2/g (1.92 g/cm^3),
# NIST XCOM. Whole bones, cancellous inside, attenuate less.
WATER_PER_MM = 0.0193
BONE_PER_MM = 0.035


def ct_attenuation(ct: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """Return what of a CT a ray meets, float32 [1/mm]: the excess over a threshold, on water's scale.

    The paper's ray caster (ITK) sums the excess over its threshold of 0 HU. With -1000 HU, the air's number, this is
    the definition of the Hounsfield scale read backwards.

    Args:
        ct: CT numbers [HU], or any values that rise with density; any shape.
        threshold: in the unit of `ct`; what lies below is air.
    """
    return np.maximum(np.asarray(ct, dtype=np.float32) - np.float32(threshold), 0) * np.float32(
        WATER_PER_MM / 1000
    )


def label_attenuation(labels: np.ndarray, per_mm: float | np.ndarray = BONE_PER_MM) -> np.ndarray:
    """Return a volume, float32 [1/mm], in which every bone has an even attenuation.

    Args:
        labels: uint8 label volume.
        per_mm: of all bones, or one value for each of the 55 classes.
    """
    table = np.broadcast_to(np.asarray(per_mm, dtype=np.float32), CLASS_COUNT).copy()
    if np.ndim(per_mm) == 0:
        table[BACKGROUND] = 0
    return table[labels]
