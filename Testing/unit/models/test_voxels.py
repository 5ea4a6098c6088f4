import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.models.voxel_head import VoxelHead, hull_cells, log_silhouettes, voxels_of

EMPTY, SURE = -20.0, 20.0


def silhouettes(bones: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.full((1, bones, 4, 6), EMPTY), torch.full((1, bones, 8, 6), EMPTY)


def test_a_cell_is_in_the_hull_only_where_both_silhouettes_of_one_bone_meet():
    coronal, sagittal = silhouettes()
    coronal[0, 1, 2, 3] = sagittal[0, 1, 4, 3] = SURE
    # A bone that one film alone shows has no hull.
    coronal[0, 0, 0, 0] = SURE
    cells = hull_cells(log_silhouettes(coronal)[0], log_silhouettes(sagittal)[0])
    assert cells.shape == (2, 4, 3)
    assert torch.nonzero(cells).tolist() == [[1, 2, 1]]


def test_a_bone_seen_on_its_ray_in_one_film_and_denied_in_the_other_is_denied():
    head = VoxelHead(3, 5, 8, 3)
    coronal, sagittal = silhouettes()
    coronal[0, 1], sagittal[0, 0] = SURE, SURE
    coronal[0, 0, 0, 0] = SURE
    evidence = tuple(log_silhouettes(x)[0].permute(1, 2, 0) for x in (coronal, sagittal))
    lifted = head.lift(torch.rand(5, 4, 6), torch.rand(5, 8, 6))
    logits = head(torch.rand(3, 2, 4, 3), lifted, evidence, torch.tensor([[0, 0, 0]]))
    assert logits.shape == (1, 8, 3)
    # Voxels 0 and 2 of the cell lie on the one ray on which both films show the first bone.
    denied = logits[0, :, 1:] < -8
    assert denied.all(dim=1).tolist() == [False, True, False, True, True, True, True, True]
    assert bool(denied[:, 1].all())


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6))
def test_the_voxels_of_all_cells_are_the_whole_grid_once(x, y, z):
    cells = torch.cartesian_prod(torch.arange(x), torch.arange(y), torch.arange(z)).view(-1, 3)
    voxels = voxels_of(cells).reshape(-1, 3)
    assert len({tuple(v) for v in voxels.tolist()}) == 8 * x * y * z
    assert voxels.max(0).values.tolist() == [2 * x - 1, 2 * y - 1, 2 * z - 1]


def test_voxels_of_a_cell_are_told_apart():
    torch.manual_seed(0)
    head = VoxelHead(3, 5, 8, 3)
    evidence = torch.zeros(4, 6, 2), torch.zeros(8, 6, 2)
    lifted = head.lift(torch.zeros(5, 4, 6), torch.zeros(5, 8, 6))
    logits = head(torch.rand(3, 2, 4, 3), lifted, evidence, torch.tensor([[1, 1, 1]]))[0]
    assert len({tuple(row) for row in logits.tolist()}) == 8
