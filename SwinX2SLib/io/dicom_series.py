"""A CT as a folder of DICOM files, one for each slice."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import SimpleITK

from SwinX2SLib.geometry.frames import ras_to_lps
from SwinX2SLib.io.decoding import array_of, decoder_faults
from SwinX2SLib.io.dicom_files import require_inflated
from SwinX2SLib.io.header import VolumeHeader, affine_of_steps, refuse, stated_lengths, unreadable
from SwinX2SLib.io.limits import require_size

# How far a slice may lie from its place among evenly spaced ones, as a share of their distance.
_UNEVEN_SHARE = 0.05
_POSITION, _DIRECTIONS, _PIXEL_SIZE = "0020|0032", "0020|0037", "0028|0030"
_COPY_SERIES = "Export the whole series again."


def read_dicom_series(folder: Path, series_uid: str | None = None) -> tuple[VolumeHeader, np.ndarray]:
    """Read the slices of a CT.

    Args:
        folder: with DICOM files; files of other kinds are passed over.
        series_uid: of the series, where the folder holds several.

    Returns:
        What the files state, with the affine of the slices as they lie (sheared where the gantry was tilted), and the
        array `(columns, rows, slices)` in Hounsfield units or whatever the files' rescaling gives.

    Raises:
        InputError: no series, several, slices that are missing or lie unevenly, or files that cannot be read.
    """
    folder = Path(folder)
    _require_inflated(folder)
    empty = VolumeHeader(folder, "DICOM", (), 3, None, ())
    with decoder_faults(empty):
        uids = SimpleITK.ImageSeriesReader.GetGDCMSeriesIDs(_safe(folder))
        uid = _chosen(uids, series_uid, folder)
        reader = SimpleITK.ImageSeriesReader()
        names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(_safe(folder), uid)
        require_size(_unpacked_bytes(names), "DICOM series", folder)
        reader.SetFileNames(names)
        reader.MetaDataDictionaryArrayUpdateOn()
        array = array_of(reader.Execute())
        tags = [
            {
                tag: reader.GetMetaData(i, tag)
                for tag in (_POSITION, _DIRECTIONS, _PIXEL_SIZE)
                if reader.HasMetaDataKey(i, tag)
            }
            for i in range(len(reader.GetFileNames()))
        ]
    affine = _affine(tags, folder)
    spacing = stated_lengths(np.linalg.norm(affine[:3, :3], axis=0))
    header = VolumeHeader(
        folder, "DICOM", array.shape, 3, affine, spacing, array.dtype, unit="mm", fields={"series": uid}
    )
    return header, array


def _unpacked_bytes(names: tuple[str, ...]) -> int:
    """Return how many bytes the slices take, by their headers."""
    reader = SimpleITK.ImageFileReader()
    held = 0
    for name in names:
        reader.SetFileName(name)
        reader.ReadImageInformation()
        pixel = SimpleITK.Image(
            [1] * reader.GetDimension(), reader.GetPixelID(), reader.GetNumberOfComponents()
        )
        pixel_bytes = pixel.GetNumberOfComponentsPerPixel() * pixel.GetSizeOfPixelComponent()
        held += math.prod(reader.GetSize()) * pixel_bytes
    return held


def _require_inflated(folder: Path) -> None:
    """Refuse a folder whose deflated files hold too much: GDCM unpacks them to see which series they belong to."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file():
            require_inflated(path)


def _safe(folder: Path) -> str:
    try:
        return str(folder).encode("utf-8").decode()
    except UnicodeEncodeError:
        hint = "Rename the folder."
        raise unreadable("DICOM series", "its path is not UTF-8", folder, hint) from None


def _chosen(uids: tuple[str, ...], series_uid: str | None, folder: Path) -> str:
    if not uids:
        hint = "Use a folder with the slices of one CT series."
        raise refuse("no-series", "The folder has no DICOM series.", hint, folder)
    if series_uid is None and len(uids) > 1:
        message = f"The folder has {len(uids)} DICOM series: {', '.join(uids[:4])}."
        raise refuse("several-series", message, "Keep one series in the folder, or specify its UID.", folder)
    if series_uid is not None and series_uid not in uids:
        message = f"The folder has no series {series_uid}."
        raise refuse("no-series", message, f"It has {', '.join(uids[:4])}.", folder)
    return series_uid or uids[0]


def _affine(tags: list[dict[str, str]], folder: Path) -> np.ndarray:
    """Return the affine (index -> RAS mm) of evenly spaced slices.

    Raises:
        InputError: the files do not say where they lie, or a slice is missing.
    """
    if len(tags) < 2:
        raise refuse("not-a-volume", "The series has a single slice.", _COPY_SERIES, folder)
    try:
        places = np.array([_numbers(each[_POSITION], 3) for each in tags])
        directions = np.array([_numbers(each[_DIRECTIONS], 6) for each in tags])
        row_mm, column_mm = _numbers(tags[0][_PIXEL_SIZE], 2)
    except (KeyError, ValueError):
        message = "The files do not define the position of their slices (no position or orientation)."
        raise refuse("orientation-absent", message, _COPY_SERIES, folder) from None
    step = (places[-1] - places[0]) / (len(places) - 1)
    expected = places[0] + np.arange(len(places))[:, None] * step
    off = np.linalg.norm(places - expected, axis=1).max()
    if np.ptp(directions, axis=0).max() > 1e-3 or off > _UNEVEN_SHARE * np.linalg.norm(step):
        message = f"The slices are not equidistant: one deviates by {off:.2f} mm. Check for missing slices."
        raise refuse("slices-uneven", message, _COPY_SERIES, folder)
    # Of a row of the picture the column changes: the first direction is that of the columns' index.
    steps = np.array([directions[0, :3] * column_mm, directions[0, 3:] * row_mm, step])
    return ras_to_lps(affine_of_steps(steps, places[0]))


def _numbers(text: str, count: int) -> list[float]:
    numbers = [float(part) for part in text.split("\\")]
    if len(numbers) != count:
        raise ValueError(text)
    return numbers
