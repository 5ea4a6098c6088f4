"""Evaluation of many cases: the table that names them, the work, and the tables that come of it.

Names are loaded when they are asked for: every worker process loads this package, and needs `work` only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from SwinX2SLib.lazy import lazy_names

if TYPE_CHECKING:
    from SwinX2SLib.evaluation.cohort.run import CohortResult, evaluate_cohort
    from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable, read_table


__all__ = ["CohortResult", "CohortRow", "CohortTable", "evaluate_cohort", "read_table"]
_HOMES = {
    "CohortResult": "run",
    "evaluate_cohort": "run",
    "CohortRow": "table",
    "CohortTable": "table",
    "read_table": "table",
}
__getattr__, __dir__ = lazy_names(__name__, _HOMES)
