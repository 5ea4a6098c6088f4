"""From the user's choices to a running worker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.slicerui.checks import choice_faults, film_file_faults, film_options
from SwinX2SLib.slicerui.films import film_file, film_spacing
from SwinX2SLib.slicerui.installer import Installer, SlicerInstaller
from SwinX2SLib.slicerui.interpreter import worker_command
from SwinX2SLib.slicerui.outcome import RunObserver
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.process import QtWorkerProcess, WorkerListener, WorkerProcess

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.run import ReconstructionRun

# These are told before anything is installed or written: there is no pair of films to look at yet.
_NO_PAIR = {"film-missing", "film-empty", "not-a-film", "same-film"}


class ReconstructionLogic:
    """Checks the inputs, starts the worker, and holds the run. One run at a time.

    Args:
        installer: sees to the worker's dependencies.
        make_process: makes the background process.
        make_command: the worker's command for a job file.
    """

    def __init__(
        self,
        installer: Installer | None = None,
        make_process: Callable[[WorkerListener], WorkerProcess] = QtWorkerProcess,
        make_command: Callable[[Path], list[str]] = worker_command,
    ):
        self._installer = installer or SlicerInstaller()
        self._make_process, self._make_command = make_process, make_command
        self._run: ReconstructionRun | None = None

    def start(self, parameters: ReconstructionParameters, observer: RunObserver) -> list[Fault]:
        """Start a reconstruction, or list everything that is wrong with the inputs.

        Returns:
            All faults; none means that the worker was started and the observer will hear of it.

        Raises:
            RuntimeError: a reconstruction runs already.
            InstallError: the dependencies are not there.
            ExportError: the films could not be written.
            InterpreterError: there is no Python for the worker.
        """
        if self.is_running():
            raise RuntimeError("A reconstruction runs already; wait for it or cancel it.")
        faults = choice_faults(parameters)
        if _NO_PAIR & {fault.kind for fault in faults}:
            return faults
        self._installer.ensure()
        folder = Path(tempfile.mkdtemp(prefix="SwinX2S-", dir=slicer.app.temporaryPath))
        try:
            files = {
                "ap": film_file(parameters.ap_volume, folder, "ap"),
                "lateral": film_file(parameters.lateral_volume, folder, "lateral"),
            }
            faults += film_file_faults(parameters, files)
            if not faults:
                self._start(parameters, files, folder, observer)
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if faults:
            shutil.rmtree(folder)
        return faults

    def _start(
        self,
        parameters: ReconstructionParameters,
        files: dict[str, Path],
        folder: Path,
        observer: RunObserver,
    ) -> None:
        # Jobs and the protocol come with packages that are installed by now, and not before.
        from SwinX2SLib.inference.job import Job
        from SwinX2SLib.slicerui.result import Film
        from SwinX2SLib.slicerui.run import ReconstructionRun

        options = film_options(parameters)
        job = Job(
            ap=files["ap"],
            lateral=files["lateral"],
            out=folder / "result",
            ap_options=options["ap"],
            lateral_options=options["lateral"],
            ap_view=parameters.ap_view.value,
            model=parameters.model,
            device=parameters.device.value,
        )
        job.save(folder / "job.json")
        chosen = {
            "ap": (parameters.ap_volume, parameters.ap_spacing_mm),
            "lateral": (parameters.lateral_volume, parameters.lateral_spacing_mm),
        }
        films = {
            role: Film(node.GetID(), node.GetName(), str(files[role]), film_spacing(node, given_mm).source)
            for role, (node, given_mm) in chosen.items()
        }
        self._run = ReconstructionRun(folder, films, observer)
        self._run.start(self._make_command(folder / "job.json"), self._make_process)

    def cancel(self, reason: str) -> None:
        """End a running worker; its observer is told the reason when it is gone."""
        if self._run is not None:
            self._run.cancel(reason)

    def cancel_and_wait(self, reason: str) -> None:
        """End a running worker and return when it is gone."""
        if self._run is not None:
            self._run.cancel_and_wait(reason)

    def is_running(self) -> bool:
        """Return whether a worker is there."""
        return self._run is not None and self._run.is_running()
