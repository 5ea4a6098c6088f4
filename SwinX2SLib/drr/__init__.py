"""Digitally reconstructed radiographs of a CT or of a label map."""

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
