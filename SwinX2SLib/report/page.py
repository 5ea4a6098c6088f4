"""The report page and its pictures."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from SwinX2SLib.anatomy import label_by_id
from SwinX2SLib.drr.overlay import bone_outlines
from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.geometry.cameras import ParallelCamera
from SwinX2SLib.geometry.frames import transform_points
from SwinX2SLib.geometry.label_surfaces import label_surfaces
from SwinX2SLib.io.atomic_output import atomic_write, writing_faults
from SwinX2SLib.io.provenance import FILE
from SwinX2SLib.radiographs import Radiograph, read_pair, read_radiograph
from SwinX2SLib.reconstruct.job import Job
from SwinX2SLib.reconstruct.verdict import NO_VERDICT, strip_html
from SwinX2SLib.report.findings import Findings, read_findings
from SwinX2SLib.report.measurements.write import MeasuredSummary, write_measurements
from SwinX2SLib.report.render import BACKGROUND, FRONT, LEFT, View, render_bones
from SwinX2SLib.report.templates import render_page

_LONG_SIDE_INCHES, _DPI = 7.4, 108
_DARKEST = 110  # colours are lifted to this brightness, or they would vanish on a radiograph
_SIDES = {"ap": ("R", "L"), "pa": ("R", "L"), "lateral": ("A", "P")}
_INK = [patheffects.withStroke(linewidth=2.5, foreground="black")]


def outlined_radiograph(radiograph: Radiograph, labels: np.ndarray, affine: np.ndarray) -> bytes:
    """Return a PNG of a radiograph with the outline of every bone in its colour, and the sides named.

    The reconstruction is projected as it was made: parallel rays, the radiograph's middle at the origin.

    Args:
        radiograph: in display orientation.
        labels: uint8 `(X, Y, Z)`, network order.
        affine: 4x4, index -> RAS mm.
    """
    rows, cols = radiograph.pixels.shape
    height_mm, width_mm = radiograph.size_mm
    scale = _LONG_SIDE_INCHES / max(height_mm, width_mm)
    figure = Figure(figsize=(width_mm * scale, height_mm * scale), dpi=_DPI)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.imshow(radiograph.pixels, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="bilinear")
    axes.set(xlim=(-0.5, cols - 0.5), ylim=(rows - 0.5, -0.5))
    for label_id, outline in bone_outlines(labels, affine, radiograph_camera(radiograph)).items():
        # Lines are of rows and columns, the axes of columns and rows.
        lines = [line[:, ::-1] for line in outline.lines]
        axes.add_collection(
            LineCollection(lines, colors=[_bright_colour(label_id)], linewidths=1.3, alpha=0.95)
        )
    _name_levels(axes, radiograph, labels, affine)
    for name, where, align in zip(_SIDES[radiograph.view], (0.02, 0.98), ("left", "right"), strict=True):
        axes.text(
            where, 0.985, name, transform=axes.transAxes, ha=align, va="top",
            color="white", fontsize=17, fontweight="bold", path_effects=_INK,
        )  # fmt: skip
    FigureCanvasAgg(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", pil_kwargs={"optimize": True})
    return stream.getvalue()


def radiograph_camera(radiograph: Radiograph) -> ParallelCamera:
    """Return the camera of a radiograph as the reconstruction takes it: parallel rays, its middle at the origin."""
    return ParallelCamera(radiograph.view, (0.0, 0.0, 0.0), radiograph.spacing_mm, radiograph.pixels.shape)


def _name_levels(axes: Axes, radiograph: Radiograph, labels: np.ndarray, affine: np.ndarray) -> None:
    """Write the level on each vertebra."""
    camera = radiograph_camera(radiograph)
    for label_id, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None or label_by_id(label_id).group != "spine":
            continue
        centre = np.argwhere(labels[box] == label_id).mean(axis=0) + [part.start for part in box]
        row, column = camera.project(transform_points(affine, centre))
        level = label_by_id(label_id).name.removeprefix("vertebrae_")
        axes.text(
            column, row, level, color=_bright_colour(label_id), fontsize=8, fontweight="bold",
            ha="center", va="center", path_effects=_INK, clip_on=True,
        )  # fmt: skip


def _bright_colour(label_id: int) -> tuple[float, float, float]:
    colour = np.array(label_by_id(label_id).colour, dtype=np.float64)
    brightness = colour @ (0.30, 0.59, 0.11)
    if brightness < _DARKEST:
        colour += (255 - colour) * (_DARKEST - brightness) / (255 - brightness)
    return tuple(colour / 255)


REPORT_FILE = "report.html"
PICTURES = {
    "radiograph_ap": "radiograph_ap.png",
    "radiograph_lateral": "radiograph_lateral.png",
    "bones_front": "bones_front.png",
    "bones_left": "bones_left.png",
}
# Entries of the provenance that the page needs.
SHOWN = (
    "model.name", "grid.shape", "grid.spacing_mm", "device", "precision", "seconds.total", "created",
    "program.version",
)  # fmt: skip
_MARGIN, _LETTER_HEIGHT = 24, 40
# Width of a cell of the picture of verdicts.
_STRIP_PIXELS = 34
_PIXELS_PER_MM = 1.5  # a voxel of the usual grid has four pixels


def write_report(folder: Path, title: str = "", extra_rows: dict[str, str] | None = None) -> dict[str, Path]:
    """Write `report.html`, its pictures and the measurements that it leads to into the folder of a result.

    The radiographs are read again from the paths in the provenance, with the same options.

    Args:
        folder: that `inference.run_job` wrote.
        title: of the page; the radiographs' names when empty.
        extra_rows: further facts for the head of the page, name -> text.

    Returns:
        Paths by name: "report", "measurements" where there are bones, and the keys of `PICTURES`; without a lateral
        radiograph there is no picture of one.

    Raises:
        InputError: files of the result or its radiographs are missing, unreadable or changed since.
        OutputError: the measurements could not be written.
    """
    folder = Path(folder)
    if faults := writing_faults(folder):
        raise InputError(faults)
    findings = read_findings(folder, SHOWN)
    radiographs = _radiographs(findings.provenance, folder / FILE)
    title = title or " and ".join(radiograph.path.name for radiograph in radiographs if radiograph.path)
    pictures = _pictures(findings, radiographs)
    measured = write_measurements(folder, title) if findings.bones else None
    written = {} if measured is None else {"measurements": folder / measured.page}
    for name, content in pictures.items():
        written[name] = atomic_write(folder / PICTURES[name], content)
    page = _render(findings, radiographs, pictures, measured, title, extra_rows or {})
    written["report"] = atomic_write(folder / REPORT_FILE, page)
    return written


def _radiographs(provenance: dict, file: Path) -> tuple[Radiograph, ...]:
    try:
        job = Job.from_dict(provenance.get("options"))
    except InputError as error:
        reasons = " ".join(fault.message for fault in error.faults)
        message = f"The options of the run cannot be used. {reasons}"
        raise InputError([Fault("result-unreadable", message, "Reconstruct again.", str(file))]) from error
    radiographs: tuple[Radiograph, ...]
    if job.lateral is None:
        radiographs = (read_radiograph(job.ap, job.ap_view, job.ap_options),)
    else:
        radiographs = read_pair(
            job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view, job.lateral_offset_mm
        )
    changed = [
        Fault(
            "radiograph-changed",
            "The radiograph differs from the one used for the result.",
            "Reconstruct again.",
            str(radiograph.path),
        )
        for radiograph, view in zip(radiographs, ("ap", "lateral"), strict=False)
        if radiograph.sha256 != provenance["inputs"][view].get("sha256")
    ]
    if changed:
        raise InputError(changed)
    return radiographs


def _pictures(findings: Findings, radiographs: tuple[Radiograph, ...]) -> dict[str, bytes]:
    bones = label_surfaces(findings.labels, findings.affine)
    names = ("radiograph_ap", "radiograph_lateral")
    return {
        **{
            name: outlined_radiograph(radiograph, findings.labels, findings.affine)
            for name, radiograph in zip(names, radiographs, strict=False)
        },
        "bones_front": _named_sides(render_bones(bones, FRONT, _PIXELS_PER_MM), FRONT),
        "bones_left": _named_sides(render_bones(bones, LEFT, _PIXELS_PER_MM), LEFT),
    }


def _named_sides(picture: np.ndarray, view: View) -> bytes:
    """Return a PNG of a picture of bones with a margin in which the sides are named."""
    margins = ((_LETTER_HEIGHT, _MARGIN), (_MARGIN, _MARGIN))
    image = Image.fromarray(
        np.stack([np.pad(picture[..., c], margins, constant_values=BACKGROUND[c]) for c in range(3)], axis=-1)
    )
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=26)
    for name, place, anchor in zip(view.sides, (8, image.width - 8), ("la", "ra"), strict=True):
        draw.text((place, 6), name, fill=(40, 40, 60), font=font, anchor=anchor)
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _render(
    findings: Findings,
    radiographs: tuple[Radiograph, ...],
    pictures: dict[str, bytes],
    measured: MeasuredSummary | None,
    title: str,
    extra_rows: dict[str, str],
) -> str:
    verdict = findings.verdict
    return render_page(
        "report.html.jinja",
        title=title,
        measured=measured,
        bones=findings.bones,
        verdict=verdict,
        verdict_line=NO_VERDICT if verdict is None else verdict.line,
        verdict_strip="" if verdict is None else strip_html(verdict, pixels=_STRIP_PIXELS),
        warnings=findings.warnings(),
        provenance=findings.provenance,
        radiographs=radiographs,
        extra_rows=extra_rows,
        images={name: base64.b64encode(content).decode("ascii") for name, content in pictures.items()},
        groups={"spine": "Spine", "ribs": "Ribs", "pelvis": "Pelvis", "femur": "Femora"},
    )
