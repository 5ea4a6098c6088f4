import pytest
import torch

from SwinX2SLib.models.builder import build_model, known_variants
from SwinX2SLib.weights.record import HELPERS


@pytest.mark.parametrize(
    ("variant", "count"),
    [
        ("swinx2s-tiny", 32_535_183),
        ("swinx2s-small", 130_067_563),
        ("swinx2s-base", 313_847_449),
        ("swinx2s-large", 557_804_903),
    ],
)
def test_the_papers_networks_have_as_many_parameters_as_published(variant, count):
    with torch.device("meta"):
        model = build_model(variant)
    assert sum(parameter.numel() for parameter in model.parameters()) == count


def test_fused_networks_grow_from_nano_to_small_and_stay_below_the_papers_of_that_size():
    with torch.device("meta"):
        nano, tiny, small, paper = (
            sum(parameter.numel() for parameter in build_model(name).parameters())
            for name in ("fused-nano", "fused-tiny", "fused-small", "swinx2s-tiny")
        )
    assert nano < tiny < small < paper


# Helpers look at single radiographs and reconstruct nothing; some networks of CT numbers name no structures.
NAMING = [
    name
    for name, config in known_variants().items()
    if name not in HELPERS and getattr(config, "out_channels", 0)
]


@pytest.mark.parametrize("variant", NAMING)
def test_every_network_says_its_grid_and_fills_it(variant):
    with torch.device("meta"):
        model = build_model(variant).eval()
        x, y, z = model.grid_shape
        radiographs = torch.zeros(1, 1, x, z), torch.zeros(1, 1, y, z)
        if variant.startswith("fused"):
            # Which voxels it names depends on what it sees: without numbers, the maps that it names them from.
            output = model(*radiographs)
            assert output.volume.shape[2:] == (x // 2, y // 2, z // 2)
            assert output.coronal_layout.shape == (1, 54, x, z)
            assert output.sagittal_layout.shape == (1, 54, y, z)
        else:
            assert model.reconstruct_logits(*radiographs).shape == (1, 55, x, y, z)
