"""The demo reconstructs all pairs by the main path and says where the result is."""

import json

import numpy as np
import pytest

from SwinX2SLib.cli.demo import PAIRS, phantom_truth, run_demo
from SwinX2SLib.phantom import PhantomParameters, build_phantom
from SwinX2SLib.radiographs import prepare_pair
from SwinX2SLib.reconstruct.protocol import Progress, Result
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.resources import resource_path

pytestmark = pytest.mark.slow

SHAPE = (48, 48, 64)


def truth_of_the_phantom(ap, lateral):
    """Stand in for the network: answer with the phantom's truth."""
    pair = prepare_pair(ap, lateral, SHAPE)
    empty = Reconstruction(
        np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.float16), pair.affine, pair.spacing_mm, None, "cpu",
        "float32", 0, {},
    )  # fmt: skip
    entry = json.loads(resource_path("Demo", "phantom.json").read_text(encoding="utf-8"))
    return Reconstruction(**{**vars(empty), "labels": phantom_truth(entry["phantom"], empty)})


@pytest.fixture(scope="module")
def run(write_known_result):
    """Return what takes the place of `run_job`."""

    def run(job, report):
        files = {"segmentation": str(job.out / "segmentation.seg.nrrd")}
        result = Result(files)
        report(Progress(0.5, "Answering"))
        report(result)
        return write_known_result(job, truth_of_the_phantom), result

    return run


@pytest.fixture(scope="module")
def demo_output(tmp_path_factory, run):
    out = tmp_path_factory.mktemp("demo") / "demo-output"
    run_demo(out, run=run)
    return out


def test_every_pair_has_its_segmentation_its_report_and_its_pictures(demo_output):
    for name in PAIRS:
        for file in (
            "segmentation.seg.nrrd",
            "labels.nii.gz",
            "provenance.json",
            "report.html",
            "radiograph_ap.png",
        ):
            assert (demo_output / name / file).stat().st_size > 0
        assert f'href="{name}/report.html"' in (demo_output / "index.html").read_text(encoding="utf-8")


def test_a_person_comes_first(demo_output):
    page = (demo_output / "index.html").read_text(encoding="utf-8")
    places = [page.index(f'href="{name}/report.html"') for name in ("torso", "phantom", "chest")]
    assert places == sorted(places)
    assert "CC BY 4.0" in page[places[0] : places[1]]


def test_the_last_lines_say_what_was_written_and_how_to_open_it(demo_output, run, capsys):
    run_demo(demo_output, run=run)  # a second run replaces the first
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("Written to") for line in said[-10:])
    assert "Slicer" in said[-1]
    assert "segmentation.seg.nrrd" in said[-1]
    assert any("mean 1.00" in line for line in said), "the truth agrees with itself"
    assert any("no ground truth is available for these radiographs" in line for line in said)


def test_the_truth_on_the_grid_is_the_phantom_where_the_radiographs_show_it():
    spacing_mm, shape = 5.0, (40, 40, 60)
    box = {"lower_ras_mm": (-80.0, -80.0, -90.0), "upper_ras_mm": (100.0, 60.0, 110.0)}
    phantom = {"parameters": PhantomParameters().to_dict(), **box}
    grid = Reconstruction(
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.float16),
        np.eye(4),
        spacing_mm,
        None,
        "cpu",
        "float32",
        0,
    )
    truth = phantom_truth(phantom, grid)
    # The middle of the box is the middle of the grid: 40 voxels of 5 mm around 10 mm, network order.
    whole = build_phantom(spacing_mm=spacing_mm)
    for index in np.argwhere(truth)[::7]:
        place = np.array([10.0, -10.0, 10.0]) - (index - (np.array(shape) - 1) / 2) * spacing_mm
        assert (place >= box["lower_ras_mm"]).all()
        assert (place <= box["upper_ras_mm"]).all()
    assert set(np.unique(truth)) >= {0, 50, 51, 52, 53, 54}
    assert (truth > 0).sum() < (whole.labels > 0).sum()
    left = np.argwhere(truth == 53).mean(axis=0)[0]
    right = np.argwhere(truth == 54).mean(axis=0)[0]
    assert right < left
