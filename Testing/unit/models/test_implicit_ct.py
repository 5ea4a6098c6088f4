"""The implicit decoder: where points land, what they read there, and the grid in stretches."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.drr import project_grid, project_rays
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.cameras import ConeCamera, ParallelCamera
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.implicit_ct import (
    grid_to_box,
    positional_encoding,
    projected,
    sampled,
    to_hu,
    to_unit,
    view_matrix,
)

SMALL = {"widths": [8, 16], "features": 8, "octaves": 3, "hidden": [16, 16, 8], "grid_shape": [16, 12, 20]}
SHAPE = (16, 12, 20)


def box_to_ras(affine, shape):
    """4x4 from the box (-1..1 at the centres of the outermost voxels) to RAS mm."""
    to_index = np.diag([*((np.array(shape) - 1) / 2), 1.0])
    to_index[:3, 3] = (np.array(shape) - 1) / 2
    return affine @ to_index


@given(
    view=st.sampled_from(["ap", "pa", "lateral"]),
    isocentre=st.tuples(*[st.floats(-200, 200)] * 3),
    ray=st.none() | st.tuples(st.floats(-50, 300), st.floats(-50, 300)),
    point=st.tuples(*[st.floats(-300, 300)] * 3),
    cone=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_cameras_matrix_says_what_its_projection_says(view, isocentre, ray, point, cone):
    camera = (
        ConeCamera(view, isocentre, (0.4, 0.6), (200, 150), 1500.0, 1200.0, ray)
        if cone
        else ParallelCamera(view, isocentre, (0.4, 0.6), (200, 150))
    )
    row, column, last = camera.projection_matrix @ [*point, 1.0]
    np.testing.assert_allclose([row / last, column / last], camera.project(np.array(point)), atol=1e-6)


def test_a_cone_camera_magnifies_by_hand():
    camera = ConeCamera("ap", (0.0, 0.0, 0.0), (2.0, 2.0), (101, 101), 1100.0, 1000.0)
    # 20 mm to the right and 40 mm up, 100 mm behind the isocentre: 1100 mm from the source, so the scale is 1.
    row, column, last = camera.projection_matrix @ [20.0, -100.0, 40.0, 1.0]
    assert last == pytest.approx(1100.0)
    assert (row / last, column / last) == pytest.approx((50 - 20, 50 - 10))


def brightest(picture):
    return np.unravel_index(int(np.argmax(picture)), picture.shape)


@pytest.mark.parametrize("voxel", [(3, 2, 15), (12, 9, 4), (8, 5, 10)])
@pytest.mark.parametrize("view", ["ap", "lateral"])
def test_a_bright_voxel_lands_on_the_pixel_that_the_parallel_radiograph_shows(view, voxel):
    affine = network_affine((2.0, 3.0, 1.5), SHAPE)
    volume = np.zeros(SHAPE, np.float32)
    volume[voxel] = 1.0
    picture = project_grid(volume, affine, view)
    camera = ParallelCamera.on_grid(view, SHAPE, affine)
    matrix = view_matrix(camera.projection_matrix, picture.shape, box_to_ras(affine, SHAPE))
    point = grid_to_box(SHAPE) @ torch.tensor([*voxel, 1.0], dtype=torch.float64)
    place = projected(point[None, None], matrix[None])[0, 0].numpy()
    pixel = (place + 1) / 2 * (np.array(picture.shape) - 1)
    np.testing.assert_allclose(pixel, brightest(picture), atol=1e-4)


@pytest.mark.parametrize("voxel", [(4, 3, 15), (12, 8, 4)])
@pytest.mark.parametrize("view", ["ap", "pa", "lateral"])
def test_a_bright_voxel_lands_where_the_cone_radiograph_is_bright(view, voxel):
    affine = network_affine(2.0, SHAPE)
    volume = np.zeros(SHAPE, np.float32)
    volume[voxel] = 1.0
    camera = ConeCamera(view, (0.0, 0.0, 0.0), (0.5, 0.5), (120, 120), 500.0, 400.0, (62.0, 55.0))
    picture = project_rays(volume, affine, camera).astype(np.float64)
    rows, columns = np.indices(picture.shape)
    centre = [(picture * axis).sum() / picture.sum() for axis in (rows, columns)]
    matrix = view_matrix(camera.projection_matrix, camera.shape, box_to_ras(affine, SHAPE))
    point = grid_to_box(SHAPE) @ torch.tensor([*voxel, 1.0], dtype=torch.float64)
    place = projected(point[None, None], matrix[None])[0, 0].numpy()
    # Of a shadow about six pixels wide.
    np.testing.assert_allclose((place + 1) / 2 * 119, centre, atol=0.25)
    np.testing.assert_allclose(
        (place + 1) / 2 * 119, camera.project(transform_points(affine, np.array(voxel))), atol=1e-3
    )


def test_a_point_reads_the_feature_at_its_row_and_column():
    ramp = torch.arange(5.0)[:, None] * 10 + torch.arange(7.0)  # 5 columns, 7 rows
    places = torch.tensor([[[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0], [2 / 6 * 2.5 - 1, 0.0], [1.5, 0.0]]])
    found = sampled(ramp[None, None], places)[0, :, 0]
    # (row, column) 0,0; 6,0; 3,4; 2.5,2; and one beyond the last row by 1.5 rows.
    assert found.tolist() == pytest.approx([0.0, 6.0, 43.0, 22.5, 0.0], abs=1e-4)


def test_half_precision_moves_no_point():
    points, matrix = torch.rand(1, 50, 3) * 2 - 1, torch.rand(1, 3, 4) + 0.1
    view = torch.rand(1, 4, 64, 64)
    with torch.autocast("cpu", torch.bfloat16):
        places = projected(points, matrix)
        found = sampled(view.bfloat16(), places)
    torch.testing.assert_close(places, projected(points, matrix), atol=0, rtol=0)
    torch.testing.assert_close(found, sampled(view, places), atol=0.01, rtol=0)


def test_what_lies_behind_the_source_is_on_no_radiograph():
    matrix = torch.tensor([[[0.0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0.5]]])
    behind = projected(torch.tensor([[[0.0, -0.9, 0.0]]]), matrix)
    assert sampled(torch.ones(1, 3, 8, 8), behind).abs().max() == 0


def test_the_positional_encoding_doubles_its_frequency_with_each_octave():
    encoded = positional_encoding(torch.tensor([0.25, 0.5, -1.0]), 2)
    sines, cosines = encoded[3:9], encoded[9:]
    angles = np.pi * np.array([0.25, 0.5, 0.5, 1.0, -1.0, -2.0])
    np.testing.assert_allclose(encoded[:3], [0.25, 0.5, -1.0])
    np.testing.assert_allclose(sines, np.sin(angles), atol=1e-6)
    np.testing.assert_allclose(cosines, np.cos(angles), atol=1e-6)


@pytest.fixture
def network():
    torch.manual_seed(3)
    return build_model("implicit-ct", **SMALL).eval()


@pytest.mark.parametrize("chunk", [1, 7, 500, 10**6])
def test_a_grid_in_stretches_is_the_grid_at_once(network, chunk):
    coronal, sagittal = torch.rand(1, 1, 16, 20), torch.rand(1, 1, 12, 20)
    shape = (5, 4, 3)
    index = torch.stack(torch.meshgrid(*(torch.linspace(-1, 1, side) for side in shape), indexing="ij"), -1)
    with torch.inference_mode():
        whole = network(coronal, sagittal, index.view(1, -1, 3))
        parts = list(network.chunks(coronal, sagittal, shape, chunk=chunk))
    assert [part.start for part, _ in parts] == list(range(0, 60, chunk))
    torch.testing.assert_close(
        torch.cat([v.intensity[0] for _, v in parts]), whole.intensity[0], atol=1e-5, rtol=0
    )
    torch.testing.assert_close(
        torch.cat([v.structure[0] for _, v in parts], 1), whole.structure[0], atol=1e-4, rtol=0
    )


def test_no_stretch_holds_more_points_than_asked_for(network, monkeypatch):
    seen, decode = [], network.decode
    monkeypatch.setattr(
        network, "decode", lambda e, points, m: seen.append(points.shape[1]) or decode(e, points, m)
    )
    with torch.inference_mode():
        list(network.chunks(torch.rand(1, 1, 16, 20), torch.rand(1, 1, 12, 20), (20, 20, 20), chunk=999))
    assert max(seen) == 999
    assert sum(seen) == 8000


def test_a_network_names_structures_as_the_others_do(network):
    with torch.inference_mode():
        logits = network.reconstruct_logits(torch.rand(2, 1, 16, 20), torch.rand(2, 1, 12, 20))
    assert logits.shape == (2, 55, 16, 12, 20)


def test_without_a_structure_head_there_are_no_structures():
    network = build_model("implicit-ct", **SMALL, out_channels=0)
    assert network(torch.rand(1, 1, 16, 20), torch.rand(1, 1, 12, 20), torch.zeros(1, 4, 3)).structure is None
    with pytest.raises(ValueError, match="no structure head"):
        network.reconstruct_logits(torch.rand(1, 1, 16, 20), torch.rand(1, 1, 12, 20))


def test_the_default_weights_would_fit_into_two_megabytes():
    assert 2 * sum(value.numel() for value in build_model("implicit-ct").state_dict().values()) < 2e6


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"widths": []}, "widths"),
        ({"widths": [12]}, "multiples of 8"),
        ({"grid_shape": [1, 8, 8]}, "2 voxels or more"),
        ({"views_per_plane": 2}, "one radiograph of each plane"),
        ({"out_channels": 1}, "out_channels"),
    ],
)
def test_sizes_that_do_not_fit_are_named(sizes, words):
    with pytest.raises(InputError, match=words):
        build_model("implicit-ct", **sizes)


def test_ct_numbers_return_from_the_window():
    hu = torch.tensor([-2000.0, -1000.0, 0.0, 40.0, 1500.0, 3000.0])
    torch.testing.assert_close(to_hu(to_unit(hu)), hu.clamp(-1000, 1500), atol=1e-3, rtol=0)
