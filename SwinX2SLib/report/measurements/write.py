"""One measuring from its inputs to its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.frames import voxel_spacing_mm
from SwinX2SLib.io.atomic_output import atomic_result, output_faults, remove_stale
from SwinX2SLib.io.csv_tables import for_spreadsheets
from SwinX2SLib.io.label_volumes import read_uncertainty
from SwinX2SLib.io.provenance import is_frontal_only
from SwinX2SLib.measurements import label_intervals
from SwinX2SLib.measurements.bone_motions import FILE as SAMPLES
from SwinX2SLib.measurements.bone_motions import BoneMotions
from SwinX2SLib.measurements.bones import Bone, bones_from_labels
from SwinX2SLib.measurements.label_sampling import METHOD, interval_words, sampled_labels, with_intervals
from SwinX2SLib.measurements.measure import REGIONS, measure_subject
from SwinX2SLib.measurements.motion_intervals import METHOD as MOTION_METHOD
from SwinX2SLib.measurements.motion_intervals import with_motion_intervals
from SwinX2SLib.measurements.quality_flags import without_depths
from SwinX2SLib.measurements.reading import ReadOptions, SubjectBones, read_subject
from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.measurements.writing import document_text, markups_text, table_text
from SwinX2SLib.reconstruct.verdict import KEY, Verdict
from SwinX2SLib.report.findings import recorded_verdict
from SwinX2SLib.report.measurements.page import measurements_page
from SwinX2SLib.report.naming import REGION_TITLES
from SwinX2SLib.version import __version__

MEASUREMENTS_FOLDER = "measurements"
FILES = {
    "measurements": "measurements.json",
    "table": "measurements.csv",
    "landmarks": "landmarks.mrk.json",
    "page": "measurements.html",
}
# Excel takes a CSV file for UTF-8 only with this mark in front.
Measured = dict[str, list[Measurement]]


@dataclass(frozen=True)
class MeasureJob:
    """What to measure.

    Attributes:
        segmentation: file or folder (see `reading.read_subject`).
        out: folder to write.
        only: regions of `person.REGIONS`.
        samples: further segmentations of the same person.
        uncertainty: map on the grid of the segmentation, or None.
        draws: label volumes drawn from that map.
        reading: how to read.
        title: of the page.
        overwrite: whether an earlier result may be replaced.
        with_page: whether the page with its pictures is drawn, which takes longer than the measuring.
    """

    segmentation: Path
    out: Path
    only: tuple[str, ...] = REGIONS
    samples: tuple[Path, ...] = ()
    uncertainty: Path | None = None
    draws: int = 10
    reading: ReadOptions = field(default_factory=ReadOptions)
    title: str = ""
    overwrite: bool = False
    with_page: bool = True


def run_measuring(
    job: MeasureJob,
    report: Callable[[str], None] = lambda message: None,
    notify: Callable[[str], None] = lambda note: None,
) -> dict[str, Path]:
    """Read, measure and write, atomically.

    Args:
        job: what to do.
        report: called with a description of the current phase.
        notify: called with each note of the segmentation, which is also written.

    Returns:
        The files that were written by role, of `FILES`.

    Raises:
        InputError: all faults of the inputs and of the output folder.
        OutputError: the result could not be written.
    """
    subject, uncertainty, motions = _checked_inputs(job)
    for note in subject.notes:
        notify(note)
    report(f"Measuring {len(subject.bones)} bones")
    measured = measure_subject(subject.bones, job.only, report)
    samples = [measure_subject(bones, job.only) for bones in _samples(job, subject, uncertainty, report)]
    if samples:
        # A further segmentation stands next to the first; a drawn one comes from it.
        against = samples if uncertainty is not None else [measured, *samples]
        measured = {
            region: with_intervals(found, [sample[region] for sample in against])
            for region, found in measured.items()
        }
    elif motions is not None:
        measured = with_motion_intervals(measured, subject.bones, motions)
    elif not subject.is_reconstruction:
        measured = label_intervals.with_label_intervals(measured, subject.bones)
    if is_frontal_only(job.segmentation):
        measured = without_depths(measured)
    verdict = recorded_verdict(job.segmentation)
    if verdict is not None and verdict.alarm:
        measured = {
            region: [one.flagged([verdict.alarm]) for one in found] for region, found in measured.items()
        }
    provenance = _provenance(job, subject, len(samples) + (uncertainty is None), motions, verdict)
    report("Writing the report" if job.with_page else "Writing")
    written = _write(job, measured, subject.bones, provenance)
    return {role: job.out.resolve() / FILES[role] for role in written}


def _checked_inputs(job: MeasureJob) -> tuple[SubjectBones, np.ndarray | None, BoneMotions | None]:
    """Read everything once before any work, so that every problem is listed together.

    Returns:
        The bones; the uncertainty map if one is given; the samples of the skeleton if a result is measured that has
        any, and no other samples are given.
    """
    faults: list[Fault] = []
    subject = _try_reading(job.segmentation, job.reading, faults)
    uncertainty = None
    if job.uncertainty is not None and subject is not None:
        if subject.volume is None:
            message = "An uncertainty map requires a label volume, but the segmentation consists of meshes."
            faults.append(
                Fault("grid-mismatch", message, "Remove the uncertainty map.", str(job.uncertainty))
            )
        else:
            try:
                uncertainty = read_uncertainty(job.uncertainty, subject.volume)
            except InputError as error:
                faults += error.faults
    motions = None
    has_others = bool(job.samples) or job.uncertainty is not None
    if subject is not None and not has_others and (job.segmentation / SAMPLES).is_file():
        try:
            motions = BoneMotions.read(job.segmentation / SAMPLES)
        except InputError as error:
            faults += error.faults
    for path in job.samples:
        # Kept no longer than this check: many large volumes need not lie in memory at once.
        _try_reading(path, job.reading, faults)
    remove_stale(job.out, FILES.values())
    faults += output_faults(job.out, FILES.values(), job.overwrite)
    if subject is None or faults:
        raise InputError(faults)
    return subject, uncertainty, motions if motions is not None and motions.count else None


def _try_reading(path: Path, options: ReadOptions, faults: list[Fault]) -> SubjectBones | None:
    try:
        return read_subject(path, options)
    except InputError as error:
        faults += error.faults
        return None


def _samples(
    job: MeasureJob, subject: SubjectBones, uncertainty: np.ndarray | None, report: Callable[[str], None]
) -> Iterator[dict[str, Bone]]:
    for number, path in enumerate(job.samples, start=1):
        report(f"Measuring sample {number} of {len(job.samples)}")
        yield read_subject(path, job.reading).bones
    volume = subject.volume
    if uncertainty is None or volume is None:
        return
    drawn = sampled_labels(volume.labels, volume.affine, uncertainty, job.draws, _seed(subject))
    for number, labels in enumerate(drawn, start=1):
        report(f"Measuring sampled volume {number} of {job.draws}")
        yield bones_from_labels(labels, volume.affine)


def _seed(subject: SubjectBones) -> int:
    """Return a seed that is the same whenever the same file is measured."""
    return int(subject.sha256[:8], 16)


def _provenance(
    job: MeasureJob,
    subject: SubjectBones,
    samples: int,
    motions: BoneMotions | None,
    verdict: Verdict | None,
) -> dict[str, Any]:
    intervals: dict[str, Any] | None = None
    if not subject.is_reconstruction:
        intervals = {"percentiles": label_intervals.WORDS, "source": label_intervals.METHOD, "samples": 0}
    if motions is not None:
        intervals = {"percentiles": interval_words(motions.count), "source": MOTION_METHOD}
        intervals |= {"samples": motions.count, "files": [str(job.segmentation / SAMPLES)]}
    if job.samples or job.uncertainty is not None:
        source = "the segmentation and further segmentations of the same person" if job.samples else METHOD
        intervals = {"percentiles": interval_words(samples), "source": source, "samples": samples}
        intervals |= {"files": [str(path) for path in job.samples]}
        if job.uncertainty is not None:
            intervals |= {"files": [str(job.uncertainty)], "seed": _seed(subject)}
    volume = subject.volume
    return {
        "program": {"name": "SwinX2S", "version": __version__},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "segmentation": {
            "path": str(subject.path),
            "sha256": subject.sha256,
            "kind": "meshes" if volume is None else "labels",
            "spacing_mm": None if volume is None else voxel_spacing_mm(volume.affine).tolist(),
            "bones": list(subject.bones),
            "notes": list(subject.notes),
            KEY: None if verdict is None else verdict.to_json(),
        },
        "regions": list(job.only),
        "intervals": intervals,
    }


def _write(
    job: MeasureJob, measured: Measured, bones: dict[str, Bone], provenance: dict[str, Any]
) -> list[str]:
    """Write the files, atomically, and return their roles."""
    texts = {
        "measurements": document_text(measured, provenance),
        "table": table_text(measured),
        "landmarks": markups_text(measured),
    }
    if job.with_page:
        texts["page"] = measurements_page(measured, bones, provenance, job.title)
    with atomic_result(job.out, FILES.values(), job.overwrite, "result") as folder:
        for role, text in texts.items():
            # A file name that is no UTF-8 is written with its odd bytes escaped.
            (folder / FILES[role]).write_bytes(
                for_spreadsheets(text) if role == "table" else text.encode("utf-8", "backslashreplace")
            )
    return list(texts)


@dataclass(frozen=True)
class MeasuredSummary:
    """How much of a person was measured.

    Attributes:
        page: of all measurements, relative to the folder of the result.
        regions: title and numbers of measurements that are good, to be checked and absent.
    """

    page: str
    regions: tuple[tuple[str, int, int, int], ...]


def write_measurements(folder: Path, title: str) -> MeasuredSummary:
    """Measure the bones of a result, write `measurements/` into its folder, and return what was found.

    Args:
        folder: that `inference.run_job` wrote.
        title: of the page.

    Raises:
        InputError: the bones cannot be read, or the folder for the measurements holds other files.
        OutputError: the measurements could not be written.
    """
    out = folder / MEASUREMENTS_FOLDER
    written = run_measuring(MeasureJob(folder, out, title=title, overwrite=True))
    found = json.loads(written["measurements"].read_text(encoding="utf-8"))["measurements"]
    regions = []
    for region, heading in REGION_TITLES.items():
        count = Counter(one["quality"] for one in found if one["region"] == region)
        if count:
            regions.append((heading, count["good"], count["check"], count["absent"]))
    return MeasuredSummary(f"{MEASUREMENTS_FOLDER}/{written['page'].name}", tuple(regions))
