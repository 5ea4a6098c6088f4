"""Small variations of a pair of films whose reconstructions are averaged (test-time augmentation)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variation:
    """One way to show a pair to the network.

    Attributes:
        mirrored: the frontal film flipped left-right and the sides of the bones given back; the lateral film stays,
            since parallel rays sum up the same from either side.
        zoom: factor by which both films are magnified about their middle.
    """

    mirrored: bool = False
    zoom: float = 1.0


# The first is the pair as it is. In the order in which they helped on published films.
VARIATIONS = (
    Variation(),
    Variation(zoom=0.95),
    Variation(zoom=1.05),
    Variation(mirrored=True),
    Variation(mirrored=True, zoom=0.95),
    Variation(mirrored=True, zoom=1.05),
)
