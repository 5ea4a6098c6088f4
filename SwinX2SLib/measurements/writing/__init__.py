"""Measurements as files: JSON for a program, CSV for a spreadsheet, landmarks for 3D Slicer."""

from SwinX2SLib.measurements.writing.document import SCHEMA, document_text
from SwinX2SLib.measurements.writing.markups import markups_text
from SwinX2SLib.measurements.writing.table import table_text

__all__ = ["SCHEMA", "document_text", "markups_text", "table_text"]
