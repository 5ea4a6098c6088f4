"""Small workers for tests: real Python processes that serve jobs and speak the protocol, or break it."""

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

_PREAMBLE = """
import json, os, shutil, signal, subprocess, sys, time
from pathlib import Path

def tell(**event):
    print(json.dumps(event), flush=True)

def finish(labels, **more):
    out = Path(job["out"])
    out.mkdir(parents=True)
    shutil.copy(labels, out / "labels.nii.gz")
    files = {"labels": str(out / "labels.nii.gz")}
    if more:
        (out / "provenance.json").write_text(json.dumps(more))
        files["provenance"] = str(out / "provenance.json")
    tell(event="result", files=files)

for line in sys.stdin:
    sys.argv[1:] = [line.strip()]
    job = json.loads(Path(sys.argv[1]).read_text())
    exec(BODY)
    tell(event="finished", code=0)
"""

# Body of a worker that never ends.
FOREVER = "tell(event='progress', fraction=0.3, message='Waiting')\ntime.sleep(600)\n"


def worker_script(folder: Path, body: str, **values: object) -> Callable[[], list[str]]:
    """Return the command maker of a worker that runs `body` for each job.

    Args:
        folder: where the script is written.
        body: Python; `job`, `tell` and `finish` are at hand, and `values` as variables.
    """
    lines = [f"{name} = {value!r}" for name, value in {**values, "BODY": textwrap.dedent(body)}.items()]
    script = folder / "worker.py"
    script.write_text("\n".join([*lines, _PREAMBLE]), encoding="utf-8")
    return lambda: [sys.executable, str(script)]
