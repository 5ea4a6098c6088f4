"""PNG, JPEG and TIFF."""

import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph

SPACING = RadiographOptions(spacing_mm=1.5)


def kinds(excinfo) -> list[str]:
    return [fault.kind for fault in excinfo.value.faults]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_kept(tmp_path, radiograph_values, suffix):
    path = tmp_path / f"radiograph.{suffix}"
    Image.fromarray(radiograph_values).save(path)
    radiograph = read_radiograph(path, "ap", SPACING)
    assert radiograph.pixels.dtype == np.float32
    assert len(np.unique(radiograph.pixels)) > 900
    assert np.corrcoef(radiograph.pixels.ravel(), radiograph_values.ravel())[0, 1] > 0.999


def test_a_jpeg_is_read_with_its_asymmetric_rib_on_the_same_side(tmp_path, radiograph_values):
    path = tmp_path / "radiograph.jpg"
    Image.fromarray((radiograph_values // 16).astype(np.uint8)).save(path, quality=95, dpi=(300, 300))
    radiograph = read_radiograph(path, "ap", SPACING)
    assert radiograph.pixels[40:60, 110:140].mean() > 1.5 * radiograph.pixels[40:60, 20:50].mean()
    assert radiograph.spacing_mm == (1.5, 1.5)
    assert radiograph.spacing_source == "specified by the user"


def test_dots_per_inch_are_told_and_never_used(tmp_path, radiograph_values):
    path = tmp_path / "radiograph.png"
    Image.fromarray((radiograph_values // 16).astype(np.uint8)).save(path, dpi=(96, 96))
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert kinds(caught) == ["spacing-absent"]
    assert "96 dots per inch" in str(caught.value)
    assert "--spacing-mm" in caught.value.faults[0].hint


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P"])
def test_a_gray_picture_stored_with_equal_channels_is_accepted(tmp_path, radiograph_values, mode):
    path, gray = tmp_path / "radiograph.png", Image.fromarray((radiograph_values // 16).astype(np.uint8))
    gray.convert(mode).save(path)
    gray_path = tmp_path / "gray.png"
    gray.save(gray_path)
    np.testing.assert_allclose(
        read_radiograph(path, "ap", SPACING).pixels,
        read_radiograph(gray_path, "ap", SPACING).pixels,
        atol=1e-6,
    )


def test_a_colour_picture_is_refused(tmp_path, radiograph_values):
    gray = (radiograph_values // 16).astype(np.uint8)
    Image.fromarray(np.stack([gray, gray // 2, 255 - gray], axis=-1)).save(tmp_path / "radiograph.png")
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.png", "ap", SPACING)
    assert kinds(caught) == ["colour-picture"]


def test_a_small_coloured_annotation_is_told_and_tolerated(tmp_path, radiograph_values):
    picture = np.repeat((radiograph_values // 16).astype(np.uint8)[..., None], 3, axis=-1)
    picture[:10, :10] = (255, 0, 0)
    Image.fromarray(picture).save(tmp_path / "radiograph.png")
    radiograph = read_radiograph(tmp_path / "radiograph.png", "ap", SPACING)
    assert any("in colour" in note for note in radiograph.notes)


def test_transparent_pixels_are_no_part_of_the_radiograph(tmp_path, radiograph_values):
    gray = (radiograph_values // 16).astype(np.uint8)
    picture = np.dstack([gray, gray, gray, np.full_like(gray, 255)])
    picture[100:120, 30:50] = (255, 255, 255, 0)
    Image.fromarray(picture).save(tmp_path / "radiograph.png")
    radiograph = read_radiograph(tmp_path / "radiograph.png", "ap", SPACING)
    assert radiograph.pixels[100:120, 30:50].max() == 0


def test_a_sixteen_bit_tiff_whose_zero_is_white_is_inverted(tmp_path, radiograph_values):
    path = tmp_path / "radiograph.tif"
    Image.fromarray(4095 - radiograph_values).save(path, tiffinfo={262: 0})
    plain = tmp_path / "plain.tif"
    Image.fromarray(radiograph_values).save(plain)
    np.testing.assert_allclose(
        read_radiograph(path, "ap", SPACING).pixels, read_radiograph(plain, "ap", SPACING).pixels, atol=1e-3
    )


def test_the_exif_orientation_of_a_jpeg_is_followed(tmp_path, radiograph_values):
    exif = Image.Exif()
    exif[0x0112] = 6  # the viewer turns it clockwise by 90 degrees
    Image.fromarray((radiograph_values // 16).astype(np.uint8)).save(
        tmp_path / "radiograph.jpg", exif=exif, quality=95
    )
    radiograph = read_radiograph(tmp_path / "radiograph.jpg", "ap", SPACING)
    assert radiograph.pixels.shape == (160, 200)
    assert any("EXIF" in note for note in radiograph.notes)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_a_truncated_picture_is_unreadable(tmp_path, radiograph_values, suffix):
    path = tmp_path / f"radiograph.{suffix}"
    Image.fromarray((radiograph_values // 16).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap", SPACING)
    assert kinds(caught) == ["unreadable-file"]
    assert str(path) in str(caught.value)


def test_a_tiff_of_several_pages_is_refused(tmp_path, radiograph_values):
    pages = [Image.fromarray(radiograph_values), Image.fromarray(radiograph_values)]
    pages[0].save(tmp_path / "radiograph.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.tif", "ap", SPACING)
    assert kinds(caught) == ["multi-frame"]


def test_nan_and_infinity_of_a_float_tiff_are_refused(tmp_path, radiograph_values):
    values = radiograph_values.astype(np.float32)
    values[3, 4], values[5, 6] = np.nan, np.inf
    Image.fromarray(values).save(tmp_path / "radiograph.tif")
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.tif", "ap")
    assert kinds(caught) == ["spacing-absent", "not-finite"]
    assert "2 pixels" in str(caught.value)


def test_the_name_of_a_file_does_not_decide_its_format(tmp_path, radiograph_values):
    Image.fromarray(radiograph_values).save(tmp_path / "radiograph.png")
    (tmp_path / "radiograph.png").rename(tmp_path / "radiograph.jpg")
    assert read_radiograph(tmp_path / "radiograph.jpg", "ap", SPACING).pixels.shape == (200, 160)


def test_a_long_radiograph_at_full_resolution_carries_no_warning_of_its_size(
    tmp_path, radiograph_values, monkeypatch
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", radiograph_values.size - 1)
    Image.fromarray(radiograph_values).save(tmp_path / "radiograph.png")
    assert read_radiograph(tmp_path / "radiograph.png", "ap", RadiographOptions(spacing_mm=1.5)).notes == ()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", radiograph_values.size // 3)
    with pytest.raises(InputError, match="far more pixels"):
        read_radiograph(tmp_path / "radiograph.png", "ap", RadiographOptions(spacing_mm=1.5))
