"""The command `swinx2s batch`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from SwinX2SLib.cli.parsing import add_command, first_few, usage_error
from SwinX2SLib.cli.reconstruct import add_model_options, add_radiograph_options, job_of_arguments
from SwinX2SLib.errors import DONE, EXIT_CODES, SOME_FAILED, InputError
from SwinX2SLib.reconstruct.job import Job

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.backends import Backend

    pass


if TYPE_CHECKING:
    from SwinX2SLib.parallel import Failure
    from SwinX2SLib.reconstruct.batch import BatchCase, BatchResult
    from SwinX2SLib.reconstruct.batch.run import BatchProgress
    from SwinX2SLib.reconstruct.batch.summary import CaseOutcome
    from SwinX2SLib.reconstruct.job import Job


_DESCRIPTION = """\
Reconstruct many pairs of a frontal and a lateral radiograph.

SOURCE is a table or a folder.

table: CSV with one row per pair and the columns case, ap, lateral. Optional columns: spacing_mm, magnification,
source_to_detector_mm, source_to_patient_mm, ap_view, lateral_offset_mm. The same size columns with the prefix ap_ or
lateral_, and crop, rotate, flip, invert (yes, no) and ignore_orientation (yes, no) with a prefix, apply to one
radiograph. They have the meaning of the options with these names. Paths are relative to the table. Empty cells use
the value of the option.

folder: files named NAME_ap (or pa, frontal, coronal) and NAME_lateral (or lat, sagittal) are the case NAME. DICOM
files are paired by study, however deep their folders lie (as of a PACS or CD). Two other radiographs in a sub-folder
are one case, named after it. The frontal radiograph is identified from DICOM View Position or View Code, the
orientation in the header, or the file name. Objects without a picture, such as dose reports, are skipped."""
_NOTES = """\
DIR receives one folder per case, as written by `swinx2s reconstruct`, and batch.csv: case, status, seconds, bones
found, mean expected Dice, warnings. With --measure each case also has a folder measurements, and measurements.csv
contains the values of all cases.

Every problem of the table is reported before the work starts. What cannot be read or paired in a folder is reported
and stops no pair. Then all radiographs are read, and those that cannot be used are reported. A case that fails does
not stop the others. After an interruption the same command resumes: finished cases are kept while their
radiographs, the options and the weights are unchanged."""
_EXAMPLES = (
    "swinx2s batch pairs.csv --out results --measure",
    "swinx2s batch radiographs --out results --spacing-mm 0.2",
    "swinx2s batch radiographs --out results --check",
)
_MOST_TOLD = 20


def add_batch_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `batch`."""
    codes = {**EXIT_CODES, SOME_FAILED: "some cases failed; the others were completed"}
    parser = add_command(
        subparsers, "batch", _DESCRIPTION, notes=_NOTES, examples=_EXAMPLES, codes=codes, resumable=True
    )
    parser.add_argument(
        "source", type=Path, metavar="TABLE.csv|FOLDER", help="table or folder of radiograph pairs"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="output folder: new, empty, or from an interrupted run",
    )
    parser.add_argument("--measure", action="store_true", help="also measure the bones of every case")
    parser.add_argument(
        "--check", action="store_true", help="only read all radiographs and report pairs and problems"
    )
    parser.add_argument(
        "--json", action="store_true", help="report progress and results as JSON lines on standard output"
    )
    parser.add_argument(
        "--parent", type=int, metavar="PID", help="stop when this process ends (default: none)"
    )
    add_radiograph_options(parser)
    add_model_options(parser)
    parser.set_defaults(func=run_batch_command)


def run_batch_command(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code.

    Raises:
        InputError: all faults of the table or the folder, the device, the weights and the output folder.
        Cancelled: it was stopped; what is finished is kept.
    """
    from SwinX2SLib.reconstruct.worker import claim_standard_output, end_with_parent, stop_on_signals

    try:
        settings = _settings(arguments)
    except ValueError as error:
        return usage_error(arguments.parser, str(error).splitlines())
    stop_on_signals()
    cases, unpaired = _cases(arguments.source, settings)
    write_line = None
    if arguments.parent is not None:
        end_with_parent(arguments.parent)
    if arguments.json:
        events = claim_standard_output()

        def write_line(line: str) -> None:
            print(line, file=events, flush=True)

    for outcome in unpaired:
        _report_unpaired(outcome, write_line)
    code = (_check if arguments.check else _run)(arguments, cases, settings, write_line)
    return SOME_FAILED if unpaired else code


def _report_unpaired(outcome: CaseOutcome, write_line: Callable[[str], None] | None) -> None:
    from SwinX2SLib.reconstruct.batch.summary import encode_case

    if write_line is not None:
        write_line(encode_case(outcome))
    elif outcome.failure is not None:
        print(f"Not used: {' '.join(outcome.failure.message.split())}", file=sys.stderr)


def _settings(arguments: argparse.Namespace) -> Job:
    """Return a job that holds what holds for all pairs."""
    given = argparse.Namespace(**vars(arguments))
    given.ap = given.lateral = arguments.source
    given.overwrite = True
    return job_of_arguments(given)


def _cases(source: Path, settings: Job) -> tuple[list[BatchCase], list[CaseOutcome]]:
    """Return the pairs, and what of a folder cannot be read or paired."""
    from SwinX2SLib.reconstruct.batch import read_batch_table, read_folder
    from SwinX2SLib.reconstruct.batch.cases import RadiographDefaults
    from SwinX2SLib.reconstruct.batch.summary import CaseOutcome

    unpaired: list[CaseOutcome] = []
    defaults = RadiographDefaults(
        settings.ap_options, settings.lateral_options, settings.ap_view, settings.lateral_offset_mm
    )
    if source.is_dir():
        found = read_folder(source, defaults)
        cases, others = found.cases, found.passed_over
        unpaired = [CaseOutcome.unpaired(fault, source.absolute()) for fault in found.faults]
        heading = "Skipped, not radiographs"
    else:
        cases, others = read_batch_table(source, defaults)
        heading = "Unused columns"
    if others:
        more = f" and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
        print(f"{heading}: {', '.join(others[:_MOST_TOLD])}{more}.", file=sys.stderr)
    return cases, unpaired


def _run(
    arguments: argparse.Namespace,
    cases: list[BatchCase],
    settings: Job,
    write_line: Callable[[str], None] | None,
) -> int:
    from SwinX2SLib.parallel import ConsoleProgress
    from SwinX2SLib.reconstruct.batch.run import BatchProgress, run_batch
    from SwinX2SLib.reconstruct.batch.worker import reconstruct_pair

    work = reconstruct_and_measure if arguments.measure else reconstruct_pair
    if write_line is None:
        with (
            ConsoleProgress("Reading radiographs") as checking,
            ConsoleProgress("Reconstructing") as reconstructing,
        ):
            progress = BatchProgress(checking, reconstructing)
            result = run_batch(
                cases, arguments.out, settings, measure=arguments.measure, progress=progress, work=work
            )
        _print_summary(result)
    else:
        progress = _events(cases, arguments.out, write_line)
        result = run_batch(
            cases, arguments.out, settings, measure=arguments.measure, progress=progress, work=work
        )
        _print_result(result, write_line)
    return SOME_FAILED if result.failed else DONE


def _events(cases: list[BatchCase], out: Path, write_line: Callable[[str], None]) -> BatchProgress:
    from SwinX2SLib.reconstruct.batch.run import BatchProgress, case_outcome
    from SwinX2SLib.reconstruct.batch.summary import CHECKED, EventReporter

    known = {case.key: case for case in cases}
    out = out.absolute()

    def failed_only(key: str, failure: Failure | None) -> CaseOutcome | None:
        return None if failure is None else case_outcome(known[key], out, failure)

    def every(key: str, failure: Failure | None) -> CaseOutcome:
        return case_outcome(known[key], out, failure)

    return BatchProgress(
        EventReporter(write_line, "Reading radiographs", 0.0, CHECKED, failed_only),
        EventReporter(write_line, "Reconstructing", CHECKED, 1.0, every),
    )


def _print_result(result: BatchResult, write_line: Callable[[str], None]) -> None:
    from SwinX2SLib.reconstruct.batch.summary import encode_case
    from SwinX2SLib.reconstruct.protocol import Result, encode

    # All of them again, since those that were kept have not been reported.
    for outcome in result.outcomes:
        write_line(encode_case(outcome))
    write_line(encode(Result({"table": str(result.table)}, (_summary(result),))))


def _check(
    arguments: argparse.Namespace,
    cases: list[BatchCase],
    settings: Job,
    write_line: Callable[[str], None] | None,
) -> int:
    from SwinX2SLib.parallel import ConsoleProgress
    from SwinX2SLib.reconstruct.batch.run import check_radiographs
    from SwinX2SLib.reconstruct.batch.summary import CaseOutcome, EventReporter, encode_case
    from SwinX2SLib.reconstruct.protocol import Result, encode

    if write_line is None:
        with ConsoleProgress("Reading radiographs") as progress:
            failed = check_radiographs(cases, settings, progress)
    else:
        failed = check_radiographs(
            cases, settings, EventReporter(write_line, "Reading radiographs", 0.0, 1.0, lambda *_: None)
        )
    failures = {failure.key: failure for failure in failed}
    for outcome in (CaseOutcome.ready(case, failures.get(case.key)) for case in cases):
        if write_line is not None:
            write_line(encode_case(outcome))
        else:
            words = outcome.failure.message if outcome.failure is not None else outcome.warnings[0]
            print(f"{outcome.case}: {' '.join(words.split())}")
    if write_line is not None:
        words = f"{len(cases) - len(failed)} of {len(cases)} pairs are usable."
        write_line(encode(Result({}, (words,))))
    return SOME_FAILED if failed else DONE


def _print_summary(result: BatchResult) -> None:
    failed = [
        f"failed {outcome.case}: {outcome.failure.message}"
        for outcome in result.failed
        if outcome.failure is not None
    ]
    for line in first_few(failed, _MOST_TOLD):
        print(line, file=sys.stderr)
    print(_summary(result))
    print(result.table)


def _summary(result: BatchResult) -> str:
    done = len(result.outcomes) - len(result.failed)
    kept = f" ({result.kept} from an earlier run)" if result.kept else ""
    failed = f"; {len(result.failed)} failed" if result.failed else ""
    return f"{done} of {len(result.outcomes)} cases reconstructed{kept}{failed}."


def reconstruct_and_measure(payload: Mapping[str, Any], backend: Backend | None = None) -> dict[str, Any]:
    """Reconstruct a pair and measure its bones; runs in a separate process.

    Args:
        payload: of `reconstruct.batch.run`.
        backend: makes the reconstructor; PyTorch, loaded once for all pairs, unless another is given.

    Raises:
        InputError: all faults of the radiographs, or the result could not be written.
    """
    from SwinX2SLib.reconstruct.batch.worker import reconstruct_pair

    result = reconstruct_pair(payload, *([backend] if backend else []))
    _measure(Path(payload["out"]), payload["case"])
    return result


def _measure(folder: Path, title: str) -> None:
    from SwinX2SLib.report.measurements.write import MEASUREMENTS_FOLDER, MeasureJob, run_measuring

    try:
        run_measuring(MeasureJob(folder, folder / MEASUREMENTS_FOLDER, title=title))
    except InputError as error:
        # A pair of radiographs without a bone is reconstructed; there is nothing to measure.
        if {fault.kind for fault in error.faults} != {"no-bones"}:
            raise
