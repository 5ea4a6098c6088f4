import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.models.builder import build_model, variant_config

SMALL = {"embed_dim": 4, "depths": [2, 2, 2, 2], "grid_shape": [32, 32, 64]}


def test_overrides_replace_sizes_and_lists_stand_for_tuples():
    model = build_model("swinx2s-tiny", out_channels=3, views_per_plane=2, **SMALL)
    assert model.grid_shape == (32, 32, 64)
    assert model.config.depths == (2, 2, 2, 2)
    assert model.head.out_channels == 3
    assert model.pyramid.patch_embed.proj.in_channels == 2


def test_an_unknown_network_is_refused_with_the_names_there_are():
    with pytest.raises(InputError, match="fused-tiny"):
        build_model("swinx2s-huge")


def test_all_unknown_overrides_are_named_at_once():
    with pytest.raises(InputError) as caught:
        variant_config("swinx2s-tiny", depth=3, wings=2)
    assert [fault.kind for fault in caught.value.faults] == ["unknown-override"] * 2
    assert "'wings'" in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ({"grid_shape": (96, 96, 100)}, "multiples of 32"),
        ({"grid_shape": (96, 64, 128)}, "as wide"),
        ({"grid_shape": (32, 32, 32)}, "one voxel"),
        ({"grid_shape": (96, 96)}, "three"),
        ({"depths": (2, 2)}, "4 depths"),
        ({"heads": (3, 2, 4, 8)}, "divide"),
        ({"embed_dim": 0}, "1 or more"),
        ({"views_per_plane": 0}, "1 or more"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(overrides, word):
    with pytest.raises(InputError, match=word):
        build_model("swinx2s-tiny", **overrides)


def test_all_wrong_sizes_are_named_at_once():
    with pytest.raises(InputError) as caught:
        build_model("swinx2s-tiny", grid_shape=(96, 64, 128), heads=(3, 2, 4, 8))
    assert "as wide" in str(caught.value)
    assert "divide" in str(caught.value)
