"""What a person is told about many tasks."""

import io

from rich.console import Console

from SwinX2SLib.parallel import ConsoleProgress, Failure


class Clock:
    """Seconds that pass when told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def run(terminal, tasks, seconds_each, kept=0, failing=()):
    """Return what is printed, and the bar."""
    clock, text = Clock(), io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=120, color_system=None)
    with ConsoleProgress("Evaluating", console, clock) as progress:
        progress.begin(tasks, kept)
        for n in range(3):
            clock.now += seconds_each
            failure = Failure(f"case{n}", "broken", "Its header [is] cut off.") if n in failing else None
            progress.finished(f"case{n}", failure)
        bar = progress._bar.tasks[0]
    return text.getvalue(), bar


def test_without_a_terminal_lines_tell_the_time_that_is_left():
    told, _ = run(False, tasks=100, seconds_each=40)
    assert "Evaluating: 3 of 100, about 65 min left" in told


def test_finished_tasks_of_earlier_runs_do_not_count_as_speed():
    told, bar = run(False, tasks=100, seconds_each=60, kept=90)
    assert "90 of 100 were finished in an earlier run and are kept." in told
    assert "Evaluating: 93 of 100, about 7 min left" in told
    assert bar.time_remaining == 7 * 60


def test_the_bar_estimates_also_where_one_task_takes_minutes():
    _, bar = run(True, tasks=13, seconds_each=400)
    assert bar.time_remaining == 4000


def test_failures_are_told_at_once_with_their_reason():
    told, _ = run(False, tasks=5, seconds_each=1, failing=(1,))
    assert "failed case1: Its header [is] cut off." in told


def test_failures_are_counted():
    told, _ = run(False, tasks=5, seconds_each=20, failing=(0,))
    assert "2 of 5, 1 failed, about" in told
