import torch

from SwinX2SLib.models.layers import CORONAL_MISSING_AXIS, SAGITTAL_MISSING_AXIS, DimensionExpansion


@torch.no_grad()
def test_a_fresh_expansion_repeats_the_map_along_the_axis_its_view_lacks():
    expand = DimensionExpansion(4)
    coronal, sagittal = torch.rand(1, 2, 3, 5), torch.rand(1, 2, 3, 5)
    assert expand(coronal, CORONAL_MISSING_AXIS).shape == (1, 2, 3, 4, 5)
    assert expand(sagittal, SAGITTAL_MISSING_AXIS).shape == (1, 2, 4, 3, 5)
    for k in range(4):
        assert torch.equal(expand(coronal, CORONAL_MISSING_AXIS)[:, :, :, k], coronal)
        assert torch.equal(expand(sagittal, SAGITTAL_MISSING_AXIS)[:, :, k], sagittal)


@torch.no_grad()
def test_it_is_the_papers_convolution_from_one_channel_to_all_slices():
    convolution = torch.nn.Conv3d(1, 4, 1)
    expand = DimensionExpansion(4)
    expand.scale.copy_(convolution.weight.flatten())
    expand.offset.copy_(convolution.bias)
    feature = torch.rand(2, 3, 5, 6)
    slices = convolution(feature.unsqueeze(1))
    torch.testing.assert_close(expand(feature, SAGITTAL_MISSING_AXIS), slices.permute(0, 2, 1, 3, 4))
    torch.testing.assert_close(expand(feature, CORONAL_MISSING_AXIS), slices.permute(0, 2, 3, 1, 4))
