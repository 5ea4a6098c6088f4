"""The networks that the paper compares itself with (table 3), for two films and 54 bones.

Sizes are those of its appendix A (table 6) and of the code it was run with, which feeds every network as the xrayto3D
benchmark does (Shakya and Khanal, NeurIPS 2023). All give one prediction on the full grid.
"""

from SwinX2SLib.models.builder import register_variants
from SwinX2SLib.models.single import SingleOutputConfig, SingleOutputNetwork
from SwinX2SLib.paper.concat_networks import (
    Multiscale2DConcat,
    Multiscale2DConcatConfig,
    OneDConcat,
    OneDConcatConfig,
    TLEmbedding,
    TLEmbeddingConfig,
    TwoDConcat,
    TwoDConcatConfig,
)
from SwinX2SLib.paper.monai_networks import (
    AttentionUNetCompetitor,
    AttentionUNetConfig,
    SwinUNETRCompetitor,
    SwinUNETRConfig,
    UNetCompetitor,
    UNetConfig,
    UNETRCompetitor,
    UNETRConfig,
)

__all__ = ["BASELINES"]

# In the order of table 3.
BASELINES: dict[str, SingleOutputConfig] = {
    "tl-embedding": TLEmbeddingConfig(),
    "1dconcat": OneDConcatConfig(),
    "multiscale-2dconcat": Multiscale2DConcatConfig(),
    "2dconcat": TwoDConcatConfig(),
    "unetr": UNETRConfig(),
    "unet": UNetConfig(),
    "attention-unet": AttentionUNetConfig(),
    "swin-unetr": SwinUNETRConfig(),
}
NETWORKS: dict[type[SingleOutputConfig], type[SingleOutputNetwork]] = {
    TLEmbeddingConfig: TLEmbedding,
    OneDConcatConfig: OneDConcat,
    Multiscale2DConcatConfig: Multiscale2DConcat,
    TwoDConcatConfig: TwoDConcat,
    UNETRConfig: UNETRCompetitor,
    UNetConfig: UNetCompetitor,
    AttentionUNetConfig: AttentionUNetCompetitor,
    SwinUNETRConfig: SwinUNETRCompetitor,
}
register_variants(BASELINES, NETWORKS)
