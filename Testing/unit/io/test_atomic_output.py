"""An output appears atomically, whatever ends the process that writes it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from SwinX2SLib.errors import InputError, OutputError
from SwinX2SLib.io import atomic_output, file_locks
from SwinX2SLib.io.atomic_output import (
    atomic_directory,
    atomic_file,
    atomic_result,
    atomic_write,
    output_faults,
    remove_stale,
    stale_targets,
    writing_faults,
)
from SwinX2SLib.io.file_locks import abandoned_lock, held_lock, remove_abandoned_locks

NAMES = ("one.txt", "two.txt")


def write(folder: Path, text: str) -> None:
    for name in NAMES:
        (folder / name).write_text(text)


def write_and_raise(out: Path, error: type[BaseException]) -> None:
    with atomic_directory(out, NAMES, overwrite=True) as folder:
        write(folder, "new")
        raise error


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def hidden(folder: Path) -> list[Path]:
    """What is being written in a folder."""
    return [path for path in folder.iterdir() if "swinx2s-new-" in path.name]


def environment(repository: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(repository)}


@pytest.mark.parametrize("content", [b"new", "new", [b"n", b"ew"], lambda stream: stream.write(b"new")])
def test_content_of_every_kind_is_written(tmp_path, content):
    path = tmp_path / "ü 骨.json"
    path.write_text("old")
    assert atomic_write(path, content) == path
    assert tree(tmp_path) == {path.name: "new"}


def test_text_that_is_no_utf8_becomes_an_escape(tmp_path):
    atomic_write(tmp_path / "a", "bad\udcff")
    assert (tmp_path / "a").read_bytes() == b"bad\\udcff"


def failing(error):
    yield b"half"
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device"), ValueError])
def test_an_error_while_writing_keeps_the_old_file_and_leaves_nothing_else(tmp_path, error):
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(BaseException) as caught:
        atomic_write(tmp_path / "a.txt", failing(error))
    assert isinstance(caught.value, error if isinstance(error, type) else OSError)
    assert tree(tmp_path) == {"a.txt": "old"}


def test_a_full_disk_is_told_in_words_where_a_hint_is_given(tmp_path):
    with pytest.raises(InputError) as caught:
        atomic_write(tmp_path / "a", failing(OSError(28, "No space left on device")), hint="Make room.")
    (fault,) = caught.value.faults
    assert (fault.kind, fault.hint, fault.path) == ("output-not-writable", "Make room.", str(tmp_path / "a"))
    assert "No space left" in fault.message
    with pytest.raises(ValueError, match="mine"):
        atomic_write(tmp_path / "a", failing(ValueError("mine")), hint="Make room.")


def test_a_folder_that_is_not_there_or_takes_no_files_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "gone" / "a", b"")
    if Path("/proc/self").exists():
        with pytest.raises(OSError):
            atomic_write(Path("/proc/a"), b"")
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(PermissionError):
            atomic_write(tmp_path / "a", b"")


def test_the_hidden_file_ends_as_the_file_does_and_may_lie_elsewhere(tmp_path):
    for name, ending in (
        ("a.seg.nrrd", ".seg.nrrd"),
        ("a.nii.gz", ".nii.gz"),
        ("a", ""),
        ("a.b c.txt", ".txt"),
    ):
        with atomic_file(tmp_path / name) as partial:
            assert partial.name.endswith(ending)
            assert partial.parent == tmp_path
            partial.write_bytes(b"")
    (tmp_path / "state").mkdir()
    with atomic_file(tmp_path / "b", temporary_folder=tmp_path / "state") as partial:
        assert partial.parent == tmp_path / "state"
        partial.write_bytes(b"b")
    assert (tmp_path / "b").read_bytes() == b"b"


def test_a_name_as_long_as_the_system_allows_is_written(tmp_path):
    atomic_write(tmp_path / ("x" * 250 + ".json"), b"long")
    assert [path.name for path in tmp_path.iterdir()] == ["x" * 250 + ".json"]


def test_the_file_that_is_replaced_may_be_kept(tmp_path):
    for text in "12":
        with atomic_file(tmp_path / "last", previous=tmp_path / "previous") as partial:
            partial.write_text(text)
            assert (tmp_path / "last").exists() is (text == "2")
    assert tree(tmp_path) == {"last": "2", "previous": "1"}


def test_a_result_that_cannot_be_written_is_told_in_words(tmp_path):
    def full_disk():
        with atomic_result(tmp_path / "out", NAMES, False, "export") as folder:
            write(folder, "new")
            raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match=r"The export could not be written .*No space left"):
        full_disk()
    assert list(tmp_path.iterdir()) == []


WRITER = """
import os, sys, time
from pathlib import Path
from SwinX2SLib.io.atomic_output import atomic_write
def content():
    yield b"half"
    print("writing", flush=True)
    if sys.argv[2] == "kill": os.kill(os.getpid(), 9)
    time.sleep(60)
atomic_write(Path(sys.argv[1]), content())
"""


def test_a_killed_writer_leaves_nothing_under_a_final_name_and_the_next_run_removes_its_rest(
    tmp_path, repository
):
    (tmp_path / "a.txt").write_text("old")
    child = subprocess.run(
        [sys.executable, "-c", WRITER, tmp_path / "a.txt", "kill"], env=environment(repository)
    )
    assert child.returncode == -9
    assert (tmp_path / "a.txt").read_text() == "old"
    assert len(hidden(tmp_path)) == 1
    remove_stale(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert tree(tmp_path) == {"a.txt": "old"}


def test_a_writer_that_runs_is_left_alone_and_may_be_interrupted(tmp_path, repository):
    command = [sys.executable, "-c", WRITER, tmp_path / "a.txt", "sleep"]
    child = subprocess.Popen(
        command, env=environment(repository), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert child.stdout.readline() == b"writing\n"
    remove_stale(tmp_path)
    assert len(hidden(tmp_path)) == 1
    child.send_signal(2)
    child.communicate()
    assert list(tmp_path.iterdir()) == []


VOLUME_WRITER = """
import sys, numpy as np
from pathlib import Path
from SwinX2SLib.io.volumes import write_volume
from SwinX2SLib.io.segmentations import write_segmentation
array = np.random.default_rng(0).integers(0, 54, (160, 160, 160)).astype(np.uint8)
for name in iter(lambda: sys.stdout.flush(), 1):
    print("again", flush=True)
    write_volume(Path(sys.argv[1], "a.nii.gz"), array, np.eye(4))
    write_segmentation(Path(sys.argv[1], "a.seg.nrrd"), array, np.eye(4))
"""


def test_volumes_are_whole_whenever_their_writer_is_killed(tmp_path, repository):
    from SwinX2SLib.io.volumes import read_volume

    expected = np.random.default_rng(0).integers(0, 54, (160, 160, 160)).astype(np.uint8)
    for delay in (0.05, 0.4, 0.9):
        command = [sys.executable, "-c", VOLUME_WRITER, tmp_path]
        child = subprocess.Popen(command, env=environment(repository), stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(delay)
        child.kill()
        child.communicate()
        for path in [tmp_path / "a.nii.gz", tmp_path / "a.seg.nrrd"]:
            if path.exists():
                np.testing.assert_array_equal(read_volume(path).array, expected)
        remove_stale(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} <= {"a.nii.gz", "a.seg.nrrd"}


@pytest.mark.parametrize("existing", [False, True])
def test_a_new_or_empty_folder_receives_the_result(tmp_path, existing):
    out = tmp_path / "a" / "b" / "out"
    if existing:
        out.mkdir(parents=True)
    with atomic_directory(out, NAMES, overwrite=True) as folder:
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
    with atomic_directory(out, NAMES, overwrite=True) as folder:
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
from SwinX2SLib.io import atomic_output, file_locks
out, when = Path(sys.argv[1]), sys.argv[2]
def die(*_): os.kill(os.getpid(), 9)
if when == "before": atomic_output._publish = die
if when == "swap":
    rename, calls = Path.rename, []
    def dying(self, target):
        calls.append(self)
        if len(calls) == 2: die()
        return rename(self, target)
    Path.rename = dying
if when == "after": atomic_output._retire = die
with atomic_output.atomic_directory(out, ("one.txt", "two.txt"), True) as folder:
    for name in ("one.txt", "two.txt"): (folder / name).write_text("new")
"""


@pytest.mark.parametrize(("when", "expected"), [("before", "old"), ("swap", "old"), ("after", "new")])
@pytest.mark.parametrize("name", ["out", "my [out] 骨*"])
def test_a_kill_at_any_moment_of_replacing_is_made_good(tmp_path, repository, when, expected, name):
    out = tmp_path / name
    out.mkdir()
    write(out, "old")
    (out / "mine.txt").write_text("mine")
    child = subprocess.run([sys.executable, "-c", KILLED_BETWEEN, out, when], env=environment(repository))
    assert child.returncode == -9
    assert stale_targets(tmp_path) == [out]
    remove_stale(out, NAMES)
    assert tree(out) == dict.fromkeys(NAMES, expected) | {"mine.txt": "mine"}
    assert list(tmp_path.iterdir()) == [out]
    assert stale_targets(tmp_path) == []


def test_a_run_that_is_still_going_is_left_alone(tmp_path):
    with atomic_directory(tmp_path / "out", NAMES, overwrite=True) as folder:
        remove_stale(tmp_path / "out", NAMES)
        assert stale_targets(tmp_path) == []
        write(folder, "new")
    assert tree(tmp_path / "out") == {"one.txt": "new", "two.txt": "new"}


CLEANER = """
import sys
from pathlib import Path
from SwinX2SLib.io.atomic_output import remove_stale, stale_targets
out = Path(sys.argv[1])
print(stale_targets(out.parent))
remove_stale(out, ("one.txt", "two.txt"))
remove_stale(out.parent)
"""


@pytest.mark.parametrize("namespace", [(), ("unshare", "--user", "--map-root-user", "--pid", "--fork")])
def test_a_run_is_left_alone_by_another_process_also_of_another_pid_namespace(
    tmp_path, repository, namespace
):
    if namespace and subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no PID namespaces here")
    command = [*namespace, sys.executable, "-c", CLEANER, tmp_path / "out"]
    with (
        atomic_directory(tmp_path / "out", NAMES, overwrite=False) as folder,
        atomic_file(tmp_path / "a.txt") as partial,
    ):
        write(folder, "new")
        partial.write_text("new")
        found = subprocess.run(
            command, env=environment(repository), capture_output=True, text=True, check=True
        )
        assert found.stdout == "[]\n"
    assert tree(tmp_path) == {"out/one.txt": "new", "out/two.txt": "new", "a.txt": "new"}


def test_a_lock_of_a_killed_process_is_free_again_even_if_its_number_is_another_process(tmp_path, repository):
    subprocess.run([sys.executable, "-c", WRITER, tmp_path / "a.txt", "kill"], env=environment(repository))
    (lock,) = tmp_path.glob(".swinx2s-lock-*")
    with abandoned_lock(tmp_path, lock.name.removeprefix(".swinx2s-lock-")) as is_abandoned:
        assert is_abandoned
    with held_lock(tmp_path) as token, abandoned_lock(tmp_path, token) as is_abandoned:
        assert not is_abandoned
        remove_abandoned_locks(tmp_path)
        assert [path.name for path in tmp_path.glob(".swinx2s-lock-*")] == [f".swinx2s-lock-{token}"]


def test_where_locks_do_not_work_files_are_written_and_nothing_is_taken_for_stale(tmp_path, monkeypatch):
    monkeypatch.setattr(file_locks, "_try_lock", lambda descriptor: None)
    monkeypatch.setattr(file_locks, "_held", NothingHeld())
    with atomic_file(tmp_path / "a.txt") as partial:
        partial.write_text("new")
        remove_stale(tmp_path)
        assert partial.exists()
    assert tree(tmp_path) == {"a.txt": "new"}


class NothingHeld(set):
    """As another process sees it."""

    def add(self, item: Path) -> None:
        pass


def test_leftovers_of_version_0_1_are_removed(tmp_path):
    (tmp_path / ".out.swinx2s-new-4711-1700000000-0123abcd").mkdir()
    assert stale_targets(tmp_path) == [tmp_path / "out"]
    remove_stale(tmp_path / "out", NAMES)
    assert list(tmp_path.iterdir()) == []


def test_names_of_others_are_never_taken_for_stale(tmp_path):
    others = (".swinx2s-new", ".swinx2s-new-1-2-xyz", "swinx2s-new-99999999-1-00000000", ".a.swinx2s-cache")
    for name in others:
        (tmp_path / name).write_text("theirs")
    remove_stale(tmp_path)
    assert set(tree(tmp_path)) == set(others)


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
    second = atomic_directory(out, NAMES, overwrite=False)
    write(second.__enter__(), "second")
    with atomic_directory(out, NAMES, overwrite=False) as folder:
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
        remove_stale(out, NAMES)
    assert output_faults(tmp_path / "new" / "out", NAMES, overwrite=False) == []
    assert writing_faults(tmp_path / "new" / "out") == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "loop"]


def test_a_file_system_that_takes_no_folders_is_found_before_any_work():
    if not Path("/proc/self").exists():
        pytest.skip("this system has no /proc")
    assert [fault.kind for fault in output_faults(Path("/proc/out"), NAMES, False)] == ["output-not-writable"]
    assert [fault.kind for fault in writing_faults(Path("/proc/self"))] == ["output-not-writable"]
    assert writing_faults(Path("/proc/self/a/b"))


def test_a_mounted_volume_is_no_output_folder_since_it_cannot_be_renamed(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "is_mount", lambda path: path == tmp_path)
    (fault,) = output_faults(tmp_path, NAMES, overwrite=False)
    assert fault.kind == "output-is-volume"
    assert "inside it" in fault.hint


def test_bytes_are_on_the_disk_before_the_file_appears(tmp_path, monkeypatch):
    steps = []
    replace = os.replace
    monkeypatch.setattr(atomic_output.os, "fsync", lambda number: steps.append("sync"))
    monkeypatch.setattr(
        atomic_output.os, "replace", lambda *names: (steps.append("replace"), replace(*names))
    )
    atomic_write(tmp_path / "a", b"")
    # The file, and its name in the folder.
    assert steps == ["sync", "replace", "sync"]


def test_a_result_is_on_the_disk_before_its_folder_appears(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        atomic_output.os, "fsync", lambda number: synced.append((os.fstat(number).st_ino, out.exists()))
    )
    out = tmp_path / "out"
    with atomic_directory(out, NAMES, overwrite=False) as folder:
        write(folder, "new")
        (folder / "deep").mkdir()
        (folder / "deep" / "three.txt").write_text("new")
    written = {path.stat().st_ino for path in (out, *out.rglob("*"))}
    assert {number for number, was_there in synced if not was_there} == written
    assert synced[-1] == (tmp_path.stat().st_ino, True)
