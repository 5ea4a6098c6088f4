import pytest
import torch

from SwinX2SLib.models.swin import SwinBlock, SwinPyramid, window_and_shift


@pytest.mark.parametrize(
    ("map_size", "window", "shift"),
    [
        ((48, 64), (7, 7), 3),
        ((8, 10), (7, 7), 3),
        ((6, 8), (6, 8), 0),
        ((4, 8), (4, 8), 0),
        ((7, 40), (7, 40), 0),
        ((2, 4), (2, 4), 0),
    ],
)
def test_a_map_with_a_side_of_seven_or_less_is_one_window(map_size, window, shift):
    assert window_and_shift(map_size) == (window, shift)


@pytest.mark.parametrize("size", [(32, 64), (64, 32), (96, 128), (160, 32)])
@torch.no_grad()
def test_the_pyramid_halves_sides_and_doubles_channels(size):
    pyramid = SwinPyramid(2, 8, (1, 2, 1, 1), (1, 2, 4, 8), size)
    maps = pyramid(torch.rand(3, 2, *size))
    assert [tuple(level.shape) for level in maps] == [
        (3, 8 * 2**i, size[0] // 2 ** (i + 1), size[1] // 2 ** (i + 1)) for i in range(5)
    ]


@torch.no_grad()
def test_every_map_of_the_pyramid_is_normalised_over_its_channels():
    pyramid = SwinPyramid(1, 8, (2, 2, 2, 2), (1, 2, 4, 8), (64, 64))
    for level in pyramid(torch.rand(1, 1, 64, 64)):
        assert float(level.mean(1).abs().max()) < 1e-5
        torch.testing.assert_close(
            level.var(1, unbiased=False), torch.ones_like(level[:, 0]), rtol=1e-2, atol=1e-2
        )


@torch.no_grad()
def test_maps_are_padded_before_they_are_shifted():
    torch.manual_seed(0)
    block = SwinBlock(8, (8, 10), heads=2, window=(7, 7), shift=3)
    tokens = torch.rand(1, 8, 10, 8)
    padded = torch.nn.functional.pad(tokens, (0, 0, 0, 4, 0, 6))
    torch.testing.assert_close(block.attend(tokens), block.attend(padded)[:, :8, :10])


@torch.no_grad()
def test_shifted_windows_let_neighbouring_windows_talk():
    torch.manual_seed(0)
    tokens = torch.rand(1, 14, 14, 8)
    changed = tokens.clone()
    changed[0, 6, 6, 0] += 1
    reached = {}
    for shift in (0, 3):
        block = SwinBlock(8, (14, 14), heads=2, window=(7, 7), shift=shift)
        reached[shift] = bool(((block(changed) - block(tokens))[0, 7, 7].abs() > 1e-6).any())
    assert reached == {0: False, 3: True}


def test_an_image_whose_sides_are_no_multiples_of_32_is_refused_in_words():
    pyramid = SwinPyramid(1, 8, (1, 1, 1, 1), (1, 2, 4, 8), (32, 64))
    with pytest.raises(ValueError, match="multiples of 32"):
        pyramid(torch.zeros(1, 1, 32, 60))


@pytest.mark.parametrize(
    ("depths", "heads", "size", "word"),
    [
        ((1, 1, 1), (1, 2, 4, 8), (32, 64), "4 depths"),
        ((1, 1, 1, 1), (3, 2, 4, 8), (32, 64), "do not divide"),
        ((1, 1, 1, 1), (1, 2, 4, 8), (30, 64), "multiples of 32"),
        ((1, 1, 1, 1), (1, 2, 4, 8), (0, 64), "multiples of 32"),
    ],
)
def test_encoder_sizes_that_do_not_fit_are_refused_in_words(depths, heads, size, word):
    with pytest.raises(ValueError, match=word):
        SwinPyramid(1, 8, depths, heads, size)
