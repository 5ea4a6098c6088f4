"""Which sections the panel has, and in what order."""

from __future__ import annotations

import importlib
import pkgutil

from SwinX2SLib.slicerui import sections
from SwinX2SLib.slicerui.section import Section

# From the films to what is done with the bones; a section that is not named here comes last.
ORDER = ("inputs", "reconstruct", "result", "measurements", "compare", "batch", "models")


def section_names() -> list[str]:
    """Return the names of all sections there are, in the order of the panel."""
    found = [module.name for module in pkgutil.iter_modules(sections.__path__)]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def make_section(name: str) -> Section:
    """Make a section, without its widgets yet.

    Args:
        name: of its module in `slicerui.sections`, for example "inputs" for the class `InputsSection`.
    """
    module = importlib.import_module(f"{sections.__name__}.{name}")
    return getattr(module, f"{title_of(name)}Section")()


def title_of(name: str) -> str:
    """Return the first part of a section's class name and of its `.ui` file."""
    return "".join(word.capitalize() for word in name.split("_"))
