"""A picture to draw on: lines and dots that show on bone, words that do not cover each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from SwinX2SLib.report.render import View, Window

FINE = 2  # pictures are drawn this much larger and reduced, which smooths lines
_INK, _HALO = (25, 29, 40), (255, 255, 255)
DOT_PIXELS, _FONT_PIXELS = 4, 15


@dataclass
class Canvas:
    """A picture that is being drawn on.

    Attributes:
        image: with `FINE` pixels for each of the result.
        view, window: of the picture; the window in fine pixels.
        taken: boxes of words (left, top, right, bottom), which no other word may cover.
        named: words already written, and of what place.
        axes: names of axes already drawn.
    """

    image: Image.Image
    view: View
    window: Window
    taken: list[tuple[float, float, float, float]] = field(default_factory=list)
    named: list[tuple[str, np.ndarray]] = field(default_factory=list)
    axes: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.pen = ImageDraw.Draw(self.image)
        self.font = ImageFont.load_default(size=_FONT_PIXELS * FINE)

    def place(self, points_ras_mm: np.ndarray) -> np.ndarray:
        """Return where points `(..., 3)` RAS mm lie in the picture [fine pixels]."""
        return self.window.pixels(self.view.seen(points_ras_mm))

    def line(self, ends: np.ndarray, colour: tuple, width: float = 2.0) -> None:
        """Draw a line through places `(N, 2)`, with a bright rim so that it shows on bone."""
        places = [tuple(end) for end in ends]
        self.pen.line(places, fill=_HALO, width=int((width + 1.5) * FINE), joint="curve")
        self.pen.line(places, fill=colour, width=int(width * FINE), joint="curve")

    def dot(self, place: np.ndarray, colour: tuple) -> None:
        """Draw a landmark."""
        for radius, fill in ((DOT_PIXELS + 1.5, _HALO), (DOT_PIXELS, colour)):
            box = [*(place - radius * FINE), *(place + radius * FINE)]
            self.pen.ellipse(box, fill=fill)

    def word(self, text: str, place: np.ndarray, colour: tuple = _INK) -> None:
        """Write a word near a place, where it covers no other; once only for one place."""
        near = 3 * _FONT_PIXELS * FINE
        if not text or any(text == old and np.linalg.norm(place - there) < near for old, there in self.named):
            return
        width, height = self.pen.textbbox((0, 0), text, font=self.font)[2:]
        box = self._free_box(place, width, height)
        if box is None:
            return
        self.named.append((text, place))
        self.taken.append(box)
        self.pen.text(box[:2], text, font=self.font, fill=colour, stroke_width=2 * FINE, stroke_fill=_HALO)

    def _free_box(self, place: np.ndarray, width: float, height: float) -> tuple | None:
        """Return where a word fits, or None when it fits nowhere near."""
        for gap in (9, 18, 32, 52, 76):
            away = gap * FINE
            for x, y in (
                (away, -height / 2), (-away - width, -height / 2), (away / 2, -away - height / 2),
                (-away / 2 - width, -away - height / 2), (away / 2, away - height / 2),
                (-away / 2 - width, away - height / 2),
                (-width / 2, -away - height), (-width / 2, away),
            ):  # fmt: skip
                left, top = place[0] + x, place[1] + y
                box = (left, top, left + width, top + height)
                inside = (
                    left >= 2
                    and top >= 2
                    and box[2] < self.image.width - 2
                    and box[3] < self.image.height - 2
                )
                if inside and not any(_overlap(box, other) for other in self.taken):
                    return box
        return None


def _overlap(one: tuple, other: tuple) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
