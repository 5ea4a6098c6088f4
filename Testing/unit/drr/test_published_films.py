"""The published radiographs are reproduced from the CTs they were made from."""

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.drr import fit_threshold, normalised_cross_correlation, project_ct
from SwinX2SLib.geometry.cameras import ConeCamera
from SwinX2SLib.geometry.frames import network_affine, reorient


def published_case(shared_data, case):
    folder = shared_data / "anatomy" / "volumes" / case
    image = nib.load(folder / "ct.nii.gz")
    ct, affine = reorient(np.asarray(image.dataobj).astype(np.float32), image.affine)
    coronal = np.asarray(Image.open(folder / "coronal.png"), dtype=np.float32)
    sagittal = np.asarray(Image.open(folder / "sagittal.png"), dtype=np.float32)[
        :, ::-1
    ]  # published back to front
    return ct, affine, {"ap": coronal, "lateral": sagittal}


@pytest.mark.parametrize(("case", "least"), [("x2s_0532", 0.95), ("x2s_s0561", 0.92), ("x2s_0243", 0.92)])
def test_parallel_films_agree_with_the_published_ones(shared_data, case, least):
    ct, affine, films = published_case(shared_data, case)
    fit = fit_threshold(ct, affine, films)
    print(f"{case}: threshold {fit.threshold:.1f}, {fit.correlation}")
    assert min(fit.correlation.values()) >= least, fit


def test_the_cone_that_the_paper_states_agrees_less(shared_data):
    ct, affine, films = published_case(shared_data, "x2s_0243")
    fit = fit_threshold(ct, affine, {"ap": films["ap"]})
    camera = ConeCamera.of_the_paper("ap", ct.shape, affine)
    film = project_ct(ct, affine, camera, fit.threshold)[:, 16:-16]
    assert normalised_cross_correlation(film, films["ap"]) < fit.correlation["ap"] - 0.05


def test_a_known_threshold_is_found_again():
    rng = np.random.default_rng(2)
    ct = rng.normal(0, 100, (12, 10, 14)).astype(np.float32)
    ct[4:8, 3:7, 4:10] += 600
    affine = network_affine(2.0, ct.shape)
    films = {view: project_ct(ct, affine, view, 150.0) for view in ("ap", "lateral")}
    fit = fit_threshold(ct, affine, films)
    assert fit.threshold == pytest.approx(150, abs=5)
    assert min(fit.correlation.values()) > 0.999


def test_correlation_ignores_brightness_and_contrast_and_refuses_other_shapes():
    film = np.random.default_rng(1).random((5, 6))
    assert normalised_cross_correlation(film, 3 * film + 7) == pytest.approx(1)
    assert normalised_cross_correlation(film, -film) == pytest.approx(-1)
    assert normalised_cross_correlation(film, np.ones((5, 6))) == 0
    with pytest.raises(ValueError, match="differ in shape"):
        normalised_cross_correlation(film, film.T)
    with pytest.raises(ValueError, match="at least one film"):
        fit_threshold(np.zeros((2, 2, 2)), np.diag([-1, -1, -1, 1]), {})
