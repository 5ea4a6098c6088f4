"""Reading the table of a cohort: every fault at once, with its line."""

import json

import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.evaluation.cohort.table import read_table


@pytest.fixture
def folder(tmp_path):
    """A folder with the files p.nii, t.nii and map.json."""
    for name in ("p.nii", "t.nii"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "map.json").write_text(json.dumps({"7": "sacrum"}))
    return tmp_path


def faults(folder, text, **options):
    (folder / "table.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_table(folder / "table.csv", **options)
    return [(fault.kind, fault.message) for fault in caught.value.faults]


def rows(folder, text, **options):
    (folder / "table.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(folder / "table.csv", **options).rows


def test_a_full_row_is_read_with_paths_relative_to_the_table(folder, monkeypatch, tmp_path_factory):
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    text = (
        "Case, prediction ,truth,scheme,groups,model,dataset,person,age\n"
        "a,p.nii,t.nii,map.json,ribs spine,m1,d1,anna,40\n"
    )
    (folder / "table.csv").write_text(text)
    table = read_table(folder / "table.csv")
    (row,) = table.rows
    assert (row.prediction, row.truth) == (folder / "p.nii", folder / "t.nii")
    assert (row.scheme, row.groups) == (str(folder / "map.json"), ("spine", "ribs"))
    assert (row.case, row.model, row.dataset, row.person, row.line) == ("a", "m1", "d1", "anna", 2)
    assert row.key == "d1__a__m1"
    assert table.ignored_columns == ("age",)


def test_all_faults_are_told_at_once_with_their_lines(folder):
    told = faults(
        folder,
        "case,prediction,truth,scheme,groups\n"
        "a,p.nii,t.nii,swinx2s,spine\n"
        "\n"
        "b,absent.nii,t.nii,,skull\n"
        "a,p.nii,gone.nii,nosuch,\n"
        ",p.nii,t.nii,,\n"
        "c,p.nii,t.nii\n"
        "d,,t.nii,,\n",
    )
    assert [(kind, message.split(":")[0]) for kind, message in told] == [
        ("file-missing", "Line 4"),
        ("unknown-group", "Line 4"),
        ("file-missing", "Line 5"),
        ("unknown-scheme", "Line 5"),
        ("case-twice", "Line 5"),
        ("value-missing", "Line 6"),
        ("fields", "Line 7"),
        ("value-missing", "Line 8"),
    ]
    assert str(folder / "absent.nii") in told[0][1]
    assert "skull" in told[1][1]
    assert "line 2" in told[4][1]


def test_missing_and_repeated_columns_are_told_together(folder):
    told = faults(folder, "case,model,Model\na,x,y\n")
    assert told == [
        ("column-missing", "Line 1: the columns prediction, truth are missing."),
        ("column-twice", "Line 1: several columns are named model."),
    ]


@pytest.mark.parametrize("text", ["", "\n \n", "case,prediction,truth\n", "case,prediction,truth\n,,\n"])
def test_a_table_without_cases_is_told(folder, text):
    assert [kind for kind, _ in faults(folder, text)] == ["table-empty"]


@pytest.mark.parametrize("content", [b"\xff\xfe\x00c", b'case,prediction,truth\n"a,p.nii'])
def test_what_is_no_csv_is_told(folder, content):
    with pytest.raises(InputError, match="cannot be read"):
        rows(folder, content)


def test_a_table_that_is_absent_or_a_folder_is_told(folder):
    for path in (folder / "none.csv", folder):
        with pytest.raises(InputError, match="cannot be read"):
            read_table(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_tables_of_spreadsheets_are_read(folder, separator, newline):
    lines = [["case", "prediction", "truth"], ['"Ann; é, 1"', "p.nii", "t.nii"]]
    text = "\ufeff" + newline.join(separator.join(line) for line in lines) + newline
    assert rows(folder, text)[0].case == "Ann; é, 1"


def test_lines_are_counted_where_a_value_holds_line_breaks(folder):
    told = faults(folder, 'case,prediction,truth,note\n"a",p.nii,t.nii,"two\nlines"\nb,p.nii,none.nii,\n')
    assert told[0][1].startswith("Line 4:")


def test_models_and_data_sets_tell_cases_of_one_name_apart(folder):
    text = "case,prediction,truth,model,dataset\n" + "".join(
        f"a,p.nii,t.nii,{model},{dataset}\n" for model in ("m", "n") for dataset in ("", "d")
    )
    assert [row.key for row in rows(folder, text)] == ["a__m", "d__a__m", "a__n", "d__a__n"]


def test_names_that_are_no_file_names_get_one(folder):
    text = "case,prediction,truth\nsub/01:x,p.nii,t.nii\n.b%,p.nii,t.nii\n"
    assert [row.key for row in rows(folder, text)] == ["sub%2F01%3Ax", "%2Eb%25"]


def test_names_that_differ_in_case_only_are_one_file_and_told(folder):
    told = faults(folder, "case,prediction,truth\nAb,p.nii,t.nii\naB,p.nii,t.nii\n")
    assert [kind for kind, _ in told] == ["case-twice"]


def test_names_that_are_too_long_are_told(folder):
    assert [kind for kind, _ in faults(folder, f"case,prediction,truth\n{'x' * 300},p.nii,t.nii\n")] == [
        "key"
    ]


def test_missing_files_can_be_left_out(folder):
    text = "case,prediction,truth\na,p.nii,t.nii\nb,gone.nii,lost.nii\n"
    present, absent = rows(folder, text, skip_missing=True)
    assert present.absent == ""
    assert "gone.nii" in absent.absent
    assert "lost.nii" in absent.absent


def test_a_wrong_root_folder_does_not_flood_the_terminal(folder):
    told = faults(folder, "case,prediction,truth\n" + "".join(f"c{n},x/{n},t.nii\n" for n in range(700)))
    assert len(told) == 51
    assert told[-1] == ("more-faults", "The table has 650 more faults (file-missing).")


def test_a_broken_map_is_told_once_with_its_line(folder):
    (folder / "bad.json").write_text("{")
    text = "case,prediction,truth,scheme\na,p.nii,t.nii,\nb,p.nii,t.nii,bad.json\nc,p.nii,t.nii,bad.json\n"
    told = faults(folder, text)
    assert len(told) == 1
    assert told[0][1].startswith("Line 3:")
