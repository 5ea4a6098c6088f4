"""Digitally reconstructed radiographs of a CT or of a label map."""

from SwinX2SLib.projection.attenuation import ct_attenuation, label_attenuation
from SwinX2SLib.projection.films import project_ct, project_labels
from SwinX2SLib.projection.grid import project_grid
from SwinX2SLib.projection.rays import project_rays
from SwinX2SLib.projection.threshold import ThresholdFit, fit_threshold, normalised_cross_correlation

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
]
