"""The measurements of a result for its report page: written beside it, and counted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from SwinX2SLib.report.measuring import MeasureJob, run_measuring
from SwinX2SLib.report.naming import REGION_TITLES

MEASUREMENTS_FOLDER = "measurements"


@dataclass(frozen=True)
class MeasuredSummary:
    """How much of a person was measured.

    Attributes:
        page: of all measurements, relative to the folder of the result.
        regions: title and numbers of measurements that are good, to be checked and absent.
    """

    page: str
    regions: tuple[tuple[str, int, int, int], ...]


def write_measurements(folder: Path, title: str) -> MeasuredSummary:
    """Measure the bones of a result, write `measurements/` into its folder, and return what was found.

    Args:
        folder: that `inference.run_job` wrote.
        title: of the page.

    Raises:
        InputError: the bones cannot be read, or the folder for the measurements holds other files.
        OutputError: the measurements could not be written.
    """
    out = folder / MEASUREMENTS_FOLDER
    written = run_measuring(MeasureJob(folder, out, title=title, overwrite=True))
    found = json.loads(written["measurements"].read_text(encoding="utf-8"))["measurements"]
    regions = []
    for region, heading in REGION_TITLES.items():
        count = Counter(one["quality"] for one in found if one["region"] == region)
        if count:
            regions.append((heading, count["good"], count["check"], count["absent"]))
    return MeasuredSummary(f"{MEASUREMENTS_FOLDER}/{written['page'].name}", tuple(regions))
