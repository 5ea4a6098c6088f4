"""What makes a radiograph doubtful: photographs, windows that cut off bone."""

import numpy as np
import pytest
from PIL import ExifTags, Image

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.checks import photograph_notes

SIZE = RadiographOptions(spacing_mm=2.0)
# Corners of a radiograph within a picture of 600 x 800 pixels, clockwise from the top left.
UPRIGHT = [(60, 60), (540, 60), (540, 740), (60, 740)]
ROTATED = [(106, 42), (584, 84), (524, 761), (46, 719)]
FROM_BELOW = [(120, 70), (480, 80), (550, 740), (50, 730)]


def chest() -> np.ndarray:
    """A drawn radiograph: lungs between bright soft tissue and a brighter spine."""
    row, col = np.mgrid[:300, :240]
    lungs = np.exp(-(((row - 130) / 80) ** 2)) * sum(np.exp(-(((col - at) / 35) ** 2)) for at in (70, 170))
    spine = np.exp(-(((col - 120) / 12) ** 2))
    return np.clip(170 - 130 * lungs + 60 * spine, 0, 255).astype(np.uint8)


def photographed(corners: list, background: int) -> np.ndarray:
    """The drawn radiograph with its corners at given (x, y), on an uneven background with noise."""
    picture = chest()
    height, width = picture.shape
    equations, wanted = [], []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        equations += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    back = tuple(np.linalg.solve(equations, wanted))
    warped, inside = (
        np.asarray(Image.fromarray(each).transform((600, 800), Image.Transform.PERSPECTIVE, back))
        for each in (picture, np.full_like(picture, 255))
    )
    row, col = np.mgrid[:800, :600]
    uneven = background * (1 - 0.1 * np.hypot(row / 800 - 0.5, col / 600 - 0.5))
    noise = np.random.default_rng(1).normal(0, 1.5, warped.shape)
    return np.clip(np.where(inside > 0, warped, uneven) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("background", [250, 15], ids=["light box", "dark room"])
@pytest.mark.parametrize(
    ("corners", "noted"),
    [(FROM_BELOW, True), (UPRIGHT, False), (ROTATED, False)],
    ids=["skew", "upright", "rotated"],
)
def test_the_outline_of_a_photograph_is_noted_and_that_of_a_collimator_is_not(
    tmp_path, corners, background, noted
):
    path = tmp_path / "picture.png"
    Image.fromarray(photographed(corners, background)).save(path)
    notes = read_radiograph(path, "ap", SIZE).notes
    assert any("photograph" in note and "DICOM" in note for note in notes) == noted, notes


def test_real_radiographs_are_not_taken_for_photographs(shared_data):
    files = sorted((shared_data / "radiographs" / "pairs").iterdir())
    assert files
    for path in files:
        view = "lateral" if "lateral" in path.name else "pa"
        notes = read_radiograph(path, view, RadiographOptions(spacing_mm=0.5)).notes
        assert not any("photograph" in note for note in notes), path.name


@pytest.mark.parametrize("tag", [ExifTags.Base.ExposureTime, ExifTags.Base.FNumber])
def test_a_picture_with_the_exposure_of_a_camera_is_noted(tmp_path, tag):
    exif = Image.Exif()
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Maker", "Phone 9"
    exif.get_ifd(ExifTags.IFD.Exif)[tag] = 0.02
    Image.fromarray(chest()).save(tmp_path / "photo.jpg", exif=exif)
    assert any("Maker Phone 9" in note for note in read_radiograph(tmp_path / "photo.jpg", "ap", SIZE).notes)
    scanner = Image.Exif()
    scanner[ExifTags.Base.Make] = "Scanner"
    Image.fromarray(chest()).save(tmp_path / "scan.jpg", exif=scanner)
    assert not any("photograph" in note for note in read_radiograph(tmp_path / "scan.jpg", "ap", SIZE).notes)


def test_a_colour_cast_is_told_apart_from_a_colourful_picture(tmp_path):
    gray = chest().astype(float)
    cast = np.stack([gray * 0.85, gray * 0.95, np.clip(gray * 1.1 + 8, 0, 255)], axis=-1)
    hues = np.stack([gray, np.roll(gray, 60, axis=1), 255 - gray], axis=-1)
    for name, channels, words in (("cast", cast, "colour cast"), ("hues", hues, "is in colour")):
        Image.fromarray(channels.astype(np.uint8)).save(tmp_path / f"{name}.png")
        with pytest.raises(InputError) as caught:
            read_radiograph(tmp_path / f"{name}.png", "ap", SIZE)
        (fault,) = caught.value.faults
        assert fault.kind == "colour-picture"
        assert words in fault.message


@pytest.mark.parametrize(("white", "noted"), [(150, True), (256, False)])
@pytest.mark.parametrize("inverted", [False, True])
def test_a_window_that_cuts_off_bone_is_noted_whichever_way_bone_is_shown(tmp_path, white, noted, inverted):
    values = np.clip(chest().astype(float) * 255 / white, 0, 255).astype(np.uint8)
    Image.fromarray(255 - values if inverted else values).save(tmp_path / "radiograph.png")
    notes = read_radiograph(
        tmp_path / "radiograph.png", "ap", RadiographOptions(spacing_mm=2.0, invert=inverted)
    ).notes
    assert any("wider window" in note for note in notes) == noted


def test_a_picture_of_one_value_has_no_outline():
    assert photograph_notes(np.full((100, 100), 7.0)) == []


def test_burnt_in_letters_and_gamma_do_not_move_the_range_of_bone(tmp_path):
    plain = chest()
    lettered = plain.copy()
    lettered[5:11, 200:230:3] = 255
    lettered[5:11, 201:230:3] = 0
    gamma = np.rint(255 * (plain / 255) ** (1 / 2.2)).astype(np.uint8)
    pixels = {}
    for name, values in (("plain", plain), ("lettered", lettered), ("gamma", gamma)):
        Image.fromarray(values).save(tmp_path / f"{name}.jpg", quality=95)
        pixels[name] = read_radiograph(tmp_path / f"{name}.jpg", "ap", SIZE).pixels
    elsewhere = np.s_[30:, :]
    assert np.abs(pixels["lettered"][elsewhere] - pixels["plain"][elsewhere]).max() < 0.03
    # Gamma changes contrast, but neither the order of gray levels nor the range.
    assert np.corrcoef(pixels["gamma"].ravel(), pixels["plain"].ravel())[0, 1] > 0.9
    assert pixels["gamma"].min() == 0
    assert pixels["gamma"].max() == 1
