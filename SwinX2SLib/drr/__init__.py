"""Digitally reconstructed radiographs of a CT, a label map or a phantom, and results overlaid on radiographs.

Names are loaded when first used: the panel overlays outlines before the libraries that project are installed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names

if TYPE_CHECKING:
    from SwinX2SLib.drr.projection import (
        ct_attenuation,
        label_attenuation,
        project_ct,
        project_grid,
        project_labels,
        project_rays,
    )
    from SwinX2SLib.drr.render import render_drr
    from SwinX2SLib.drr.threshold import ThresholdFit, fit_threshold, normalised_cross_correlation

__all__ = [
    "ThresholdFit",
    "ct_attenuation",
    "fit_threshold",
    "label_attenuation",
    "normalised_cross_correlation",
    "project_ct",
    "project_grid",
    "project_labels",
    "project_rays",
    "render_drr",
]
_HOMES = {
    **dict.fromkeys(__all__, "projection"),
    **dict.fromkeys(("ThresholdFit", "fit_threshold", "normalised_cross_correlation"), "threshold"),
    "render_drr": "render",
}
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
