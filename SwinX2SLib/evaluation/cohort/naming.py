"""Names of cases as names of files."""

from __future__ import annotations

import re

_UNFIT = re.compile(r'[<>:"/\\|?*%\x00-\x1f\x7f]|^[. ]|[. ]$')


def row_key(dataset: str, case: str, model: str) -> str:
    """Return a name of a file for a case, readable and different for different cases.

    Args:
        dataset, case, model: names; empty ones are left out.
    """
    return "__".join(
        _UNFIT.sub(lambda letter: f"%{ord(letter[0]):02X}", name) for name in (dataset, case, model) if name
    )
