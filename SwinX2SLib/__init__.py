"""3D bone reconstruction from two radiographs: the library of the Slicer module and the `swinx2s` command.

`__all__` lists the public API. Each name is loaded on first use, with PyTorch, VTK or SimpleITK if it needs them, so
importing this package is fast.

World coordinates are patient RAS in mm, affines are 4x4 float64 from array index to RAS mm, and names carry their
unit. Functions that take bones accept a path, an object with `labels` and `affine` (a `Reconstruction`, a `Phantom`)
or a pair `(labels, affine)`. Invalid inputs raise `InputError`, which lists every problem.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names
from SwinX2SLib.version import __version__ as __version__

if TYPE_CHECKING:
    from SwinX2SLib.anatomy import labels
    from SwinX2SLib.drr.render import render_drr
    from SwinX2SLib.errors import Fault, InputError
    from SwinX2SLib.evaluation.case import CaseEvaluation
    from SwinX2SLib.evaluation.evaluate import evaluate
    from SwinX2SLib.export.run import export_bones
    from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
    from SwinX2SLib.measurements.measure import measure
    from SwinX2SLib.measurements.results import Measurement
    from SwinX2SLib.phantom.build import Phantom, build_phantom
    from SwinX2SLib.phantom.parameters import PhantomParameters
    from SwinX2SLib.radiographs.pair import read_radiographs
    from SwinX2SLib.radiographs.radiograph import Radiograph, RadiographOptions
    from SwinX2SLib.reconstruct.reconstruction import Reconstruction
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor
    from SwinX2SLib.reconstruct.single_view import reconstruct_frontal
    from SwinX2SLib.weights import load_weights, stored_weights

__all__ = [
    "CaseEvaluation",
    "ConeCamera",
    "Fault",
    "InputError",
    "Measurement",
    "ParallelCamera",
    "Phantom",
    "PhantomParameters",
    "Radiograph",
    "RadiographOptions",
    "Reconstruction",
    "Reconstructor",
    "build_phantom",
    "evaluate",
    "export_bones",
    "labels",
    "load_weights",
    "measure",
    "read_radiographs",
    "reconstruct_frontal",
    "render_drr",
    "stored_weights",
]
# Name -> module that defines it; a test compares this with the imports above, which type checkers read.
_HOMES = {
    "CaseEvaluation": "evaluation.case",
    "ConeCamera": "geometry.cameras",
    "Fault": "errors",
    "InputError": "errors",
    "Measurement": "measurements.results",
    "ParallelCamera": "geometry.cameras",
    "Phantom": "phantom.build",
    "PhantomParameters": "phantom.parameters",
    "Radiograph": "radiographs.radiograph",
    "RadiographOptions": "radiographs.radiograph",
    "Reconstruction": "reconstruct.reconstruction",
    "Reconstructor": "reconstruct.reconstructor",
    "build_phantom": "phantom.build",
    "evaluate": "evaluation.evaluate",
    "export_bones": "export.run",
    "labels": "anatomy",
    "load_weights": "weights",
    "measure": "measurements.measure",
    "read_radiographs": "radiographs.pair",
    "reconstruct_frontal": "reconstruct.single_view",
    "render_drr": "drr.render",
    "stored_weights": "weights",
}
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
