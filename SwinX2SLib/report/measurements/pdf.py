"""The page about one person's measurements as PDF: the same values, pictures and marks, on paper."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import matplotlib
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Image, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table

from SwinX2SLib.measurements.results import Measurement
from SwinX2SLib.reconstruct.verdict import LEGEND, SYMBOLS, Verdict, cell_colours, strip
from SwinX2SLib.report.measurements.page import Group, Row

# The PDF's own fonts lack most of the letters in which people are named; matplotlib brings one that has them.
_FONTS = {"SwinX2S": "DejaVuSans.ttf", "SwinX2S-Bold": "DejaVuSans-Bold.ttf"}
_SOFT, _WARN, _GOOD = colors.HexColor("#5a6072"), colors.HexColor("#b25000"), colors.HexColor("#17613a")
_EDITED, _ALARM = "#6a3d9a", colors.HexColor("#b3261e")
_MARGIN = 16 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_MOST_PICTURE = (82 * mm, 92 * mm)
# Shares of the width: title, one or two values, unit, usual, quality, why.
_PAIRED, _SINGLE = (0.19, 0.12, 0.12, 0.06, 0.11, 0.09, 0.31), (0.23, 0.14, 0.06, 0.12, 0.10, 0.35)


def measurements_pdf(values: Mapping[str, Any]) -> bytes:
    """Return the PDF.

    Args:
        values: of `measured_page.page_values`.
    """
    _register_fonts()
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=f"SwinX2S measurements: {values['title']}", creator=f"SwinX2S {values['version']}",
    )  # fmt: skip
    footer_text = f"{values['title']}. {_review_words(values)} Research use only."

    def footer(canvas: Any, page: SimpleDocTemplate) -> None:
        canvas.setFont("SwinX2S", 7)
        canvas.setFillColor(_SOFT)
        canvas.drawString(_MARGIN, 9 * mm, footer_text[:140])
        canvas.drawRightString(A4[0] - _MARGIN, 9 * mm, str(page.page))

    document.build(list(_story(values)), onFirstPage=footer, onLaterPages=footer)
    return stream.getvalue()


def _register_fonts() -> None:
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name, file in _FONTS.items():
        pdfmetrics.registerFont(TTFont(name, str(folder / file)))
    pdfmetrics.registerFontFamily("SwinX2S", normal="SwinX2S", bold="SwinX2S-Bold")


def _story(values: Mapping[str, Any]) -> Iterator[Flowable]:
    review, counts = values["review"], values["counts"]
    if values["banner"]:
        yield _banner(values["banner"])
    yield _text(f"<b>{escape(values['title'])}</b>", 16)
    yield _text("Research use only: not for diagnosis or treatment", 8, _WARN)
    if values["verdict"] is not None:
        yield from _verdict(values["verdict"], values["banner"])
    signed = review is not None and review.is_signed
    yield _text(f"<b>{escape(_review_words(values))}</b>", 11, _GOOD if signed else _WARN)
    yield _text(
        f"Measurements: {counts['good']} good, {counts['check']} to check, {counts['absent']} absent.", 9
    )
    if review is not None and review.edited:
        yield _text(f"Manually changed values are marked <font color='{_EDITED}'>edited</font>.", 9)
    for note in values["notes"]:
        yield _text(f"Please note: {escape(note)}", 9, _WARN)
    for section in values["sections"]:
        yield Spacer(1, 4 * mm)
        yield _text(f"<b>{escape(section['title'])}</b>", 13)
        if not section["groups"]:
            yield _text("The segmentation has no bones of this region.", 9)
        for group in section["groups"]:
            yield from _group(group, section["title"], values)
    yield Spacer(1, 6 * mm)
    for name, text in values["facts"].items():
        yield _text(f"<b>{escape(name)}:</b> {escape(str(text))}", 7, _SOFT)


def _banner(words: str) -> Flowable:
    """Return why nothing here must be relied on, white on red across the page."""
    line = Table([[_text(f"<b>{escape(words)}</b>", 10, colors.white)]], colWidths=[_WIDTH])
    line.setStyle([("BACKGROUND", (0, 0), (-1, -1), _ALARM), ("LEFTPADDING", (0, 0), (-1, -1), 8)])
    line.spaceAfter = 3 * mm
    return line


def _verdict(verdict: Verdict, banner: str) -> Iterator[Flowable]:
    """Return the line, the picture and what its marks mean."""
    if verdict.line != banner:
        yield _text(f"<b>{escape(verdict.line)}</b>", 9)
    shape = strip()
    lines: list[list[Flowable]] = [
        [_text("", 5), *(_text(_centred(title), 4.5, _SOFT) for title in shape.columns)]
    ]
    style: list[Any] = [
        ("INNERGRID", (1, 1), (-1, -1), 0.5, colors.white),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
    ]
    for row, (title, names) in enumerate(shape.rows, start=1):
        cells: list[Flowable] = [_text(title, 5.5, _SOFT)]
        for column, name in enumerate(names, start=1):
            one = verdict.bones.get(name)
            paper, ink = cell_colours(name, one)
            style.append(("BACKGROUND", (column, row), (column, row), colors.HexColor(paper)))
            mark = "" if one is None else SYMBOLS[one.verdict]
            cells.append(_text(_centred(mark), 6.5, colors.HexColor(ink)))
        lines.append(cells)
    first = 0.06
    widths = [first * _WIDTH, *[(1 - first) * _WIDTH / len(shape.columns)] * len(shape.columns)]
    yield Table(lines, colWidths=widths, style=style, hAlign="LEFT")
    yield _text(escape("; ".join(f"{SYMBOLS[one]} {words}" for one, words in LEGEND.items())), 6.5, _SOFT)


def _centred(words: str) -> str:
    return f'<para align="center">{words}</para>'


def _review_words(values: Mapping[str, Any]) -> str:
    return f"{values['review'].words}." if values["review"] is not None else "Not reviewed."


def _group(group: Group, title: str, values: Mapping[str, Any]) -> Iterator[Flowable]:
    heading = [_text(f"<b>{escape(group.title)}</b>", 10)] if group.title != title else []
    common = group.common
    if common:
        heading.append(_text(escape(" ".join(common)), 8, _WARN))
    if group.is_empty and common:
        yield from heading
        return
    pictures = _pictures(group)
    # A heading is not left alone at the foot of a page.
    yield KeepTogether([*heading, *pictures[:1]])
    yield from pictures[1:]
    for number, reason in enumerate(group.shared, start=1):
        yield _text(f"{number}. {escape(reason)}", 6.5, _SOFT)
    yield _table(group, values)


def _pictures(group: Group) -> list[Flowable]:
    images = [_picture(figure) for figure in group.figures]
    pairs = [images[start : start + 2] for start in range(0, len(images), 2)]
    return [Table([pair], colWidths=[_WIDTH / 2] * len(pair), hAlign="LEFT") for pair in pairs]


def _picture(figure: Mapping[str, str]) -> list[Flowable]:
    data = base64.b64decode(figure["data"])
    width, height = ImageReader(io.BytesIO(data)).getSize()
    scale = min(_MOST_PICTURE[0] / width, _MOST_PICTURE[1] / height)
    image = Image(io.BytesIO(data), width * scale, height * scale, hAlign="LEFT")
    return [image, _text(escape(figure["title"]), 7, _SOFT)]


def _table(group: Group, values: Mapping[str, Any]) -> Table:
    heads = ["Right", "Left"] if group.paired else ["Value"]
    lines: list[list[Flowable]] = [
        [
            _text(f"<b>{head}</b>", 7.5)
            for head in ("Measurement", *heads, "Unit", "Range", "Quality", "Reason")
        ]
    ]
    style: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#d8dbe4")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ]
    for row in group.rows:
        if group.paired and row.middle is not None:
            style.append(("SPAN", (1, len(lines)), (2, len(lines))))
        lines.append(_line(row, group, values))
    widths = [share * _WIDTH for share in (_PAIRED if group.paired else _SINGLE)]
    return Table(lines, colWidths=widths, style=style, repeatRows=1, hAlign="LEFT")


def _line(row: Row, group: Group, values: Mapping[str, Any]) -> list[Flowable]:
    found = [row.right or row.middle, row.left] if group.paired else [row.middle]
    flags = ", ".join(f"{quality} {side}".strip() for quality, side in row.flags)
    worst = next((flag for flag, _ in row.flags if flag != "good"), "good")
    colour = {"good": _GOOD, "check": _WARN}.get(worst, _SOFT)
    why = escape(" ".join(filter(None, (group.notes(row), *group.own_reasons(row)))))
    return [
        _text(escape(row.title), 7.5),
        *(_text(_cell(one, values), 7.5) for one in found),
        _text(escape(row.unit), 7.5),
        _text(escape(row.usual), 7.5, _SOFT),
        _text(flags, 7.5, colour),
        _text(why, 6.5, _SOFT),
    ]


def _cell(one: Measurement | None, values: Mapping[str, Any]) -> str:
    if one is None:
        return ""
    empty = "–" if one.quality == "absent" else "found"
    words = empty if one.value is None else escape(values["number"](one))
    if one.interval and one.value is None:
        words += f"<br/>± {values['end'](one, 1)} mm"
    elif one.interval:
        words += f"<br/>[{values['end'](one, 0)} … {values['end'](one, 1)}]"
    edited = values["edited"](one)
    return (
        f"{words}<br/><font color='{_EDITED}' size='6.5'><b>{escape(edited)}</b></font>" if edited else words
    )


def _text(words: str, size: float, colour: colors.Color = colors.black) -> Paragraph:
    style = ParagraphStyle(
        f"{size}",
        fontName="SwinX2S",
        fontSize=size,
        leading=size * 1.25,
        textColor=colour,
        spaceAfter=size * 0.3,
    )
    return Paragraph(words, style)
