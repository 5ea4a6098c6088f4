"""Films that are swapped, upside down or face the wrong way are told; films that hang well are not."""

import json
from dataclasses import dataclass

import numpy as np
import pydicom
import pytest
import torch
from PIL import Image
from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

from SwinX2SLib.inference import Job, run_job
from SwinX2SLib.inference.hanging import (
    AS_GIVEN,
    LEAST_RATIO,
    LEAST_SCORE,
    Hanging,
    HangingCheck,
    check_hanging,
    describe,
)
from SwinX2SLib.inference.protocol import Result
from SwinX2SLib.inference.reconstructor import Reconstructor
from SwinX2SLib.models.fused import FusedConfig, FusedSwinX2S
from SwinX2SLib.radiographs import FilmOptions, Radiograph
from SwinX2SLib.report.findings import Findings

GRID = (32, 32, 64)
CPU = torch.device("cpu")


def picture(view: str) -> np.ndarray:
    """A film `(rows, columns)` without any symmetry, another one for each view."""
    film = np.random.default_rng(1 if view == "ap" else 2).random((GRID[2], GRID[0])).astype(np.float32)
    film[0, 0], film[-1, -1] = 0, 1
    return film


class TemplateModel(FusedSwinX2S):
    """Knows both films by heart: sure of three bones where a film is the one it knows, and unsure otherwise."""

    def __init__(self, certainty: float = 6.0):
        super().__init__(FusedConfig(8, (1, 1, 1, 1), (1, 1, 1, 1), (16, 16, 16, 8, 8), (8, 8, 8), GRID))
        self.certainty = certainty

    def forward(self, coronal, sagittal, volumes=None):
        layouts = []
        for films, view in ((coronal, "ap"), (sagittal, "lateral")):
            known = torch.from_numpy(picture(view).T.copy())
            layout = torch.full((len(films), 54, *known.shape), -20.0)
            for film, out in zip(films, layout, strict=True):
                alike = torch.corrcoef(torch.stack([film[0].float().ravel(), known.ravel()]))[0, 1] > 0.9
                for bone in range(3):
                    # Faint bones at the wrong heights on a film that it does not know.
                    row = 10 + 15 * bone if alike else 40 - 15 * bone
                    out[17 + bone, 8:24, row : row + 12] = self.certainty if alike else -0.2
            layouts.append(layout)
        empty = torch.full((len(coronal), 55, *GRID), -20.0)
        empty[:, 0] = 0
        return LaidOut(empty, *layouts)


@dataclass
class LaidOut:
    """What `FusedOutput` offers."""

    volume: torch.Tensor
    coronal_layout: torch.Tensor
    sagittal_layout: torch.Tensor

    def logits(self, start=0, stop=None):
        return self.volume[..., start:stop]


def flipped(pixels: np.ndarray, flip: str) -> np.ndarray:
    return np.ascontiguousarray(pixels[:: -1 if "v" in flip else 1, :: -1 if "h" in flip else 1])


def given(hanging: Hanging) -> tuple[Radiograph, Radiograph]:
    """The films as a user gives them who errs so that `hanging` puts them right."""
    views = ("lateral", "ap") if hanging.swapped else ("ap", "lateral")
    films = (
        flipped(picture(view), flip)
        for view, flip in zip(views, (hanging.ap_flip, hanging.lateral_flip), strict=True)
    )
    return tuple(
        Radiograph(film, (4.0, 4.0), "drawn", role)
        for film, role in zip(films, ("ap", "lateral"), strict=True)
    )


def test_films_that_hang_well_raise_no_doubt():
    check = check_hanging(TemplateModel(), *given(AS_GIVEN), CPU)
    assert check.given > 0.8
    assert check.suspected is None
    assert check.doubt() == ""


@pytest.mark.parametrize(
    ("hanging", "words"),
    [
        (Hanging(swapped=True), ["swapped", "swap the two files"]),
        (Hanging(swapped=True, ap_flip="h"), ["swapped", "lateral film seems to face", "--flip lateral=h"]),
        (Hanging(lateral_flip="h"), ["lateral film seems to face the wrong way", "--flip lateral=h"]),
        (Hanging(lateral_flip="v"), ["lateral film seems to be upside down, flipped", "--flip lateral=v"]),
        (Hanging(lateral_flip="hv"), ["lateral film seems to be upside down, turned", "--flip lateral=hv"]),
        (Hanging(ap_flip="hv"), ["frontal film seems to be upside down", "--flip ap=hv"]),
        (Hanging(ap_flip="hv", lateral_flip="hv"), ["frontal film", "lateral film", "ap=hv", "lateral=hv"]),
    ],
    ids=str,
)  # fmt: skip
def test_each_error_is_told_with_what_to_do(hanging, words):
    check = check_hanging(TemplateModel(), *given(hanging), CPU)
    assert check.suspected == hanging
    assert all(word in check.doubt() for word in words), check.doubt()


def test_a_network_that_is_sure_of_nothing_says_nothing():
    for hanging in (AS_GIVEN, Hanging(swapped=True), Hanging(lateral_flip="v")):
        assert check_hanging(TemplateModel(certainty=-1.0), *given(hanging), CPU).suspected is None


def test_only_a_clear_win_is_told():
    other = Hanging(lateral_flip="h")
    just = LEAST_SCORE / LEAST_RATIO
    assert HangingCheck(just, LEAST_SCORE, other).suspected == other
    assert HangingCheck(just + 0.01, LEAST_SCORE, other).suspected is None
    assert HangingCheck(0.0, LEAST_SCORE - 0.01, other).suspected is None


def test_a_frontal_film_upside_down_is_turned_and_never_mirrored_on_advice():
    assert "--flip ap=hv" in describe(Hanging(ap_flip="v"))
    assert "ap=v" not in describe(Hanging(ap_flip="v", lateral_flip="v"))


def test_a_network_without_layouts_is_asked_nothing(threshold_model):
    assert check_hanging(threshold_model(GRID), *given(Hanging(swapped=True)), CPU) is None


class TemplateBackend:
    def check(self, job):
        return []

    def make(self, job):
        return Reconstructor(TemplateModel(), "cpu")


def test_the_doubt_reaches_the_result_the_provenance_and_the_report(tmp_path):
    job = _job(tmp_path, "png", "ap", flipped(picture("lateral"), "h"))
    events = []
    run_job(job, events.append, TemplateBackend())
    (result,) = (event for event in events if isinstance(event, Result))
    assert any("--flip lateral=h" in note for note in result.notes)
    provenance = json.loads((job.out / "provenance.json").read_text(encoding="utf-8"))
    stated = provenance["film_check"]
    assert stated["alternative"] == {"swapped": False, "ap_flip": "", "lateral_flip": "h"}
    assert stated["given"] < stated["best"]
    empty = np.zeros((2, 2, 2), np.uint8)
    assert stated["doubt"] == Findings(empty, np.eye(4), (), provenance).warnings()[0]


def test_dicom_headers_that_contradict_the_pixels_are_found_out(tmp_path):
    """Each header names the view that its film is used as; the pixels are those of the other one."""
    job = _job(tmp_path, "dcm", "lateral", picture("ap"))
    events = []
    run_job(job, events.append, TemplateBackend())
    assert any("swapped" in note and "--ignore-orientation" in note for note in events[-1].notes)


def _job(folder, suffix: str, first: str, second: np.ndarray) -> Job:
    """A job on two files: the picture of the view `first`, given as the frontal film, and another as the lateral."""
    paths = folder / f"ap.{suffix}", folder / f"lateral.{suffix}"
    films = (picture(first), second)
    for path, film, position in zip(paths, films, ("AP", "LL"), strict=True):
        # At four pixels for each of the grid: what reads a film blurs single pixels and asks for 64 on a side.
        stored = np.kron(np.rint(film * 255), np.ones((4, 4))).astype(np.uint8)
        (_write_dicom if suffix == "dcm" else _write_png)(path, stored, position)
    options = FilmOptions(spacing_mm=1.0)
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
