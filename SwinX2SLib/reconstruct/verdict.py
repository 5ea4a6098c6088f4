"""How far a result is to be relied on: one of three verdicts for each bone and for the whole, and one way to say it.

A bone is *within 5 mm* where the mean distance between its surface and that of the person's bone of the same name,
measured both ways (average symmetric surface distance), is 5 mm or less; a bone that the person does not have, or
that the radiographs do not show, never is. `reconstruct.evidence` says how probable that is. Needs no package: the
panel shows verdicts before any is installed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from SwinX2SLib.anatomy import labels
from SwinX2SLib.io.provenance import is_verdict

WITHIN_MM = 5.0
BELIEVE, LOOK, REJECT = "believe", "look", "reject"
VERDICTS = (BELIEVE, LOOK, REJECT)
SYMBOLS = {BELIEVE: "✓", LOOK: "?", REJECT: "✕"}
# Background and ink: blue, yellow and vermilion of Okabe and Ito, which colour-blind people tell apart; in grey they
# differ too, and each has its symbol.
COLOURS = {BELIEVE: ("#0072b2", "#ffffff"), LOOK: ("#f0e442", "#1d2330"), REJECT: ("#c44601", "#ffffff")}
LEGEND = {
    BELIEVE: "believe: nine of ten such bones are within 5 mm",
    LOOK: "look: compare with the radiographs",
    REJECT: "reject: probably further off, or not this bone",
}
UNRELIABLE = "Do not rely on this reconstruction"
NO_VERDICT = "No verdict is stored with this result."
KEY = "verdict"
"""Entry of the provenance."""


@dataclass(frozen=True)
class BoneVerdict:
    """What is thought of one bone.

    Attributes:
        verdict: "believe", "look" or "reject".
        probability: that it is within `WITHIN_MM`, 0..1.
    """

    verdict: str
    probability: float

    @property
    def words(self) -> str:
        """The verdict with its probability, "look: within 5 mm with a probability of 71 %"."""
        return (
            f"{self.verdict}: within {WITHIN_MM:.0f} mm with a probability of {100 * self.probability:.0f} %"
        )

    @property
    def short(self) -> str:
        """Symbol, verdict and probability, "? look 71 %"."""
        return f"{SYMBOLS[self.verdict]} {self.verdict} {100 * self.probability:.0f} %"


@dataclass(frozen=True)
class Verdict:
    """What is thought of a result.

    Attributes:
        whole: "believe", "look" or "reject".
        bones: by name, in the order of the ids.
        calibrated_for: name of the weights with which the probabilities were calibrated.
        reason: what else decided on the whole, a sentence, or "".

    Examples:
        >>> found = Verdict("look", {"sacrum": BoneVerdict("believe", 0.97), "rib_left_4": BoneVerdict("look", 0.6)})
        >>> found.line
        'Verdict: look. Of 2 bones, 1 can be believed, 1 needs a look and 0 are rejected.'
    """

    whole: str
    bones: Mapping[str, BoneVerdict]
    calibrated_for: str = ""
    reason: str = ""

    @property
    def line(self) -> str:
        """The verdict of the whole in one line."""
        alarm = [f"{UNRELIABLE}."] if self.whole == REJECT else []
        return " ".join([f"Verdict: {self.whole}.", *alarm, *filter(None, (self._counts, self.reason))])

    @property
    def _counts(self) -> str:
        if not self.bones:
            return ""
        count = Counter(bone.verdict for bone in self.bones.values())
        need, are = ("needs" if count[LOOK] == 1 else "need"), ("is" if count[REJECT] == 1 else "are")
        return (
            f"Of {len(self.bones)} bones, {count[BELIEVE]} can be believed, {count[LOOK]} {need} a look and "
            f"{count[REJECT]} {are} rejected."
        )

    @property
    def alarm(self) -> str:
        """The line where the whole is rejected, or ""."""
        return self.line if self.whole == REJECT else ""

    def without(self, names: Collection[str]) -> Verdict:
        """Return the verdict without some bones, because a person has changed them since."""
        return replace(self, bones={name: bone for name, bone in self.bones.items() if name not in names})

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, for the provenance."""
        return {
            "whole": self.whole,
            "line": self.line,
            "reason": self.reason,
            "within_mm": WITHIN_MM,
            "calibrated_for": self.calibrated_for,
            "bones": {
                name: {"verdict": bone.verdict, "probability": round(bone.probability, 3)}
                for name, bone in self.bones.items()
            },
        }

    @classmethod
    def from_json(cls, value: Any) -> Verdict | None:
        """Return a verdict from JSON values; None where there is none, or it is no verdict (`io.provenance`)."""
        if not is_verdict(value) or value is None:
            return None
        bones = {
            name: BoneVerdict(one["verdict"], float(one["probability"]))
            for name, one in value["bones"].items()
        }
        return cls(value["whole"], bones, value.get("calibrated_for", ""), value.get("reason", ""))


@dataclass(frozen=True)
class Strip:
    """The skeleton as a table, lying on its right side: a column for each level, then pelvis and femora.

    Attributes:
        columns: what stands above them.
        rows: title, and for each column the name of a bone or "".
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]


def strip() -> Strip:
    """Return where the bones stand in the one picture of all verdicts."""
    known = {label.name for label in labels()}
    levels = [label.name.removeprefix("vertebrae_") for label in labels() if label.group == "spine"]

    def side(name: str) -> tuple[str, ...]:
        ribs = [f"rib_{name}_{level[1:]}" if level[0] == "T" else "" for level in levels]
        return tuple(one if one in known else "" for one in (*ribs, f"hip_{name}", f"femur_{name}"))

    spine = (*(f"vertebrae_{level}" for level in levels), "sacrum", "")
    return Strip(
        (*levels, "Pelvis", "Femur"), (("Right", side("right")), ("Spine", spine), ("Left", side("left")))
    )


# Narrower than this, a column has a short title.
_NARROW = 20


def strip_html(verdict: Verdict, pixels: int) -> str:
    """Return the picture of all verdicts as a table in HTML, in the part of it that Qt's labels understand.

    Args:
        verdict: of a result.
        pixels: width of a cell.
    """
    shape = strip()
    small = f"font-size: {min(max(round(0.6 * pixels), 7), 12)}px; text-align: center"
    titles = _short(shape.columns) if pixels < _NARROW else shape.columns
    head = "".join(
        f'<td align="center" style="{small}; padding: 0 2px">{escape(title)}</td>' for title in titles
    )
    lines = [f"<tr><td></td>{head}</tr>"]
    for title, names in shape.rows:
        cells = "".join(_cell(name, verdict.bones.get(name), pixels) for name in names)
        lines.append(f'<tr><td style="{small}">{title}&nbsp;</td>{cells}</tr>')
    table = f'<table cellspacing="1" cellpadding="0">{"".join(lines)}</table>'
    marks = "&nbsp;&nbsp; ".join(f"{_mark(one)} {escape(words)}" for one, words in LEGEND.items())
    return f'{table}<div style="font-size: 11px">{marks}</div>'


def _short(titles: Sequence[str]) -> list[str]:
    """Return the letter of a level at the first of them alone, "T1, 2, 3", and of other bones the letter alone."""
    numbers = [title.lstrip("CTL") for title in titles]
    return [
        title[:1] if not number.isdigit() else title if number == "1" else number
        for title, number in zip(titles, numbers, strict=True)
    ]


_CELL = "border: 1px solid #ffffff; text-align: center"


def _mark(verdict: str) -> str:
    paper, ink = COLOURS[verdict]
    return f'<span style="background-color: {paper}; color: {ink}">&nbsp;{SYMBOLS[verdict]}&nbsp;</span>'


def cell_colours(name: str, bone: BoneVerdict | None) -> tuple[str, str]:
    """Return background and ink of a cell of `strip`: grey for a bone that the result lacks, white for none."""
    return COLOURS[bone.verdict] if bone is not None else ("#e6e8ee" if name else "#ffffff", "#000000")


def _cell(name: str, bone: BoneVerdict | None, pixels: int) -> str:
    paper, ink = cell_colours(name, bone)
    title, mark = "", "&nbsp;"
    if bone is not None:
        mark = SYMBOLS[bone.verdict]
        bone_title = next(label.title for label in labels() if label.name == name)
        title = f' title="{escape(f"{bone_title}, {bone.words}")}"'
    style = f"{_CELL}; background-color: {paper}; color: {ink}" + (
        "; font-size: 9px" if pixels < _NARROW else ""
    )
    # Qt reads the old attributes, browsers the style.
    return f'<td width="{pixels}" align="center" bgcolor="{paper}" style="{style}"{title}>{mark}</td>'
