import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.anatomy import GROUPS, labels
from SwinX2SLib.errors import InputError
from SwinX2SLib.geometry.frames import network_affine, reorient
from SwinX2SLib.label_maps import SCHEME_NAMES, UNKNOWN, drop_unnamed, label_mapping
from SwinX2SLib.label_maps.files import read_mapping

IDS = {label.name: label.id for label in labels()}


def one_row(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int16).reshape(1, 1, -1)


@pytest.mark.parametrize(
    ("name", "value", "bone"),
    [
        # TotalSegmentator, map_to_binary.py
        ("totalsegmentator_v1", 18, "vertebrae_L5"),
        ("totalsegmentator_v1", 41, "vertebrae_C1"),
        ("totalsegmentator_v1", 58, "rib_left_1"),
        ("totalsegmentator_v1", 81, "rib_right_12"),
        ("totalsegmentator_v1", 88, "femur_left"),
        ("totalsegmentator_v1", 91, "hip_right"),
        ("totalsegmentator_v1", 92, "sacrum"),
        ("totalsegmentator_v2", 25, "sacrum"),
        ("totalsegmentator_v2", 26, "sacrum"),  # S1, which our sacrum contains
        ("totalsegmentator_v2", 27, "vertebrae_L5"),
        ("totalsegmentator_v2", 50, "vertebrae_C1"),
        ("totalsegmentator_v2", 76, "femur_right"),
        ("totalsegmentator_v2", 77, "hip_left"),
        ("totalsegmentator_v2", 92, "rib_left_1"),
        ("totalsegmentator_v2", 115, "rib_right_12"),
        ("verse", 8, "vertebrae_T1"),
        ("verse", 25, "vertebrae_L6"),
        ("verse", 26, "sacrum"),
        ("ctspine1k", 24, "vertebrae_L5"),
        ("ctpelvic1k", 1, "sacrum"),
        ("ctpelvic1k", 2, "hip_right"),
        ("ctpelvic1k", 3, "hip_left"),
        ("swinx2s", 54, "femur_right"),
    ],
)
def test_values_mean_the_bones_that_their_source_says(name, value, bone):
    assert label_mapping(name).to_swinx2s(one_row(value)).item() == IDS[bone]


@pytest.mark.parametrize("name", SCHEME_NAMES)
def test_every_scheme_names_each_bone_at_most_as_parts_and_whole_groups(name):
    numbering = label_mapping(name)
    assert numbering.annotated
    assert set(numbering.annotated) <= set(GROUPS)
    assert numbering.label_ids <= set(IDS.values())
    assert not set(numbering.targets) & (set(numbering.unnamed) | numbering.others)


def test_other_tissue_is_background_and_unnamed_bone_is_marked():
    liver_and_l5 = label_mapping("totalsegmentator_v2").to_labels_with_unnamed(one_row(5, 27))
    assert liver_and_l5.ravel().tolist() == [0, IDS["vertebrae_L5"]]
    lumbar_as_one = label_mapping("ctpelvic1k").to_labels_with_unnamed(one_row(0, 4, 1))
    assert lumbar_as_one.ravel().tolist() == [0, UNKNOWN["spine"], IDS["sacrum"]]
    assert label_mapping("ctpelvic1k").to_swinx2s(one_row(0, 4, 1)).ravel().tolist() == [0, 0, IDS["sacrum"]]
    assert label_mapping("verse").to_labels_with_unnamed(one_row(28)).item() == UNKNOWN["spine"]
    assert drop_unnamed(np.array([0, 54, *UNKNOWN.values()], np.uint8)).tolist() == [0, 54, 0, 0, 0, 0]


@pytest.mark.parametrize("values", [(0, 5), (-1, 2), (1.5, 2), (np.nan, 1), (70000, 1)])
def test_values_that_a_scheme_has_not_are_named(values):
    with pytest.raises(InputError, match="are not part of the label numbering ctpelvic1k") as error:
        label_mapping("ctpelvic1k").to_swinx2s(np.array(values, dtype=np.float64).reshape(1, 1, -1))
    assert str(next(v for v in values if v not in (0, 1, 2)))[:3] in str(error.value)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32, np.int64, np.float32, np.float64])
@given(values=st.lists(st.integers(0, 117), min_size=1, max_size=40))
def test_the_number_type_of_a_file_does_not_matter(dtype, values):
    numbering = label_mapping("totalsegmentator_v2")
    expected = [numbering.targets.get(value, 0) for value in values]
    assert numbering.to_swinx2s(np.array(values, dtype).reshape(1, 1, -1)).ravel().tolist() == expected


@pytest.mark.parametrize("orientation", ["LPI", "RAS", "LPS", "PIR"])
@pytest.mark.parametrize("first_side", ["left", "right"])
def test_sides_of_ribseg_come_from_where_the_ribs_lie(orientation, first_side):
    """Whichever block of twelve comes first, and however the array runs."""
    volume = np.zeros((20, 6, 8), np.uint8)  # network order: patient right first
    left, right = (3, 15) if first_side == "left" else (15, 3)
    volume[15:18, 2:4, 2:4], volume[2:5, 2:4, 2:4] = left, right
    turned, affine = reorient(volume, network_affine(1.0, volume.shape, (40, 0, 0)), orientation)
    found = label_mapping("ribseg").to_swinx2s(turned, affine)
    back, _ = reorient(found, affine, "LPI")
    assert set(np.unique(back[15:18])) == {0, IDS["rib_left_3"]}
    assert set(np.unique(back[2:5])) == {0, IDS["rib_right_3"]}


def test_ribseg_refuses_to_guess_sides():
    with pytest.raises(ValueError, match="affine"):
        label_mapping("ribseg").to_swinx2s(one_row(1))
    with pytest.raises(InputError, match="Only one side is present"):
        label_mapping("ribseg").to_swinx2s(one_row(1, 2), np.eye(4))
    assert not label_mapping("ribseg").to_swinx2s(one_row(0, 0), np.eye(4)).any()


def test_a_json_map_takes_values_names_background_and_unknown(tmp_path):
    path = tmp_path / "map.json"
    path.write_text(
        json.dumps({"7": "L1", "8": 52, "9": "background", "10": "unknown:spine", "Hüfte": "hip_left"})
    )
    numbering = label_mapping(path)
    assert numbering.to_labels_with_unnamed(one_row(0, 7, 8, 9, 10)).ravel().tolist() == [
        0,
        20,
        52,
        0,
        UNKNOWN["spine"],
    ]
    assert numbering.names == {"hüfte": 52}
    assert numbering.label_ids == {20, 52}
    assert numbering.annotated == ()


@pytest.mark.parametrize(
    "text", ["value,label\n3,sacrum\n4, hip right\n", "3,sacrum\r\n\r\n4,51\r\n", "\ufeff3,sacrum\n4,51"]
)
def test_a_csv_map_may_have_a_header(tmp_path, text):
    path = tmp_path / "map.csv"
    path.write_text(text, encoding="utf-8")
    assert label_mapping(path).targets == {3: 50, 4: 51}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", '{"1": "nose", "2": "knee"}', ["nose", "knee"]),
        ("a.json", '{"1": "L1", "1": "L2"}', ["twice"]),
        ("a.json", "[1, 2]", ["not an object"]),
        ("a.json", "{", ["damaged"]),
        ("a.json", "{}", ["empty"]),
        ("a.json", '{"1": 0}', ["no SwinX2S labels"]),
        ("a.json", '{"liver": "unknown:spine"}', ["name"]),
        ("a.csv", "1 L1\n", ["two columns"]),
        ("a.csv", "1,99\n", ["99"]),
    ],
)
def test_all_faults_of_a_map_are_told(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError) as error:
        label_mapping(path)
    assert all(word in str(error.value) for word in words)
    assert str(path) in str(error.value)


def test_a_missing_map_and_an_unknown_name_are_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        label_mapping(tmp_path / "absent.json")
    with pytest.raises(InputError, match="totalsegmentator_v2"):
        label_mapping("total")
    assert label_mapping("TotalSegmentator-v2").name == "totalsegmentator_v2"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfvalue;label\r\n51;hip_left\r\n\r\n7;background\r\n",
        b"51\thip_left\n7\tbackground\n",
        b'"51.0","hip_left"\n7.,0\n',
    ],
    ids=["semicolons of Windows", "tabs", "numbers as spreadsheets write them"],
)
def test_maps_are_read_as_spreadsheets_save_them(tmp_path, content):
    path = tmp_path / "map.csv"
    path.write_bytes(content)
    found = read_mapping(path)
    assert (found.targets, found.others, found.names) == ({51: IDS["hip_left"]}, {7}, {})


@pytest.mark.parametrize(
    ("name", "content"), [("long.csv", "9" * 5000 + ",hip_left\n51,no bone\n"), ("deep.json", "[" * 100_000)]
)
def test_maps_beyond_all_measure_are_refused_by_name(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_mapping(tmp_path / name)
    assert {fault.path for fault in caught.value.faults} == {str(tmp_path / name)}
