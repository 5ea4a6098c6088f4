"""Why the paper leaves scans out: the rules of its data preparation (github.com/liukuan5625/Swin-X2S, `dataset/`).

The paper's text says less ("angiography", "overcropped", "too few ribs") and names no scans; its code has these.
"""

from __future__ import annotations

from SwinX2SLib.anatomy import label_by_id, label_ids
from SwinX2SLib.datasets.dataset import Contents, Exclusion

_L5 = 24


def at_least(bones: int, group: str) -> Exclusion:
    """Return the rule that fewer than `bones` bones of a group are too few."""

    def rule(contents: Contents) -> str | None:
        found = len(contents.present & set(label_ids(group)))
        return None if found >= bones else f"It shows {found} of the {group}, fewer than {bones}."

    return rule


def something(contents: Contents) -> str | None:
    """Leave out scans without any bone of the data set."""
    return None if contents.present else "It shows none of the bones."


def unbroken_spine(contents: Contents) -> str | None:
    """Leave out spines with a gap, and those with a sixth lumbar vertebra."""
    shown = sorted(contents.present & set(label_ids("spine")))
    if shown and shown[-1] > _L5:
        return "It has a sixth lumbar vertebra."
    gaps = sorted(set(range(shown[0], shown[-1] + 1)) - set(shown)) if shown else []
    if gaps:
        return f"Vertebrae are missing between others: {', '.join(label_by_id(i).title for i in gaps)}."
    return None


def not_overcropped(contents: Contents) -> str | None:
    """Leave out scans that are more than three times as wide, or deep, as high."""
    right_left, front_back, head_feet = contents.extent_mm
    if max(right_left, front_back) <= 3 * head_feet:
        return None
    return f"It is cropped: {right_left:.0f} x {front_back:.0f} mm wide, but only {head_feet:.0f} mm high."
