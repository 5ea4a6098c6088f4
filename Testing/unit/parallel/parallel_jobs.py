"""Work that leaves a trace each time it is done; `python -m parallel_jobs OUT TRACES COUNT SECONDS` does many."""

import os
import signal
import sys
import time
import uuid
from pathlib import Path

from SwinX2SLib.errors import Fault, InputError
from SwinX2SLib.parallel import Task, run_resumable


def work(payload):
    """Leave a trace, take its time, then do as told."""
    traces = payload.get("traces")
    if traces:
        Path(traces, f"{payload['number']}-{uuid.uuid4().hex}").write_text(str(os.getpid()))
    time.sleep(payload.get("seconds", 0))
    return ENDS[payload.get("end", "well")](payload)


def well(payload):
    text = payload["file"].read_text() if "file" in payload else ""
    return {
        "number": payload["number"],
        "square": payload["number"] ** 2,
        "text": text,
        "process": os.getpid(),
    }


def faulty(payload):
    raise InputError([Fault("file-broken", "It is broken.", "Mend it.", f"case{payload['number']}.nii")])


def unexpected(payload):
    return {"ratio": 1 / 0}


def undefined(payload):
    return {"ratio": float("nan")}


def leave(payload):
    os._exit(7)


def killed(payload):
    os.kill(os.getpid(), signal.SIGKILL)


def memory(payload):
    raise MemoryError


def threads(payload):
    return {"threads": os.environ["OMP_NUM_THREADS"]}


ENDS = {
    "well": well,
    "faulty": faulty,
    "unexpected": unexpected,
    "undefined": undefined,
    "leave": leave,
    "killed": killed,
    "memory": memory,
    "threads": threads,
}


def tasks(count, traces, seconds=0.0):
    return [
        Task(f"case{number}", {"number": number, "traces": str(traces), "seconds": seconds})
        for number in range(count)
    ]


def main():
    out, traces, count, seconds = sys.argv[1:]
    try:
        run_resumable(tasks(int(count), traces, float(seconds)), work, Path(out), workers=2)
    except KeyboardInterrupt:
        print("stopped", flush=True)
        sys.exit(130)


if __name__ == "__main__":
    main()
