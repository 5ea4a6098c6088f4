"""Evaluation of many cases: the table that names them, the work, and the tables that come of it.

Names are loaded when they are asked for: every worker process loads this package, and needs `work` only.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.cohort.run import CohortResult, evaluate_cohort
    from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable, read_table


__all__ = ["CohortResult", "CohortRow", "CohortTable", "evaluate_cohort", "read_table"]
_PLACES = {
    "CohortResult": "run",
    "evaluate_cohort": "run",
    "CohortRow": "table",
    "CohortTable": "table",
    "read_table": "table",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
