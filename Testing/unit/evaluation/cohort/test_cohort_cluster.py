"""A cohort on a Dask cluster of two workers on loopback, one of which is killed half-way."""

import pytest

from SwinX2SLib.evaluation import EvaluationOptions
from SwinX2SLib.evaluation.cohort import evaluate_cohort, read_table
from SwinX2SLib.parallel.progress import Silent

pytestmark = pytest.mark.slow

COUNT = 40
TABLES = ("cohort.csv", "groups.csv", "measurements.csv", "failures.csv", "summary.json")
QUICK = EvaluationOptions(measurements=False)


class KillsHalfWay(Silent):
    """Kills a worker when half of the cases are done."""

    def __init__(self, worker):
        self._worker, self.done = worker, 0

    def finished(self, key, failure):
        self.done += 1
        if self.done == COUNT // 2:
            self._worker.kill()


def test_the_tables_are_complete_and_equal_those_of_one_process(loopback_cluster, write_cohort, tmp_path):
    table = read_table(write_cohort(tmp_path, COUNT, broken=(7, 33)))
    doomed = loopback_cluster.add_worker()
    loopback_cluster.add_worker()
    killing = KillsHalfWay(doomed)
    found = evaluate_cohort(
        table, tmp_path / "cluster", QUICK, scheduler=loopback_cluster.address, progress=killing
    )
    assert doomed.wait(timeout=10) != 0
    alone = evaluate_cohort(table, tmp_path / "alone", QUICK, workers=1)
    assert len(found.evaluated) == COUNT - 2
    assert (found.evaluated, found.failed) == (alone.evaluated, alone.failed)
    for name in TABLES:
        assert (tmp_path / "cluster" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name
    for key in alone.evaluated:
        one, other = (tmp_path / folder / "cases" / f"{key}.json" for folder in ("cluster", "alone"))
        assert one.read_bytes() == other.read_bytes()
