"""A result appears whole or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from SwinX2SLib.io.atomic_output import output_faults, recover, staged_folder

NAMES = ("one.txt", "two.txt")


def write(folder: Path, text: str) -> None:
    for name in NAMES:
        (folder / name).write_text(text)


def write_and_raise(out: Path, error: type[BaseException]) -> None:
    with staged_folder(out, NAMES, overwrite=True) as folder:
        write(folder, "new")
        raise error


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("existing", [False, True])
def test_a_new_or_empty_folder_receives_the_result(tmp_path, existing):
    out = tmp_path / "a" / "b" / "out"
    if existing:
        out.mkdir(parents=True)
    with staged_folder(out, NAMES, overwrite=True) as folder:
        write(folder, "new")
        assert not (out / "one.txt").exists()
    assert tree(tmp_path) == {"a/b/out/one.txt": "new", "a/b/out/two.txt": "new"}


def test_an_error_leaves_nothing_not_even_the_folders_made_for_it(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        write_and_raise(tmp_path / "a" / "out", KeyboardInterrupt)
    assert list(tmp_path.iterdir()) == []


def test_replacing_a_result_keeps_the_users_own_files(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(out, "old")
    (out / "corrected.seg.nrrd").write_text("mine")
    with staged_folder(out, NAMES, overwrite=True) as folder:
        write(folder, "new")
    assert tree(tmp_path) == {"out/one.txt": "new", "out/two.txt": "new", "out/corrected.seg.nrrd": "mine"}


def test_an_error_while_replacing_keeps_the_old_result(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write(out, "old")
    with pytest.raises(RuntimeError):
        write_and_raise(out, RuntimeError)
    assert tree(tmp_path) == {"out/one.txt": "old", "out/two.txt": "old"}


KILLED_BETWEEN = """
import os, sys
from pathlib import Path
from SwinX2SLib.reconstruct import staging
out, when = Path(sys.argv[1]), sys.argv[2]
def die(*_): os.kill(os.getpid(), 9)
if when == "before": staging._publish = die
if when == "swap":
    rename, calls = Path.rename, []
    def dying(self, target):
        calls.append(self)
        if len(calls) == 2: die()
        return rename(self, target)
    Path.rename = dying
if when == "after": staging._retire = die
with staging.staged_folder(out, ("one.txt", "two.txt"), True) as folder:
    for name in ("one.txt", "two.txt"): (folder / name).write_text("new")
"""


@pytest.mark.parametrize(("when", "expected"), [("before", "old"), ("swap", "old"), ("after", "new")])
def test_a_kill_at_any_moment_of_replacing_is_made_good_by_the_next_run(tmp_path, repository, when, expected):
    out = tmp_path / "out"
    out.mkdir()
    write(out, "old")
    (out / "mine.txt").write_text("mine")
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    child = subprocess.run([sys.executable, "-c", KILLED_BETWEEN, str(out), when], env=environment)
    assert child.returncode == -9
    recover(out, NAMES)
    assert tree(tmp_path) == {f"out/{name}": expected for name in NAMES} | {"out/mine.txt": "mine"}


def test_a_run_that_is_still_going_is_left_alone(tmp_path):
    with staged_folder(tmp_path / "out", NAMES, overwrite=True) as folder:
        recover(tmp_path / "out", NAMES)
        write(folder, "new")
    assert tree(tmp_path / "out") == {"one.txt": "new", "two.txt": "new"}


def test_a_folder_in_use_is_told_apart_from_an_earlier_result(tmp_path):
    def kinds(out, overwrite=False):
        return [fault.kind for fault in output_faults(out, NAMES, overwrite)]

    assert kinds(tmp_path / "new" / "deep") == []
    (tmp_path / "file").write_text("x")
    assert kinds(tmp_path / "file") == ["output-is-file"]
    assert kinds(tmp_path / "file" / "below") == ["output-not-writable"]
    other = tmp_path / "other"
    other.mkdir()
    assert kinds(other) == []
    (other / "letter.txt").write_text("x")
    assert kinds(other, overwrite=True) == ["output-in-use"]
    (other / "one.txt").write_text("x")
    assert kinds(other) == ["output-exists"]
    assert kinds(other, overwrite=True) == []


def test_of_two_runs_into_one_folder_the_second_is_refused_and_the_first_stays(tmp_path):
    out = tmp_path / "out"
    second = staged_folder(out, NAMES, overwrite=False)
    write(second.__enter__(), "second")
    with staged_folder(out, NAMES, overwrite=False) as folder:
        write(folder, "first")
    with pytest.raises(FileExistsError, match="another run"):
        second.__exit__(None, None, None)
    assert tree(tmp_path) == {"out/one.txt": "first", "out/two.txt": "first"}
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_that_cannot_be_written_is_found_before_any_work_and_leaves_no_trace(tmp_path):
    (tmp_path / "file").write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for out in (tmp_path / "file" / "out", tmp_path / "loop", tmp_path / ("x" * 250), tmp_path / ("x" * 300)):
        (fault,) = output_faults(out, NAMES, overwrite=False)
        assert fault.kind == "output-not-writable"
        assert "--out" in fault.hint or "folder" in fault.hint
        recover(out, NAMES)
    assert output_faults(tmp_path / "new" / "out", NAMES, overwrite=False) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_a_file_system_that_takes_no_folders_is_found_before_any_work():
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    assert [fault.kind for fault in output_faults(Path("/proc/out"), NAMES, False)] == ["output-not-writable"]


def test_a_mounted_volume_is_no_output_folder_since_it_cannot_be_renamed(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    (fault,) = output_faults(tmp_path, NAMES, overwrite=False)
    assert fault.kind == "output-is-volume"
    assert "inside it" in fault.hint
