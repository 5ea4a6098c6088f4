import json

import pytest

from SwinX2SLib.anatomy import CLASS_COUNT, GROUPS, label_by_id, label_ids, label_named, labels, mirrored_ids


def test_there_are_25_vertebrae_24_ribs_3_pelvic_bones_and_2_femora():
    assert [len(label_ids(group)) for group in GROUPS] == [25, 24, 3, 2]
    assert [label.id for label in labels()] == list(range(1, CLASS_COUNT))


def test_names_are_unique_and_say_the_side():
    assert len({label.name for label in labels()}) == 54
    for label in labels():
        assert (label.side or "") == next((side for side in ("left", "right") if side in label.name), "")
        assert (label.modifier.meaning.lower() if label.modifier else None) == label.side


def test_the_hip_bones_and_femora_carry_the_papers_ids():
    names = {
        51: "hip_right",
        52: "hip_left",
        53: "femur_left",
        54: "femur_right",
        26: "rib_left_1",
        38: "rib_right_1",
    }
    assert {i: label_by_id(i).name for i in names} == names


def test_mirroring_twice_gives_every_label_back_and_changes_every_sided_one():
    mirrored = mirrored_ids()
    assert [mirrored[mirrored[i]] for i in range(CLASS_COUNT)] == list(range(CLASS_COUNT))
    assert {i for i in range(1, CLASS_COUNT) if mirrored[i] != i} == {
        label.id for label in labels() if label.side
    }


@pytest.mark.parametrize("label_id", [0, 55, -1])
def test_an_unknown_id_is_named(label_id):
    with pytest.raises(KeyError, match=str(label_id)):
        label_by_id(label_id)


def test_codes_and_colours_are_those_of_the_field(shared_data):
    published = json.loads((shared_data / "reference" / "snomed_codes.json").read_text())
    for entry in published:
        label = label_by_id(entry["id"])
        assert label.name == entry["name"]
        if "Type_CodeValue" in entry:
            assert label.type.value == entry["Type_CodeValue"]
            assert label.colour == tuple(int(entry[f"Color_{c}"]) for c in "RGB")


def test_numbers_in_names_may_have_zeros_in_front_and_any_length():
    assert label_named("rib_left_07") is label_named("left 7th rib")
    assert label_named("vertebrae_L" + "1" * 5000) is None
    assert label_named("0" * 5000) is None
