"""The worker that stays, as a real child process: several jobs, one network, and each way to end."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.reconstruct.backends import KeptBackend

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
# A wait for what never comes fails instead of holding up all tests.
LIMIT_SECONDS = 120


class Server:
    """A serving worker, and what it says."""

    def __init__(self, folder: Path, repository: Path, mode: str, options: tuple[str, ...]):
        self._folder = folder
        self._errors = (folder / "stderr").open("w+")
        environment = {**os.environ, "PYTHONPATH": str(repository), "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "stand_in_worker.py"), mode, "--serve", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )

    def ask(self, job, name: str) -> None:
        path = self._folder / f"{name}.json"
        job.save(path)
        self.process.stdin.write(f"{path}\n")
        self.process.stdin.flush()

    def answer(self, last: str = "finished") -> list[dict]:
        """Return the events up to one of this kind, or to the end of the process."""
        events = []
        for line in self.process.stdout:
            events.append(json.loads(line))
            if last in (events[-1]["event"], events[-1].get("message")):
                break
        return events

    def run(self, job, name: str) -> list[dict]:
        self.ask(job, name)
        return self.answer()

    def end(self) -> int:
        return self.process.wait(timeout=LIMIT_SECONDS)

    @property
    def loads(self) -> int:
        return (self._folder / "stderr").read_text().count("a model is loaded")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self._errors):
            try:
                stream.close()
            except BrokenPipeError:
                continue


@pytest.fixture
def start_server(tmp_path_factory, repository):
    servers = []

    def start(mode: str = "plain", *options: str) -> Server:
        servers.append(Server(tmp_path_factory.mktemp("server"), repository, mode, options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def out_in(job, name: str):
    return replace(job, out=job.out.with_name(name))


def test_one_process_serves_several_jobs_and_loads_the_network_once(job, start_server, run_worker):
    server = start_server()
    runs = [server.run(out_in(job, name), name) for name in ("first", "second")]
    for events in runs:
        assert [event["event"] for event in events[-2:]] == ["result", "finished"]
        assert events[-1]["code"] == 0
    seconds = [events[-2]["seconds"] for events in runs]
    assert seconds[0]["load"] > 0
    assert seconds[1]["load"] == 0
    assert server.loads == 1
    assert server.process.poll() is None
    run_worker(job)
    labels = [job.out.with_name(name) / "labels.nii.gz" for name in ("first", "second", "result")]
    assert len({path.read_bytes() for path in labels}) == 1, "a kept network gives what a new one gives"


def test_other_options_load_the_network_again(job, start_server):
    server = start_server()
    server.run(out_in(job, "first"), "first")
    server.run(replace(out_in(job, "second"), min_component_fraction=0.2), "second")
    assert server.loads == 2


def test_a_refused_job_is_told_and_the_next_one_is_served(job, start_server):
    server = start_server()
    wrong = replace(job, ap_options=RadiographOptions(), lateral=job.lateral.with_name("none.png"))
    events = server.run(wrong, "wrong")
    assert [event["event"] for event in events if event["event"] != "progress"] == [
        "error",
        "error",
        "finished",
    ]
    assert events[-1]["code"] == 3
    assert not job.out.exists()
    assert server.run(job, "right")[-1]["code"] == 0


def test_a_job_that_fails_loads_the_network_anew(job, start_server):
    server = start_server("memory")
    for name in ("first", "second"):
        events = server.run(job, name)
        assert events[-2]["kind"] == "out-of-memory"
        assert events[-1]["code"] == 5
    assert server.loads == 2


def test_a_worker_without_a_job_ends_by_itself_but_not_during_one(job, start_server):
    server = start_server("slow", "--idle-seconds", "1")
    started = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - started > 1
    server = start_server("plain", "--idle-seconds", "2")
    for name in ("first", "second"):
        assert server.run(out_in(job, name), name)[-1]["code"] == 0
    assert server.end() == 0


def test_closing_its_input_ends_a_worker_that_waits(job, start_server):
    server = start_server()
    server.run(job, "job")
    server.process.stdin.close()
    assert server.end() == 0


def test_closing_its_input_ends_the_running_job_cleanly(job, start_server):
    server = start_server("slow")
    server.ask(job, "job")
    server.answer("Running the network")
    server.process.stdin.close()
    assert server.end() == 130
    assert not job.out.exists()
    assert [path for path in job.out.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("waits", [True, False])
def test_a_signal_ends_it_whether_it_works_or_waits(job, start_server, waits):
    server = start_server("plain" if waits else "slow")
    server.ask(job, "job")
    server.answer("finished" if waits else "Running the network")
    server.process.send_signal(signal.SIGTERM)
    assert server.end() == 130


def test_a_worker_that_waits_ends_with_the_process_it_was_told_to_watch(job, start_server):
    watched = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    server = start_server("plain", "--parent", str(watched.pid))
    server.run(job, "job")
    watched.kill()
    watched.wait()
    assert server.end() == 130


def test_weights_that_were_replaced_under_their_name_are_loaded_again(job, monkeypatch):
    from SwinX2SLib.reconstruct import model_choice

    class Counted:
        made = 0

        def check(self, job):
            return []

        def make(self, job):
            self.made += 1
            return object()

    class Record:
        sha256 = "first"

    monkeypatch.setattr(model_choice, "require_model", lambda _name: Record)
    counted = Counted()
    kept = KeptBackend(counted)
    assert kept.make(job) is kept.make(job)
    Record.sha256 = "second"
    kept.make(job)
    assert counted.made == 2
