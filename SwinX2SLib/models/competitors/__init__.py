"""The networks that the paper compares itself with (table 3), for two films and 54 bones.

Sizes are those of its appendix A (table 6) and of the code it was run with, which feeds every network as the xrayto3D
benchmark does (Shakya and Khanal, NeurIPS 2023). All give one prediction on the full grid.
"""

from SwinX2SLib.models.competitors.monai_networks import (
    AttentionUNetCompetitor,
    AttentionUNetConfig,
    SwinUNETRCompetitor,
    SwinUNETRConfig,
    UNetCompetitor,
    UNetConfig,
    UNETRCompetitor,
    UNETRConfig,
)
from SwinX2SLib.models.competitors.multiscale_concat import Multiscale2DConcat, Multiscale2DConcatConfig
from SwinX2SLib.models.competitors.network import CompetitorConfig, SingleOutputNetwork
from SwinX2SLib.models.competitors.one_d_concat import OneDConcat, OneDConcatConfig
from SwinX2SLib.models.competitors.tl_embedding import TLEmbedding, TLEmbeddingConfig
from SwinX2SLib.models.competitors.two_d_concat import TwoDConcat, TwoDConcatConfig

__all__ = ["COMPETITORS", "NETWORKS", "CompetitorConfig", "SingleOutputNetwork"]

# In the order of table 3.
COMPETITORS: dict[str, CompetitorConfig] = {
    "tl-embedding": TLEmbeddingConfig(),
    "1dconcat": OneDConcatConfig(),
    "multiscale-2dconcat": Multiscale2DConcatConfig(),
    "2dconcat": TwoDConcatConfig(),
    "unetr": UNETRConfig(),
    "unet": UNetConfig(),
    "attention-unet": AttentionUNetConfig(),
    "swin-unetr": SwinUNETRConfig(),
}
NETWORKS: dict[type[CompetitorConfig], type[SingleOutputNetwork]] = {
    TLEmbeddingConfig: TLEmbedding,
    OneDConcatConfig: OneDConcat,
    Multiscale2DConcatConfig: Multiscale2DConcat,
    TwoDConcatConfig: TwoDConcat,
    UNETRConfig: UNETRCompetitor,
    UNetConfig: UNetCompetitor,
    AttentionUNetConfig: AttentionUNetCompetitor,
    SwinUNETRConfig: SwinUNETRCompetitor,
}
