"""Damaged files and options for every reader and every command: read well, or refused in words; nothing else.

`python Testing/bench/fuzz.py --count 10000` makes small files of all kinds (`fuzz_seeds.py`), damages them at random
(`fuzz_damages.py`), and gives them to the readers of the library and to the commands of `swinx2s`
(`fuzz_targets.py`), in forked processes that may ask for one more gigabyte. It prints a table of the outcomes in
Markdown, and each defect once with the numbers of its inputs: an exception other than `InputError`, the end of the
process, a want of memory, more than `--limit-s` seconds of the processor, files of a result that was refused,
temporary files that stay. `--input N` repeats one in this process. The same `--seed` gives the same inputs.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import importlib
import json
import os
import pkgutil
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

os.environ |= {
    "OMP_NUM_THREADS": "1",
    "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1",
    "SWINX2S_LARGEST_FILE_MIB": "64",
}

import numpy as np
import PIL.Image
import psutil
from fuzz_damages import damaged
from fuzz_seeds import make_seeds
from fuzz_targets import OUT, Target, WorkReached, all_targets, stand_in

import SwinX2SLib
from SwinX2SLib.errors import UNEXPECTED, InputError
from SwinX2SLib.radiographs.decoded_image import DecodeError

READ, REFUSED = "read", "refused"
MEMORY_BYTES = 1 << 30
# Of one process, before a fresh one takes over.
INPUTS_OF_A_PROCESS = 300
_CODES = {2, 3, 4, 5, 6}
_OUT_OF_MEMORY = re.compile(
    r"not enough memory|does not fit into memory|out-of-memory|out of memory", re.IGNORECASE
)


@dataclass(frozen=True)
class Seeds:
    """Undamaged files by seed and path, and the folder where they lie."""

    folder: Path
    files: dict[str, dict[str, bytes]]
    pool: tuple[bytes, ...]


@dataclass
class Outcomes:
    """What became of the inputs.

    Attributes:
        counts: target -> outcome -> number of inputs.
        defects: what went wrong -> numbers of the inputs, and an example.
        seconds: target -> time of the processor that its inputs took.
    """

    counts: dict[str, Counter] = field(default_factory=lambda: defaultdict(Counter))
    defects: dict[str, tuple[list[int], str]] = field(default_factory=dict)
    seconds: Counter = field(default_factory=Counter)

    def add(self, number: int, name: str, outcome: str, words: str, example: str = "") -> None:
        """Count one input."""
        self.counts[name][outcome] += 1
        if outcome not in (READ, REFUSED):
            if f"{name}: {outcome}: {words}" not in self.defects:
                last = "\n".join(example.splitlines()[-14:])
                print(f"{number}: {name}: {outcome}: {words}\n{last}", file=sys.stderr, flush=True)
            self.defects.setdefault(f"{name}: {outcome}: {words}", ([], example))[0].append(number)


def planned(targets: list[Target]) -> list[Target]:
    """Return the targets by their shares, one after the other: input N is for the N-th of them, again and again."""
    return [
        target
        for round_ in range(max(t.share for t in targets))
        for target in targets
        if target.share > round_
    ]


def victims(target: Target, seeds: Seeds) -> list[str]:
    """Return the files of a target's seed that are damaged, one in each input."""
    files = seeds.files[target.seed]
    return [name for name in files if any(fnmatch.fnmatch(name, pattern) for pattern in target.damages)]


def place_files(target: Target, seeds: Seeds, folder: Path, **changed: bytes) -> None:
    """Write the files of a target's seed into a folder, some of them with other content."""
    for name, content in seeds.files[target.seed].items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(changed.get(name, content))


def place_input(
    seed: int, number: int, target: Target, seeds: Seeds, folder: Path
) -> tuple[Path, np.random.Generator]:
    """Write the files of an input into a folder; return the damaged one and the random numbers that follow."""
    rng = np.random.default_rng((seed, number))
    if not (chosen := victims(target, seeds)):
        place_files(target, seeds, folder)
        return folder, rng
    name = chosen[int(rng.integers(len(chosen)))]
    content = damaged(name, seeds.files[target.seed][name], seeds.pool, rng)
    place_files(target, seeds, folder, **{name: content})
    return folder / name, rng


def attempt(
    target: Target, folder: Path, path: Path, rng: np.random.Generator, said: Path, unexpected: list[str]
) -> tuple[str, str, str]:
    """Run a target; return the outcome, what went wrong in a few words, and an example."""
    before = _names(folder)
    unexpected.clear()
    try:
        code = target.run(folder, path, rng)
    except WorkReached:
        return (READ, "", "")
    except (InputError, DecodeError) as error:
        return _refusal(error)
    except MemoryError:
        return "memory", _place(), traceback.format_exc()
    except BaseException as error:
        return "exception", f"{type(error).__name__} at {_place()}", traceback.format_exc()
    if unexpected:
        return "exception", unexpected[0].strip().splitlines()[-1][:90], unexpected[0]
    if not target.is_command:
        return READ, "", ""
    return _command_outcome(target, folder, before, code, said)


def _refusal(error: InputError | DecodeError) -> tuple[str, str, str]:
    faults = error.faults if isinstance(error, InputError) else (error.fault,)
    if not faults or not all(fault.kind and fault.message.strip() for fault in faults):
        return "no words", repr(error)[:90], ""
    words = " ".join(str(fault) for fault in faults)
    if _OUT_OF_MEMORY.search(words):
        return "memory", words[-90:], words
    return REFUSED, "", ""


def _command_outcome(
    target: Target, folder: Path, before: set[str], code: int, said: Path
) -> tuple[str, str, str]:
    sys.stdout.flush()
    sys.stderr.flush()
    words = said.read_text("utf-8", "replace")
    new = _names(folder) - before
    hidden = [name for name in new if "swinx2s-new" in name or "swinx2s-old" in name]
    if code == UNEXPECTED or "Traceback (most recent" in words or "Unexpected error" in words:
        found = re.search(r"Unexpected error: .*|\w+Error: .*", words)
        return "exception", (found[0] if found else words[-90:])[:90], words + _crash_log(words)
    if _OUT_OF_MEMORY.search(words):
        return "memory", words[-90:], words
    if hidden or (code != 0 and not target.resumes and any(name.partition("/")[0] == OUT for name in new)):
        return "partial output", sorted(new)[0], str(sorted(new))
    if code not in (0, *_CODES):
        return "exit code", str(code), words
    return (READ if code == 0 else REFUSED), "", ""


def _crash_log(words: str) -> str:
    found = re.search(r"log file (\S+\.log)", words)
    return Path(found[1]).read_text("utf-8", "replace") if found and Path(found[1]).is_file() else ""


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _place() -> str:
    """Return where the exception of now left the library."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [frame for frame in frames if "SwinX2SLib" in frame.filename] or frames[-1:]
    return f"{ours[-1].filename.partition('SwinX2SLib/')[2] or ours[-1].filename}:{ours[-1].lineno}"


def serve(numbers: list[int], seed: int, plan: list[Target], seeds: Seeds, work: Path, pipe: int) -> None:
    """Take inputs one after the other and say what became of each; runs in a forked process."""
    said = work / "said.txt"
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    descriptor = os.open(said, os.O_CREAT | os.O_RDWR | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    unexpected = stand_in()
    temporary = work / "tmp"
    tempfile.tempdir = str(temporary)
    os.environ["TMPDIR"] = str(temporary)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY_BYTES, used + MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number in numbers:
        target = plan[number % len(plan)]
        for folder in (work / "input", temporary):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
        os.chdir(work)
        os.truncate(said, 0)
        path, rng = place_input(seed, number, target, seeds, work / "input")
        os.write(pipe, (json.dumps([number]) + "\n").encode())
        outcome, words, example = attempt(target, work / "input", path, rng, said, unexpected)
        stays = [name for name in _names(temporary) if not name.endswith(".log")]
        if outcome in (READ, REFUSED) and stays:
            outcome, words = "temporary files", re.sub(r"\w{8}(?=/|$)", "*", stays[0])
        os.write(pipe, (json.dumps([number, outcome, words, example[-4000:]]) + "\n").encode())


def fuzz(
    numbers: list[int], seed: int, plan: list[Target], seeds: Seeds, limit_s: float, minutes: float
) -> Outcomes:
    """Give inputs to forked processes, one after the other, and return what became of them until the time is over.

    A request to end (`kill`) or Ctrl-C ends it early, too.
    """
    outcomes, waiting = Outcomes(), list(numbers)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        work = Path(folder) / "work"
        work.mkdir()
        shutil.copy(seeds.folder / "labels" / "labels.nii.gz", work / "labels.nii.gz")
        end = time.monotonic() + 60 * minutes
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            while waiting and time.monotonic() < end:
                done = _one_process(waiting[:INPUTS_OF_A_PROCESS], seed, plan, seeds, work, limit_s, outcomes)
                waiting = waiting[done:]
                print(f"{len(numbers) - len(waiting)} inputs", file=sys.stderr, flush=True)
    return outcomes


def _one_process(
    numbers: list[int],
    seed: int,
    plan: list[Target],
    seeds: Seeds,
    work: Path,
    limit_s: float,
    outcomes: Outcomes,
) -> int:
    """Return how many inputs a process took until its end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        code = 1
        with contextlib.suppress(BaseException):
            serve(numbers, seed, plan, seeds, work, writing)
            code = 0
        os._exit(code)
    os.close(writing)
    buffer, done, started, began = b"", 0, None, _cpu_seconds(pid)
    end = ""
    while not end:
        ready, _, _ = select.select([reading], [], [], 1.0)
        block = os.read(reading, 1 << 20) if ready else b""
        if not ready:
            if _cpu_seconds(pid) > began + limit_s:
                end = f"more than {limit_s:g} s"
                os.kill(pid, signal.SIGKILL)
            continue
        if not block:
            end = "end"
        *lines, buffer = (buffer + block).split(b"\n")
        for line in lines:
            number, *said = json.loads(line)
            name = plan[number % len(plan)].name
            if said:
                outcomes.add(number, name, *said)
                outcomes.seconds[name] += _cpu_seconds(pid) - began
            done, started = (done + 1, None) if said else (done, number)
            began = _cpu_seconds(pid)
    os.close(reading)
    status = os.waitpid(pid, 0)[1]
    if started is not None:
        what = "hang" if end != "end" else "end of the process"
        outcomes.add(
            started, plan[started % len(plan)].name, what, end if what == "hang" else f"status {status}"
        )
        done += 1
    elif done < len(numbers):
        raise RuntimeError(f"The process of the inputs {numbers[done]} and later ended with status {status}.")
    return done


def _cpu_seconds(pid: int) -> float:
    """Return the time of the processor that a process has taken; others on the machine do not count."""
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def table(outcomes: Outcomes, targets: list[Target]) -> str:
    """Return the counts as Markdown."""
    rows, total = [], Counter()
    for target in targets:
        counts = outcomes.counts[target.name]
        total.update(counts)
        rows.append((target.name, counts))
    lines = ["| reader or command | inputs | read | refused in words | defects |", "|---|---|---|---|---|"]
    for name, counts in [*rows, ("**all**", total)]:
        defects = counts.total() - counts[READ] - counts[REFUSED]
        lines.append(f"| {name} | {counts.total()} | {counts[READ]} | {counts[REFUSED]} | {defects} |")
    return "\n".join(lines)


def _import_all() -> None:
    """Import the library and what it uses, once for all processes."""
    for module in pkgutil.walk_packages(SwinX2SLib.__path__, "SwinX2SLib."):
        if ".slicerui" not in module.name and not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("nibabel", "pydicom.pixels", "reportlab.platypus", "highdicom", "trimesh.exchange.load"):
        importlib.import_module(name)
    PIL.Image.init()


def _made_seeds(targets: list[Target]) -> Seeds:
    """Make the seeds in a process of its own: what it starts (threads, decoders) is not inherited by the forks."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-seeds-"))
    names = {target.seed for target in targets} | {"labels"}
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            make_seeds(folder, names)
            code = 0
        except BaseException:
            traceback.print_exc()
        os._exit(code)
    if os.waitpid(pid, 0)[1]:
        raise RuntimeError("The undamaged files could not be made.")
    files = {
        name: {
            path.relative_to(folder / name).as_posix(): path.read_bytes()
            for path in sorted((folder / name).rglob("*"))
            if path.is_file()
        }
        for name in sorted(names)
    }
    pool = tuple(content for of_seed in files.values() for content in of_seed.values())
    return Seeds(folder, files, pool)


def main() -> int:
    """Print the table and the defects; return 1 when there is any."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit-s", type=float, default=30.0)
    parser.add_argument("--minutes", type=float, default=600.0, help="take no more inputs after this time")
    parser.add_argument("--of", default="*", help="pattern of the names of readers and commands")
    parser.add_argument("--input", type=int, help="repeat this input here, with its traceback")
    parser.add_argument(
        "--undamaged", action="store_true", help="read every file as it is: what is refused then?"
    )
    parser.add_argument("--times", action="store_true", help="print how long each target took")
    parser.add_argument("--keep", type=Path, help="with --input: folder that receives its files")
    options = parser.parse_args()
    targets = [
        target
        for target in all_targets()
        if any(fnmatch.fnmatch(target.name, p) for p in options.of.split(","))
    ]
    plan, start = planned(targets), time.perf_counter()
    if options.count > INPUTS_OF_A_PROCESS and options.input is None:
        _import_all()
    seeds = _made_seeds(targets)
    try:
        if options.undamaged:
            return _read_undamaged(targets, seeds)
        if options.input is not None:
            return _repeat(options, plan, seeds)
        print(
            f"{len(targets)} targets, seeds in {time.perf_counter() - start:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        numbers = list(range(options.first, options.first + options.count))
        outcomes = fuzz(numbers, options.seed, plan, seeds, options.limit_s, options.minutes)
    finally:
        shutil.rmtree(seeds.folder)
    print(table(outcomes, targets))
    if options.times:
        for name, seconds in outcomes.seconds.most_common():
            print(f"{seconds:8.1f} s {1000 * seconds / outcomes.counts[name].total():8.0f} ms {name}")
    for words, (found, example) in sorted(outcomes.defects.items()):
        print(
            f"\n{words}\n  {len(found)} inputs: {', '.join(map(str, found[:8]))}\n"
            + "\n".join(example.splitlines()[-14:])
        )
    count, seconds = sum(counts.total() for counts in outcomes.counts.values()), time.perf_counter() - start
    print(f"{count} inputs in {seconds:.0f} s, {len(outcomes.defects)} kinds of defects")
    return int(bool(outcomes.defects))


def _read_undamaged(targets: list[Target], seeds: Seeds) -> int:
    """Give every target each file of its seed undamaged; print what is not read well."""
    refused = 0
    unexpected = stand_in()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "input")
        shutil.copy(seeds.folder / "labels" / "labels.nii.gz", place)
        for target, name in [(each, name) for each in targets for name in victims(each, seeds)]:
            shutil.rmtree(folder, ignore_errors=True)
            place_files(target, seeds, folder)
            words: object = None
            try:
                code = target.run(folder, folder / name, np.random.default_rng(0))
                words = code if target.is_command and code else None
            except WorkReached:
                pass
            except (InputError, DecodeError) as error:
                words = error
            if words is not None or unexpected:
                refused += 1
                print(f"{target.name}: {name}: {words} {unexpected}", flush=True)
                unexpected.clear()
    return int(bool(refused))


def _repeat(options: argparse.Namespace, plan: list[Target], seeds: Seeds) -> int:
    target = plan[options.input % len(plan)]
    folder = options.keep or Path(tempfile.mkdtemp(prefix="fuzz-input-"))
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(seeds.folder / "labels" / "labels.nii.gz", folder.parent / "labels.nii.gz")
    path, rng = place_input(options.seed, options.input, target, seeds, folder)
    print(f"{target.name}: {path}", flush=True)
    unexpected = stand_in()
    with contextlib.suppress(WorkReached):
        print(target.run(folder, path, rng), *unexpected)
    return 0


if __name__ == "__main__":
    sys.exit(main())
