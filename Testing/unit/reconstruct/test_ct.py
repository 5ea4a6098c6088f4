"""The CT of a pair of radiographs: geometry, files, provenance, and what is refused, in words."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import nibabel
import numpy as np
import pytest
import torch

from SwinX2SLib.drr import project_ct
from SwinX2SLib.errors import InputError, ModelError
from SwinX2SLib.geometry.cameras import ConeCamera
from SwinX2SLib.geometry.frames import network_affine, transform_points
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.implicit_ct import CTModel, ImplicitCTConfig, PointValues, aligned_matrices, projected
from SwinX2SLib.radiographs import Radiograph, prepare_pair
from SwinX2SLib.radiographs.acquisition import XraySource
from SwinX2SLib.reconstruct import Job, model_choice
from SwinX2SLib.reconstruct.backends import TorchBackend
from SwinX2SLib.reconstruct.ct import CTReconstructor, pair_matrices
from SwinX2SLib.reconstruct.pipeline import run_job
from SwinX2SLib.reconstruct.reconstruction import CT_FILE, FILES
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights

GRID = (32, 32, 64)
TINY = {"widths": [8], "features": 8, "octaves": 2, "hidden": [8], "grid_shape": list(GRID)}
NANO = {
    "embed_dim": 8,
    "heads": [1, 1, 2, 4],
    "decoder_2d": [16, 16, 16, 16, 8],
    "decoder_3d": [8, 8, 8],
    "grid_shape": list(GRID),
}


class Ramp(CTModel):
    """Says how far right, anterior and superior a point lies: 1500 HU at that corner, -1000 HU at the other."""

    def __init__(self, value=None):
        super().__init__(ImplicitCTConfig(grid_shape=GRID))
        self.value = value

    def encode(self, coronal, sagittal):
        return coronal, sagittal

    def decode(self, encoded, points, matrices):
        ramp = 0.5 - points.sum(-1) / 6 if self.value is None else torch.full(points.shape[:2], self.value)
        return PointValues(ramp, None)


class Cube(torch.nn.Module):
    """Names one cube of the grid a left femur, so that there is a result."""

    grid_shape = GRID

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Identity()

    def reconstruct_logits(self, coronal, sagittal):
        logits = torch.zeros(1, 55, *GRID)
        logits[:, 0] = 5.0
        logits[:, 53, 8:16, 8:16, 20:40] = 9.0
        return self.layer(logits)


class Stand:
    """Makes reconstructors of two networks."""

    def __init__(self, ct=None):
        self.ct = ct

    def check(self, job):
        return []

    def make(self, job):
        return Reconstructor(Cube(), "cpu", ct_model=self.ct if job.also_ct else None)


def blank(view, shape=(64, 32), spacing_mm=(4.0, 4.0), **more):
    pixels = np.random.default_rng(3).random(shape).astype(np.float32)
    return Radiograph(pixels, spacing_mm, "test", view, **more)


def test_ct_numbers_lie_where_the_patient_has_them():
    pair = prepare_pair(blank("ap"), blank("lateral"), GRID)
    found = CTReconstructor(Ramp(), torch.device("cpu")).reconstruct(
        blank("ap"), blank("lateral"), GRID, pair.affine
    )
    # Index 0 is right, anterior, superior.
    assert (found.hu[0, 0, 0], found.hu[-1, -1, -1]) == (1500, -1000)
    assert found.hu.dtype == np.int16
    right, left = (transform_points(found.affine, np.array([i, 16, 32]))[0] for i in (0, 31))
    assert right > left, "in RAS the right side has the higher number"


def test_a_finer_grid_shows_the_same_numbers_at_the_same_places():
    pair = prepare_pair(blank("ap"), blank("lateral"), GRID)
    reconstruct = CTReconstructor(Ramp(), torch.device("cpu")).reconstruct
    fine_shape = (63, 63, 127)
    fine = reconstruct(
        blank("ap"), blank("lateral"), fine_shape, network_affine(pair.spacing_mm / 2, fine_shape)
    )
    coarse = reconstruct(blank("ap"), blank("lateral"), GRID, pair.affine)
    np.testing.assert_array_equal(fine.hu[::2, ::2, ::2], coarse.hu)


def test_what_a_radiograph_does_not_show_is_air():
    narrow = blank("lateral", shape=(64, 16))
    pair = prepare_pair(blank("ap"), narrow, GRID)
    found = CTReconstructor(Ramp(1.0), torch.device("cpu")).reconstruct(
        blank("ap"), narrow, GRID, pair.affine
    )
    shown = (found.hu == 1500).any(axis=(0, 2))
    assert np.flatnonzero(shown).tolist() == list(range(8, 24))
    assert set(np.unique(found.hu)) == {-1000, 1500}


def test_numbers_beyond_the_window_are_clipped():
    pair = prepare_pair(blank("ap"), blank("lateral"), GRID)
    for value, hu in ((-3.0, -1000), (7.0, 1500), (0.416, 40)):
        found = CTReconstructor(Ramp(value), torch.device("cpu")).reconstruct(
            blank("ap"), blank("lateral"), GRID, pair.affine
        )
        assert set(np.unique(found.hu)) == {hu}


def test_radiographs_without_distances_are_parallel_and_pixel_aligned():
    ap, lateral = blank("pa"), blank("lateral")
    matrices = pair_matrices(ap, lateral, prepare_pair(ap, lateral, GRID))
    torch.testing.assert_close(matrices, aligned_matrices(), atol=1e-5, rtol=0)


@pytest.mark.parametrize("view", ["ap", "pa"])
@pytest.mark.parametrize("voxel", [(8, 20, 50), (25, 6, 12)])
def test_a_bright_voxel_of_a_cone_radiograph_is_found_in_the_picture_that_the_network_sees(view, voxel):
    """The radiograph is a crop, finer than the grid, of which the header says how it was taken."""
    source, detector = 500.0, 700.0
    cut, pixel = (100, 70), 3.0  # rows and columns, size at the patient [mm]
    ray = (44.0, 38.5)
    affine = network_affine(8.0, GRID)
    volume = np.full(GRID, -1000.0, np.float32)
    volume[voxel] = 4000.0
    radiograph = Radiograph(
        np.zeros(cut, np.float32), (pixel, pixel), "test", view,
        xray_source=XraySource(detector, source, "test"), central_ray_px=ray,
    )  # fmt: skip
    other = Radiograph(np.zeros((100, 60), np.float32), (pixel, pixel), "test", "lateral")
    # Voxels of the box of 300 x 210 x 180 mm, about the origin.
    down, across = (np.array(ray) - (np.array(cut) - 1) / 2) * pixel
    camera = ConeCamera(
        view, (-across, 0.0, -down), (pixel * detector / source,) * 2, cut, detector, source, ray
    )
    affine = network_affine((200 / 32, 180 / 32, 300 / 64), GRID)
    drawn = project_ct(volume, affine, camera, -1000.0)
    assert drawn.max() > 0
    radiograph = replace(radiograph, pixels=(drawn / drawn.max()).astype(np.float32))
    pair = prepare_pair(radiograph, other, GRID)
    matrix = pair_matrices(radiograph, other, pair)[0]
    point = transform_points(np.linalg.inv(pair.affine), transform_points(affine, np.array(voxel)))
    box = torch.tensor(2 * point / (np.array(GRID) - 1) - 1, dtype=torch.float32)
    row, column = ((projected(box[None, None], matrix[None])[0, 0].numpy() + 1) / 2 * (63, 31)).tolist()
    picture = pair.coronal.T.astype(np.float64)
    rows, columns = np.indices(picture.shape)
    centre = [(picture * axis).sum() / picture.sum() for axis in (rows, columns)]
    assert (row, column) == pytest.approx(centre, abs=0.2)


def asked(job, **changes):
    return replace(job, also_ct=True, **changes)


def test_the_ct_is_written_with_the_bones_and_named_in_the_provenance(job):
    events = []
    _, result = run_job(asked(job), events.append, Stand(Ramp()))
    assert {path.name for path in job.out.iterdir()} == {*FILES.values(), CT_FILE}
    assert result.files["ct"] == str(job.out / CT_FILE)
    image, labels = nibabel.load(job.out / CT_FILE), nibabel.load(job.out / FILES["labels"])
    assert image.get_data_dtype() == np.int16
    assert nibabel.aff2axcodes(image.affine) == ("R", "A", "S")
    np.testing.assert_allclose(image.affine, labels.affine)
    assert image.shape == labels.shape
    values = np.asarray(image.dataobj)
    # Slices above and below the radiographs are air.
    assert values[-1, -1, 50] > values[0, 0, 12], "right, anterior and superior is bright"
    provenance = json.loads((job.out / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["ct"]["remark"] == "synthetic, not for diagnosis"
    assert provenance["ct"]["name"] == "supplied by the caller"
    assert "Reconstructing the CT" in {getattr(event, "message", "") for event in events}


def test_without_asking_there_is_no_ct(job):
    run_job(job, lambda event: None, Stand(Ramp()))
    assert {path.name for path in job.out.iterdir()} == set(FILES.values())
    assert "ct" not in json.loads((job.out / "provenance.json").read_text(encoding="utf-8"))


def test_a_result_without_a_ct_takes_that_of_the_one_before_away(job):
    run_job(asked(job), lambda event: None, Stand(Ramp()))
    (job.out / "notes.txt").write_text("mine")
    run_job(replace(job, overwrite=True), lambda event: None, Stand())
    assert {path.name for path in job.out.iterdir()} == {*FILES.values(), "notes.txt"}


def test_a_network_that_yields_no_numbers_leaves_nothing(job):
    with pytest.raises(ModelError, match="not finite"):
        run_job(asked(job), lambda event: None, Stand(Ramp(float("nan"))))
    assert not job.out.exists()


def test_a_reconstruction_saves_its_ct(job, tmp_path):
    reconstruction, _ = run_job(asked(job), lambda event: None, Stand(Ramp()))
    files = reconstruction.save(tmp_path / "again")
    assert files["ct"] == tmp_path / "again" / CT_FILE
    assert (tmp_path / "again" / CT_FILE).read_bytes() == (job.out / CT_FILE).read_bytes()


def test_a_job_keeps_what_was_asked_for(job, tmp_path):
    wanted = asked(job, ct_model="mine")
    wanted.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == wanted
    assert "--also-ct" in wanted.arguments()
    assert wanted.arguments()[wanted.arguments().index("--ct-model") + 1] == "mine"
    assert "--ct-model" not in job.arguments()


def test_a_model_without_a_ct_asked_for_is_a_mistake(job):
    words = [fault.message for fault in replace(job, ct_model="mine").faults()]
    assert words == ["A model of the CT is chosen (--ct-model), but no CT is asked for (--also-ct)."]


def test_without_default_weights_the_words_say_how_to_get_some(job, monkeypatch):
    monkeypatch.setattr(model_choice, "stored_weights", list)
    with pytest.raises(ModelError) as error:
        run_job(asked(job), lambda event: None, TorchBackend())
    fault = error.value.faults[0]
    assert "no default weights of a network that reconstructs a CT" in fault.message
    assert "swinx2s train Docs/training/implicit-ct.toml" in fault.hint
    assert "--ct-model" in fault.hint
    assert not job.out.exists()


def test_weights_of_another_network_are_refused_before_any_work(job):
    with pytest.raises(ModelError, match="reconstructs no CT numbers"):
        run_job(asked(job, ct_model="spine-discs-v2"), lambda event: None, TorchBackend())
    with pytest.raises(ModelError, match="reconstructs no CT numbers"):
        CTReconstructor(Cube(), torch.device("cpu"))


def test_every_fault_is_listed_at_once(job):
    with pytest.raises(InputError) as error:
        run_job(asked(job, model="nowhere", ct_model="nothing", tta=0), lambda event: None, TorchBackend())
    words = " ".join(fault.message for fault in error.value.faults)
    assert all(part in words for part in ("'nowhere'", "'nothing'", "test-time augmentation"))


def record(name, variant, sizes):
    return WeightsRecord(name, variant, "", "", 0, "2026-12-01", "MIT", overrides=sizes)


@pytest.fixture
def random_weights(tmp_path):
    """Files of two small networks that have learned nothing."""
    torch.manual_seed(1)
    files = []
    for name, variant, sizes in (("bones", "fused-nano", NANO), ("ct", "implicit-ct", TINY)):
        path = tmp_path / "weights" / f"{name}.safetensors"
        write_weights(
            build_model(variant, **sizes).state_dict(), path, record(name, variant, sizes), half=True
        )
        files.append(path)
    return files


def command(repository, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", "SwinX2SLib", "reconstruct", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )


@pytest.mark.slow
def test_the_command_writes_a_ct_with_weights_of_a_file(radiographs, random_weights, tmp_path, repository):
    bones, ct = random_weights
    given = (
        *radiographs,
        "--out",
        tmp_path / "out",
        "--spacing-mm",
        "2",
        "--device",
        "cpu",
        "--model",
        bones,
    )
    done = command(repository, *given, "--also-ct", "--ct-model", ct)
    assert done.returncode == 0, done.stderr
    assert f"ct            {tmp_path / 'out' / CT_FILE}" in done.stdout
    image = nibabel.load(tmp_path / "out" / CT_FILE)
    assert -1000 <= np.asarray(image.dataobj).min() <= np.asarray(image.dataobj).max() <= 1500
    provenance = json.loads((tmp_path / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert (provenance["ct"]["name"], provenance["ct"]["variant"]) == ("ct", "implicit-ct")
    assert len(provenance["ct"]["sha256"]) == 64
    assert "--also-ct" in provenance["command"]


@pytest.mark.slow
def test_the_command_refuses_weights_of_bones_for_the_ct(radiographs, random_weights, tmp_path, repository):
    bones, _ = random_weights
    given = (*radiographs, "--out", tmp_path / "out", "--spacing-mm", "2", "--model", bones)
    done = command(repository, *given, "--also-ct", "--ct-model", bones)
    assert done.returncode == 4
    assert "reconstructs no CT numbers" in done.stderr
    assert not (tmp_path / "out").exists()
