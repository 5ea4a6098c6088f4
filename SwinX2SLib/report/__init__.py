"""A page for a person about one reconstruction: films with outlines, shaded bones, volumes, where it came from."""

from SwinX2SLib.report.page import REPORT_FILE, write_report

__all__ = ["REPORT_FILE", "write_report"]
