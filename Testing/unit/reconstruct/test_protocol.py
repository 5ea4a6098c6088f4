"""Events survive their line; other text is no event."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from SwinX2SLib.errors import Fault
from SwinX2SLib.reconstruct.protocol import Error, Finished, Progress, Result, decode, encode

text = st.text(max_size=40)
events = st.one_of(
    st.builds(Progress, st.floats(0, 1), text),
    st.builds(
        Result,
        st.dictionaries(text, text),
        st.lists(text).map(tuple),
        st.dictionaries(text, st.floats(0, 1e6)),
    ),
    st.builds(Error, text, text, text, st.none() | text),
    st.builds(Finished, st.integers(0, 255)),
)


@given(events)
def test_an_event_survives_its_line(event):
    line = encode(event)
    assert "\n" not in line
    assert decode(line) == event


@pytest.mark.parametrize(
    "line",
    [
        "",
        '{"event": "finished", "code": 1e999}',
        '{"event": ' * 50_000,
        "hello",
        "{",
        "[]",
        "3",
        '{"event": "dance"}',
        '{"event": "progress", "fraction": NaN, "message": ""}',
        "null",
    ],
)
def test_other_text_is_no_event(line):
    assert decode(line) is None


def test_a_fault_becomes_an_error_with_its_hint():
    event = Error.of_fault(Fault("too-small", "It is small.", "Enlarge it.", "radiograph.png"))
    assert decode(encode(event)) == Error("too-small", "It is small.", "Enlarge it.", "radiograph.png")
