"""A batch as a process, with a small network in place of weights: `python -m batch_process TABLE OUT SECONDS`.

Every time that a network is loaded, or a pair is passed through it, a line is written to `OUT/../trace.txt`.
"""

import os
import sys
from pathlib import Path

from SwinX2SLib.cli.batch import reconstruct_and_measure
from SwinX2SLib.reconstruct.backends import KeptBackend
from SwinX2SLib.reconstruct.batch import read_batch_table, run_batch
from SwinX2SLib.reconstruct.batch.worker import reconstruct_pair
from SwinX2SLib.reconstruct.job import Job


def trace(words: str) -> None:
    with open(os.environ["BATCH_TRACE"], "a", encoding="utf-8") as stream:
        stream.write(f"{words}\n")


class SmallBackend:
    """Loads `ThresholdModel`."""

    def check(self, job):
        return []

    def make(self, job):
        from threshold_model import ThresholdModel

        from SwinX2SLib.reconstruct.reconstructor import Reconstructor

        class Traced(ThresholdModel):
            def reconstruct_logits(self, coronal, sagittal):
                trace("pair")
                return super().reconstruct_logits(coronal, sagittal)

        trace("load")
        return Reconstructor(Traced(layers=4, seconds=float(os.environ["BATCH_SECONDS"]) / 4), "cpu")


_kept = KeptBackend(SmallBackend())


def work(payload):
    return reconstruct_pair(payload, _kept)


def work_and_measure(payload):
    return reconstruct_and_measure(payload, _kept)


def main() -> None:
    table, out = (Path(argument) for argument in sys.argv[1:3])
    cases, _ = read_batch_table(table)
    settings = Job(table, table, out, device="cpu")
    measure = "measure" in sys.argv[3:]
    chosen = work_and_measure if measure else work
    run_batch(cases, out, settings, measure=measure, backend=SmallBackend(), work=chosen)


if __name__ == "__main__":
    main()
