"""All faults at once; the order of crop, header, rotation and flip."""

import os
import struct

import numpy as np
import pytest
from PIL import Image

from SwinX2SLib.errors import Cancelled, InputError
from SwinX2SLib.radiographs import (
    Crop,
    Radiograph,
    RadiographOptions,
    check_pair,
    examine_pair,
    read_pair,
    read_radiograph,
)


def save(path, values):
    Image.fromarray(values).save(path)
    return path


def height(path) -> int:
    with Image.open(path) as picture:
        return picture.height


def kinds(faults) -> list[str]:
    return [fault.kind for fault in faults]


def test_faults_of_both_files_and_of_the_pair_are_listed_together(tmp_path, radiograph_values):
    small = save(tmp_path / "small.png", radiograph_values[:60])
    with pytest.raises(InputError) as caught:
        read_pair(small, tmp_path / "nothing.png")
    assert kinds(caught.value.faults) == ["spacing-absent", "too-small", "missing-file"]
    assert {fault.path for fault in caught.value.faults} == {str(small), str(tmp_path / "nothing.png")}
    assert all(fault.hint for fault in caught.value.faults)


def test_one_file_given_twice_is_noticed_also_under_another_name(tmp_path, radiograph_values):
    first = save(tmp_path / "first.png", radiograph_values)
    second = save(tmp_path / "second.tif", radiograph_values)
    spacing = RadiographOptions(spacing_mm=1.5)
    for lateral in (first, second):
        _, _, faults = examine_pair(first, lateral, spacing, spacing)
        assert kinds(faults) == ["same-file"]


def test_heights_may_disagree_by_five_percent_and_no_more(tmp_path, radiograph_values, other_values):
    ap, lateral = save(tmp_path / "ap.png", radiograph_values), save(tmp_path / "lateral.png", other_values)
    _, _, faults = examine_pair(
        ap, lateral, RadiographOptions(spacing_mm=1.0), RadiographOptions(spacing_mm=1.04)
    )
    assert faults == []
    _, _, faults = examine_pair(
        ap, lateral, RadiographOptions(spacing_mm=1.0), RadiographOptions(spacing_mm=1.07)
    )
    assert kinds(faults) == ["heights-disagree"]
    assert "200 mm" in faults[0].message
    assert "214 mm" in faults[0].message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "unreadable-file"),
        (b"just words, no picture at all", "unsupported-format"),
        (b"\x1f\x8b\x08\x00broken", "unsupported-format"),
        (b"\x89PNG\r\n\x1a\n", "unreadable-file"),
        (b"NRRD0004\n", "unreadable-file"),
        (b"\0" * 128 + b"DICM", "unreadable-file"),
    ],
)
def test_a_broken_file_is_named_for_what_it_is(tmp_path, content, expected):
    path = tmp_path / "radiograph"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert kinds(caught.value.faults) == [expected]


def test_a_folder_is_no_radiograph(tmp_path):
    with pytest.raises(InputError, match="This is a folder"):
        read_radiograph(tmp_path, "ap")


@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_constant_image_is_refused_also_with_a_burnt_in_letter(tmp_path, value):
    values = np.full((200, 160), value, np.uint8)
    values[5:9, 5:9] = 200
    with pytest.raises(InputError) as caught:
        read_radiograph(save(tmp_path / "radiograph.png", values), "ap", RadiographOptions(spacing_mm=1))
    assert kinds(caught.value.faults) == ["constant-image"]


def test_a_spacing_in_the_wrong_unit_is_noticed(tmp_path, radiograph_values):
    for spacing_mm in (0.00015, 150.0):
        with pytest.raises(InputError) as caught:
            read_radiograph(
                save(tmp_path / "radiograph.png", radiograph_values),
                "ap",
                RadiographOptions(spacing_mm=spacing_mm),
            )
        assert kinds(caught.value.faults) == ["spacing-implausible"]


def test_crop_acts_on_the_stored_picture_before_rotation_and_flip(tmp_path, radiograph_values):
    path = save(tmp_path / "radiograph.png", radiograph_values)
    options = RadiographOptions(spacing_mm=1.0, crop=Crop.parse("20,10,100,150"), rotate_deg=90, flip="h")
    radiograph = read_radiograph(path, "ap", options)
    expected = np.rot90(radiograph_values[10:160, 20:120], -1)[:, ::-1]
    assert radiograph.pixels.shape == expected.shape
    assert np.corrcoef(radiograph.pixels.ravel(), expected.ravel())[0, 1] > 0.99
    assert [note for note in radiograph.notes if "as requested" in note] == [
        "Cropped to 20,10,100,150 as requested.",
        "Rotated clockwise by 90 degrees as requested.",
        "Flipped (h) as requested.",
    ]


def test_a_crop_in_percent_follows_the_size_of_the_picture():
    assert Crop.parse("25%,10%,50%,80%").slices((200, 160)) == (slice(20, 180), slice(40, 120))
    assert str(Crop.parse("25%,10%,50%,80%")) == "25%,10%,50%,80%"


@pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "-1,0,10,10", "0,0,0,10", "5%,0,90%,100%", "nan,0,1,1"])
def test_a_crop_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match="is not a valid crop"):
        Crop.parse(text)


def test_a_crop_outside_the_picture_is_a_fault(tmp_path, radiograph_values):
    options = RadiographOptions(spacing_mm=1.0, crop=Crop.parse("100,0,100,100"))
    with pytest.raises(InputError) as caught:
        read_radiograph(save(tmp_path / "radiograph.png", radiograph_values), "ap", options)
    assert kinds(caught.value.faults) == ["crop-outside"]


@pytest.mark.parametrize(
    "arguments", [{"spacing_mm": 0.0}, {"spacing_mm": -1.0}, {"rotate_deg": 45}, {"flip": "x"}]
)
def test_options_that_mean_nothing_are_refused(arguments):
    with pytest.raises(ValueError):
        RadiographOptions(**arguments)


def test_computed_radiographs_are_checked_as_a_pair_too(radiograph_values):
    def radiograph(values, spacing_mm, view):
        return Radiograph(values.astype(np.float32), (spacing_mm, spacing_mm), "computed", view)

    assert (
        check_pair(
            radiograph(radiograph_values, 1.0, "ap"), radiograph(radiograph_values[:, ::-1], 1.0, "lateral")
        )
        == []
    )
    assert kinds(
        check_pair(radiograph(radiograph_values, 1.0, "ap"), radiograph(radiograph_values, 1.2, "lateral"))
    ) == [
        "same-file",
        "heights-disagree",
    ]


@pytest.mark.slow
def test_nine_real_chest_pairs_are_read_with_a_spacing_given(shared_data):
    folder = shared_data / "radiographs" / "pairs"
    frontals = sorted(folder.glob("*_frontal_pa.*"))
    assert len(frontals) == 9
    for frontal in frontals:
        lateral = next(folder.glob(frontal.name.split("_frontal")[0] + "_lateral.*"))
        options = [RadiographOptions(spacing_mm=400 / height(path)) for path in (frontal, lateral)]
        ap, side, faults = examine_pair(frontal, lateral, *options, ap_view="pa")
        assert faults == [], frontal.name
        for radiograph in (ap, side):
            assert radiograph.pixels.min() == 0
            assert radiograph.pixels.max() == 1
            assert 0.15 < radiograph.pixels.std() < 0.45, radiograph.path


def test_noise_on_a_constant_and_a_mask_are_no_radiographs(tmp_path):
    mask = np.tril(np.full((200, 160), 255, np.uint8))
    noise = np.random.default_rng(0).integers(7, 10, (200, 160)).astype(np.uint8)
    for values in (mask, noise):
        with pytest.raises(InputError) as caught:
            read_radiograph(save(tmp_path / "radiograph.png", values), "ap", RadiographOptions(spacing_mm=1))
        assert kinds(caught.value.faults) == ["few-gray-levels"]


def test_a_constant_radiograph_given_twice_and_too_small_has_all_its_faults_told(tmp_path):
    radiograph = save(tmp_path / "radiograph.png", np.full((200, 50), 9, np.uint8))
    options = RadiographOptions(spacing_mm=900.0)
    _, _, faults = examine_pair(radiograph, radiograph, options, options)
    assert kinds(faults) == [*["too-small", "spacing-implausible", "constant-image"] * 2, "same-file"]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "radiograph.png")
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.png", "ap")
    assert kinds(caught.value.faults) == ["unreadable-file"]
    assert "pipe" in str(caught.value)


@pytest.mark.parametrize("name", ["loop", "x" * 300, "radiograph.png/more"])
def test_a_path_that_leads_nowhere_is_a_fault(tmp_path, radiograph_values, name):
    save(tmp_path / "radiograph.png", radiograph_values)
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / name, "ap")
    assert kinds(caught.value.faults) == ["unreadable-file"]
    assert "Check the path" in str(caught.value)


def test_whatever_a_decoder_raises_is_an_unreadable_file(tmp_path, radiograph_values):
    """A TIFF whose directory lacks the size: Pillow raises TypeError for it."""
    path = save(tmp_path / "radiograph.tif", radiograph_values)
    content = path.read_bytes()
    width_tag = struct.pack("<HH", 256, 4)
    assert width_tag in content
    path.write_bytes(content.replace(width_tag, struct.pack("<HH", 9, 4)))
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert kinds(caught.value.faults) == ["unreadable-file"]


def test_a_stop_while_a_radiograph_is_decoded_is_no_fault_of_the_radiograph(
    tmp_path, monkeypatch, radiograph_values
):
    def stop(*_, **__):
        raise Cancelled

    monkeypatch.setattr("pydicom.dcmread", stop)
    path = tmp_path / "radiograph.dcm"
    path.write_bytes(b"\0" * 128 + b"DICM")
    with pytest.raises(Cancelled):
        read_radiograph(path, "ap")
