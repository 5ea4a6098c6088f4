"""The command `swinx2s evaluate --cohort` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from SwinX2SLib.cli import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[4]
OPTIONS = ("--no-measurements", "--workers", "2")


def start(table, out, *options):
    command = [sys.executable, "-m", "SwinX2SLib", "evaluate", "--cohort", table, "--out", out, *options]
    return subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def moments(out):
    return {path.stem: path.stat().st_mtime_ns for path in (out / "cases").glob("*.json")}


def wait_for_cases(process, out, count):
    while len(moments(out)) < count:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)


def test_it_writes_tables_and_a_page_and_says_in_words_what_failed(write_cohort, tmp_path, capsys):
    table, out = write_cohort(tmp_path, 4, broken=(1,)), tmp_path / "out"
    assert main(["evaluate", "--cohort", str(table), "--out", str(out), *OPTIONS]) == 6
    told = capsys.readouterr()
    assert "3 of 4 cases evaluated." in told.err
    assert "1 failed" in told.err
    assert "person01" in told.err
    head, line = told.out.splitlines()
    assert head.split()[:4] == ["model", "cases", "Dice", "%"]
    assert line.split()[1] == "3"
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "person01" in page


def test_without_failures_the_exit_code_is_0_and_json_is_the_summary(write_cohort, tmp_path, capsys):
    table, out = write_cohort(tmp_path, 2), tmp_path / "out"
    assert main(["evaluate", "--cohort", str(table), "--out", str(out), "--json", *OPTIONS]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "summary.json").read_text())


def test_when_all_cases_fail_there_are_reasons_and_no_page(write_cohort, tmp_path, capsys):
    table, out = write_cohort(tmp_path, 2, broken=(0, 1)), tmp_path / "out"
    assert main(["evaluate", "--cohort", str(table), "--out", str(out), *OPTIONS]) == 6
    assert "0 of 2 cases evaluated." in capsys.readouterr().err
    assert not (out / "index.html").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--cohort", "t.csv"], "--out"),
        (["a.nii", "b.nii", "--cohort", "t.csv", "--out", "o"], "remove PREDICTION"),
        (["--cohort", "t.csv", "--out", "o", "--overwrite"], "new folder"),
        (
            ["a.nii", "b.nii", "--workers", "2", "--skip-missing"],
            "--workers, --skip-missing: requires --cohort",
        ),
        (["a.nii"], "PREDICTION and TRUTH"),
        ([], "PREDICTION and TRUTH"),
    ],
)
def test_ways_of_calling_that_make_no_sense_are_told(given, told, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["evaluate", *given])
    assert caught.value.code == 2
    assert told in capsys.readouterr().err


def test_faults_of_the_table_end_it_before_any_work(tmp_path, capsys):
    (tmp_path / "t.csv").write_text("case,prediction,truth\na,x.nii,y.nii\n")
    out = tmp_path / "out"
    assert main(["evaluate", "--cohort", str(tmp_path / "t.csv"), "--out", str(out)]) == 3
    assert capsys.readouterr().err.count("does not exist") == 2
    assert not out.exists()


def test_a_scheduler_that_is_not_there_is_told(write_cohort, tmp_path, capsys, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("SwinX2SLib.parallel.cluster._CONNECT_S", 1)
    given = ["--cohort", str(write_cohort(tmp_path, 1)), "--out", str(tmp_path / "out")]
    assert main(["evaluate", *given, "--scheduler", "tcp://127.0.0.1:9"]) == 3
    assert "dask scheduler" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_a_run_that_was_ended_goes_on(write_cohort, tmp_path, number, code):
    table, out = write_cohort(tmp_path, 30), tmp_path / "out"
    process = start(table, out, *OPTIONS)
    try:
        wait_for_cases(process, out, 3)
    finally:
        os.killpg(process.pid, number) if number == signal.SIGINT else process.kill()
    _, told = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in told
    assert ("run the same command to resume" in told) == (number == signal.SIGINT)
    before = moments(out)
    for key in before:
        assert json.loads((out / "cases" / f"{key}.json").read_text())["case"] == key
    again = start(table, out, *OPTIONS)
    _, told = again.communicate(timeout=240)
    assert again.returncode == 0, told
    assert f"30 of 30 cases evaluated ({len(before)} from an earlier run)." in told
    assert {key: moments(out)[key] for key in before} == before
