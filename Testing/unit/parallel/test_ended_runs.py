"""Runs that are killed or interrupted, with real processes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COUNT, SECONDS = 12, 0.3
pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


@pytest.fixture
def start(tmp_path, traces):
    """Start the run in a group of its own, as a shell does; whatever is left is ended."""
    started = []

    def start():
        command = [sys.executable, "-m", "parallel_jobs", tmp_path / "out", traces, str(COUNT), str(SECONDS)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(HERE)])}
        started.append(
            subprocess.Popen(
                command, env=environment, start_new_session=True, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def results(out: Path) -> dict[str, int]:
    """Key and time of change of each result."""
    return {path.stem: path.stat().st_mtime_ns for path in out.glob("*.json")}


def wait_for(condition, seconds=60.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def half_way(process, out):
    wait_for(lambda: len(results(out)) >= 3)
    assert process.poll() is None
    return psutil.Process(process.pid).children(recursive=True)


def test_a_killed_run_goes_on_where_it_was(start, traces, tmp_path):
    process, out = start(), tmp_path / "out"
    children = half_way(process, out)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    before = results(out)
    assert 3 <= len(before) < COUNT
    again = start()
    assert again.wait(timeout=60) == 0, again.stderr.read()
    done = Counter(path.name.split("-")[0] for path in traces.iterdir())
    assert results(out).keys() == {f"case{n}" for n in range(COUNT)}
    assert {key: results(out)[key] for key in before} == before
    assert all(done[key.removeprefix("case")] == 1 for key in before)
    assert sum(done.values()) <= COUNT + 2  # what the two workers were at is done again
    assert not list(out.rglob("*.part"))


def test_an_interrupt_ends_all_processes_and_leaves_whole_results(start, traces, tmp_path):
    process, out = start(), tmp_path / "out"
    children = half_way(process, out)
    os.killpg(process.pid, signal.SIGINT)  # what Ctrl-C does at a terminal
    told, complaints = process.communicate(timeout=30)
    assert (process.returncode, told.strip(), complaints) == (130, "stopped", "")
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive
    for path in out.glob("*.json"):
        assert json.loads(path.read_text())["square"] >= 0
    assert not list(out.rglob("*.part"))
    before = results(out)
    assert start().wait(timeout=60) == 0
    assert {key: results(out)[key] for key in before} == before
    assert len(results(out)) == COUNT


def test_leftovers_of_a_killed_run_are_removed(start, tmp_path):
    state = tmp_path / "out" / ".state"
    state.mkdir(parents=True)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leftover = state / f".swinx2s-new-{dead.pid}-1-00000000.json"
    leftover.write_text('{"number": 3, "squ')
    assert start().wait(timeout=60) == 0
    assert not leftover.exists()
