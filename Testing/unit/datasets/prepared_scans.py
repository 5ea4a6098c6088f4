"""Pelvic scans that the tests write and prepare."""

import downloads
import numpy as np
from PIL import Image

from SwinX2SLib.datasets import load_case_list
from SwinX2SLib.datasets.catalogue import DATASETS
from SwinX2SLib.datasets.dataset import RawCase
from SwinX2SLib.datasets.prepare import PrepareOptions, prepare

OPTIONS = PrepareOptions(shape=(64, 64, 80))


def scan(folder, labels=None, ct=None, name="a", suffix=".nii.gz", label_header=None, image_header=None):
    """Write a pelvic scan in the numbering of CTPelvic1K, and return it as a case of the data set."""
    shown = downloads.person(upper=200.0)
    values = downloads.pelvis_numbers(shown.labels) if labels is None else labels
    label_header = {"dtype": np.uint8, "affine": shown.affine, **(label_header or {})}
    image_header = {"affine": shown.affine, **(image_header or {})}
    mask = downloads.write_volume(folder / f"{name}_mask{suffix}", values, **label_header)
    image = downloads.write_volume(
        folder / f"{name}_ct{suffix}", shown.ct if ct is None else ct, **image_header
    )
    return RawCase(name, (mask,), image, "train", "CC0")


def prepared(case, out, options=OPTIONS, data_set="ctpelvic1k"):
    return prepare(DATASETS[data_set], [case], out, options)


def told(case, out, options=OPTIONS, data_set="ctpelvic1k"):
    result = prepared(case, out, options, data_set)
    assert not result.entries
    assert not (out / "volumes").exists()
    return result.failed[0].message


def load(out):
    (case,) = load_case_list(out / "manifest.json")
    coronal, sagittal = (
        np.asarray(Image.open(p)).astype(float) for p in (case.radiographs.coronal, case.radiographs.sagittal)
    )
    return case, case.load_labels()[0], case.load_ct(), coronal, sagittal
