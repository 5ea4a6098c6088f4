"""Messages of the library in terms of the panel: names of its controls instead of command-line options.

This module does not import Slicer: the list of texts for translators is made from it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from SwinX2SLib.errors import Fault

# The first match wins, so whole phrases come before single options.
_PHRASES = (
    (r"\bSet it with --spacing-mm( \([^)]*\))?", "Set Pixel size"),
    (r"\bSet the pixel size in millimetres with --spacing-mm", "Set Pixel size"),
    (r"\bset the pixel size with --spacing-mm", "set Pixel size"),
    (r"\bgive --spacing-mm", "set Pixel size"),
    (
        r"ignore the orientation in the header for this view \(--ignore-orientation\)",
        "clear the box Use orientation in header",
    ),
    (r" \(with --ignore-orientation if their headers state otherwise\)", ""),
    (r" \(--ap-view\)", " (Projection)"),
    (r" \(--model\)", ""),
    # Options of a frontal radiograph alone that the panel does not offer.
    (r", or add --accept-view", ""),
    (r", and name them with --depth-model", ""),
    (r" \(--device cpu\)", ""),
    (r"Align them vertically with --lateral-offset-mm", "Align them vertically (tab Vertical alignment)"),
    (
        r"Set the vertical offset of the lateral radiograph with --lateral-offset-mm",
        "Align them by points or manually (tab Vertical alignment)",
    ),
    (r"Correct --lateral-offset-mm", "Correct the vertical offset (tab Vertical alignment)"),
    (r"Remove --magnification", "Leave Magnification at from header"),
    (r"\bwith --crop\b", "with Crop"),
    (r"--magnification\b", "Magnification"),
    (r"--source-to-detector-mm\b", "Source-to-detector distance (SID)"),
    (r"--source-to-patient-mm\b", "Source-to-patient distance"),
    (r"--spacing-mm\b", "Pixel size"),
    (r"--crop\b", "Crop"),
    (r"--ap-view\b", "Projection"),
    (r"--flip\b", "the flip buttons"),
    (r"--model\b", "Model"),
    (r"--device\b", "Device"),
)


def panel_wording(text: str) -> str:
    """Replace command-line options in a text by the names of the panel's controls."""
    for phrase, words in _PHRASES:
        text = re.sub(phrase, words, text)
    return text


def rows_as_html(rows: Sequence[tuple[str, str]]) -> str:
    """Return names and what is known under them as HTML, one a line; names without words are left out."""
    return "<br/>".join(
        f"<b>{html.escape(name)}:</b> {html.escape(words)}" for name, words in rows if words.strip()
    )


def panel_fault(fault: Fault, names: Mapping[str, str]) -> Fault:
    """Return a fault that names the panel's controls and nodes.

    Args:
        fault: as raised by the library.
        names: path of a radiograph's file -> name of its node.
    """
    return Fault(
        fault.kind,
        panel_wording(fault.message),
        panel_wording(fault.hint),
        names.get(fault.path or "", fault.path),
    )
