"""What leaves the section: the table as CSV, the report, the review as text, and the views at a place."""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import numpy as np
import qt
import slicer
import vtk
from slicer.i18n import tr as _

from SwinX2SLib.io.atomic_output import atomic_write
from SwinX2SLib.io.csv_tables import for_spreadsheets
from SwinX2SLib.measurements.from_landmarks import Key
from SwinX2SLib.slicerui.measurements.session import MeasuringSession
from SwinX2SLib.slicerui.measurements.table import table_csv
from SwinX2SLib.slicerui.measurements.value_labels import place_of

_REVIEWED, _NOT_REVIEWED = "#17613a", "#b25000"


def save_csv(session: MeasuringSession, path: Path) -> str:
    """Write the table as CSV and return a message for the user."""
    text = table_csv(session.rows, session.edited, session.review_words())
    try:
        atomic_write(path, for_spreadsheets(text))
    except OSError as error:
        return _("Saving the table failed: {0}").format(error)
    return _("Saved {0}.").format(path)


def ask_csv_path(parent: qt.QWidget) -> Path | None:
    """Ask where the table is to be saved; None if the user cancels."""
    name = qt.QFileDialog.getSaveFileName(parent, _("Save table"), "measurements.csv", "CSV (*.csv)")
    # PySide also returns the selected filter.
    name = name if isinstance(name, str) else name[0]
    return Path(name) if name else None


def ask_report_folder(parent: qt.QWidget) -> Path | None:
    """Ask where the report's folder is to be made; None if the user cancels."""
    folder = qt.QFileDialog.getExistingDirectory(parent, _("Folder for the report"), "")
    return Path(folder) if folder else None


def report_folder(session: MeasuringSession, parent: Path) -> Path:
    """Return a folder for a report that does not exist yet."""
    letters = (
        letter if letter.isalnum() or letter in " ._-" else "_" for letter in session.segmentation.GetName()
    )
    name = "".join(letters).strip(" .") or "bones"
    return parent / f"{name} measurements {datetime.now().strftime('%Y-%m-%d %H%M%S')}"


def counted_words(session: MeasuringSession) -> str:
    """Return how many measurements are good, to be checked and absent."""
    qualities = [session.edited.reviewed(key).present.quality for key in session.edited.keys]
    counts = (qualities.count(quality) for quality in ("good", "check", "absent"))
    return _("Measurements: {0} good, {1} to check, {2} absent.").format(*counts)


def reasons_html(session: MeasuringSession, keys: list[Key]) -> str:
    """Return why the one measurement that is chosen, or its two sides, are not good."""
    if len(keys) not in (1, 2):
        return ""
    found = [session.edited.reviewed(key).present for key in keys]
    reasons = dict.fromkeys(reason for one in found for reason in one.reasons)
    return "<br>".join(html.escape(reason) for reason in reasons)


def review_html(session: MeasuringSession) -> str:
    """Return the state of the review, in colour."""
    colour = _REVIEWED if session.is_reviewed else _NOT_REVIEWED
    return f"<b style='color: {colour}'>{html.escape(session.review_words())}</b>"


def jump_to_places(session: MeasuringSession, keys: Iterable[Key]) -> None:
    """Centre all slice views on the places of measurements, where there are any.

    Between the two sides of a pair there is nothing to see: slices go to the right one.
    """
    found = {key: place for key in keys if (place := place_of(session.edited, key)) is not None}
    right = {key: place for key, place in found.items() if key[2] == "right"}
    if right and any(key[2] == "left" for key in found):
        found = right
    if not found:
        return
    middle = np.mean([*found.values()], axis=0)
    if (transform := session.segmentation.GetParentTransformNode()) is not None:
        general = vtk.vtkGeneralTransform()
        slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(transform, None, general)
        middle = np.array(general.TransformPoint(*middle))
    for index in range(slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSliceNode")):
        slicer.mrmlScene.GetNthNodeByClass(index, "vtkMRMLSliceNode").JumpSliceByCentering(*middle)
