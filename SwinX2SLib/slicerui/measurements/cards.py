"""The three measurements that a reconstruction is made for, on top of all others: neck-shaft angle, pelvis, canal."""

from __future__ import annotations

import html

import qt
from slicer.i18n import tr as _

from SwinX2SLib.measurements.editing import ReviewedMeasurement
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.report.naming import structure_title, value_words
from SwinX2SLib.slicerui.measurements.session import MeasuringSession

NECK_SHAFT, CANAL = "neck_shaft_angle", "canal_length"
PELVIC = ("pelvic_incidence", "pelvic_tilt", "sacral_slope")
_CHECK, _ABSENT = "#b25000", "#808080"
# Of the chart, and where its highest bar stands for this diameter.
_CHART_PX, _CHART_MM = (340, 64), 32.0
# A bar from this width on has room for its number.
_NUMBER_PX = 12


class Cards:
    """Fills the three labels; each value is a link whose text is the number of its measurement.

    Args:
        ui: widgets of the section: `neckShaftCard`, `pelvisCard`, `canalCard`, `canalChart`.
    """

    def __init__(self, ui: object):
        self._ui = ui
        self._links: list[list[Key]] = []
        self._outdated: set[Key] = set()

    def show(self, session: MeasuringSession | None) -> None:
        """Show the values of a session; without one the cards are hidden."""
        self._links = []
        for name in ("neckShaftCard", "pelvisCard", "canalCard", "canalChart"):
            getattr(self._ui, name).visible = session is not None
        if session is None:
            return
        self._outdated = session.outdated_keys
        found = {key: session.edited.reviewed(key) for key in session.edited.keys}
        self._ui.neckShaftCard.text = self._neck_shaft(found)
        self._ui.pelvisCard.text = self._pelvis(found)
        canal = {key: one for key, one in found.items() if key[1] == CANAL}
        self._ui.canalCard.text = self._canal(canal)
        self._ui.canalChart.setPixmap(canal_chart(canal))
        self._ui.canalChart.visible = any(one.present.is_present for one in canal.values())

    def keys_of(self, link: str) -> list[Key]:
        """Return the measurements that a link stands for."""
        return self._links[int(link)]

    def _neck_shaft(self, found: dict[Key, ReviewedMeasurement]) -> str:
        sides = {
            side: [(key, one) for key, one in found.items() if key[1:] == (NECK_SHAFT, side)]
            for side in ("right", "left")
        }
        words = {"right": _("right"), "left": _("left")}
        parts = [self._value(words[side], *pairs[0]) for side, pairs in sides.items() if pairs]
        return self._card(_("Femoral neck-shaft angle"), parts)

    def _pelvis(self, found: dict[Key, ReviewedMeasurement]) -> str:
        words = {
            "pelvic_incidence": _("incidence"),
            "pelvic_tilt": _("tilt"),
            "sacral_slope": _("sacral slope"),
        }
        pairs = {name: [(key, one) for key, one in found.items() if key[1] == name] for name in PELVIC}
        parts = [self._value(words[name], *pairs[name][0]) for name in PELVIC if pairs[name]]
        landmarks = [
            key
            for key, one in found.items()
            if key[0] == "pelvis" and one.stored.computed.unit == "point" and one.present.is_present
        ]
        if landmarks:
            parts.append(self._link(_("{0} landmarks").format(len(landmarks)), landmarks))
        return self._card(_("Pelvis"), parts)

    def _canal(self, canal: dict[Key, ReviewedMeasurement]) -> str:
        present = {key: one for key, one in canal.items() if one.present.is_present}
        parts = []
        if present:
            narrow = min(present, key=lambda key: present[key].present.value)
            parts = [
                self._link(_("{0} of {1} levels").format(len(present), len(canal)), list(present)),
                self._value(_("narrowest: {0}").format(structure_title(narrow[0])), narrow, present[narrow]),
            ]
        return self._card(_("Vertebral canal, AP diameter"), parts)

    def _value(self, name: str, key: Key, one: ReviewedMeasurement) -> str:
        if not one.present.is_present:
            reason = html.escape(" ".join(one.present.reasons), quote=True)
            return f"{html.escape(name)} <span style='color:{_ABSENT}' title='{reason}'>{_('not measurable')}</span>"
        words = f"<b>{html.escape(value_words(one.present))}</b>"
        if key in self._outdated:
            words += f" <span style='color:{_CHECK}'>({_('outdated')})</span>"
        elif one.present.quality == "check":
            words += f" <span style='color:{_CHECK}'>({_('check')})</span>"
        return f"{html.escape(name)} {self._link(words, [key], is_html=True)}"

    def _link(self, words: str, keys: list[Key], is_html: bool = False) -> str:
        self._links.append(keys)
        text = words if is_html else html.escape(words)
        return f"<a href='{len(self._links) - 1}' style='text-decoration:none'>{text}</a>"

    @staticmethod
    def _card(title: str, parts: list[str]) -> str:
        shown = " &nbsp; ".join(parts) or f"<span style='color:{_ABSENT}'>{_('not measurable')}</span>"
        return f"<b>{html.escape(title)}</b><br/>{shown}"


def canal_chart(canal: dict[Key, ReviewedMeasurement]) -> qt.QPixmap:
    """Draw a bar for the diameter of each level, from C1 to L5; those to be checked in another colour."""
    picture = qt.QPixmap(*_CHART_PX)
    picture.fill(qt.Qt.transparent)
    painter = qt.QPainter(picture)
    width, height = _CHART_PX[0] / max(len(canal), 1), _CHART_PX[1] - 14
    font = painter.font()
    font.setPixelSize(8)
    painter.setFont(font)
    for index, ((bone, *_rest), one) in enumerate(canal.items()):
        left = int(index * width)
        if one.present.is_present:
            colour = _CHECK if one.present.quality == "check" else "#2f6db5"
            length = int(min(float(one.present.value) / _CHART_MM, 1.0) * height)
            painter.fillRect(left + 1, height - length, max(int(width) - 2, 1), length, qt.QColor(colour))
            if width >= _NUMBER_PX:
                painter.setPen(qt.QColor(colour))
                painter.drawText(left + 1, height - length - 2, f"{one.present.value:.0f}")
        painter.setPen(qt.QColor(_ABSENT))
        level = bone.removeprefix("vertebrae_")
        painter.drawText(left, height + 10, level if width >= _NUMBER_PX else level[:1])
    painter.end()
    return picture
