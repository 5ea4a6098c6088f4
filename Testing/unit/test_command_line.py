"""How the commands describe themselves: examples that work, exit codes, lines that fit the terminal."""

import argparse
import importlib
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from SwinX2SLib import cli, errors
from SwinX2SLib.cli import parsing
from SwinX2SLib.errors import Cancelled

ROOT = Path(__file__).resolve().parents[2]


def parsers() -> dict[str, argparse.ArgumentParser]:
    """Every command and action by its whole name, as `weights list`."""
    found = {}
    for command in cli.COMMANDS:
        top = argparse.ArgumentParser(prog="swinx2s").add_subparsers()
        getattr(importlib.import_module(command.module), command.register)(top)
        parser = top.choices[command.name]
        actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
        found |= (
            {f"{command.name} {name}": each for name, each in actions[0].choices.items()}
            if actions
            else {command.name: parser}
        )
    return found


def section(text: str, title: str) -> list[str]:
    """The indented lines below a title."""
    match = re.search(rf"^{title}:\n((?:  .+\n?)+)", text, re.MULTILINE)
    return [line.strip() for line in match[1].splitlines()] if match else []


@pytest.fixture(params=sorted(parsers()))
def described(request, monkeypatch) -> tuple[str, str]:
    """The name of a command and its help on a terminal of 72 columns."""
    monkeypatch.setenv("COLUMNS", "72")
    return request.param, parsers()[request.param].format_help()


def test_examples_are_command_lines_that_the_parser_takes(described):
    name, text = described
    examples = section(text, "examples")
    assert examples or name in ("weights list", "weights remove")
    for example in examples:
        words = shlex.split(example)
        assert words[0] == "swinx2s"
        assert " ".join(words[1:]).startswith(name)
        assert callable(cli._parse(words[1:]).func)


def test_the_exit_codes_of_every_command_are_listed_in_their_order(described):
    _, text = described
    codes = [int(line.split()[0]) for line in section(text, "exit codes")]
    assert codes == sorted(codes)
    assert {0, 1, 2, 3, 5, 130} <= set(codes) <= {*errors.EXIT_CODES, errors.SOME_FAILED}


def test_sentences_fit_the_terminal(described):
    name, text = described
    prose = [line for line in text.splitlines() if line and not line.startswith(("  ", "usage:"))]
    assert max(map(len, prose)) <= 70, name


def test_wide_terminals_do_not_stretch_the_lines(monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    text = parsers()["batch"].format_help()
    assert max(len(line) for line in text.splitlines()) <= 110


def test_a_paragraph_with_a_table_is_left_as_it_is(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    top = argparse.ArgumentParser().add_subparsers()
    table = "formats:\n  stl   " + "a file for each bone " * 4
    parser = parsing.add_command(top, "cut", "word " * 20, notes=f"{table}\n\n--a-b {'--c-d ' * 12}")
    text = parser.format_help()
    assert table in text
    told = text.split("\n\n")[1].split("\n")
    assert [len(line) for line in told] == [34, 34, 29]
    assert set(" ".join(told).split()) == {"word"}
    # No option is cut at its hyphens.
    assert text.count("--c-d") == 12


def test_of_many_sentences_the_first_are_shown_and_the_rest_is_counted():
    assert parsing.first_few(["a", "b"], 2) == ["a", "b"]
    assert parsing.first_few(["a", "b", "c", "d"], 2, ", in x.csv") == ["a", "b", "and 2 more, in x.csv"]


STOPPED = """
import argparse, os, signal, sys, time
from pathlib import Path
from SwinX2SLib import cli, errors
from SwinX2SLib.cli.parsing import STOPPED
number, words, done = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])

def work(parsed):
    try:
        os.kill(os.getpid(), number)
        time.sleep(20)
    finally:
        os.kill(os.getpid(), number)  # an impatient second one does not cut the clean-up off
        time.sleep(0.2)
        done.write_text("cleaned up")

given = argparse.Namespace(func=work, **({STOPPED: words} if words else {}))
sys.exit(cli._run(given))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process without asking it")
@pytest.mark.parametrize(("number", "words"), [("SIGTERM", ""), ("SIGHUP", "Kept.")])
def test_a_command_that_is_asked_to_end_cleans_up_and_says_what_became_of_it(tmp_path, number, words):
    done = tmp_path / "done"
    command = [sys.executable, "-c", STOPPED, str(int(signal.Signals[number])), words, str(done)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert result.returncode == errors.CANCELLED, result.stderr
    assert result.stderr == f"swinx2s: {words or errors.CANCELLED_WORDS}\n"
    assert done.read_text() == "cleaned up"


def test_signals_are_as_before_after_a_command():
    before = signal.getsignal(signal.SIGTERM)

    def stopped(parsed):
        raise Cancelled

    assert cli._run(argparse.Namespace(func=stopped)) == errors.CANCELLED
    assert signal.getsignal(signal.SIGTERM) == before
