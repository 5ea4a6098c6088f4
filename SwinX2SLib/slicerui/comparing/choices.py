"""What a user may choose of a comparison."""

from __future__ import annotations

from enum import Enum


class Placement(Enum):
    """How the reconstruction is laid onto the CT before both are compared."""

    RIGID = "rigid"
    BONES = "bones"
    CENTRES = "centres"
    NONE = "none"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        return {
            "rigid": "turned and shifted, bone onto bone",
            "bones": "shifted, bone onto bone",
            "centres": "shifted, middle of the volumes",
            "none": "as both lie in the scene",
        }[self.value]


class Distance(Enum):
    """What the colours of the surfaces show."""

    SIGNED = "signed"
    ABSOLUTE = "absolute"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        return {
            "signed": "outside (red) or inside (blue) the CT's bone",
            "absolute": "distance only",
        }[self.value]
