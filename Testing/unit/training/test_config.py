from pathlib import Path

import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.training.config import TrainingConfig, load_config
from SwinX2SLib.training.schedule import Phase, Schedule


def test_all_wrong_parameters_of_a_run_are_told_at_once(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('step = 3\nbatch_size = "many"\nmixed_precision = 1\n')
    with pytest.raises(InputError) as caught:
        load_config(path)
    kinds = ["unknown-parameter", "wrong-type", "wrong-type"]
    assert sorted(fault.kind for fault in caught.value.faults) == kinds


def test_all_impossible_values_are_told_at_once(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text(
        'batch_size = 0\nlearning_rate = nan\nema_decay = 1.0\ndevice = "gpu"\nsteps = 5\nlayout_steps = 6\n'
        'minutes = -1\n[case_weights]\nsomebody = "often"\n'
    )
    with pytest.raises(InputError) as caught:
        load_config(path)
    told = " ".join(fault.message for fault in caught.value.faults)
    assert len(caught.value.faults) == 7
    for word in ("batch_size", "learning_rate", "ema_decay", "'gpu'", "layout_steps", "minutes", "somebody"):
        assert word in told


@pytest.mark.parametrize(
    "content", [b"steps = '\xff'", b"steps = " + b"9" * 5000, b"steps = " + b"[" * 100_000, b"steps"]
)
def test_a_damaged_configuration_is_told_in_words(tmp_path, content):
    path = tmp_path / "run.toml"
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read") as caught:
        load_config(path)
    assert [(fault.kind, fault.path) for fault in caught.value.faults] == [("config-unreadable", str(path))]


def test_parameters_of_a_run_are_read(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text("steps = 10\nlearning_rate = 1\n[case_weights]\na = 2.0\n")
    loaded = load_config(path)
    assert (loaded.steps, loaded.learning_rate, loaded.case_weights) == (10, 1, {"a": 2.0})


def test_the_parameters_of_the_default_weights_are_still_read(repository: Path):
    assert load_config(repository / "Docs" / "training" / "v3.toml").model == "silhouettes"


def test_the_rate_rises_to_its_peak_and_falls_to_a_hundredth():
    schedule = Schedule(TrainingConfig(steps=1100, warmup_steps=100, learning_rate=2.0), (Phase.VOLUME,))
    rates = [schedule.learning_rate(step) for step in (0, 49, 99, 100, 600, 1100)]
    assert rates == pytest.approx([0.02, 1.0, 2.0, 2.0, 1.01, 0.02])


def test_with_a_time_budget_the_clock_passes_the_steps():
    config = TrainingConfig(steps=1000, layout_steps=250, minutes=10.0)
    schedule = Schedule(config, (Phase.LAYOUT, Phase.VOLUME))
    assert schedule.position(step=7, seconds=300) == 500
    assert schedule.phase(schedule.position(7, 149)) is Phase.LAYOUT
    assert schedule.phase(schedule.position(7, 150)) is Phase.VOLUME
    assert not schedule.is_over(schedule.position(10**6, 599))
    assert schedule.is_over(schedule.position(7, 600))


def test_networks_without_a_layout_phase_learn_volumes_from_the_start():
    schedule = Schedule(TrainingConfig(steps=10, layout_steps=5), (Phase.VOLUME,))
    assert schedule.phase(0) is Phase.VOLUME


def test_networks_of_silhouettes_alone_never_learn_volumes():
    schedule = Schedule(TrainingConfig(steps=10, layout_steps=5, layout_batch_size=3), (Phase.LAYOUT,))
    assert {schedule.phase(position) for position in (0, 5, 9.9)} == {Phase.LAYOUT}
    assert schedule.batch_size(schedule.phase(9)) == 3
