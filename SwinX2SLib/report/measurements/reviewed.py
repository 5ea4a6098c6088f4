"""The report of reviewed measurements: current values, what was edited, who signed."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError, install_hint
from SwinX2SLib.io.atomic_output import atomic_result, output_faults, remove_stale
from SwinX2SLib.measurements.editing import EditableMeasurements
from SwinX2SLib.measurements.reading import ReadOptions, SubjectBones, read_subject
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.stored import (
    Review,
    digest_of,
    holds,
    measured_digest,
    measured_document,
    review_words,
)
from SwinX2SLib.measurements.writing import table_text
from SwinX2SLib.report.measurements.page import PageReview, page_values
from SwinX2SLib.report.naming import number_words
from SwinX2SLib.report.templates import render_page

FILES = {
    "measurements": "measurements.json",
    "table": "measurements.csv",
    "page": "measurements.html",
    "pdf": "measurements.pdf",
}
_HINT = "Use a measurements.json written by swinx2s measure or by the Slicer module."


@dataclass(frozen=True)
class ReportJob:
    """What to report.

    Attributes:
        document: `measurements.json`, with the edits and the review that were made to it.
        segmentation: the bones, for the pictures.
        out: folder to write.
        title: of the report.
        overwrite: whether an earlier report may be replaced.
    """

    document: Path
    segmentation: Path
    out: Path
    title: str = ""
    overwrite: bool = False


def run_report(job: ReportJob, say: Callable[[str], None] = lambda message: None) -> dict[str, Path]:
    """Write table, page and PDF of current measurements, atomically.

    Returns:
        The files by role; without PDF if its package is not installed; a message says so.

    Raises:
        InputError: all faults of the inputs and of the output folder.
        OutputError: the report could not be written.
    """
    edited, subject = _checked_inputs(job)
    say("Creating the figures")
    present = {key: edited.reviewed(key) for key in edited.keys}
    measured: dict[str, list[Measurement]] = {}
    for one in present.values():
        measured.setdefault(one.stored.region, []).append(one.present)
    content = edited.document.content
    marks = {id(one.present): _edited_words(one.stored.computed) for one in present.values() if one.is_edited}
    review, digest = (
        Review.from_dict(content.get("review")),
        digest_of(measured_digest(content["measurements"]), edited.edits),
    )
    state = PageReview(review_words(review, digest), holds(review, digest), marks)
    values = page_values(measured, subject.bones, content["provenance"], job.title, state)
    texts = {
        "measurements": (json.dumps(dict(content), indent=1, ensure_ascii=False) + "\n").encode("utf-8"),
        "table": table_text(measured).encode("utf-8-sig"),
        "page": render_page("measurements.html.jinja", **values).encode("utf-8", errors="backslashreplace"),
    }
    if importlib.util.find_spec("reportlab") is None:
        say(f"No PDF is written: reportlab is not installed. {install_hint('pdf')} Or print the HTML report")
    else:
        from SwinX2SLib.report.measurements.pdf import measurements_pdf

        say("Writing the PDF")
        texts["pdf"] = measurements_pdf(values)
    _write(job, texts)
    return {role: job.out.resolve() / FILES[role] for role in texts}


def _edited_words(computed: Measurement) -> str:
    if computed.value is None:
        return "edited"
    return f"edited; computed {number_words(computed.value, computed.unit)}"


def _checked_inputs(job: ReportJob) -> tuple[EditableMeasurements, SubjectBones]:
    faults: list[Fault] = []
    edited = subject = None
    try:
        text = job.document.read_text(encoding="utf-8")
        edited = EditableMeasurements(measured_document(text))
    except InputError as error:
        faults += error.faults
    except (OSError, UnicodeDecodeError) as error:
        message = f"The measurements cannot be read ({error})."
        faults.append(Fault("measurements-unreadable", message, _HINT, str(job.document)))
    try:
        subject = read_subject(job.segmentation, ReadOptions(None, True))
    except InputError as error:
        faults += error.faults
    if edited is not None and subject is not None:
        missing = {key[0] for key in edited.geometry.measurements} - {"pelvis", "spine", *subject.bones}
        if missing:
            message = f"Measured bones are missing in the segmentation: {', '.join(sorted(missing)[:5])}."
            faults.append(
                Fault(
                    "other-bones", message, "Use the segmentation that was measured.", str(job.segmentation)
                )
            )
    remove_stale(job.out, FILES.values())
    faults += output_faults(job.out, FILES.values(), job.overwrite)
    if edited is None or subject is None or faults:
        raise InputError(faults)
    return edited, subject


def _write(job: ReportJob, texts: dict[str, bytes]) -> None:
    with atomic_result(job.out, FILES.values(), job.overwrite, "report") as folder:
        for role, content in texts.items():
            (folder / FILES[role]).write_bytes(content)
