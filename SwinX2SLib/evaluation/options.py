"""How to evaluate a case, and what is wrong with what was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from SwinX2SLib.anatomy import GROUPS
from SwinX2SLib.errors import Fault

Alignment = Literal["none", "centres", "bones", "rigid"]
ALIGNMENTS: tuple[str, ...] = get_args(Alignment)
# Of surface Dice.
TOLERANCES_MM = (1.0, 2.0)


@dataclass(frozen=True)
class EvaluationOptions:
    """How to evaluate.

    Attributes:
        case: name of the case, or "" for that of the prediction.
        scheme: numbering of the truth: a name of `label_maps.SCHEME_NAMES`, the path of a map, "auto" to recognise
            it, or None for ours unless the places of the labels contradict it. Where it is recognised, only groups
            that the truth holds are compared unless `groups` says otherwise.
        prediction_scheme: numbering of the prediction.
        groups: groups that the truth draws, or None for those that its numbering names.
        tolerances_mm: of the normalised surface Dice.
        measurements: whether both are measured and compared.
        align: "none", places as stated in the files; "centres", both grids' centres laid together (radiographs know
            no patient position); "bones", shifted by the median way from predicted to true centres of bones; "rigid",
            turned and shifted so that their surfaces lie on one another (see `alignment`).
    """

    case: str = ""
    scheme: str | Path | None = None
    prediction_scheme: str | Path | None = None
    groups: tuple[str, ...] | None = None
    tolerances_mm: tuple[float, ...] = TOLERANCES_MM
    measurements: bool = True
    align: Alignment = "none"

    def faults(self) -> list[Fault]:
        """List what cannot be done."""
        faults = []
        unknown = [group for group in self.groups or () if group not in GROUPS]
        if unknown or self.groups == ():
            message = f"Unknown group {', '.join(unknown)}." if unknown else "No group is selected."
            faults.append(Fault("unknown-group", message, f"Use {', '.join(GROUPS)}."))
        wrong = [each for each in self.tolerances_mm if not (math.isfinite(each) and each >= 0)]
        if wrong:
            message = f"A tolerance of {', '.join(f'{each:g}' for each in wrong)} mm is not valid."
            faults.append(Fault("tolerance", message, "Specify millimetres, 0 or more."))
        if self.align not in ALIGNMENTS:
            message = f"Unknown alignment {self.align!r}."
            faults.append(Fault("alignment", message, f"Use {', '.join(ALIGNMENTS)}."))
        return faults
