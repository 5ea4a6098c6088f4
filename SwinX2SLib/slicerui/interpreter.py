"""Which Python runs the worker, and with what environment."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from slicer.i18n import tr as _

import SwinX2SLib

WORKER_MODULE = "SwinX2SLib.inference.worker"


class InterpreterError(RuntimeError):
    """No Python was found that could run the worker."""


def worker_command(job_file: Path) -> list[str]:
    """Return the command that runs a job; the worker ends itself when this process is gone.

    Raises:
        InterpreterError: Slicer's Python was not found.
    """
    return [worker_python(), "-m", WORKER_MODULE, str(job_file), "--parent", str(os.getpid())]


def worker_python() -> str:
    """Return the Python for the worker: `PythonSlicer` inside Slicer, this interpreter outside.

    Inside Slicer `sys.executable` may be the application itself, which would open a second window.

    Raises:
        InterpreterError: neither was found.
    """
    if found := shutil.which("PythonSlicer"):
        return found
    if Path(sys.executable).name.lower().startswith("python"):
        return sys.executable
    raise InterpreterError(
        _("PythonSlicer was not found beside {0}: reinstall Slicer, or put it on the PATH.").format(
            sys.executable
        )
    )


def worker_environment() -> dict[str, str]:
    """Return the variables to set for the worker: where the library is, and output that arrives at once in UTF-8."""
    library = str(Path(SwinX2SLib.__file__).resolve().parents[1])
    paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
