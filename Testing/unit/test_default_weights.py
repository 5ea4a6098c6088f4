"""The weights that come with SwinX2S really find bones, on their own side."""

import json

import numpy as np
import pytest

from SwinX2SLib.anatomy import label_ids
from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.radiographs import RadiographOptions, read_pair
from SwinX2SLib.radiographs.radiograph import Crop
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.reconstruct.scoring import score_cases
from SwinX2SLib.resources import resource_path
from SwinX2SLib.weights.manifest import default_name, find_weights, stored_weights

pytestmark = pytest.mark.slow

PELVIS_AND_FEMORA = (*label_ids("pelvis"), *label_ids("femur"))


@pytest.fixture(scope="module")
def reconstructor() -> Reconstructor:
    return Reconstructor("default", "cpu")


def test_the_default_weights_come_with_the_library_and_name_the_licence_of_every_person():
    stored = find_weights("default")
    assert stored.record.name == default_name()
    assert stored.bundled
    assert stored.path.stat().st_size == stored.record.bytes < 20 * 2**20
    people = stored.record.training_data
    assert len(people) >= 20
    # None is restricted to non-commercial use, of the helper networks neither.
    licences = [
        person["licence"]
        for weights in stored_weights()
        if weights.bundled
        for person in weights.record.training_data
    ]
    assert not [licence for licence in licences if "NC" in licence]
    assert not any(person["case"] in ("x2s_s0561", "x2s_0646", "x2s_0243") for person in people)


def test_on_the_demo_phantom_the_femora_are_found_each_on_its_side(reconstructor):
    entry = json.loads(resource_path("Demo", "phantom.json").read_text(encoding="utf-8"))
    radiographs = [entry["views"][view] for view in ("ap", "lateral")]
    pair = read_pair(
        *(resource_path("Demo", radiograph["file"]) for radiograph in radiographs),
        *(RadiographOptions(spacing_mm=radiograph["spacing_mm"]) for radiograph in radiographs),
    )
    found = reconstructor.reconstruct(*pair)
    place = {
        i: transform_points(found.affine, np.argwhere(found.labels == i)).mean(axis=0)
        for i in (53, 54)
        if (found.labels == i).any()
    }
    assert set(place) == {53, 54}
    assert place[53][0] < -40, "RAS: the patient's left is at negative x"
    assert place[54][0] > 40
    assert 0 <= float(found.uncertainty.min()) <= float(found.uncertainty.max()) <= 1


def test_a_person_not_in_training_is_reconstructed_as_well_as_stated(reconstructor, shared_data):
    cases = load_case_list(shared_data / "anatomy" / "manifest.json")
    ((_, scores),) = score_cases(reconstructor, [case for case in cases if case.name == "x2s_s0561"])
    dice = {one.label: one.dice for one in scores.labels.values()}
    assert np.mean([dice[i] for i in PELVIS_AND_FEMORA]) >= 0.70
    assert scores.dice_means()["spine"] >= 0.50


def test_a_turned_pelvis_is_reconstructed_as_well_as_stated(reconstructor, shared_data):
    cases = load_case_list(shared_data / "anatomy" / "manifest.json")
    ((_, scores),) = score_cases(reconstructor, [case for case in cases if case.name == "x2s_0243"])
    assert scores.dice_means()["pelvis"] >= 0.75


def test_a_radiograph_of_the_pelvis_yields_no_ribs(reconstructor, shared_data):
    cases = load_case_list(shared_data / "anatomy" / "manifest.json")
    case = next(case for case in cases if case.name == "x2s_s0561")
    radiographs = case.radiographs
    # The lower 45 % of both radiographs: pelvis, femora and the last lumbar vertebrae.
    crop = Crop.parse("0%,55%,100%,45%")
    options = {"spacing_mm": radiographs.spacing_mm, "crop": crop}
    pair = read_pair(
        radiographs.coronal,
        radiographs.sagittal,
        RadiographOptions(**options),
        RadiographOptions(**options, flip="h"),
    )
    labels = reconstructor.reconstruct(*pair).labels
    absent = np.isin(labels, (*label_ids("ribs"), *range(1, 17))).sum()
    assert labels.any()
    assert absent <= 0.02 * (labels > 0).sum()
