"""The command `swinx2s reconstruct`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from SwinX2SLib.cli.parsing import add_command, add_output, usage_error
from SwinX2SLib.errors import EXIT_CODES
from SwinX2SLib.radiographs.radiograph import FLIPS, ROTATIONS_DEG, Crop, RadiographOptions
from SwinX2SLib.radiographs.registration import AUTOMATIC
from SwinX2SLib.reconstruct.job import AUTO_DEPTH, DEVICES, Job
from SwinX2SLib.reconstruct.protocol import Error, Event, Progress, Result
from SwinX2SLib.reconstruct.variations import VARIATIONS
from SwinX2SLib.reconstruct.verdict import COLOURS, LEGEND, SYMBOLS, Verdict, strip


class ConsoleReport:
    """Prints events to standard error (progress, notes, faults) and standard output (files); a context manager."""

    def __init__(self) -> None:
        self._out, self._err = (
            Console(highlight=False, soft_wrap=True),
            Console(stderr=True, highlight=False, soft_wrap=True),
        )
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        self._bar = Bar(*columns, console=self._err, transient=True, disable=not self._err.is_terminal)
        self._task = self._bar.add_task("", total=1.0)
        self._message = ""

    def __enter__(self) -> ConsoleReport:
        self._bar.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def __call__(self, event: Event) -> None:
        """Report one event."""
        if isinstance(event, Progress):
            self._progress(event)
            return
        self._bar.stop()
        if isinstance(event, Error):
            self._error(event)
        else:
            self._result(event)

    def _progress(self, event: Progress) -> None:
        self._bar.update(self._task, completed=event.fraction, description=event.message)
        # Without a terminal, print one line per phase.
        if not self._err.is_terminal and event.message != self._message:
            self._err.print(escape(event.message))
        self._message = event.message

    def _error(self, event: Error) -> None:
        where = f"{event.path}: " if event.path else ""
        self._err.print(
            f"[bold red]{escape(event.kind)}[/] {escape(where + event.message)} {escape(event.hint)}"
        )

    def _result(self, event: Result) -> None:
        verdict = Verdict.from_json(event.verdict)
        if verdict is not None:
            self._verdict(verdict)
        for note in event.notes:
            if verdict is not None and note == verdict.alarm:
                continue
            self._err.print(f"[yellow]note[/] {escape(note)}")
        for role, path in event.files.items():
            self._out.print(f"{role:<13} {escape(path)}")
        self._err.print(f"{event.seconds.get('total', 0.0):.1f} s")

    def _verdict(self, verdict: Verdict) -> None:
        """Print the line, the picture and what its marks mean."""
        self._err.print(f"[bold]{escape(verdict.line)}[/]")
        shape = strip()
        self._err.print(
            " " * _TITLE + "".join(f"{title[:3]:<{_CELL}}" for title in shape.columns), style="dim"
        )
        for title, names in shape.rows:
            cells = (_cell(verdict.bones[name].verdict if name in verdict.bones else "") for name in names)
            self._err.print(f"{title:<{_TITLE}}" + "".join(cells))
        self._err.print(", ".join(f"{_cell(one).rstrip()} {words}" for one, words in LEGEND.items()))


# Characters of a row's title and of a cell: 27 cells fit into 114 columns.
_TITLE, _CELL = 6, 4


def _cell(verdict: str) -> str:
    """Return a cell with the mark of a verdict as rich markup, or an empty one."""
    if not verdict:
        return " " * _CELL
    paper, ink = COLOURS[verdict]
    return f"[{ink} on {paper}] {SYMBOLS[verdict]} [/] "


_VIEWS = ("ap", "lateral")
_DESCRIPTION = """\
Reconstruct up to 54 bones from a frontal and a lateral radiograph of one person, or, less well, from a frontal one
alone (--single AP).

Radiographs must be in standard display orientation: head up; patient's right on the left of the frontal view (AP or
PA); anterior on the left of the lateral view (otherwise use --flip lateral=h). DICOM files that state the patient
orientation are reoriented automatically; a note in the result says so."""
_NOTES = """\
DIR receives segmentation.seg.nrrd (for 3D Slicer), labels.nii.gz, uncertainty.nii.gz, provenance.json and
skeleton_samples.npz (random skeletons, for the intervals of `swinx2s measure`); with --also-ct also ct.nii.gz.
Output is atomic: either all files are written or none.

Order of operations: crop (in the image as stored), reorientation from the DICOM header, rotation (clockwise),
flip."""
_EXAMPLES = (
    "swinx2s reconstruct ap.dcm lateral.dcm --out result",
    "swinx2s reconstruct ap.png lateral.png --out result --spacing-mm 0.8 --flip lateral=h",
    "swinx2s reconstruct ap.png lateral.png --out result --spacing-mm 0.2,0.25 --crop ap=5%,0%,90%,100%",
    "swinx2s reconstruct --single ap.dcm --out result",
    "swinx2s reconstruct ap.dcm lateral.dcm --out result --also-ct --ct-model run/run.safetensors",
)


def add_reconstruct_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register `reconstruct`."""
    parser = add_command(
        subparsers, "reconstruct", _DESCRIPTION, notes=_NOTES, examples=_EXAMPLES, codes=EXIT_CODES
    )
    parser.add_argument(
        "ap",
        type=Path,
        nargs="?",
        metavar="AP",
        help="frontal (AP or PA) radiograph: PNG, JPEG, TIFF, DICOM, NRRD or NIfTI",
    )
    parser.add_argument("lateral", type=Path, nargs="?", metavar="LATERAL", help="lateral radiograph")
    add_output(parser, "result")
    parser.add_argument(
        "--json", action="store_true", help="report progress and result as JSON lines on standard output"
    )
    add_radiograph_options(parser)
    add_model_options(parser)
    _add_single_options(parser)
    _add_ct_options(parser)
    parser.set_defaults(func=run_reconstruct)


def _add_single_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("a frontal radiograph alone")
    group.add_argument(
        "--single",
        type=Path,
        metavar="AP",
        help="reconstruct this frontal radiograph alone, in place of AP and LATERAL: depths are those of people in "
        "general with such silhouettes, or of depth maps, and values that depend on them are not measured",
    )
    group.add_argument(
        "--depth-model",
        default=AUTO_DEPTH,
        metavar="MODEL",
        help="weights of depth maps: name, path, auto (the default ones, if this version has any) or none "
        "(default: auto)",
    )
    group.add_argument(
        "--absolute-depth",
        action="store_true",
        help="refuse a result whose distance from the X-ray source is not known: this needs depth maps and both "
        "source distances",
    )
    group.add_argument(
        "--accept-view",
        action="store_true",
        help="take the radiograph as frontal though it looks like a lateral one",
    )


def add_radiograph_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the radiographs; `job_of_arguments` reads it."""
    radiographs = parser.add_argument_group("radiographs (VIEW is ap or lateral)")
    _add_size_options(radiographs)
    _add_orientation_options(radiographs)


def _add_size_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--spacing-mm",
        action="append",
        default=[],
        metavar="A[,B]",
        help="pixel size at the patient in mm: for both radiographs (A), for the frontal and the lateral "
        "one (A,B), or for one (VIEW=A); overrides the file header",
    )
    group.add_argument(
        "--magnification",
        action="append",
        default=[],
        metavar="M|VIEW=M",
        help="geometric magnification at the detector, for both radiographs or for one; the detector pixel "
        "size from the header is divided by it",
    )
    for end, words in (("detector", "detector"), ("patient", "centre of the patient")):
        group.add_argument(
            f"--source-to-{end}-mm",
            action="append",
            default=[],
            metavar="MM|VIEW=MM",
            help=f"distance from the X-ray source to the {words}, for both radiographs or for one; "
            "overrides the file header. Both distances together define the magnification and the "
            "cone-beam geometry",
        )
    group.add_argument(
        "--lateral-offset-mm",
        type=_shift,
        metavar="MM|auto",
        help="move the lateral radiograph up by this many millimetres (down: --lateral-offset-mm=-12) "
        "before both are cropped to their common vertical range; auto estimates the offset (default: "
        "the centres of both radiographs are at the same height)",
    )


def _add_orientation_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--ap-view",
        choices=("ap", "pa"),
        default="ap",
        help="projection of the frontal radiograph; it is recorded only, nothing is mirrored, because AP "
        "and PA radiographs have the same display orientation (default: ap)",
    )
    group.add_argument(
        "--flip",
        action="append",
        default=[],
        metavar="VIEW=h|v|hv",
        help="flip left-right (h), up-down (v) or both",
    )
    group.add_argument(
        "--rotate",
        action="append",
        default=[],
        metavar="VIEW=90|180|270",
        help="rotate clockwise, in degrees",
    )
    group.add_argument(
        "--crop",
        action="append",
        default=[],
        metavar="VIEW=L,T,W,H",
        help="crop: left, top, width, height in pixels (ap=100,0,2000,2400) or percent "
        "(ap=5%%,0%%,90%%,100%%)",
    )
    for option, words in (
        ("--invert", "invert the gray levels"),
        ("--ignore-orientation", "ignore the orientation stated in the header"),
    ):
        group.add_argument(option, action="append", default=[], choices=_VIEWS, metavar="VIEW", help=words)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Add the choice of the model and how it is used; `job_of_arguments` reads it."""
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model", default="default", help="name (see `swinx2s weights list`) or path of a .safetensors file"
    )
    group.add_argument(
        "--device", choices=DEVICES, default="auto", help="device to run the network on (default: auto)"
    )
    group.add_argument(
        "--tta",
        type=int,
        default=1,
        metavar="N",
        help="test-time augmentation: average the predictions for N variants of the pair, 1 to "
        f"{len(VARIATIONS)} (original, slightly smaller, slightly larger, mirrored); multiplies the "
        "inference time by N (default: 1)",
    )
    group.add_argument(
        "--min-component-fraction",
        type=float,
        default=0.1,
        metavar="F",
        help=(
            "remove connected components of a bone smaller than this fraction of its largest component; 0 "
            "keeps all (default: 0.1)"
        ),
    )


def _add_ct_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("CT (synthetic, not for diagnosis)")
    group.add_argument(
        "--also-ct",
        action="store_true",
        help="also write ct.nii.gz: CT numbers [HU] that a network suggests on the grid of the bones",
    )
    group.add_argument(
        "--ct-model",
        default="default",
        metavar="MODEL",
        help="weights of the network for --also-ct: a name (see `swinx2s weights list`) or a .safetensors file "
        "(default: the first weights of the network implicit-ct)",
    )


def job_of_arguments(arguments: argparse.Namespace) -> Job:
    """Make a job of the parsed command line.

    Raises:
        ValueError: radiograph options cannot be read; one line for each.
    """
    settings: dict[str, dict[str, Any]] = {view: {} for view in _VIEWS}
    wrong: list[str] = []
    for name, take in _TAKERS.items():
        for text in getattr(arguments, name):
            try:
                take(settings, text)
            except ValueError as error:
                wrong.append(str(error))
    options = {view: RadiographOptions() for view in _VIEWS}
    for view in _VIEWS:
        try:
            options[view] = RadiographOptions(**settings[view])
        except ValueError as error:
            wrong.append(str(error))
    if wrong:
        # One spacing for both radiographs is wrong once.
        raise ValueError("\n".join(dict.fromkeys(wrong)))
    values = {name: getattr(arguments, name) for name in _PLAIN}
    values |= {name: getattr(arguments, name) for name in _NOT_OF_BATCH if hasattr(arguments, name)}
    if getattr(arguments, "single", None) is not None:
        values |= {"ap": arguments.single, "lateral": None}
        # What holds for both is the frontal one's.
        options["lateral"] = RadiographOptions()
    return Job(**values, ap_options=options["ap"], lateral_options=options["lateral"])


_PLAIN = (
    "ap", "lateral", "out", "ap_view", "model", "device", "overwrite", "tta", "min_component_fraction",
    "lateral_offset_mm",
)  # fmt: skip


# Options that `batch` does not have.
_NOT_OF_BATCH = ("depth_model", "absolute_depth", "accept_view", "also_ct", "ct_model")


def _radiograph_errors(arguments: argparse.Namespace) -> list[str]:
    """Return why the radiographs of the command line are none: two files, or one after --single."""
    if arguments.single is None:
        if arguments.lateral is not None:
            return []
        missing = "AP and LATERAL are" if arguments.ap is None else "LATERAL is"
        return [f"{missing} missing; for a frontal radiograph alone use --single AP."]
    if arguments.ap is not None:
        return ["--single takes the only radiograph; leave AP and LATERAL out."]
    texts = {name: [str(text) for text in getattr(arguments, name)] for name in _TAKERS}
    given = [name for name, each in texts.items() if any(text.split("=")[0] == "lateral" for text in each)]
    given += ["lateral_offset_mm"] * (arguments.lateral_offset_mm is not None)
    return [f"--{name.replace('_', '-')} is for a lateral radiograph, and there is none." for name in given]


def _shift(text: str) -> float | str:
    return text if text == AUTOMATIC else float(text)


def _take_number(field: str, option: str, what: str) -> Callable[[dict[str, dict[str, Any]], str], None]:
    """Return what reads a number of one radiograph, or of both."""

    def take(settings: dict[str, dict[str, Any]], text: str) -> None:
        view, value = _view_and_value(text, option) if "=" in text else ("", text)
        for each in (view,) if view else _VIEWS:
            settings[each][field] = _number(value, f"{option} takes {what}")

    return take


def _take_spacing(settings: dict[str, dict[str, Any]], text: str) -> None:
    if "=" in text:
        view, value = _view_and_value(text, "--spacing-mm")
        settings[view]["spacing_mm"] = _number(value)
        return
    values = [_number(part) for part in text.split(",")]
    if len(values) > 2:
        raise ValueError(f"--spacing-mm takes one number or two (frontal, lateral), not {text!r}.")
    settings["ap"]["spacing_mm"], settings["lateral"]["spacing_mm"] = values[0], values[-1]


def _take_crop(settings: dict[str, dict[str, Any]], text: str) -> None:
    view, value = _view_and_value(text, "--crop")
    settings[view]["crop"] = Crop.parse(value)


def _take_flip(settings: dict[str, dict[str, Any]], text: str) -> None:
    view, value = _view_and_value(text, "--flip")
    settings[view]["flip"] = _one_of(value, FLIPS[1:], "--flip")


def _take_rotation(settings: dict[str, dict[str, Any]], text: str) -> None:
    view, value = _view_and_value(text, "--rotate")
    settings[view]["rotate_deg"] = int(_one_of(value, [str(angle) for angle in ROTATIONS_DEG], "--rotate"))


def _number(text: str, expected: str = "--spacing-mm takes millimetres") -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"{expected}, not {text!r}.") from None


def _view_and_value(text: str, option: str) -> tuple[str, str]:
    view, separator, value = text.partition("=")
    if view not in _VIEWS or not separator:
        raise ValueError(f"{option} takes ap=... or lateral=..., not {text!r}.")
    return view, value


def _one_of(value: str, known: tuple[str, ...] | list[str], option: str) -> str:
    if value not in known:
        raise ValueError(f"{option} takes {', '.join(known)}, not {value!r}.")
    return value


# Option -> what reads its text into the values of both radiographs.
_TAKERS: dict[str, Callable[[dict[str, dict[str, Any]], str], None]] = {
    "spacing_mm": _take_spacing,
    "magnification": _take_number("magnification", "--magnification", "a factor"),
    "source_to_detector_mm": _take_number("source_to_detector_mm", "--source-to-detector-mm", "millimetres"),
    "source_to_patient_mm": _take_number("source_to_patient_mm", "--source-to-patient-mm", "millimetres"),
    "crop": _take_crop,
    "flip": _take_flip,
    "rotate": _take_rotation,
    "invert": lambda settings, view: settings[view].update(invert=True),
    "ignore_orientation": lambda settings, view: settings[view].update(trust_orientation=False),
}


def run_reconstruct(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code (`command_line.EXIT_CODES`)."""

    from SwinX2SLib.reconstruct.pipeline import run_job
    from SwinX2SLib.reconstruct.protocol import encode
    from SwinX2SLib.reconstruct.worker import claim_standard_output, run_reported, stop_on_signals

    if errors := _radiograph_errors(arguments):
        return usage_error(arguments.parser, errors)
    try:
        job = job_of_arguments(arguments)
    except ValueError as error:
        return usage_error(arguments.parser, str(error).splitlines())
    stop_on_signals()
    if arguments.json:
        events = claim_standard_output()

        def write_event(event: Event) -> None:
            print(encode(event), file=events, flush=True)

        return run_reported(lambda: run_job(job, write_event), write_event)
    with ConsoleReport() as report:
        return run_reported(lambda: run_job(job, report), report)
