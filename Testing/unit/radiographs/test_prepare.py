"""The network's grid: sizes, millimetres, sides, alignment."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.radiographs import Radiograph, prepare_pair
from SwinX2SLib.radiographs.registration import resampling_matrix

GRID = (96, 96, 128)


def film(pixels, spacing_mm=1.0, view="ap") -> Radiograph:
    return Radiograph(np.asarray(pixels, np.float32), (spacing_mm, spacing_mm), "test", view)


def centroid(picture) -> np.ndarray:
    indices = np.indices(picture.shape).reshape(2, -1)
    weights = picture.ravel().astype(np.float64)
    return indices @ weights / weights.sum()


def test_films_of_the_grids_own_size_and_spacing_are_only_transposed():
    rng = np.random.default_rng(0)
    ap, lateral = rng.random((128, 96)), rng.random((128, 96))
    pair = prepare_pair(film(ap, 2.0), film(lateral, 2.0, "lateral"), GRID)
    assert pair.spacing_mm == 2.0
    np.testing.assert_allclose(pair.coronal, ap.T, atol=1e-6)
    np.testing.assert_allclose(pair.sagittal, lateral.T, atol=1e-6)


def test_a_published_radiograph_fits_the_tiny_grid_by_its_width():
    """128 x 160 pixels of 2.59 mm on 96 x 96 x 128: 128 / 96 pixels a voxel, 120 of 128 voxels high, both centred."""
    pixels = np.ones((160, 128))
    pair = prepare_pair(film(pixels, 2.59375), film(pixels, 2.59375, "lateral"), GRID)
    assert pair.spacing_mm == pytest.approx(2.59375 * 128 / 96)
    assert pair.coronal.shape == pair.sagittal.shape == (96, 128)
    np.testing.assert_allclose(pair.coronal[2:-2, 6:-6], 1, atol=1e-6)
    assert pair.coronal[:, :3].max() == 0
    assert pair.coronal[:, -3:].max() == 0


def test_a_mark_on_the_patients_left_stays_on_the_left_and_a_front_mark_in_front():
    ap, lateral = np.zeros((160, 128)), np.zeros((160, 128))
    ap[20:24, 100:104] = 1  # patient left hangs on the viewer's right
    lateral[20:24, 10:14] = 1  # the front hangs on the viewer's left
    pair = prepare_pair(film(ap, 2.5), film(lateral, 2.5, "lateral"), GRID)
    x, z = centroid(pair.coronal)
    y, _ = centroid(pair.sagittal)
    right, anterior, superior = transform_points(pair.affine, np.array([x, y, z]))
    assert right == pytest.approx(-(101.5 - 63.5) * 2.5, abs=0.05)
    assert anterior == pytest.approx((63.5 - 11.5) * 2.5, abs=0.05)
    assert superior == pytest.approx((79.5 - 21.5) * 2.5, abs=0.05)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(64, 500),
    width=st.integers(64, 400),
    depth=st.integers(64, 400),
    spacing_mm=st.floats(0.1, 4.0),
    at=st.tuples(st.floats(0.25, 0.75), st.floats(0.25, 0.75)),
)
def test_a_blob_keeps_its_place_in_millimetres(rows, width, depth, spacing_mm, at):
    row, col = np.mgrid[:rows, :width]
    centre = at[0] * (rows - 1), at[1] * (width - 1)
    ap = np.exp(-((row - centre[0]) ** 2 + (col - centre[1]) ** 2) / (2 * 6.0**2))
    pair = prepare_pair(film(ap, spacing_mm), film(np.zeros((rows, depth)), spacing_mm, "lateral"), GRID)
    place = transform_points(pair.affine, np.insert(centroid(pair.coronal), 1, 0))
    expected = -(centre[1] - (width - 1) / 2) * spacing_mm, -(centre[0] - (rows - 1) / 2) * spacing_mm
    assert place[[0, 2]] == pytest.approx(expected, abs=0.1 * pair.spacing_mm)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(2, 300),
    new_count=st.integers(1, 200),
    old_mm=st.floats(0.1, 5.0),
    new_mm=st.floats(0.1, 5.0),
)
def test_weights_are_shares_and_sum_to_one_well_inside_the_film(count, new_count, old_mm, new_mm):
    weights = resampling_matrix(count, old_mm, new_count, new_mm)
    sums = weights.sum(axis=1)
    assert weights.min() >= 0
    assert sums.max() <= 1 + 1e-9
    centres = (np.arange(new_count) - (new_count - 1) / 2) * new_mm
    inside = np.abs(centres) + max(old_mm, new_mm) <= (count - 1) / 2 * old_mm
    np.testing.assert_allclose(sums[inside], 1, atol=1e-9)


def test_fine_stripes_average_out_instead_of_aliasing():
    stripes = np.tile([0.0, 1.0], 600)[None].repeat(1200, axis=0)
    pair = prepare_pair(film(stripes, 0.2), film(stripes, 0.2, "lateral"), GRID)
    inner = pair.coronal[30:60, 30:60]
    assert np.abs(inner - 0.5).max() < 0.02


def test_films_of_slightly_different_height_share_their_middle():
    ap, lateral = np.zeros((200, 150)), np.zeros((206, 150))
    ap[99:101], lateral[102:104] = 1, 1
    pair = prepare_pair(film(ap, 1.0), film(lateral, 1.0, "lateral"), GRID)
    assert centroid(pair.coronal)[1] == pytest.approx(63.5, abs=0.02)
    assert centroid(pair.sagittal)[1] == pytest.approx(63.5, abs=0.02)
    assert pair.spacing_mm == pytest.approx(206 / 128)


def test_a_published_radiograph_lies_on_its_labels(shared_data):
    """The bones of the label map, projected, lie where the film is bright, and nowhere better."""
    import nibabel

    from SwinX2SLib.geometry.frames import reorient
    from SwinX2SLib.radiographs import FilmOptions, read_pair

    folder = shared_data / "anatomy" / "volumes" / "x2s_0532"
    ap, lateral = read_pair(
        folder / "coronal.png", folder / "sagittal.png", FilmOptions(2.38), FilmOptions(2.38, flip="h")
    )
    pair = prepare_pair(ap, lateral, (128, 128, 160))
    image = nibabel.load(folder / "labels.nii.gz")
    labels, _ = reorient(np.asarray(image.dataobj), image.affine)
    for picture, shadow in ((pair.coronal, (labels > 0).sum(1)), (pair.sagittal, (labels > 0).sum(0))):
        scores = {
            shift: np.corrcoef(np.roll(shadow, shift, axis=0).ravel(), picture.ravel())[0, 1]
            for shift in range(-4, 5)
        }
        assert abs(max(scores, key=scores.get)) <= 1
        assert scores[0] > 0.4
