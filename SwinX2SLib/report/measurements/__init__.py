"""The report of measurements: page, figures, PDF, and the reviewed one."""
