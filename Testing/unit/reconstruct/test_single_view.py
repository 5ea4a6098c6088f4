"""A frontal radiograph alone: the command as a child process, its files, and what it refuses."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from SwinX2SLib.errors import InputError
from SwinX2SLib.measurements.quality_flags import FRONTAL, NOT_FRONTAL, without_depths
from SwinX2SLib.measurements.reading_meshes import read_mesh_archive
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.radiographs import Radiograph, RadiographOptions
from SwinX2SLib.radiographs.acquisition import XraySource
from SwinX2SLib.reconstruct import Job
from SwinX2SLib.reconstruct.job import ReconstructionSettings
from SwinX2SLib.reconstruct.model_choice import depth_weights, frontal_faults
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.single_view import _depth_points, _prepared, frontal_camera, reconstruct_frontal
from SwinX2SLib.report.page import write_report
from SwinX2SLib.resources import resource_path
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights

ROOT = Path(__file__).resolve().parents[3]


def swinx2s(*arguments: object) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "SwinX2SLib", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=900)


def demo(view: str) -> Path:
    return resource_path("Demo", f"torso_{view}.png")


@pytest.fixture(scope="session")
def result(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess]:
    """The result of the demo torso's frontal radiograph alone, by the command."""
    out = tmp_path_factory.mktemp("single") / "result"
    spacing = json.loads(resource_path("Demo", "torso.json").read_text("utf-8"))["views"]["ap"]["spacing_mm"]
    return out, swinx2s("reconstruct", "--single", demo("ap"), "--spacing-mm", spacing, "--out", out)


def test_the_command_writes_segmentation_surfaces_and_says_what_is_missing(result):
    out, done = result
    assert done.returncode == 0, done.stderr
    assert {path.name for path in out.iterdir()} == {
        "segmentation.seg.nrrd", "labels.nii.gz", "uncertainty.nii.gz", "provenance.json",
        "skeleton_samples.npz", "surfaces.npz",
    }  # fmt: skip
    said = " ".join(done.stderr.split())
    for words in (
        "Only a frontal radiograph was used",
        "no default weights of depth maps",
        "swinx2s train Docs/training/depth-maps.toml",
        "How far the bones are from the detector is a convention",
        "Least certain along the rays",
    ):
        assert words in said
    record = json.loads((out / "provenance.json").read_text("utf-8"))
    assert record["views"] == ["ap"]
    assert list(record["inputs"]) == ["ap"]
    assert record["verdict"] is None
    assert {"hip_left", "hip_right", "sacrum"} <= set(record["bones"])
    for bone in ("hip_left", "hip_right", "sacrum"):
        assert 3 < record["depth_error_mm"][bone] <= record["position_error_mm"][bone] + 0.1
    assert record["command"][:3] == ["swinx2s", "reconstruct", "--single"]


def test_surfaces_are_closed_meshes_of_the_bones(result):
    bones, _ = read_mesh_archive(result[0] / "surfaces.npz")
    record = json.loads((result[0] / "provenance.json").read_text("utf-8"))
    assert set(bones) == set(record["bones"])
    assert all(bone.volume_mm3 > 500 for bone in bones.values())


def test_measurements_that_need_depths_are_absent_with_the_reason(result, tmp_path):
    done = swinx2s("measure", result[0], "--out", tmp_path / "m", "--no-page")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "m" / "measurements.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    valued = {row["measurement"] for row in rows if row["value"]}
    assert valued
    assert all(name.startswith(FRONTAL) for name in valued)
    assert {"inter_asis_width", "pelvic_obliquity"} <= valued
    slope = next(row for row in rows if row["measurement"] == "sacral_slope")
    assert slope["quality"] == "absent"
    assert slope["reasons"] == NOT_FRONTAL
    # The file of the bones alone is that of the same result.
    done = swinx2s("measure", result[0] / "labels.nii.gz", "--out", tmp_path / "n", "--no-page")
    assert done.returncode == 0, done.stderr
    assert NOT_FRONTAL in (tmp_path / "n" / "measurements.csv").read_text("utf-8-sig")


def test_the_report_has_one_radiograph(result):
    written = write_report(result[0])
    page = written["report"].read_text("utf-8")
    assert "radiograph_lateral" not in written
    assert "Lateral radiograph" not in page
    assert "fitted to the frontal radiograph" in page
    assert "Only a frontal radiograph was used" in page


def test_a_lateral_radiograph_is_refused_in_words(tmp_path):
    out = tmp_path / "out"
    done = swinx2s("reconstruct", "--single", demo("lateral"), "--spacing-mm", 1.0, "--out", out)
    assert done.returncode == 3, done.stderr
    said = " ".join(done.stderr.split())
    assert "view-lateral" in said
    assert "looks like a lateral one" in said
    assert "--accept-view" in said
    assert not out.exists()


def test_usage_says_what_belongs_together(tmp_path):
    ap, out = demo("ap"), tmp_path / "out"
    for arguments, words in (
        ((ap,), "LATERAL is missing; for a frontal radiograph alone use --single AP"),
        ((ap, demo("lateral"), "--single", ap), "--single takes the only radiograph"),
        (("--single", ap, "--flip", "lateral=h"), "--flip is for a lateral radiograph"),
        (("--single", ap, "--lateral-offset-mm", "3"), "--lateral-offset-mm is for a lateral radiograph"),
    ):
        done = swinx2s("reconstruct", *arguments, "--out", out)
        assert done.returncode == 2
        assert words in " ".join(done.stderr.split())


def test_all_problems_of_absolute_depth_are_reported_before_any_work(tmp_path):
    done = swinx2s("reconstruct", "--single", demo("ap"), "--absolute-depth", "--out", tmp_path / "out")
    said = " ".join(done.stderr.split())
    assert done.returncode == 3
    for kind in ("spacing-absent", "depth-no-weights", "depth-distances-unknown"):
        assert kind in said
    assert "--source-to-detector-mm" in said


def test_a_job_of_one_radiograph_survives_its_file_and_its_command(tmp_path):
    job = Job(
        Path("ap.dcm"), None, Path("out"), RadiographOptions(spacing_mm=1.5), depth_model="none",
        accept_view=True, absolute_depth=True,
    )  # fmt: skip
    job.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == job
    assert job.is_single
    arguments = job.arguments()
    assert arguments[:3] == ["reconstruct", "--single", "ap.dcm"]
    assert {"--accept-view", "--absolute-depth", "none"} <= set(arguments)


def test_a_job_that_mixes_one_and_two_radiographs_is_refused():
    one = Job(Path("ap.dcm"), None, Path("out"), lateral_options=RadiographOptions(flip="h"))
    two = Job(Path("ap.dcm"), Path("lateral.dcm"), Path("out"), depth_model="none")
    assert "without a lateral radiograph" in one.faults()[0].message
    assert "frontal radiograph alone" in two.faults()[0].message
    with pytest.raises(InputError, match="lateral is missing"):
        Job.from_dict({"ap": "ap.dcm", "out": "out"})


def radiograph(view: str = "ap", **more) -> Radiograph:
    rng = np.random.default_rng(4)
    return Radiograph(rng.random((160, 120), np.float32), (1.5, 1.5), "computed", view, **more)


SOURCE = XraySource(1200.0, 1000.0, "specified by the user")


def test_unknown_distances_are_only_a_fault_where_absolute_depth_is_asked_for(depth_model):
    asked = ReconstructionSettings(depth_model=str(depth_model), absolute_depth=True)
    (fault,) = frontal_faults(radiograph(), asked)
    assert fault.kind == "depth-distances-unknown"
    assert not frontal_faults(radiograph(xray_source=SOURCE), asked)
    assert not frontal_faults(radiograph(), replace(asked, absolute_depth=False))


def test_weights_of_another_network_are_no_depth_maps():
    with pytest.raises(InputError, match="not of depth maps"):
        depth_weights("spine-discs-v2")
    assert depth_weights("none") is None


@pytest.mark.parametrize("view", ["ap", "pa"])
def test_the_camera_of_a_cropped_cone_radiograph_sees_the_middle_where_it_is(view):
    # The central ray met the radiograph 12 mm below and 9 mm right of the middle of what is left of it.
    shown = radiograph(view, xray_source=SOURCE, central_ray_px=(79.5 + 8, 59.5 + 6))
    camera = frontal_camera(shown, (60, 80), 3.0)
    assert np.allclose(camera.project(np.zeros(3)), [39.5, 29.5])
    assert camera.middle_px == pytest.approx([39.5 + 4, 29.5 + 3])
    assert camera.magnification == pytest.approx(1.2)


@pytest.fixture(scope="module")
def depth_model(tmp_path_factory) -> Path:
    """Weights of depth maps that see a flat sacrum, 20 pixels thick and its front 6 pixels before the middle,
    everywhere."""
    overrides = {"bones": ["sacrum"], "widths": [8] * 5, "grid_shape": [64, 64, 96]}
    model = build_model("depth-maps", **overrides)
    for head, values in ((model.depth, (-6.0, 14.0)), (model.placed, (-6.0, 14.0)), (model.masks, (9.0,))):
        torch.nn.init.zeros_(head.weight)
        head.bias.data = torch.tensor(values) / (16.0 if head is not model.masks else 1.0)
    record = WeightsRecord(
        "flat", "depth-maps", "", "", 0, "2026-01-01", "MIT", overrides, scores={"depth_error_mm": 5.0}
    )
    path = tmp_path_factory.mktemp("weights") / "flat.safetensors"
    write_weights(model.state_dict(), path, record)
    return path


@pytest.mark.parametrize("view", ["ap", "pa"])
def test_depth_maps_become_points_before_and_behind_the_middle(depth_model, view):
    reconstructor = Reconstructor(build_model("silhouettes", grid_shape=[64, 64, 96]))
    shown = radiograph(view, xray_source=SOURCE, central_ray_px=(79.5, 59.5))
    _, pair = _prepared(shown, (64, 64, 96))
    record = depth_weights(str(depth_model))
    with torch.inference_mode():
        front, back = _depth_points(reconstructor, str(depth_model), record, shown, pair)
    # The radiograph's width of 180 mm is 64 pixels of 2.8125 mm.
    middle = (pair.sagittal.shape[0] - 1) / 2 * pair.spacing_mm
    for points, depth, way in ((front, -6 * 2.8125, -1), (back, 14 * 2.8125, 1)):
        away = np.abs(points.places - (np.array(pair.coronal.shape)[[0, 0, 1]] - 1) / 2 * pair.spacing_mm)
        central = (away[:, 0] < 40) & (away[:, 2] < 40)
        assert np.allclose(points.places[central, 1] - middle, depth, atol=0.2)
        assert np.sign(points.normals[:, 1]).tolist() == [way] * len(points.normals)
        assert points.error_mm == 5.0
        assert points.label == 50


def test_a_network_that_needs_both_views_is_refused():
    model = build_model(
        "swinx2s-tiny", embed_dim=8, depths=[2, 2, 2, 2], heads=[1, 2, 4, 8], grid_shape=[64, 64, 64]
    )
    with pytest.raises(InputError, match="no silhouettes"):
        reconstruct_frontal(radiograph(), Reconstructor(model))


def test_a_radiograph_that_was_read_as_a_lateral_one_is_refused():
    with pytest.raises(InputError, match="lateral radiograph is used as the ap one"):
        reconstruct_frontal(radiograph("lateral"), Reconstructor(build_model("silhouettes")))


def test_a_picture_without_a_bone_is_refused_in_words():
    # A network that sees nothing: its silhouettes are 2 % everywhere.
    model = build_model("silhouettes", grid_shape=[64, 64, 96])
    for head in model.silhouettes.names:
        torch.nn.init.zeros_(head.weight)
    with pytest.raises(InputError, match="No bone was recognised"):
        reconstruct_frontal(radiograph(), Reconstructor(model), accept_view=True)


def test_places_stay_and_values_in_the_plane_stay():
    def one(name: str, value: float | None, unit: str) -> Measurement:
        return Measurement(name, "pelvis", None, value, unit)

    measured = {
        "pelvis": [
            one("asis", None, "point"),
            one("sacral_slope", 40.0, "deg"),
            one("pelvic_obliquity", 2.0, "deg"),
        ],
        "spine": [one("cobb_angle_T5_L1", 12.0, "deg"), one("lumbar_lordosis", 50.0, "deg")],
    }
    found = {one.name: one for ones in without_depths(measured).values() for one in ones}
    assert found["asis"].quality != "absent"
    assert found["pelvic_obliquity"].value == 2.0
    assert found["cobb_angle_T5_L1"].value == 12.0
    for name in ("sacral_slope", "lumbar_lordosis"):
        assert found[name].value is None
        assert found[name].reasons == (NOT_FRONTAL,)
