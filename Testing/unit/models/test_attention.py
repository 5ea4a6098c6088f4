import torch

from SwinX2SLib.models.layers import CrossAttention


def fresh() -> CrossAttention:
    torch.manual_seed(0)
    layer = CrossAttention(16, 4, (2, 2, 3)).eval()
    torch.nn.init.normal_(layer.position_embedding)
    return layer


@torch.no_grad()
def test_each_view_answers_with_the_values_of_the_other():
    layer, views = fresh(), torch.rand(2, 16, 2, 2, 3)
    layer.query.weight.zero_()
    layer.query.bias.zero_()
    # Without a question every voxel gets the plain mean of the other view: changing one's own does nothing.
    before = layer(views)
    changed = views.clone()
    changed[0] += torch.rand(16, 2, 2, 3)
    after = layer(changed)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1])


@torch.no_grad()
def test_swapping_the_views_swaps_the_answers():
    layer, views = fresh(), torch.rand(2, 16, 2, 2, 3)
    torch.testing.assert_close(layer(views.flip(0)), layer(views).flip(0))


@torch.no_grad()
def test_pairs_of_a_batch_do_not_see_each_other():
    layer, views = fresh(), torch.rand(4, 16, 2, 2, 3)
    together = layer(views)
    first_pair = layer(views[[0, 2]])
    torch.testing.assert_close(together[[0, 2]], first_pair)


@torch.no_grad()
def test_voxels_keep_their_place():
    layer = fresh()
    layer.position_embedding.zero_()
    views = torch.rand(2, 16, 2, 2, 3)
    torch.testing.assert_close(layer(views.flip(-1)), layer(views).flip(-1), rtol=1e-4, atol=1e-5)
