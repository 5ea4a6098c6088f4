"""A reason stands once on a page: for all lines, with a number for several, beside the line for one."""

from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.report.measurements.page import Group, Row


def line(name: str, *reasons: str) -> Row:
    found = Measurement(name, "femur_left", "left", 1.0, "mm", quality="check", reasons=reasons)
    return Row(name, "mm", "", middle=found)


def test_every_reason_of_a_table_stands_in_one_place():
    group = Group(
        "Left femur",
        False,
        [line("a", "cut", "short", "odd"), line("b", "cut", "short"), line("c", "cut", "blurred")],
    )
    assert group.common == ["cut"]
    assert group.shared == ["short"]
    assert [group.notes(row) for row in group.rows] == ["Note 1.", "Note 1.", ""]
    assert [group.own_reasons(row) for row in group.rows] == [["odd"], [], ["blurred"]]
