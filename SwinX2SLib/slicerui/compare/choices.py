"""What the section Compare offers to choose from."""

from __future__ import annotations

from enum import Enum

from slicer.i18n import tr as _


class Placement(Enum):
    """Alignment of the reconstruction with the CT before the comparison."""

    RIGID = "rigid"
    BONES = "bones"
    CENTRES = "centres"
    NONE = "none"

    def label(self) -> str:
        """Return the texts of the drop-down list."""
        words = {
            "rigid": _("rigid, by bones"),
            "bones": _("translation, by bones"),
            "centres": _("translation, by volume centres"),
            "none": _("none (scene coordinates)"),
        }
        return words[self.value]


class Distance(Enum):
    """What the colours of the surfaces show."""

    SIGNED = "signed"
    ABSOLUTE = "absolute"

    def label(self) -> str:
        """Return the texts of the drop-down list."""
        words = {
            "signed": _("signed: outside (red) or inside (blue) the CT bone"),
            "absolute": _("absolute"),
        }
        return words[self.value]
