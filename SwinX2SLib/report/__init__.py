"""A page for a person about one reconstruction: radiographs with outlines, shaded bones, volumes, where it came
from."""

from typing import Any

__all__ = ["REPORT_FILE", "write_report"]


def __getattr__(name: str) -> Any:
    """Import page and drawing library on demand; reading findings does not need them."""
    if name in __all__:
        from SwinX2SLib.report import page

        return getattr(page, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
