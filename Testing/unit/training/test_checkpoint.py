import pytest

from SwinX2SLib.errors import InputError
from SwinX2SLib.training.checkpoint import (
    LAST,
    PREVIOUS,
    RUN_STATE,
    load_best,
    load_checkpoint,
    save_best,
    save_checkpoint,
)


def state(step: object) -> dict:
    return dict.fromkeys(RUN_STATE, 0) | {"step": step}


def test_a_truncated_checkpoint_is_passed_over_for_the_one_before(tmp_path):
    save_checkpoint(tmp_path, state(1))
    save_checkpoint(tmp_path, state(2))
    loaded, passed_over = load_checkpoint(tmp_path)
    assert (loaded["step"], passed_over) == (2, [])
    last = tmp_path / LAST
    last.write_bytes(last.read_bytes()[:100])
    loaded, passed_over = load_checkpoint(tmp_path)
    assert loaded["step"] == 1
    assert [fault.path for fault in passed_over] == [str(last)]
    (tmp_path / PREVIOUS).write_bytes(b"")
    with pytest.raises(InputError, match="Start again"):
        load_checkpoint(tmp_path)


def test_a_kill_between_the_two_renamings_loses_nothing(tmp_path):
    save_checkpoint(tmp_path, state(1))
    (tmp_path / LAST).rename(tmp_path / PREVIOUS)
    assert load_checkpoint(tmp_path)[0]["step"] == 1


def test_an_empty_folder_holds_no_checkpoint(tmp_path):
    assert load_checkpoint(tmp_path) == (None, [])
    assert load_best(tmp_path) is None


def test_a_failing_write_leaves_the_last_good_checkpoint(tmp_path):
    save_checkpoint(tmp_path, state(1))
    with pytest.raises(Exception, match="pickle"):
        save_checkpoint(tmp_path, state(lambda: None))
    assert load_checkpoint(tmp_path)[0]["step"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [LAST]


def test_a_folder_that_cannot_be_made_is_told_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"best\.pt: The file cannot be written: .*irectory"):
        save_best(tmp_path / "file" / "run", {"step": 1})


def test_a_checkpoint_of_something_else_is_told_and_passed_over(tmp_path):
    """Another program's file of the same name reads, but a run cannot go on from it."""
    save_checkpoint(tmp_path, state(1))
    save_checkpoint(tmp_path, {"step": 2, "model": {}})
    loaded, passed_over = load_checkpoint(tmp_path)
    assert loaded["step"] == 1
    assert "seconds, best, config" in str(passed_over[0])
    save_checkpoint(tmp_path, {"weights": []})
    save_checkpoint(tmp_path, {"weights": []})
    with pytest.raises(InputError, match="not a training checkpoint"):
        load_checkpoint(tmp_path)
