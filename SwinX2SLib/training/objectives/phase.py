"""The phases of a run."""

from enum import Enum


class Phase(Enum):
    """What a step learns: the silhouettes in the films alone, or the volume too."""

    LAYOUT = "layout"
    VOLUME = "volume"
