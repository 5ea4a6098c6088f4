"""Evaluation of many cases: the table that names them, the work, and the tables that come of it."""

from SwinX2SLib.evaluation.cohort.run import CohortResult, evaluate_cohort
from SwinX2SLib.evaluation.cohort.table import CohortRow, CohortTable, read_table

__all__ = ["CohortResult", "CohortRow", "CohortTable", "evaluate_cohort", "read_table"]
