"""From the user's choices to a running worker."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import slicer

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs import RadiographOptions
from SwinX2SLib.slicerui.background_process import (
    QtWorkerProcess,
    WorkerListener,
    WorkerProcess,
    worker_command,
)
from SwinX2SLib.slicerui.inputs.choice import choice_faults, lateral_offset, radiograph_choice, used_roles
from SwinX2SLib.slicerui.installer import Installer, SlicerInstaller
from SwinX2SLib.slicerui.parameters import ReconstructionParameters
from SwinX2SLib.slicerui.radiographs import radiograph_file, radiograph_spacing
from SwinX2SLib.slicerui.runs import ReconstructionRun, RunObserver, RunQueue
from SwinX2SLib.slicerui.standing_worker import StandingWorker


class ReconstructionLogic:
    """Checks the inputs, starts the worker, and holds the runs: one at a time, the others wait.

    Args:
        installer: sees to the worker's dependencies.
        make_process: makes the background process.
        make_command: the command of a worker that reads job files from its standard input.
    """

    def __init__(
        self,
        installer: Installer | None = None,
        make_process: Callable[[WorkerListener], WorkerProcess] = QtWorkerProcess,
        make_command: Callable[[], list[str]] = worker_command,
    ):
        self._installer = installer or SlicerInstaller()
        self._make_process, self._make_command = make_process, make_command
        self._queue = RunQueue()
        # Both are looked up at each start of a process.
        self._worker = StandingWorker(
            lambda listener: self._make_process(listener), lambda: self._make_command()
        )

    def start(self, parameters: ReconstructionParameters, observer: RunObserver) -> list[Fault]:
        """Start a reconstruction, or put it behind the one that runs, or list what is wrong with the inputs.

        The radiographs are written as they are now: what the user does to the scene afterwards does not change the
        run.

        Returns:
            All faults that are visible without reading pixels; the worker reports the others. None means that the
            observer is notified of the run.

        Raises:
            InstallError: the dependencies are not there.
            ExportError: the radiographs could not be written.
            InterpreterError: there is no Python for the worker.
        """
        faults = choice_faults(parameters)
        if faults:
            return faults
        self._installer.ensure()
        folder = Path(tempfile.mkdtemp(prefix="SwinX2S-", dir=slicer.app.temporaryPath))
        try:
            run = self._prepare(parameters, folder, observer)
            self._queue.add(run, lambda: run.start(folder / "job.json", self._worker))
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return []

    def _prepare(
        self, parameters: ReconstructionParameters, folder: Path, observer: RunObserver
    ) -> ReconstructionRun:
        # Jobs and the protocol come with packages that are installed by now, and not before.
        from SwinX2SLib.reconstruct.job import Job
        from SwinX2SLib.slicerui.result_loading import ViewRadiograph

        choices = {role: radiograph_choice(parameters, role) for role in used_roles(parameters)}
        files = {role: radiograph_file(choice.node, folder, role) for role, choice in choices.items()}
        job = Job(
            ap=files["ap"],
            lateral=files.get("lateral"),
            out=folder / "result",
            ap_options=choices["ap"].options,
            lateral_options=choices["lateral"].options if "lateral" in choices else RadiographOptions(),
            ap_view=choices["ap"].view,
            model=parameters.model,
            device=parameters.device.value,
            lateral_offset_mm=lateral_offset(parameters) if "lateral" in choices else None,
            also_ct=parameters.also_ct,
        )
        job.save(folder / "job.json")
        radiographs = {
            role: ViewRadiograph(
                choice.node.GetID(),
                choice.node.GetName(),
                str(files[role]),
                radiograph_spacing(choice.node, choice.options).source,
            )
            for role, choice in choices.items()
        }
        return ReconstructionRun(folder, radiographs, observer, self._queue)

    def cancel(self, reason: str) -> None:
        """End the running worker, if there is one; its observer gets the reason when it has exited."""
        self._queue.cancel(reason)

    def cancel_all(self, reason: str) -> None:
        """End the running worker and discard the queue; every observer gets the reason."""
        self._queue.cancel_all(reason)

    def cancel_and_wait(self, reason: str) -> None:
        """End everything, the worker that waits for a run, too, and return when it is gone."""
        self._queue.cancel_and_wait(reason)
        self.stop_idle_worker()

    def stop_idle_worker(self) -> None:
        """End the worker that waits for a run, if there is one; the next run starts a new one."""
        if not self._worker.is_running():
            self._worker.stop()

    def worker_is_ready(self) -> bool:
        """Return whether a worker waits that has served a run, so that the next need not start one."""
        return self._worker.is_ready()

    def is_running(self) -> bool:
        """Return whether a worker is there."""
        return self._queue.is_running()

    def waiting(self) -> int:
        """Return how many runs wait for the one that runs."""
        return self._queue.waiting()
