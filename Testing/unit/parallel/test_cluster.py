"""Tasks on a real Dask cluster on loopback whose parts are killed."""

import json
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from SwinX2SLib import __version__
from SwinX2SLib.errors import InputError
from SwinX2SLib.parallel import Task, cluster, run_resumable

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
COUNT = 16


class Listening:
    """Progress that calls back after some tasks, and keeps the notes."""

    def __init__(self, after=0, call=None):
        self.notes, self._left, self._call = [], after, call

    def begin(self, total, kept):
        pass

    def finished(self, key, failure):
        self._left -= 1
        if self._left == 0:
            self._call()

    def note(self, message):
        self.notes.append(message)


def read(out):
    results = {path.name: json.loads(path.read_text()) for path in out.glob("*.json")}
    return {name: {k: v for k, v in result.items() if k != "process"} for name, result in results.items()}


def test_a_killed_worker_costs_nothing_but_time(loopback_cluster, jobs, traces, tmp_path):
    doomed = loopback_cluster.add_worker(ROOT, HERE)
    loopback_cluster.add_worker(ROOT, HERE)
    tasks = jobs.tasks(COUNT, traces, 0.2)
    listening = Listening(after=COUNT // 2, call=doomed.kill)
    outcome = run_resumable(
        tasks, jobs.work, tmp_path / "out", scheduler=loopback_cluster.address, progress=listening
    )
    assert doomed.wait(timeout=10) != 0
    serial = run_resumable(jobs.tasks(COUNT, traces), jobs.work, tmp_path / "serial", workers=1)
    assert outcome.done == serial.done
    assert not outcome.failed
    assert read(tmp_path / "out") == read(tmp_path / "serial")
    processes = Counter(json.loads(path.read_text())["process"] for path in (tmp_path / "out").glob("*.json"))
    assert len(processes) == 2  # both had a share
    kept = run_resumable(tasks, jobs.work, tmp_path / "out", scheduler=loopback_cluster.address)
    assert kept.kept == COUNT


def test_broken_tasks_are_told_and_the_others_go_on(loopback_cluster, jobs, tmp_path):
    loopback_cluster.add_worker(ROOT, HERE)
    ends = ["well", "faulty", "unexpected", "well"]
    tasks = [Task(f"t{n}", {"number": n, "end": end}) for n, end in enumerate(ends)]
    outcome = run_resumable(tasks, jobs.work, tmp_path, scheduler=loopback_cluster.address)
    assert outcome.done == ("t0", "t3")
    assert [(failure.key, failure.kind) for failure in outcome.failed] == [
        ("t1", "file-broken"),
        ("t2", "unexpected"),
    ]


def test_work_waits_for_workers_and_says_so(loopback_cluster, jobs, tmp_path):
    starter = threading.Timer(1.0, loopback_cluster.add_worker, (ROOT, HERE))
    starter.start()
    listening = Listening()
    outcome = run_resumable(
        [Task("a", {"number": 2})],
        jobs.work,
        tmp_path,
        scheduler=loopback_cluster.address,
        progress=listening,
    )
    starter.join()
    assert outcome.done == ("a",)
    assert any("no workers yet" in note for note in listening.notes)


def test_a_scheduler_that_goes_away_is_told_and_what_is_finished_is_kept(
    loopback_cluster, jobs, traces, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster, "_CONNECT_S", 5)
    loopback_cluster.add_worker(ROOT, HERE)
    listening = Listening(after=3, call=loopback_cluster.scheduler.kill)
    began = time.monotonic()
    with pytest.raises(InputError, match="was lost"):
        run_resumable(
            jobs.tasks(COUNT, traces, 0.2), jobs.work, tmp_path / "out",
            scheduler=loopback_cluster.address, progress=listening,
        )  # fmt: skip
    assert time.monotonic() - began < 60
    finished = read(tmp_path / "out")
    assert len(finished) >= 3
    outcome = run_resumable(jobs.tasks(COUNT, traces, 0.2), jobs.work, tmp_path / "out", workers=1)
    assert outcome.kept == len(finished)
    assert len(outcome.done) == COUNT


def test_workers_without_this_library_are_told(loopback_cluster, jobs, tmp_path):
    other = tmp_path / "other" / "SwinX2SLib"
    other.mkdir(parents=True)
    (other / "__init__.py").write_text("__version__ = '0.0.1'\n")
    loopback_cluster.add_worker(tmp_path / "other")
    with pytest.raises(InputError) as caught:
        run_resumable(
            [Task("a", {"number": 1})], jobs.work, tmp_path / "out", scheduler=loopback_cluster.address
        )
    assert [fault.kind for fault in caught.value.faults] == ["worker-unfit"]
    assert f"Install swinx2s {__version__}" in str(caught.value)


def test_an_address_where_nobody_listens_is_told(jobs, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "_CONNECT_S", 1)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(InputError, match="cannot be reached"):
            run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, scheduler=address)


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://127.0.0.1:notaport", ""])
def test_what_is_no_address_is_told(jobs, tmp_path, address):
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="cannot be reached"):
        run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, scheduler=address)


def test_without_dask_the_way_to_get_it_is_told(jobs, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="pip install"):
        run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, scheduler="tcp://127.0.0.1:1")
