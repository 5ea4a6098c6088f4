"""TL-Embedding (Girdhar et al. 2016): both films become one short vector, from which the volume is decoded.

Girdhar et al. first train an autoencoder of the volumes and then a second network that finds a film's place among its
vectors. The code of the paper has one network from the films to the volume, which is what its table reports and what
is built here. The paper's table 6 has its parameters and its operations in each other's column (53.65 million and
4.38 billion): on its grid of 128x128x128 the network has 4.38 million parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar

from monai.networks.nets import AutoEncoder
from torch import Tensor, nn

from SwinX2SLib.models.competitors.film_volumes import film_volume
from SwinX2SLib.models.competitors.network import CompetitorConfig, SingleOutputNetwork


@dataclass(frozen=True)
class TLEmbeddingConfig(CompetitorConfig):
    """Sizes of TL-Embedding.

    Attributes:
        channels: of each of the convolutions, which halve the grid.
        latent: length of the vector.
    """

    channels: tuple[int, ...] = (8, 16, 32, 64)
    latent: int = 64
    SIDE_MULTIPLE: ClassVar[int] = 16

    def _own_faults(self) -> list[str]:
        found = self._number_faults(channels=self.channels, latent=self.latent)
        if len(self.channels) != 4:
            found.append(f"Give the channels of 4 levels, not {self.channels}.")
        return found


class TLEmbedding(SingleOutputNetwork):
    """Convolutions, a vector, convolutions."""

    def __init__(self, config: TLEmbeddingConfig):
        super().__init__(config)
        self.autoencoder = AutoEncoder(
            3,
            2 * config.views_per_plane,
            config.out_channels,
            config.channels,
            (2,) * len(config.channels),
            act="RELU",
        )
        self.bottom = (config.channels[-1], *(side // config.SIDE_MULTIPLE for side in config.grid_shape))
        self.to_vector = nn.Linear(prod(self.bottom), config.latent)
        self.from_vector = nn.Linear(config.latent, prod(self.bottom))
        self.finish()

    def _predict(self, coronal: Tensor, sagittal: Tensor) -> Tensor:
        encoded = self.autoencoder.encode(film_volume(coronal, sagittal))
        vector = self.to_vector(encoded.flatten(1))
        return self.autoencoder.decode(self.from_vector(vector).unflatten(1, self.bottom))
