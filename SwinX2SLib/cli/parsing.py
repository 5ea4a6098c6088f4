"""Shared parts of all commands of `swinx2s`: help texts, exit codes, messages."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from SwinX2SLib.errors import CANCELLED, KEPT_WORDS, PLAIN_EXIT_CODES, USAGE

# Message of `main` when a command is stopped, if set by the parser of the command.
STOPPED = "stopped_words"
_KEPT = {CANCELLED: "stopped; finished work is kept, and the same command resumes"}
# Longer lines are hard to read, however wide the terminal.
_WIDEST = 110


def add_command(
    subparsers: argparse._SubParsersAction,
    name: str,
    description: str,
    *,
    summary: str = "",
    notes: str = "",
    examples: Sequence[str] = (),
    codes: Mapping[int, str] = PLAIN_EXIT_CODES,
    resumable: bool = False,
    usage: str | None = None,
) -> argparse.ArgumentParser:
    """Add a command and return its parser.

    Args:
        subparsers: of `swinx2s` (or of a command with actions).
        name: of the command.
        description: shown above its options; paragraphs are wrapped.
        summary: beside its name in a list of actions (that of all commands is `cli.COMMANDS`).
        notes: shown below its options.
        examples: whole command lines.
        codes: exit codes and what they mean.
        resumable: whether a run that is stopped resumes when the same command is given again.
        usage: instead of what the options give.
    """
    codes = {**codes, **(_KEPT if resumable else {})}
    below = [_wrapped(notes), _listed("examples", examples), _listed("exit codes", _code_lines(codes))]
    # Without a help a command is not listed.
    shown: dict[str, Any] = {"help": summary} if summary else {}
    parser = subparsers.add_parser(
        name,
        description=_wrapped(description),
        usage=usage,
        epilog="\n\n".join(part for part in below if part),
        formatter_class=_formatter,
        **shown,
    )
    parser.set_defaults(parser=parser, **({STOPPED: KEPT_WORDS} if resumable else {}))
    return parser


def add_output(parser: argparse.ArgumentParser, what: str, required: bool = True) -> None:
    """Add `--out` and `--overwrite` of a command that writes a folder, atomically."""
    parser.add_argument(
        "--out", type=Path, required=required, metavar="DIR", help="output folder, new or empty"
    )
    parser.add_argument("--overwrite", action="store_true", help=f"replace an existing {what} in DIR")


def add_workers(group: argparse._ActionsContainer) -> None:
    """Add `--workers` and `--scheduler` of a command that does many tasks at a time."""
    group.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="number of worker processes on this machine (default: one per core)",
    )
    group.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="use a running Dask cluster with access to the same folders instead: tcp://HOST:8786",
    )


def add_scheme(parser: argparse._ActionsContainer, of: str, option: str = "--scheme", more: str = "") -> None:
    """Add an option that states the label numbering of a file (see `label_maps.numbering`).

    Args:
        parser: of the command.
        of: the file, as the help calls it.
        option: its name.
        more: a further sentence of the help.
    """
    # The overview of all commands loads none of what they need.
    from SwinX2SLib.label_maps.numberings import OURS, SCHEME_NAMES

    parser.add_argument(
        option,
        metavar="NAME|FILE|auto",
        help=f"label numbering of {of}: {', '.join(SCHEME_NAMES)}, a JSON or CSV label map, or auto to detect it "
        f"from the positions of the labels{more} (default: {OURS}, unless the positions contradict it)",
    )


def usage_error(parser: argparse.ArgumentParser, wrong: Iterable[str]) -> int:
    """Print every problem of a command line and return the exit code."""
    for sentence in wrong:
        print(f"{parser.prog}: error: {sentence}", file=sys.stderr)
    return USAGE


def report_phase(message: str) -> None:
    """Print the current phase to standard error."""
    print(f"{message} ...", file=sys.stderr, flush=True)


def first_few(sentences: Sequence[str], most: int, where: str = "") -> list[str]:
    """Return the first sentences, and a line that counts the others and states where to find them."""
    rest = len(sentences) - most
    return [*sentences[:most], *([f"and {rest} more{where}"] if rest > 0 else [])]


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=_width())


def _width() -> int:
    return max(20, min(shutil.get_terminal_size().columns - 2, _WIDEST))


def _wrapped(text: str) -> str:
    """Wrap a text paragraph by paragraph; one with an indented line (a table) stays as it is."""
    paragraphs = text.strip("\n").split("\n\n")
    return "\n\n".join(_wrapped_paragraph(paragraph) for paragraph in paragraphs)


def _wrapped_paragraph(paragraph: str) -> str:
    lines = paragraph.split("\n")
    if any(line.startswith(" ") for line in lines):
        return paragraph
    # An option or a name with a hyphen cannot be copied in two pieces.
    return textwrap.fill(" ".join(lines), _width(), break_on_hyphens=False, break_long_words=False)


def _code_lines(codes: Mapping[int, str]) -> list[str]:
    return [f"{code:>3}  {meaning}" for code, meaning in sorted(codes.items())]


def _listed(title: str, lines: Sequence[str]) -> str:
    return "\n".join([f"{title}:", *(f"  {line}" for line in lines)]) if lines else ""
