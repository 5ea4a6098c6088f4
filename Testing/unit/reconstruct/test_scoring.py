"""Scoring brings a reconstruction onto the truth's grid before it compares."""

import argparse
import json

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.cli.score import add_score_parser
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.radiographs import prepare_pair
from SwinX2SLib.reconstruct.reconstruction import Reconstruction
from SwinX2SLib.reconstruct.scoring import score_cases

# The truth is finer than the network's grid, and lies elsewhere in space.
TRUTH_SHAPE, TRUTH_MM, GRID, GRID_MM = (80, 80, 120), 2.0, (40, 40, 60), 4.0


def bones(shape: tuple[int, int, int]) -> np.ndarray:
    """Left femur left of the right one, a vertebra behind and above; in network order, at any resolution."""
    volume = np.zeros(shape, np.uint8)
    x, y, z = np.array(shape) // np.array((20, 20, 30))
    volume[2 * x : 6 * x, 2 * y : 8 * y, 18 * z : 26 * z] = 54
    volume[12 * x : 18 * x, 4 * y : 9 * y, 17 * z : 27 * z] = 53
    volume[8 * x : 11 * x, 12 * y : 17 * y, 3 * z : 9 * z] = 20
    return volume


class KnowsTheAnswer:
    """Stands in for the network; checks that the radiographs arrive with bone where the truth has it."""

    def reconstruct(self, ap, lateral):
        pair = prepare_pair(ap, lateral, GRID)
        volume = bones(GRID)
        for radiograph, axis in ((pair.coronal, 1), (pair.sagittal, 0)):
            silhouette = volume.any(axis)
            assert radiograph[silhouette].mean() > 4 * radiograph[~silhouette].mean()
        doubt = np.zeros(GRID, np.float16)
        return Reconstruction(volume, doubt, pair.affine, pair.spacing_mm, None, "cpu", "float32", 0)


@pytest.fixture
def manifest(tmp_path):
    folder = tmp_path / "volumes" / "a"
    folder.mkdir(parents=True)
    truth = bones(TRUTH_SHAPE)
    affine = network_affine(TRUTH_MM, TRUTH_SHAPE, (30, -40, 500))
    labels, affine = reorient(truth, affine, "RAS")
    nib.save(nib.Nifti1Image(np.ascontiguousarray(labels), affine), folder / "labels.nii.gz")
    # Bones on a faint gradient: two levels alone would be a mask, which is refused.
    coronal, sagittal = (
        np.where(projection, 255.0, np.linspace(0, 20, len(projection))[:, None])
        for projection in (truth.any(axis).T for axis in (1, 0))
    )
    Image.fromarray(coronal.astype(np.uint8)).save(folder / "coronal.png")
    # As published: columns from the back to the front.
    Image.fromarray(sagittal[:, ::-1].astype(np.uint8)).save(folder / "sagittal.png")
    entry = {
        "case": "a",
        "split": "val",
        "annotated": ["spine", "femur"],
        "licence": "MIT",
        "radiographs": {"files": ["coronal.png", "sagittal.png"], "spacing_mm": TRUTH_MM},
    }
    (tmp_path / "manifest.json").write_text(json.dumps([entry]))
    return tmp_path / "manifest.json"


def test_the_right_answer_on_another_grid_scores_full_marks(manifest):
    ((name, scores),) = score_cases(KnowsTheAnswer(), load_case_list(manifest))
    assert name == "a"
    assert {one.label: one.dice for one in scores.labels.values()} == {20: 1.0, 53: 1.0, 54: 1.0}
    assert scores.dice_means() == {"mean": 1.0, "spine": 1.0, "femur": 1.0}
    assert scores.foreground.identification_rate == 1.0


def test_a_split_without_radiographs_is_told(manifest):
    parser = argparse.ArgumentParser()
    add_score_parser(parser.add_subparsers())
    arguments = parser.parse_args(["score", str(manifest), "--split", "test"])
    with pytest.raises(InputError, match="No case of split 'test'"):
        arguments.func(arguments)
