"""Cases per second of `swinx2s evaluate --cohort`: `python Testing/bench/cohort.py [--cases N] [--workers N ...]`.

Cases are phantoms at 3 mm against themselves, moved by 3 mm: whole spines, ribs, pelves and femora, 54 bones each.
The evaluation is timed, with --measurements also with these, and once more when all cases are finished.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import nibabel as nib

from SwinX2SLib.evaluation import EvaluationOptions
from SwinX2SLib.evaluation.cohort import CohortTable, evaluate_cohort, read_table
from SwinX2SLib.parallel.local import usable_cores
from SwinX2SLib.phantom import PhantomParameters, build_phantom

SPACING_MM = 3.0


def main() -> None:
    """Print a line for each way of working."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=8)
    parser.add_argument("--workers", type=int, nargs="+", default=sorted({1, usable_cores()}))
    parser.add_argument("--measurements", action="store_true", help="time them too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = phantoms(Path(folder), args.cases)
        for measured in (False, True)[: 1 + args.measurements]:
            for workers in args.workers:
                out = Path(folder) / f"out-{measured}-{workers}"
                what = "measured, " if measured else ""
                for state in ("new", "finished"):
                    seconds = timed(table, out, workers, measured)
                    rate = f"{args.cases / seconds:.2f} cases/s ({seconds:.1f} s)"
                    print(f"{args.cases} cases, {what}{workers} workers, {state:<10} {rate}", flush=True)


def phantoms(folder: Path, count: int) -> CohortTable:
    """Write phantoms and the table of them."""
    phantom = build_phantom(PhantomParameters(), spacing_mm=SPACING_MM)
    moved = phantom.affine.copy()
    moved[2, 3] += 3.0
    rows = [["case", "prediction", "truth"]]
    for n in range(count):
        rows.append([f"person{n:03}", f"{n}_found.nii.gz", f"{n}_truth.nii.gz"])
        for affine, name in ((moved, rows[-1][1]), (phantom.affine, rows[-1][2])):
            nib.save(nib.Nifti1Image(phantom.labels, affine), folder / name)
    with (folder / "table.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    return read_table(folder / "table.csv")


def timed(table: CohortTable, out: Path, workers: int, measured: bool) -> float:
    """Return how long a cohort takes [s], start of the processes included."""
    began = time.perf_counter()
    result = evaluate_cohort(table, out, EvaluationOptions(measurements=measured), workers=workers)
    assert not result.failed, result.failed
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
