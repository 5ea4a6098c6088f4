"""What is said of time and devices before a run."""

import pytest

from SwinX2SLib.slicerui.devices import Devices, with_card
from SwinX2SLib.slicerui.reconstruct.runtime_estimate import Expectations, TimeLeft, duration


class Remembered(dict):
    def set(self, name, value):
        self[name] = value


def test_a_bigger_network_is_expected_to_take_longer_and_a_measurement_counts_more():
    expectations = Expectations(Remembered())
    small, large = (expectations.expect("m", f"swinx2s-{size}", "cpu") for size in ("tiny", "large"))
    assert 8 < small.seconds < large.seconds
    assert not small.measured
    expectations.remember("m", "cpu", {"network": 2.0, "total": 12.3})
    assert expectations.expect("m", "swinx2s-large", "cpu").seconds == 12.3
    assert expectations.expect("m", "swinx2s-large", "cuda").words() == "duration not known yet"
    assert expectations.expect("m", "", "cpu").seconds == 12.3
    assert expectations.expect("other", "of-a-stranger", "cpu").seconds is None


def test_time_left_goes_from_the_plan_to_the_pace():
    left = TimeLeft(100.0, now=0.0)
    assert left.seconds(0.0, now=10.0) == 90.0
    # Half done in ten seconds: the pace says ten more, the plan ninety.
    assert left.seconds(0.5, now=10.0) == pytest.approx(50.0)
    assert left.seconds(1.0, now=20.0) == 0.0
    assert TimeLeft(None, now=0.0).seconds(0.01, now=3.0) is None
    assert TimeLeft(None, now=0.0).seconds(0.5, now=3.0) == 3.0


@pytest.mark.parametrize(("seconds", "words"), [(0.2, "1 s"), (75, "75 s"), (600, "10 min"), (9000, "2.5 h")])
def test_times_are_said_in_words(seconds, words):
    assert duration(seconds) == words


def test_the_card_is_what_nvidia_smi_names_first():
    devices = with_card(Devices(8, 4 * 1024**3), "NVIDIA RTX A4000, 15000, 16376\nother, 1, 2\n")
    assert devices.words("auto") == "NVIDIA RTX A4000, 14.6 of 16.0 GB free"
    assert devices.chosen("auto") == "cuda"
    assert devices.words("cpu") == "CPU, 8 cores, 4.0 GB of memory free"
    for answer in ("", "NVIDIA-SMI has failed because it couldn't communicate", "a, b, c", "x, [N/A], 3"):
        assert with_card(Devices(), answer) == Devices()
