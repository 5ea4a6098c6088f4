"""NRRD and NIfTI radiographs: array order, directions, spacing."""

import nibabel
import numpy as np
import pytest
from nrrd_files import write_nrrd

from SwinX2SLib.errors import InputError
from SwinX2SLib.radiographs import RadiographOptions, read_radiograph
from SwinX2SLib.radiographs.volumes import SPACING_KEY

RAW = RadiographOptions(trust_orientation=False)


def radiograph_like(radiograph, values) -> bool:
    return (
        radiograph.pixels.shape == values.shape
        and np.corrcoef(radiograph.pixels.ravel(), values.ravel())[0, 1] > 0.99
    )


def test_a_flat_nrrd_runs_columns_first_and_keeps_its_spacing(tmp_path, radiograph_values):
    write_nrrd(tmp_path / "radiograph.nrrd", radiograph_values.T, {"spacings": [0.8, 0.8]})
    radiograph = read_radiograph(tmp_path / "radiograph.nrrd", "ap")
    assert radiograph_like(radiograph, radiograph_values)
    assert radiograph.spacing_mm == pytest.approx((0.8, 0.8))
    assert radiograph.spacing_source == "NRRD header"


def test_a_picture_that_slicer_wrapped_into_an_axial_slice_stays_as_stored(tmp_path, radiograph_values):
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([0.8, 0.8, 1.0]),
        "space origin": np.zeros(3),
        "kinds": ["domain"] * 3,
    }
    write_nrrd(tmp_path / "radiograph.nrrd", radiograph_values.T[..., None], header)
    assert radiograph_like(read_radiograph(tmp_path / "radiograph.nrrd", "ap"), radiograph_values)


def test_an_upright_nrrd_is_turned_by_its_directions(tmp_path, radiograph_values):
    """Stored right-left mirrored and bottom row first: columns run to the right, rows to the head."""
    header = {
        "space": "right-anterior-superior",
        "space directions": np.array([[0.8, 0, 0], [0, 1.0, 0], [0, 0, 0.8]]),
        "space origin": np.zeros(3),
        "kinds": ["domain"] * 3,
    }
    stored = radiograph_values[::-1, ::-1].T[:, None, :]
    write_nrrd(tmp_path / "radiograph.nrrd", stored, header)
    radiograph = read_radiograph(tmp_path / "radiograph.nrrd", "ap")
    assert radiograph_like(radiograph, radiograph_values)
    assert any("flipped left-right, flipped up-down" in note for note in radiograph.notes)
    assert radiograph_like(
        read_radiograph(tmp_path / "radiograph.nrrd", "ap", RAW), radiograph_values[::-1, ::-1]
    )


def test_an_upright_nifti_that_lies_sagittal_is_no_frontal_radiograph(tmp_path, radiograph_values):
    image = nibabel.Nifti1Image(radiograph_values.T[None], np.diag([1.0, 0.8, 0.8, 1.0]))
    nibabel.save(image, tmp_path / "radiograph.nii.gz")
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.nii.gz", "ap")
    assert [fault.kind for fault in caught.value.faults] == ["view-mismatch"]
    lateral = read_radiograph(tmp_path / "radiograph.nii.gz", "lateral")
    # NIfTI runs to the front and to the head; the radiograph hangs with the front on the left and the head on top.
    assert radiograph_like(lateral, radiograph_values[::-1, ::-1])


def test_a_flat_nifti_runs_columns_first(tmp_path, radiograph_values):
    nibabel.save(
        nibabel.Nifti1Image(radiograph_values.T, np.diag([-0.7, -0.7, 1.0, 1.0])), tmp_path / "radiograph.nii"
    )
    radiograph = read_radiograph(tmp_path / "radiograph.nii", "lateral")
    assert radiograph_like(radiograph, radiograph_values)
    assert radiograph.spacing_mm == pytest.approx((0.7, 0.7), rel=1e-5)


def test_rectangular_pixels_are_refused(tmp_path, radiograph_values):
    write_nrrd(tmp_path / "radiograph.nrrd", radiograph_values.T, {"spacings": [0.8, 0.9]})
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / "radiograph.nrrd", "ap")
    (fault,) = caught.value.faults
    assert fault.kind == "spacing-anisotropic"
    assert "0.9 mm high and 0.8 mm wide" in fault.message


def test_a_zero_spacing_counts_as_absent(tmp_path, radiograph_values):
    image = nibabel.Nifti1Image(radiograph_values.T[..., None], None)
    image.header["pixdim"][1:4] = 0
    image.header["sform_code"] = image.header["qform_code"] = 0
    path = tmp_path / "radiograph.nii"
    nibabel.save(image, path)
    raw = bytearray(path.read_bytes())
    raw[80:92] = np.zeros(3, np.float32).tobytes()
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert [fault.kind for fault in caught.value.faults] == ["spacing-absent"]


@pytest.mark.parametrize("name", ["radiograph.nrrd", "radiograph.nii.gz"])
def test_a_volume_of_many_slices_is_refused(tmp_path, name):
    volume = np.random.default_rng(0).integers(0, 99, (80, 90, 70)).astype(np.int16)
    if name.endswith("nrrd"):
        write_nrrd(tmp_path / name, volume)
    else:
        nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), tmp_path / name)
    with pytest.raises(InputError) as caught:
        read_radiograph(tmp_path / name, "ap")
    assert [fault.kind for fault in caught.value.faults] == ["multi-frame"]


@pytest.mark.parametrize("name", ["radiograph.nrrd", "radiograph.nii.gz", "radiograph.nii"])
def test_a_truncated_volume_is_unreadable(tmp_path, radiograph_values, name):
    path = tmp_path / name
    if name.endswith("nrrd"):
        write_nrrd(path, radiograph_values.T, {"spacings": [0.8, 0.8]})
    else:
        nibabel.save(nibabel.Nifti1Image(radiograph_values.T, np.eye(4)), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert [fault.kind for fault in caught.value.faults] == ["unreadable-file"]


@pytest.mark.parametrize("spacings", [(np.nan, 0.8), (0.8, np.nan), (np.inf, 0.8)])
def test_a_spacing_that_is_no_number_counts_as_absent(tmp_path, radiograph_values, spacings):
    path = tmp_path / "radiograph.nrrd"
    write_nrrd(path, radiograph_values.T, {"spacings": spacings})
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert [fault.kind for fault in caught.value.faults] == ["spacing-absent"]


def test_a_nifti_affine_that_holds_nan_counts_as_no_spacing(tmp_path, radiograph_values):
    path = tmp_path / "radiograph.nii"
    image = nibabel.Nifti1Image(radiograph_values.T, None)
    image.set_sform(np.diag([0.8, 0.8, 0.8, 1]), code=1)
    image.to_filename(path)
    raw = bytearray(path.read_bytes())
    raw[280:284] = np.float32(np.nan).tobytes()
    path.write_bytes(raw)
    with pytest.raises(InputError) as caught:
        read_radiograph(path, "ap")
    assert [fault.kind for fault in caught.value.faults] == ["spacing-absent"]


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize(
    ("stored", "named"), [("a.nii", "radiograph.png"), ("a.nii.gz", "radiograph"), ("a.nii.gz", "b.nii")]
)
def test_a_nifti_is_read_whatever_it_is_called(tmp_path, radiograph_values, kind, stored, named):
    nibabel.save(kind(radiograph_values.T, np.diag([0.8, 0.8, 0.8, 1])), tmp_path / stored)
    radiograph = read_radiograph((tmp_path / stored).rename(tmp_path / named), "ap", RAW)
    assert radiograph_like(radiograph, radiograph_values)
    assert radiograph.spacing_mm == pytest.approx((0.8, 0.8))


def test_a_nifti_of_two_files_is_read(tmp_path, radiograph_values):
    nibabel.save(
        nibabel.Nifti1Pair(radiograph_values.T, np.diag([0.8, 0.8, 0.8, 1])), tmp_path / "radiograph.hdr"
    )
    assert radiograph_like(read_radiograph(tmp_path / "radiograph.hdr", "ap", RAW), radiograph_values)


def test_a_detached_nrrd_without_its_data_names_the_file_that_is_missing(tmp_path, radiograph_values):
    path = tmp_path / "radiograph.nhdr"
    write_nrrd(path, radiograph_values.T, {"spacings": [0.8, 0.8], "encoding": "raw"}, detached=True)
    (tmp_path / "radiograph.raw").unlink()
    with pytest.raises(InputError, match=r"radiograph\.raw.*Copy the data file"):
        read_radiograph(path, "ap")


def test_an_rgb_nrrd_of_equal_channels_is_accepted(tmp_path, radiograph_values):
    gray = (radiograph_values // 16).astype(np.uint8).T
    header = {
        "space": "left-posterior-superior",
        "space directions": np.vstack([[np.nan] * 3, np.diag([0.8, 0.8, 1.0])]),
        "space origin": np.zeros(3),
        "kinds": ["RGB-color", "domain", "domain", "domain"],
    }
    write_nrrd(tmp_path / "radiograph.nrrd", np.stack([gray] * 3)[..., None], header)
    radiograph = read_radiograph(tmp_path / "radiograph.nrrd", "ap")
    assert radiograph_like(radiograph, radiograph_values)
    assert radiograph.spacing_mm == pytest.approx((0.8, 0.8))


@pytest.mark.parametrize("stated_by", ["", "the sample's description"])
def test_a_pixel_of_exactly_1_mm_is_doubted_unless_somebody_stated_it(tmp_path, radiograph_values, stated_by):
    header = {"spacings": [1.0, 1.0]} | ({SPACING_KEY: stated_by} if stated_by else {})
    write_nrrd(tmp_path / "radiograph.nrrd", radiograph_values.T, header)
    radiograph = read_radiograph(tmp_path / "radiograph.nrrd", "ap")
    assert any("exactly 1 mm" in note for note in radiograph.notes) == (not stated_by)
    assert (stated_by or "NRRD header") in radiograph.spacing_source
