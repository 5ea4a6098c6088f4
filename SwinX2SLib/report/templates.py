"""Pages from templates of `Resources/Report`."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from SwinX2SLib.resources import resource_path


def render_page(template: str, **values: Any) -> str:
    """Return the text of a page; every value is escaped, and one that is missing is an error."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> jinja2.Environment:
    loader = jinja2.FunctionLoader(lambda name: resource_path("Report", name).read_text(encoding="utf-8"))
    return jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
