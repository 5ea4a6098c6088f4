"""The report page and its pictures."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.inference.job import Job
from SwinX2SLib.radiographs import Radiograph, read_pair
from SwinX2SLib.report.files import replace_file
from SwinX2SLib.report.findings import Findings, read_findings
from SwinX2SLib.report.measured_summary import MeasuredSummary, write_measurements
from SwinX2SLib.report.overlay import outlined_film
from SwinX2SLib.report.shading import BACKGROUND, shaded_view
from SwinX2SLib.report.templates import render_page

REPORT_FILE = "report.html"
PICTURES = {
    "film_ap": "film_ap.png",
    "film_lateral": "film_lateral.png",
    "bones_front": "bones_front.png",
    "bones_left": "bones_left.png",
}
_SIDES = {"front": ("R", "L"), "left": ("A", "P")}
_CROP_MARGIN, _LETTER_HEIGHT = 24, 40


def write_report(folder: Path, title: str = "", extra_rows: dict[str, str] | None = None) -> dict[str, Path]:
    """Write `report.html`, its pictures and the measurements that it leads to into the folder of a result.

    The films are read again from where the result's provenance says, with the same options.

    Args:
        folder: that `inference.run_job` wrote.
        title: of the page; the films' names when empty.
        extra_rows: further facts for the head of the page, name -> text.

    Returns:
        Paths by name: "report", "measurements" where there are bones, and the keys of `PICTURES`.

    Raises:
        InputError: files of the result or its films are missing, unreadable or changed since.
        OutputError: the measurements could not be written.
    """
    folder = Path(folder)
    findings = read_findings(folder)
    films = _films(findings.provenance)
    title = title or " and ".join(film.path.name for film in films)
    pictures = _pictures(findings, films)
    measured = write_measurements(folder, title) if findings.bones else None
    written = {} if measured is None else {"measurements": folder / measured.page}
    for name, content in pictures.items():
        written[name] = replace_file(folder / PICTURES[name], content)
    page = _render(findings, films, pictures, measured, title, extra_rows or {})
    written["report"] = replace_file(folder / REPORT_FILE, page.encode("utf-8"))
    return written


def _films(provenance: dict) -> tuple[Radiograph, Radiograph]:
    job = Job.from_dict(provenance.get("options"))
    films = read_pair(
        job.ap, job.lateral, job.ap_options, job.lateral_options, job.ap_view, job.lateral_shift_mm
    )
    changed = [
        Fault("film-changed", "The film is not the one of the result.", "Reconstruct again.", str(film.path))
        for film, view in zip(films, ("ap", "lateral"), strict=True)
        if film.sha256 != provenance["inputs"][view].get("sha256")
    ]
    if changed:
        raise InputError(changed)
    return films


def _pictures(findings: Findings, films: tuple[Radiograph, Radiograph]) -> dict[str, bytes]:
    ap, lateral = films
    return {
        "film_ap": outlined_film(ap, findings.labels, findings.affine),
        "film_lateral": outlined_film(lateral, findings.labels, findings.affine),
        "bones_front": _named_sides(shaded_view(findings.labels, "front"), "front"),
        "bones_left": _named_sides(shaded_view(findings.labels, "left"), "left"),
    }


def _named_sides(picture: np.ndarray, view: str) -> bytes:
    """Return a PNG of a shaded view, cropped to its bones, with the sides named."""
    bone = (picture != np.array(BACKGROUND, dtype=np.uint8)).any(axis=2)
    if bone.any():
        rows, columns = (np.flatnonzero(bone.any(axis=axis)) for axis in (1, 0))
        picture = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    margins = ((_LETTER_HEIGHT, _CROP_MARGIN), (_CROP_MARGIN, _CROP_MARGIN))
    image = Image.fromarray(
        np.stack([np.pad(picture[..., c], margins, constant_values=BACKGROUND[c]) for c in range(3)], axis=-1)
    )
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=26)
    for name, place, anchor in zip(_SIDES[view], (8, image.width - 8), ("la", "ra"), strict=True):
        draw.text((place, 6), name, fill=(40, 40, 60), font=font, anchor=anchor)
    stream = io.BytesIO()
    image.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def _render(
    findings: Findings,
    films: tuple[Radiograph, Radiograph],
    pictures: dict[str, bytes],
    measured: MeasuredSummary | None,
    title: str,
    extra_rows: dict[str, str],
) -> str:
    return render_page(
        "report.html.jinja",
        title=title,
        measured=measured,
        bones=findings.bones,
        warnings=findings.warnings(),
        provenance=findings.provenance,
        films=films,
        extra_rows=extra_rows,
        images={name: base64.b64encode(content).decode("ascii") for name, content in pictures.items()},
        groups={"spine": "Spine", "ribs": "Ribs", "pelvis": "Pelvis", "femur": "Femora"},
    )
