"""What the section Compare offers to choose from."""

from __future__ import annotations

from enum import Enum

from slicer.i18n import tr as _


class Placement(Enum):
    """How the reconstruction is laid onto the CT before both are compared."""

    RIGID = "rigid"
    BONES = "bones"
    CENTRES = "centres"
    NONE = "none"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        words = {
            "rigid": _("turned and shifted, bone onto bone"),
            "bones": _("shifted, bone onto bone"),
            "centres": _("shifted, middle of the volumes"),
            "none": _("as both lie in the scene"),
        }
        return words[self.value]


class Distance(Enum):
    """What the colours of the surfaces show."""

    SIGNED = "signed"
    ABSOLUTE = "absolute"

    def label(self) -> str:
        """Return the words of the drop-down list."""
        words = {
            "signed": _("outside (red) or inside (blue) the CT's bone"),
            "absolute": _("distance only"),
        }
        return words[self.value]
