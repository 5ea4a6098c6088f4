"""The job file and the command line say the same."""

import argparse
import json

import pytest

from SwinX2SLib.cli.reconstruct import add_reconstruct_parser, job_of_arguments
from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import Crop, RadiographOptions
from SwinX2SLib.reconstruct import Job

FULL = {
    "ap": "a.dcm",
    "lateral": "b.png",
    "out": "there",
    "ap_options": {
        "spacing_mm": 0.143,
        "crop": "5%,0%,90%,100%",
        "rotate_deg": 90,
        "invert": True,
        "source_to_detector_mm": 1800.5,
        "source_to_patient_mm": 1600.0,
    },
    "lateral_options": {
        "magnification": 1.1,
        "crop": "1,2,300,400",
        "flip": "hv",
        "trust_orientation": False,
    },
    "ap_view": "pa",
    "model": "fused-tiny",
    "device": "cpu",
    "overwrite": True,
    "tta": 4,
    "min_component_fraction": 0.25,
    "lateral_offset_mm": -12.5,
}

SHORT = {"ap": "a.png", "lateral": "b.png", "out": "c"}


def parse(arguments: list[str]) -> Job:
    parser = argparse.ArgumentParser()
    add_reconstruct_parser(parser.add_subparsers())
    return job_of_arguments(parser.parse_args(arguments))


@pytest.mark.parametrize("values", [FULL, SHORT, {**SHORT, "lateral_offset_mm": "auto"}])
def test_a_job_survives_its_file_and_its_command_line(tmp_path, values):
    job = Job.from_dict(values)
    job.save(tmp_path / "job.json")
    assert Job.load(tmp_path / "job.json") == job
    assert parse(job.arguments()) == job


def test_all_values_arrive_where_they_belong():
    job = Job.from_dict(FULL)
    crop = Crop(5, 0, 90, 100, percent=True)
    assert job.ap_options == RadiographOptions(0.143, crop, 90, "", True, True, None, 1800.5, 1600.0)
    assert job.lateral_options == RadiographOptions(None, Crop(1, 2, 300, 400), 0, "hv", False, False, 1.1)


def test_everything_wrong_with_a_job_is_told_at_once():
    values = {
        "ap": 3,
        "lateral": "b.png",
        "colour": "blue",
        "overwrite": "yes",
        "min_component_fraction": True,
        "ap_options": {"spacing_mm": -1},
        "lateral_options": {"flip": 7},
        "lateral_offset_mm": [],
    }
    with pytest.raises(InputError) as caught:
        Job.from_dict(values)
    told = " ".join(fault.message for fault in caught.value.faults)
    for word in (
        "out is missing",
        "3 is not valid for ap",
        "'colour'",
        "overwrite",
        "min_component_fraction",
        "more than 0 mm",
        "flip",
    ):
        assert word in told


@pytest.mark.parametrize(
    "change", [{"device": "tpu"}, {"ap_view": "lateral"}, {"min_component_fraction": 1.5}, {"model": ""}]
)
def test_values_outside_their_range_are_refused(change):
    with pytest.raises(InputError) as caught:
        Job.from_dict({**FULL, **change})
    assert [fault.kind for fault in caught.value.faults] == ["job-value"]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", json.dumps({"ap": "x"})])
def test_a_file_that_is_no_job_is_refused(tmp_path, text):
    (tmp_path / "job.json").write_text(text)
    with pytest.raises(InputError):
        Job.load(tmp_path / "job.json")


def test_spacing_is_given_for_both_radiographs_for_each_or_for_one():
    def spacings(*options):
        job = parse(["reconstruct", "a", "b", "--out", "c", *options])
        return job.ap_options.spacing_mm, job.lateral_options.spacing_mm

    assert spacings("--spacing-mm", "0.2") == (0.2, 0.2)
    assert spacings("--spacing-mm", "0.2,0.3") == (0.2, 0.3)
    assert spacings("--spacing-mm", "lateral=0.3") == (None, 0.3)


@pytest.mark.parametrize(
    "options",
    [
        ["--spacing-mm", "x"],
        ["--spacing-mm", "0"],
        ["--spacing-mm", "1,2,3"],
        ["--flip", "h"],
        ["--flip", "ap=x"],
        ["--rotate", "ap=45"],
        ["--crop", "ap=1,2,3"],
        ["--crop", "side=1,2,3,4"],
    ],
)
def test_an_option_that_cannot_be_read_is_a_value_error(options):
    with pytest.raises(ValueError):
        parse(["reconstruct", "a", "b", "--out", "c", *options])
