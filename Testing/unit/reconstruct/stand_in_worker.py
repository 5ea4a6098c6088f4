"""The worker with a small model in place of weights, and on request one of the ways in which a run goes wrong.

Usage: stand_in_worker.py MODE JOB.json [worker options]
       stand_in_worker.py MODE --serve [worker options]
"""

import sys
import time

from SwinX2SLib.reconstruct import reconstruction, worker


def stall(folder, provenance):
    print("volumes written", file=sys.stderr, flush=True)
    time.sleep(60)


def fill_disk(folder, provenance):
    raise OSError(28, "No space left on device")


class StandInBackend:
    def check(self, job):
        return []

    def make(self, job):
        from threshold_model import model_of

        from SwinX2SLib.reconstruct.reconstructor import Reconstructor

        print("a model is loaded", file=sys.stderr, flush=True)
        return Reconstructor(model_of(mode), job.device)


if __name__ == "__main__":
    mode = sys.argv[1]
    reconstruction.write_provenance = {"stalled": stall, "full-disk": fill_disk}.get(
        mode, reconstruction.write_provenance
    )
    sys.exit(worker.main(sys.argv[2:], StandInBackend()))
