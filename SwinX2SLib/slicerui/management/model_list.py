"""The models as the panel lists them."""

from __future__ import annotations

import html
from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from SwinX2SLib.weights.manifest import StoredWeights


def fill_model_list(widget: qt.QTableWidget, stored: Sequence[StoredWeights], default: str | None) -> None:
    """List models, one in a row, in the order given.

    Args:
        widget: the table.
        stored: what there is.
        default: name of the recommended one.
    """
    columns = [_("Model"), _("Network"), _("Size"), _("From"), _("File")]
    widget.setColumnCount(len(columns))
    widget.setHorizontalHeaderLabels(columns)
    widget.setRowCount(len(stored))
    for row, weights in enumerate(stored):
        for column, words in enumerate(_row(weights, default)):
            item = qt.QTableWidgetItem(words)
            item.setToolTip(weights.record.notes)
            item.setFlags(qt.Qt.ItemIsSelectable | qt.Qt.ItemIsEnabled)
            widget.setItem(row, column, item)
    widget.resizeColumnsToContents()


def file_words(weights: StoredWeights) -> str:
    """Return whether the file is there and has its size; the hash takes seconds, so it is for Verify to compare."""
    if not weights.path.is_file():
        return _("MISSING")
    return _("there") if weights.path.stat().st_size == weights.record.bytes else _("WRONG SIZE")


def about(weights: StoredWeights) -> str:
    """Return all that is known of a model, as HTML."""
    record = weights.record
    purpose = (
        _("reconstructs bones")
        if record.reconstructs
        else _("a helper: tells how films hang; used by itself, not offered for reconstruction")
    )
    rows = [
        (_("Purpose"), purpose),
        (_("Trained or imported"), record.date),
        (_("Licence"), record.licence),
        (
            _("Learned from"),
            _("{0} people").format(len(record.training_data)) if record.training_data else "",
        ),
        (_("Came from"), " ".join((record.source or {}).get(key, "") for key in ("file", "sha256"))),
        ("SHA-256", record.sha256),
        (_("File"), _("{0}, part of SwinX2S").format(record.file) if weights.bundled else str(weights.path)),
        (_("Notes"), record.notes),
    ]
    lines = [f"<b>{html.escape(name)}:</b> {html.escape(words)}" for name, words in rows if words.strip()]
    return f"<b>{html.escape(record.name)}</b><br/>" + "<br/>".join(lines)


def _row(weights: StoredWeights, default: str | None) -> tuple[str, ...]:
    record = weights.record
    marks = [_("default")] if record.name == default else []
    marks += [] if record.reconstructs else [_("helper")]
    name = f"{record.name} ({', '.join(marks)})" if marks else record.name
    origin = _("SwinX2S") if weights.bundled else _("import")
    return name, record.variant, f"{record.bytes / 1e6:.1f} MB", origin, file_words(weights)
