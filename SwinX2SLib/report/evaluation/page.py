"""The pages about evaluations: of one case, and of a cohort."""

from SwinX2SLib.report.evaluation.case import write_case_page
from SwinX2SLib.report.evaluation.cohort import COHORT_PAGE, write_cohort_page

__all__ = ["COHORT_PAGE", "write_case_page", "write_cohort_page"]
