"""The paper's tables 2 to 5, with figures of networks trained here next to the paper's."""

from SwinX2SLib.paper.published import PublishedTables, Row, load_published

__all__ = ["PublishedTables", "Row", "load_published"]
