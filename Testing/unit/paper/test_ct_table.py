"""The table of networks of CT numbers: who is held out, what differs between rows, and a whole small run."""

import json
import os
import subprocess
import sys

import nibabel
import numpy as np
import pytest
import torch

from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.statistics import mean_estimate
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.models.implicit_ct import CTModel, ImplicitCTConfig, PointValues, to_unit
from SwinX2SLib.paper.ct_table import (
    COLUMNS,
    ROWS,
    CTTableConfig,
    figure,
    group_dice,
    judge,
    judged_person,
    load_table_config,
    splits,
    trainings_of,
)
from SwinX2SLib.reconstruct.ct import CTReconstructor
from SwinX2SLib.training.implicit_ct import values_at

PEOPLE = ["a", "b", "c", "d", "e"]
GRID = (24, 24, 32)


def write(path, text):
    path.write_text(text)
    return path


def test_every_person_is_held_out_once():
    parts = splits(CTTableConfig(folds=2), PEOPLE)
    assert sorted(name for part in parts for name in part) == PEOPLE
    assert splits(CTTableConfig(folds=5), PEOPLE) == [(name,) for name in PEOPLE]
    assert splits(CTTableConfig(held_out=("b", "d")), PEOPLE) == [("b", "d")]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (CTTableConfig(folds=6), "cannot be held out in 6 parts"),
        (CTTableConfig(held_out=("z",)), "is called z"),
        (CTTableConfig(held_out=tuple(PEOPLE)), "Everybody is held out"),
    ],
)
def test_splits_that_cannot_be_are_refused(config, words):
    with pytest.raises(InputError, match=words):
        splits(config, PEOPLE)


def test_rows_differ_in_what_their_titles_say_and_in_nothing_else(tmp_path):
    config = CTTableConfig(training={"minutes": 5.0, "loss": {"points": 500}, "network": {"octaves": 4}})
    made = {row: trainings_of(config, row, tmp_path).config for row in ROWS}
    assert {each.minutes for each in made.values()} == {5.0}
    assert {each.loss["points"] for each in made.values()} == {500}
    assert made["ours"].loss == {"points": 500}
    assert made["spider"].loss == {"points": 500, "body": 0.0, "gradient": 0.0}
    assert made["no-structure"].network == {"octaves": 4, "out_channels": 0}
    assert made["no-structure"].loss == made["spider"].loss
    assert made["learned"].network["learned_weights"] is True
    assert made["x2ct-like"].model == "x2ct-like"


@pytest.mark.parametrize("variant", ["perx2ct-like", "x2ct-like"])
def test_the_networks_have_as_many_parameters_as_ours(variant):
    with torch.device("meta"):
        counts = [sum(p.numel() for p in build_model(name).parameters()) for name in ("implicit-ct", variant)]
    assert counts[1] == pytest.approx(counts[0], rel=0.1)


def test_the_volumetric_network_reads_its_volume_at_the_right_places():
    network = build_model("x2ct-like", widths=[8, 8, 8], decoder_3d=[8, 8, 8], grid_shape=[16, 16, 16])
    coarse = torch.rand(1, 1, 8, 8, 8)
    fine = torch.tensor([[[0.0, 0.0, 0.0], [2.5, 7.5, 10.5], [15.0, 15.0, 15.0]]])
    found = network.decode((coarse,), fine * 2 / 15 - 1, torch.zeros(1, 2, 3, 4)).intensity
    # The centre of coarse voxel i is fine voxel 2 i + 1/2.
    expected = values_at(coarse[:, 0], ((fine - 0.5) / 2).clamp(0, 7))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("variant", ["perx2ct-like", "x2ct-like"])
def test_the_networks_name_no_structures_and_learn(variant):
    sizes = {"grid_shape": [16, 16, 16]} | ({"hidden": [16], "widths": [8, 8]} if variant[0] == "p" else {})
    network = build_model(variant, **sizes)
    values = network(torch.rand(2, 1, 16, 16), torch.rand(2, 1, 16, 16), torch.rand(2, 9, 3))
    assert values.intensity.shape == (2, 9)
    assert values.structure is None
    values.intensity.sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fold = 3", "Unknown parameter 'fold'"),
        ("folds = 1", "2 or more"),
        ('rows = ["mine"]', "Unknown rows: mine"),
        ('geometries = ["fan"]', "Unknown geometries: fan"),
        ("training = 3", "training must be a table"),
        ("rows = [", "cannot be read"),
    ],
)
def test_a_configuration_that_is_wrong_is_refused_in_words(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        load_table_config(write(tmp_path / "table.toml", text))


def test_a_mean_has_its_interval_from_five_people_on():
    assert figure(mean_estimate([1.0, 2.0, 3.0]), 1) == "2.0 (n = 3)"
    value = figure(mean_estimate([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), 2)
    assert value.startswith("3.50 (")
    assert " to " in value
    assert figure(mean_estimate([]), 1) == "-"


@pytest.fixture
def case_list(tmp_path):
    """Six people of blocks, each a little different, with a CT in HU."""
    entries = []
    for number, name in enumerate("uvwxyz"):
        folder = tmp_path / "volumes" / name
        folder.mkdir(parents=True)
        labels = np.zeros((40, 36, 50), np.uint8)
        labels[8 : 18 + number, 10:20, 10:25] = 50
        labels[24:32, 18:28, 30 : 40 + number] = 53
        ct = np.full(labels.shape, -1000, np.int16)
        ct[4:36, 4:32, 2:48] = 40
        ct[labels > 0] = 600
        for file, values in (("labels", labels), ("ct", ct)):
            nibabel.save(nibabel.Nifti1Image(values, np.diag([4.0, 4, 4, 1])), folder / f"{file}.nii.gz")
        groups = ["pelvis", "femur"]
        entries.append({"case": name, "split": "train", "annotated": groups, "licence": "MIT", "ct": "HU"})
    return write(tmp_path / "manifest.json", json.dumps(entries))


class Told(CTModel):
    """Knows the person's CT and labels."""

    def __init__(self, person):
        super().__init__(ImplicitCTConfig(grid_shape=GRID))
        self.unit = to_unit(torch.from_numpy(person.ct))[None]
        self.labels = torch.from_numpy(person.labels)
        self.off = 0.0

    def encode(self, coronal, sagittal):
        return coronal, sagittal

    def decode(self, encoded, points, matrices):
        index = (points + 1) / 2 * (torch.tensor(GRID) - 1)
        x, y, z = index.round().long()[0].unbind(-1)
        structure = torch.nn.functional.one_hot(self.labels[x, y, z].long(), 55).T[None].float()
        return PointValues(values_at(self.unit, index) + self.off, structure)


@pytest.mark.parametrize("geometry", ["parallel", "cone"])
def test_who_knows_the_person_is_judged_perfect_and_who_is_off_by_that_much(case_list, geometry):
    case = load_case_list(case_list)[0]
    person = judged_person(case, GRID, geometry)
    # Fields of both radiographs end at whole voxels: a rim of voxels may count as not shown.
    network = Told(person)
    reconstructor = CTReconstructor(network, torch.device("cpu"))
    perfect = judge(reconstructor, person)
    assert perfect["dice"] == pytest.approx(100.0)
    assert perfect["mae_hu"] < 3
    network.off = 100 / 2500
    assert judge(reconstructor, person)["mae_structures_hu"] == pytest.approx(100, abs=2)
    assert set(perfect) == set(COLUMNS)


def test_dice_is_the_mean_over_the_groups_that_are_shown(case_list):
    person = judged_person(load_case_list(case_list)[0], GRID, "parallel")
    half = np.where(np.isin(person.labels, (50,)), person.labels, 0).astype(np.uint8)
    assert group_dice(half, person) == pytest.approx(50.0)
    assert group_dice(np.zeros_like(half), person) == 0


TABLE = """
folds = 2
rows = ["ours", "no-structure"]
[training]
steps = 2
batch_size = 2
warmup_steps = 1
workers = 0
network = { widths = [8], features = 8, octaves = 2, hidden = [8], grid_shape = [24, 24, 32] }
[training.loss]
points = 100
"""


@pytest.mark.slow
def test_a_small_table_is_trained_judged_printed_and_found_again(case_list, tmp_path, repository):
    config = write(tmp_path / "table.toml", TABLE)
    environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
    arguments = ["benchmark-ct", config, "--cases", case_list, "--out", tmp_path / "out", "--threads", "1"]
    command = [sys.executable, "-m", "SwinX2SLib", *map(str, arguments)]
    first = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert first.returncode == 0, first.stderr
    assert "6 people with a CT in HU; every person held out once, in 2 parts" in first.stdout
    assert "| structure prior, points in the body, gradient loss | parallel |" in first.stdout
    assert "2 steps" in first.stdout
    people = (tmp_path / "out" / "people.csv").read_text().splitlines()
    assert len(people) == 1 + 2 * 6 * len(COLUMNS)
    again = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert again.stdout == first.stdout
    assert "Training" not in again.stderr


@pytest.mark.slow
def test_too_few_people_are_said_before_anything_is_loaded(tmp_path, repository):
    config, cases = write(tmp_path / "t.toml", "folds = 2"), write(tmp_path / "manifest.json", "[]")
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    arguments = ["benchmark-ct", config, "--cases", cases, "--out", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "SwinX2SLib", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 3
    assert "0 people cannot be held out in 2 parts" in done.stderr
    assert not (tmp_path / "out").exists()
