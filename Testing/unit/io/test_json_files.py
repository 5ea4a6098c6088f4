"""JSON that others may have written: read as it is, or refused by one kind of error."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.io.json_files import parse_json, read_json, read_toml

NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_every_ordinary_value_is_read_as_it_was_written(value):
    assert parse_json(json.dumps(value)) == value


@given(st.text() | st.text(alphabet='[]{}":,-+.eE019 NaInfity'))
def test_any_text_is_finite_json_or_a_value_error(text):
    try:
        content = parse_json(text)
    except ValueError:
        return
    assert not isinstance(content, float) or math.isfinite(content)


@pytest.mark.parametrize(
    "text",
    ["[" * 65 + "]" * 65, "[" * 200_000, "NaN", "[-Infinity]", "1e999", "9" * 5000, str(2**63)],
)
def test_what_would_break_its_readers_later_is_refused_at_once(text):
    with pytest.raises(ValueError, match=r"nested|does not know|too large"):
        parse_json(text)


TOML_VALUES = ["9" * 5000, "[" * 65 + "]" * 65, "[" * 100_000]


@pytest.mark.parametrize("text", TOML_VALUES, ids=lambda text: text[:8])
def test_values_that_would_break_the_readers_of_a_toml_file_are_refused_by_the_same_kind_of_error(
    tmp_path, text
):
    path = tmp_path / "a.toml"
    path.write_text("whole = 3\nrate = 1e-3\n[more]\nnames = ['ä']\n", encoding="utf-8-sig")
    assert read_toml(path) == {"whole": 3, "rate": 1e-3, "more": {"names": ["ä"]}}
    path.write_text(f"a = {text}\n")
    with pytest.raises(ValueError, match=r"nested|digits"):
        read_toml(path)
    path.write_bytes(b"a = '\xff'\n")
    with pytest.raises(ValueError, match="utf-8"):
        read_toml(path)


def test_a_file_may_begin_with_a_byte_order_mark_and_must_be_utf8(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"a": "ä"}', encoding="utf-8-sig")
    assert read_json(path) == {"a": "ä"}
    path.write_bytes('{"a": "ä"}'.encode("latin-1"))
    with pytest.raises(ValueError, match="utf-8"):
        read_json(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "a.json"
    with path.open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    with pytest.raises(ValueError, match="more than 64 MB"):
        read_json(path)
