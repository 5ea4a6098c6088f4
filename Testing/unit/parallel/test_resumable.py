"""Results that are there, those that are made again, and those that cannot be."""

import json
import os
import sys
import types
from collections import Counter
from pathlib import Path

import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.parallel import Task, run_resumable
from SwinX2SLib.parallel.local import usable_cores
from SwinX2SLib.parallel.records import Records


def times_done(traces: Path) -> Counter:
    return Counter(path.name.split("-")[0] for path in traces.iterdir())


def test_every_task_has_its_result_from_other_processes(jobs, traces, tmp_path):
    outcome = run_resumable(jobs.tasks(5, traces), jobs.work, tmp_path / "out", workers=2)
    results = [json.loads((tmp_path / "out" / f"case{n}.json").read_text()) for n in range(5)]
    assert outcome.done == ("case0", "case1", "case2", "case3", "case4")
    assert (outcome.failed, outcome.kept) == ((), 0)
    assert [result["square"] for result in results] == [0, 1, 4, 9, 16]
    processes = {result["process"] for result in results}
    assert os.getpid() not in processes
    assert len(processes) <= 2


def test_nothing_to_do_is_done(jobs, tmp_path):
    assert run_resumable([], jobs.work, tmp_path / "out").done == ()


def test_broken_tasks_are_told_and_the_others_go_on(jobs, tmp_path):
    ends = ["well", "faulty", "unexpected", "undefined", "memory", "leave", "well", "killed", "well"]
    tasks = [Task(f"t{n}", {"number": n, "end": end}) for n, end in enumerate(ends)]
    outcome = run_resumable(tasks, jobs.work, tmp_path, workers=2)
    assert outcome.done == ("t0", "t6", "t8")
    told = {failure.key: failure for failure in outcome.failed}
    assert [told[f"t{n}"].kind for n in (1, 2, 3, 4, 5, 7)] == [
        "file-broken", "unexpected", "unexpected", "out-of-memory", "worker-died", "worker-died",
    ]  # fmt: skip
    assert told["t1"].message == "case1.nii: It is broken. Mend it."
    assert told["t2"].message == "ZeroDivisionError: division by zero"
    assert "parallel_jobs.py" in told["t2"].details
    assert "exit code 7" in told["t5"].message
    assert "SIGKILL" in told["t7"].message
    assert "emory" in told["t7"].message
    assert sorted(path.name for path in tmp_path.glob("*.json")) == ["t0.json", "t6.json", "t8.json"]


def test_finished_tasks_are_kept_and_failed_ones_tried_again(jobs, traces, tmp_path):
    good = jobs.tasks(3, traces)
    bad = Task("bad", {"number": 9, "traces": str(traces), "end": "faulty"})
    run_resumable([*good, bad], jobs.work, tmp_path / "out", workers=1)
    again = run_resumable([*good, bad], jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 1, "1": 1, "2": 1, "9": 2}
    assert again.kept == 3
    assert again.done == ("case0", "case1", "case2")
    assert [failure.key for failure in again.failed] == ["bad"]


def with_files(traces: Path, folder: Path, count: int, setting: int = 1) -> list[Task]:
    folder.mkdir(exist_ok=True)
    for n in range(count):
        path = folder / f"{n}.txt"
        if not path.exists():
            path.write_text("old")
    return [
        Task(f"c{n}", {"number": n, "traces": str(traces), "file": folder / f"{n}.txt", "settings": {"a": setting}})
        for n in range(count)
    ]  # fmt: skip


def test_a_changed_file_is_worked_on_again(jobs, traces, tmp_path):
    run_resumable(with_files(traces, tmp_path / "in", 3), jobs.work, tmp_path / "out", workers=1)
    (tmp_path / "in" / "1.txt").write_text("new and longer")
    run_resumable(with_files(traces, tmp_path / "in", 3), jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 1, "1": 2, "2": 1}
    assert json.loads((tmp_path / "out" / "c1.json").read_text())["text"] == "new and longer"


def test_a_file_of_the_same_size_and_another_time_is_worked_on_again(jobs, traces, tmp_path):
    run_resumable(with_files(traces, tmp_path / "in", 2), jobs.work, tmp_path / "out", workers=1)
    (tmp_path / "in" / "0.txt").write_text("new")
    os.utime(tmp_path / "in" / "0.txt", ns=(1, 1))
    run_resumable(with_files(traces, tmp_path / "in", 2), jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 2, "1": 1}


def test_a_file_in_a_named_folder_counts(jobs, traces, tmp_path):
    series = tmp_path / "series" / "deep"
    series.mkdir(parents=True)
    task = [Task("a", {"number": 0, "traces": str(traces), "folder": tmp_path / "series"})]
    run_resumable(task, jobs.work, tmp_path / "out", workers=1)
    run_resumable(task, jobs.work, tmp_path / "out", workers=1)
    (series / "slice.dcm").write_bytes(b"1")
    run_resumable(task, jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 2}


def test_other_settings_are_worked_on_again(jobs, traces, tmp_path):
    for setting in (1, 1, 2):
        run_resumable(with_files(traces, tmp_path / "in", 2, setting), jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 2, "1": 2}


@pytest.mark.parametrize("harm", ["", "{", '{"number": 0}'])
def test_a_damaged_result_is_made_again(jobs, traces, tmp_path, harm):
    run_resumable(jobs.tasks(2, traces), jobs.work, tmp_path / "out", workers=1)
    (tmp_path / "out" / "case0.json").write_text(harm)
    run_resumable(jobs.tasks(2, traces), jobs.work, tmp_path / "out", workers=1)
    assert times_done(traces) == {"0": 2, "1": 1}
    assert json.loads((tmp_path / "out" / "case0.json").read_text())["square"] == 0


def test_a_result_that_no_longer_stands_is_made_again(jobs, traces, tmp_path):
    def stands(result):
        return result["number"] != 1

    for _ in range(2):
        run_resumable(jobs.tasks(3, traces), jobs.work, tmp_path / "out", workers=1, accept=stands)
    assert times_done(traces) == {"0": 1, "1": 2, "2": 1}


def test_a_task_that_fails_leaves_no_result_of_earlier_inputs(jobs, tmp_path):
    run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, workers=1)
    outcome = run_resumable([Task("a", {"number": 1, "end": "faulty"})], jobs.work, tmp_path, workers=1)
    assert outcome.done == ()
    assert not (tmp_path / "a.json").exists()


def test_one_folder_serves_one_run_at_a_time(jobs, tmp_path):
    with Records(tmp_path), pytest.raises(InputError, match="Another run"):
        run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, workers=1)
    assert run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path, workers=1).done == ("a",)


def test_all_keys_that_cannot_be_files_are_told_at_once(jobs, tmp_path):
    keys = ["a/b", "", ".hidden", "x" * 151, "fine", "Fine", "tab\t", "same", "same"]
    with pytest.raises(InputError) as caught:
        run_resumable([Task(key, {}) for key in keys], jobs.work, tmp_path / "out")
    assert [fault.kind for fault in caught.value.faults] == ["key"] * 4 + ["key-twice", "key", "key-twice"]
    assert not (tmp_path / "out").exists()


def test_keys_in_any_script_are_files(jobs, tmp_path):
    outcome = run_resumable([Task("사례 07+é", {"number": 7})], jobs.work, tmp_path, workers=1)
    assert (tmp_path / f"{outcome.done[0]}.json").is_file()


@pytest.mark.parametrize(
    "ways", [{"workers": 0}, {"workers": 100_000}, {"workers": 2, "scheduler": "tcp://x:1"}]
)
def test_impossible_workers_are_told_before_any_work(jobs, tmp_path, ways):
    with pytest.raises(InputError):
        run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path / "out", **ways)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file_is_told(jobs, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="not writable"):
        run_resumable([Task("a", {"number": 1})], jobs.work, tmp_path / "out", workers=1)


def test_a_payload_that_has_no_lasting_text_is_refused(jobs, tmp_path):
    with pytest.raises(TypeError, match="object"):
        run_resumable([Task("a", {"thing": object()})], jobs.work, tmp_path / "out")


def test_work_that_the_processes_cannot_load_ends_the_run(tmp_path, monkeypatch):
    ghost = types.ModuleType("ghost")
    exec("def work(payload): return {}", ghost.__dict__)
    monkeypatch.setitem(sys.modules, "ghost", ghost)
    with pytest.raises(RuntimeError, match=r"cannot load the task.*ghost"):
        run_resumable([Task("a", {})], ghost.work, tmp_path, workers=1)


def test_workers_share_the_cores(jobs, tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    tasks = [Task(f"t{n}", {"number": n, "end": "threads"}) for n in range(2)]
    run_resumable(tasks, jobs.work, tmp_path, workers=2)
    assert json.loads((tmp_path / "t0.json").read_text()) == {"threads": str(max(1, usable_cores() // 2))}


def test_the_folder_shows_only_what_was_asked_for_and_forgets_nothing(jobs, traces, tmp_path):
    out, tasks = tmp_path / "out", jobs.tasks(4, traces)
    run_resumable(tasks, jobs.work, out, workers=1)
    (out / "notes.json").write_text("somebody else's")
    run_resumable(tasks[:1], jobs.work, out, workers=1)
    assert sorted(path.name for path in out.glob("*.json")) == ["case0.json", "notes.json"]
    again = run_resumable(tasks, jobs.work, out, workers=1)
    assert again.kept == 4
    assert len(list(out.glob("*.json"))) == 5
    assert set(times_done(traces).values()) == {1}
