"""One evaluation from its inputs to its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.evaluation.case import CaseEvaluation, evaluation_text, measurements_table, scores_table
from SwinX2SLib.evaluation.evaluate import evaluate_inputs
from SwinX2SLib.evaluation.inputs import Inputs, read_inputs
from SwinX2SLib.evaluation.options import EvaluationOptions
from SwinX2SLib.evaluation.surfaces import compared_surfaces, write_surfaces
from SwinX2SLib.io.atomic_output import atomic_result, output_faults, remove_stale
from SwinX2SLib.io.csv_tables import for_spreadsheets

FILES = {
    "evaluation": "evaluation.json",
    "table": "evaluation.csv",
    "measurements": "measurements.csv",
    "page": "index.html",
}
SURFACES_FILE = "surfaces.npz"
"""Written where it is asked for."""
_ALL_FILES = (*FILES.values(), SURFACES_FILE)
# Excel takes a CSV file for UTF-8 only with this mark in front.


@dataclass(frozen=True)
class EvaluateJob:
    """What to evaluate.

    Attributes:
        prediction: label volume, or the folder of a result.
        truth: label volume.
        options: how.
        out: folder to write, or None for none.
        overwrite: whether an earlier result may be replaced.
        surfaces: whether the surfaces with their distances are written, too.
    """

    prediction: Path
    truth: Path
    options: EvaluationOptions = field(default_factory=EvaluationOptions)
    out: Path | None = None
    overwrite: bool = False
    surfaces: bool = False


def run_evaluating(job: EvaluateJob, report: Callable[[str], None] = lambda message: None) -> CaseEvaluation:
    """Read, compare and write, atomically.

    Args:
        job: what to do.
        report: called with a description of the current phase.

    Raises:
        InputError: all faults of the inputs and of the output folder.
        OutputError: the result could not be written.
    """
    inputs = _checked_inputs(job)
    report(f"Comparing {', '.join(inputs.groups)}")
    evaluation = evaluate_inputs(inputs, job.prediction, job.truth, job.options)
    if job.out is not None:
        report("Writing the report")
        _write(job, job.out, evaluation, inputs)
    return evaluation


def _checked_inputs(job: EvaluateJob) -> Inputs:
    """Read everything before any work, so that every problem is listed together."""
    faults: list[Fault] = []
    inputs = None
    try:
        inputs = read_inputs(job.prediction, job.truth, job.options)
    except InputError as error:
        faults += error.faults
    if job.out is not None:
        remove_stale(job.out, _ALL_FILES)
        faults += output_faults(job.out, _ALL_FILES, job.overwrite)
    if inputs is None or faults:
        raise InputError(faults)
    return inputs


def _write(job: EvaluateJob, out: Path, evaluation: CaseEvaluation, inputs: Inputs) -> None:
    from SwinX2SLib.report.evaluation.page import write_case_page

    texts = {
        "evaluation": evaluation_text(evaluation),
        "table": scores_table(evaluation),
        "measurements": measurements_table(evaluation),
    }
    with atomic_result(out, _ALL_FILES, job.overwrite, "result") as folder:
        for role, text in texts.items():
            # A file name that is no UTF-8 is written with its odd bytes escaped.
            (folder / FILES[role]).write_bytes(
                text.encode("utf-8", "backslashreplace") if role == "evaluation" else for_spreadsheets(text)
            )
        write_case_page(evaluation, inputs.own_prediction, inputs.own_truth, folder / FILES["page"])
        if job.surfaces:
            surfaces = compared_surfaces(inputs.own_prediction, inputs.own_truth, inputs.labels)
            with (folder / SURFACES_FILE).open("wb") as stream:
                write_surfaces(stream, surfaces)
