"""The report of an evaluation: one case, or a cohort."""
