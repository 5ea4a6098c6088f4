"""A parametric skeleton with all 54 bones and known measurements: the truth of tests and of the demo."""

from SwinX2SLib.phantom.build import FieldOfView, Phantom, build_phantom, phantom_ct
from SwinX2SLib.phantom.parameters import PhantomParameters, Sided

__all__ = ["FieldOfView", "Phantom", "PhantomParameters", "Sided", "build_phantom", "phantom_ct"]
