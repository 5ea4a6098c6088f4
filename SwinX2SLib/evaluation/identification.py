"""Whether bones are found under their own names.

- Identified (Swin-X2S): the centre of mass of the predicted bone lies less than 20 mm from that of the true one.
- Nearest (VerSe, its `eval_utilities.py`): in addition, no other true bone's centre lies nearer to it, of the bones
  of the group that both volumes hold.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

IDENTIFIED_WITHIN_MM = 20.0


def identify(
    prediction: Mapping[int, np.ndarray], truth: Mapping[int, np.ndarray]
) -> tuple[dict[int, bool], dict[int, bool]]:
    """Tell which bones of one group are identified.

    Args:
        prediction, truth: centres of mass `(3,)` in mm by label id.

    Returns:
        For every true bone, whether it is identified, and whether it is identified and nearest.
    """
    both = [label for label in truth if label in prediction]
    near = dict.fromkeys(truth, False)
    nearest = dict(near)
    for label in both:
        away = {other: float(np.linalg.norm(prediction[label] - truth[other])) for other in both}
        near[label] = away[label] < IDENTIFIED_WITHIN_MM
        nearest[label] = near[label] and away[label] <= min(away.values())
    return near, nearest
