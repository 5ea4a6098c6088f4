"""Tables come back as they were written, from whatever program wrote them; faults are told with their lines."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.io.csv_tables import (
    csv_chunks,
    csv_text,
    for_spreadsheets,
    read_records,
    records_of,
    shortened,
)

HINT = "The table needs the columns case and ap."
# Control characters end lines or files for some programs; a field of a table holds none.
FIELDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1).map(lambda text: f"x{text}")


@given(rows=st.lists(st.tuples(FIELDS, FIELDS), max_size=5))
def test_what_is_written_is_read(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("table") / "ü.csv"
    path.write_bytes(b"".join(csv_chunks(("case", "ap"), rows)))
    header, records = read_records(path, ("case", "ap"), HINT)
    assert header == ["case", "ap"]
    assert [tuple(fields) for _, fields in records] == rows


def test_rows_by_name_and_by_place_are_the_same_table():
    by_place = csv_text(("a", "b"), [(1, None), ("x,y", 2)])
    assert by_place == csv_text(("a", "b"), [{"a": 1}, {"b": 2, "a": "x,y"}]) == 'a,b\r\n1,\r\n"x,y",2\r\n'
    with pytest.raises(ValueError, match="Unknown column c"):
        csv_text(("a",), [{"c": 1}])
    with pytest.raises(ValueError, match="2 fields for 1"):
        csv_text(("a",), [(1, 2)])


def test_a_name_that_is_no_utf8_becomes_an_escape():
    assert for_spreadsheets(csv_text(("a",), [("\udcff",)])).endswith(b"\\udcff\r\n")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_every_separator_is_found_and_lines_are_counted(separator):
    text = f'a{separator}b\n\n1{separator}"x\ny"\n2{separator}z\n'
    assert list(records_of(text.encode("utf-8-sig"))) == [
        (1, ["a", "b"]),
        (3, ["1", "x\ny"]),
        (5, ["2", "z"]),
    ]


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (b"", ["table-empty"]),
        (b"\xff\xfe", ["table-unreadable"]),
        (b"case,case\n", ["column-missing", "column-twice"]),
    ],
)
def test_all_faults_of_a_table_are_told(tmp_path, content, kinds):
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_records(tmp_path / "t.csv", ("case", "ap"), HINT)
    assert [fault.kind for fault in caught.value.faults] == kinds


def test_very_many_faults_are_not_all_told(tmp_path):
    told = shortened([Fault("fields", str(number), "") for number in range(80)], tmp_path)
    assert len(told) == 51
    assert "30 more faults" in told[-1].message


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|'/C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "-"]
)
def test_a_spreadsheet_sees_no_formula_and_the_text_is_read_as_it_was(text):
    for table in (csv_text(["a"], [[text]]), csv_text(["a"], [{"a": text}])):
        ((_, _), (_, fields)) = records_of(for_spreadsheets(table))
        assert fields == [text]
        (_, (cell,)) = csv.reader(io.StringIO(table, newline=""))
        assert cell == f"'{text}"


@pytest.mark.parametrize("field", [-1.5, "-1.5", "+3", "-1e-05", -7, "a=b", "it's", "'quoted'", ""])
def test_numbers_and_other_texts_are_written_as_they_are(field):
    table = csv_text(["a", "b"], [[field, 1]])
    (_, (cell, _)) = csv.reader(io.StringIO(table, newline=""))
    assert cell == str(field)


def test_names_of_columns_are_guarded_too():
    assert csv_text(["=a"], []) == "'=a\r\n"
