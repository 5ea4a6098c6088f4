"""Radiographs that are swapped, turned or facing the wrong way are told; radiographs that have the right
orientation are not."""

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pydicom
import pytest
import torch
from PIL import Image
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian
from torch import nn

from SwinX2SLib.errors import ModelError
from SwinX2SLib.models.orientation import (
    ORIENTATIONS,
    Orientation,
    RadiographOrientationConfig,
    View,
    reorient,
)
from SwinX2SLib.radiographs import Radiograph, RadiographOptions
from SwinX2SLib.radiographs.transforms import Reorientation, edited
from SwinX2SLib.reconstruct import Job, run_job
from SwinX2SLib.reconstruct.orientation_check import (
    LEAST_PROBABILITY,
    OrientationCheck,
    ViewPrediction,
    check_orientation,
)
from SwinX2SLib.reconstruct.protocol import Result
from SwinX2SLib.reconstruct.reconstructor import Reconstructor
from SwinX2SLib.report.findings import Findings

SIDE = 40
CPU = torch.device("cpu")
FRONTAL, LATERAL = View.FRONTAL, View.LATERAL
HUNG = {view: Orientation(view) for view in View}


def picture(view: View) -> np.ndarray:
    """A radiograph `(rows, columns)` without any symmetry, another one for each view."""
    coarse = np.random.default_rng(1 if view is FRONTAL else 2).random((8, 8)).astype(np.float32)
    return np.kron(coarse, np.ones((SIDE // 8, SIDE // 8), np.float32))


class TemplateNet(nn.Module):
    """Knows one radiograph of each view by heart, in every orientation."""

    config = RadiographOrientationConfig(radiograph_px=SIDE)

    def __init__(self, certainty: float = 16.0):
        super().__init__()
        self.certainty = certainty
        self.templates = [reorient(torch.from_numpy(picture(o.view).T.copy()), o) for o in ORIENTATIONS]

    def forward(self, radiographs):
        alike = [
            [
                torch.corrcoef(torch.stack([radiograph.ravel(), known.ravel()]))[0, 1]
                for known in self.templates
            ]
            for radiograph in radiographs
        ]
        return self.certainty * torch.tensor(alike)


def radiograph(orientation: Orientation, given: View) -> Radiograph:
    """The radiograph that hangs in `orientation`, given as another view or as its own."""
    hung = reorient(torch.from_numpy(picture(orientation.view).T.copy()), orientation).numpy().T
    return Radiograph(
        np.ascontiguousarray(hung), (4.0, 4.0), "drawn", "ap" if given is FRONTAL else "lateral"
    )


def checked(frontal=HUNG[FRONTAL], lateral=HUNG[LATERAL], **sure) -> OrientationCheck:
    return check_orientation(
        TemplateNet(**sure), radiograph(frontal, FRONTAL), radiograph(lateral, LATERAL), CPU
    )


def test_radiographs_that_hang_well_raise_no_doubt():
    check = checked()
    assert check.ap.probability > 0.98
    assert not check.suspected
    assert check.warning() == ""


@pytest.mark.parametrize(
    ("frontal", "lateral", "words"),
    [
        (Orientation(LATERAL), Orientation(FRONTAL), ["appear to be swapped", "swap the two files"]),
        (Orientation(LATERAL, 0, True), Orientation(FRONTAL), ["swapped", "--flip lateral=h"]),
        (Orientation(FRONTAL), Orientation(FRONTAL), ["the lateral radiograph looks like a frontal one"]),
        (Orientation(FRONTAL, 2), Orientation(LATERAL), ["frontal radiograph appears to be upside down", "ap=hv"]),
        (Orientation(FRONTAL, 2), Orientation(LATERAL, 2), ["--flip ap=hv", "--flip lateral=hv"]),
        (Orientation(FRONTAL), Orientation(LATERAL, 0, True), ["face the wrong way", "--flip lateral=h"]),
        (Orientation(FRONTAL), Orientation(LATERAL, 2, True), ["upside down (flipped)", "--flip lateral=v"]),
        (Orientation(FRONTAL, 1), Orientation(LATERAL), ["rotated (clockwise by 90 degrees)", "--rotate ap=270"]),
        (Orientation(FRONTAL, 3), Orientation(LATERAL), ["rotated (anticlockwise by 90 degrees)", "--rotate ap=90"]),
        (Orientation(FRONTAL), Orientation(LATERAL, 1, True), ["--rotate lateral=270 --flip lateral=h"]),
    ],
    ids=str,
)  # fmt: skip
def test_each_error_is_told_with_what_to_do(frontal, lateral, words):
    warning = checked(frontal, lateral).warning()
    assert all(word in warning for word in words), warning


@pytest.mark.parametrize("orientation", ORIENTATIONS[1:4] + ORIENTATIONS[5:], ids=str)
def test_the_advice_hangs_the_radiograph_as_it_should(orientation):
    """The options that are named, applied as the reader of radiographs applies them, restore the picture."""
    hung = radiograph(orientation, orientation.view)
    pair = HUNG | {orientation.view: orientation}
    told = dict(_options(checked(pair[FRONTAL], pair[LATERAL]).warning()))
    options = RadiographOptions(rotate_deg=int(told.get("--rotate", 0)), flip=told.get("--flip", ""))
    assert np.array_equal(edited(hung.pixels, Reorientation(), options), picture(orientation.view))


def _options(warning: str):
    words = warning.replace(",", "").split()
    for option, value in pairwise(words):
        if option in ("--rotate", "--flip"):
            yield option, value.split("=")[1]


def test_a_network_that_is_sure_of_nothing_says_nothing():
    assert not checked(Orientation(LATERAL), Orientation(FRONTAL), certainty=0.5).suspected


def test_only_what_is_probable_enough_is_told():
    other = Orientation(LATERAL, 2)
    assert ViewPrediction(LATERAL, other, LEAST_PROBABILITY).suspected
    assert not ViewPrediction(LATERAL, other, LEAST_PROBABILITY - 0.01).suspected
    assert not ViewPrediction(LATERAL, Orientation(LATERAL), 1.0).suspected


def test_radiographs_keep_their_proportions_in_millimetres():
    """A radiograph of oblong pixels looks like the same radiograph of square ones."""
    square = radiograph(Orientation(FRONTAL), FRONTAL)
    oblong = dataclasses.replace(square, pixels=np.repeat(square.pixels, 2, axis=0), spacing_mm=(2.0, 4.0))
    check = check_orientation(TemplateNet(), oblong, radiograph(Orientation(LATERAL), LATERAL), CPU)
    assert check.ap.seen == Orientation(FRONTAL)
    assert check.ap.probability > 0.9


def test_weights_that_tell_how_radiographs_hang_reconstruct_nothing():
    with pytest.raises(ModelError, match="reconstructs nothing"):
        Reconstructor("film-orientation-v2", "cpu")


class TemplateBackend:
    """Reconstructs nothing, but looks at the radiographs."""

    def __init__(self, model):
        self.model = model

    def check(self, job):
        return []

    def make(self, job):
        reconstructor = Reconstructor(self.model, "cpu")
        reconstructor._radiograph_orientation = TemplateNet()
        return reconstructor


def test_the_warning_reaches_the_result_the_provenance_and_the_report(tmp_path, threshold_model):
    turned = picture(LATERAL)[:, ::-1]
    job = _job(tmp_path, "png", picture(FRONTAL), turned)
    events = []
    run_job(job, events.append, TemplateBackend(threshold_model((32, 32, 64))))
    (result,) = (event for event in events if isinstance(event, Result))
    assert any("--flip lateral=h" in note for note in result.notes)
    provenance = json.loads((job.out / "provenance.json").read_text(encoding="utf-8"))
    stated = provenance["orientation_check"]
    assert stated["lateral"] | {"probability": 1} == {
        "given_as": "lateral",
        "looks": "lateral",
        "quarter_turns_clockwise": 0,
        "mirrored": True,
        "probability": 1,
    }
    empty = np.zeros((2, 2, 2), np.uint8)
    assert stated["warning"] == Findings(empty, np.eye(4), (), provenance).warnings()[0]


def test_dicom_headers_that_contradict_the_pixels_are_found_out(tmp_path, threshold_model):
    """Each header names the view that its radiograph is used as; the pixels are those of the other one."""
    job = _job(tmp_path, "dcm", picture(LATERAL), picture(FRONTAL))
    events = []
    run_job(job, events.append, TemplateBackend(threshold_model((32, 32, 64))))
    assert any("swapped" in note and "--ignore-orientation" in note for note in events[-1].notes)


def _job(folder, suffix: str, first: np.ndarray, second: np.ndarray) -> Job:
    """A job on two files: a picture given as the frontal radiograph, and another as the lateral."""
    paths = folder / f"ap.{suffix}", folder / f"lateral.{suffix}"
    for path, radiograph, position in zip(paths, (first, second), ("AP", "LL"), strict=True):
        # What reads a radiograph blurs single pixels and asks for 64 on a side.
        stored = np.kron(np.rint(radiograph * 255), np.ones((4, 4))).astype(np.uint8)
        (_write_dicom if suffix == "dcm" else _write_png)(path, stored, position)
    options = RadiographOptions(spacing_mm=1.0)
    return Job(*paths, folder / "out", options, options, device="cpu")


def _write_png(path, stored: np.ndarray, position: str) -> None:
    Image.fromarray(stored).save(path)


def _write_dicom(path, stored: np.ndarray, position: str) -> None:
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = ComputedRadiographyImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    dataset.Modality, dataset.ViewPosition = "CR", position
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = stored.tobytes()
    dataset.save_as(path, enforce_file_format=True)
