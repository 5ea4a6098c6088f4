"""The training loop: steps of accumulated micro-batches, validations and checkpoints, resumable at any moment."""

from __future__ import annotations

import copy
import dataclasses
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from itertools import count
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from SwinX2SLib.errors import RESOURCES, Fault, InputError
from SwinX2SLib.io.atomic_output import remove_stale
from SwinX2SLib.reconstruct.device import fast_autocast
from SwinX2SLib.training.checkpoint import save_best, save_checkpoint
from SwinX2SLib.training.config import TrainingConfig
from SwinX2SLib.training.data import Batch, BatchDataset, Share
from SwinX2SLib.training.distributed import Process
from SwinX2SLib.training.log import Listener, TrainingLog
from SwinX2SLib.training.objectives import Phase, objective_for, phases_of
from SwinX2SLib.training.schedule import Schedule
from SwinX2SLib.training.setup import build_network, parameter_groups, resumable_state
from SwinX2SLib.training.synthesis import Synthesiser
from SwinX2SLib.training.validation import selection_score


class StepMeans:
    """Collects the losses of micro-batches and the time of steps; the numbers stay on their device until asked for.

    Args:
        process: among whose likes the means are taken.
    """

    def __init__(self, process: Process):
        self.process = process
        self._clear()

    def add_losses(self, parts: Mapping[str, Tensor]) -> None:
        """Take in the parts of a micro-batch's loss."""
        for name, value in parts.items():
            self._values.setdefault(name, []).append(value.detach().float())

    def add_step(self, seconds: float, waiting: float, gradient_norm: Tensor) -> None:
        """Take in a step's time, and how much of it was spent waiting for samples."""
        self._steps += 1
        self._seconds += seconds
        self._waiting += waiting
        self.add_losses({"gradient_norm": gradient_norm})

    def take(self) -> dict[str, float]:
        """Return the means over the steps and the processes, and start again; every process must call it."""
        names = list(self._values)
        means = self.process.average(torch.stack([torch.stack(self._values[name]).mean() for name in names]))
        entry = {
            "seconds_per_step": round(self._seconds / self._steps, 3),
            "seconds_waiting": round(self._waiting / self._steps, 3),
            **{name: round(value, 4) for name, value in zip(names, means.tolist(), strict=True)},
        }
        self._clear()
        return entry

    def _clear(self) -> None:
        self._values: dict[str, list[Tensor]] = {}
        self._steps, self._seconds, self._waiting = 0, 0.0, 0.0


class AveragedWeights:
    """Exponential moving average of a network's state.

    Args:
        model: the network that learns.
        decay: of the average, per step.
    """

    def __init__(self, model: nn.Module, decay: float):
        self.decay = decay
        self.values = {name: value.detach().clone() for name, value in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after step `step`, counted from 0."""
        # Early on the average follows the weights closely, or it would remember the random start for long.
        decay = min(self.decay, (1 + step) / (10 + step))
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                self.values[name].lerp_(value, 1 - decay)

    def restore(self, values: dict[str, Tensor]) -> None:
        """Take the values of a checkpoint, on whatever device they are."""
        for name, value in self.values.items():
            value.copy_(values[name])

    def network(self, model: nn.Module) -> nn.Module:
        """Return a copy of the network with the averaged weights, in evaluation mode."""
        averaged = copy.deepcopy(model)
        averaged.load_state_dict(self.values)
        return averaged.eval().requires_grad_(False)


LOG_EVERY = 20
Validate = Callable[[nn.Module], dict[str, dict[str, float]]]


class LostWorkerError(InputError):
    """A process that draws samples has ended."""

    exit_code = RESOURCES


class Trainer:
    """One run: network, averaged weights, optimiser and schedule, resumable from its folder.

    Args:
        config: the run's parameters.
        synthesiser: draws the samples.
        folder: receives checkpoints and log.
        listener: receives each entry of the log.
        validate: scores a network; None for no validation.
        process: this process among those of the run; alone on the processor if not given.

    Raises:
        InputError: the folder's checkpoints cannot be read or are of another network, or a warm start fails.
    """

    def __init__(
        self,
        config: TrainingConfig,
        synthesiser: Synthesiser,
        folder: Path,
        listener: Listener = lambda entry: None,
        validate: Validate | None = None,
        process: Process | None = None,
    ):
        self.config, self.synthesiser, self.folder = config, synthesiser, folder
        self.validate, self.process = validate, process or Process(torch.device("cpu"))
        self.step, self.seconds, self.best = 0, 0.0, float("-inf")
        state, notes = resumable_state(folder, config)
        self.model, more = build_network(config, self.process.device, fresh=state is None)
        self.optimiser = torch.optim.AdamW(
            parameter_groups(self.model, config.weight_decay), config.learning_rate
        )
        self.average = AveragedWeights(self.model, config.ema_decay)
        if state is not None:
            self._restore(state)
        self.objective = objective_for(self.model, config)
        self.schedule = Schedule(config, phases_of(self.model))
        self.means = StepMeans(self.process)
        self._checkpoint_due = time.monotonic() + config.checkpoint_seconds
        self._validation_due = time.monotonic() + (config.validate_seconds or float("inf"))
        self.log = None
        if self.process.is_first:
            remove_stale(folder)
            self.log = TrainingLog(folder, listener, config.tensorboard, self.step)
        for note in (*notes, *more):
            self._write({"note": note})

    def run(self) -> dict[str, Tensor]:
        """Train to the end of the schedule and return the averaged weights.

        Raises:
            InputError: the loss is no number, a file cannot be written, or another process is lost.
        """
        self.process.require_equal(self.step, "a checkpoint of step")
        self.model.train()
        position = self._position()
        while not self.schedule.is_over(position):
            phase = self.schedule.phase(position)
            batches = self._batches(phase)
            while not self.schedule.is_over(position) and self.schedule.phase(position) is phase:
                self._train_step(batches, phase, position)
                position = self._position()
                self._after_step(phase, position)
        if self.log is not None:
            self.log.close()
        return self.average.values

    def _position(self) -> float:
        # By the clock of one process, or the others would leave a phase at another step.
        seconds = self.process.from_first(self.seconds) if self.config.minutes else self.seconds
        return self.schedule.position(self.step, seconds)

    def _batches(self, phase: Phase) -> Iterator[Batch]:
        """Return this process's micro-batches from the present step on, without end."""
        share = Share(self.process.rank, self.process.world, self.config.accumulate)
        dataset = BatchDataset(self.synthesiser, self.schedule.batch_size(phase), self.config.seed, share)
        workers = self.config.workers
        loader = DataLoader(
            dataset,
            batch_size=None,
            sampler=count(self.step * self.config.accumulate),
            num_workers=workers,
            prefetch_factor=4 if workers else None,
            worker_init_fn=_one_thread,
        )
        with _child_signal_kept():
            return iter(loader)

    def _train_step(self, batches: Iterator[Batch], phase: Phase, position: float) -> None:
        started, waiting = time.perf_counter(), 0.0
        for group in self.optimiser.param_groups:
            group["lr"] = self.schedule.learning_rate(position)
        self.optimiser.zero_grad(set_to_none=True)
        for _ in range(self.config.accumulate):
            asked = time.perf_counter()
            with _worker_failures_reported():
                batch = next(batches)
            batch = batch.to(self.process.device)
            waiting += time.perf_counter() - asked
            self._learn(batch, phase)
        self.process.average_gradients(self.model.parameters())
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.gradient_norm)
        if not bool(norm.isfinite()):
            raise _not_finite(self.step)
        self.optimiser.step()
        self.average.update(self.model, self.step)
        self.step += 1
        seconds = time.perf_counter() - started
        self.seconds += seconds
        self.means.add_step(seconds, waiting, norm)

    def _learn(self, batch: Batch, phase: Phase) -> None:
        """Add a micro-batch's share to the gradients of the step."""
        with fast_autocast(self.process.device, self.config.mixed_precision):
            parts = self.objective(self.model, batch, phase)
        (reduce(torch.add, parts.values()) / self.config.accumulate).backward()
        self.means.add_losses(parts)

    def _after_step(self, phase: Phase, position: float) -> None:
        """Log, validate and save when it is time, and at the end of the run."""
        over = self.schedule.is_over(position)
        if over or self.schedule.phase(position) is not phase or self.step % LOG_EVERY == 0:
            self._log(phase, position)
        if not self.process.is_first:
            return
        every = self.config.validate_every
        by_steps = bool(every) and self.step % every == 0
        if self.validate is not None and (over or by_steps or time.monotonic() >= self._validation_due):
            self._keep_if_best(self.validate(self.average.network(self.model)))
            self._validation_due = time.monotonic() + (self.config.validate_seconds or float("inf"))
        if over or time.monotonic() >= self._checkpoint_due:
            save_checkpoint(self.folder, self._state())
            self._checkpoint_due = time.monotonic() + self.config.checkpoint_seconds

    def _log(self, phase: Phase, position: float) -> None:
        means, steps = self.means.take(), self.config.steps
        pace = self.seconds / position if self.config.minutes else means["seconds_per_step"]
        about = {
            "phase": phase.value,
            "done": round(min(position / steps, 1.0), 4),
            "seconds_left": round(max(steps - position, 0.0) * pace, 1),
            "learning_rate": self.optimiser.param_groups[0]["lr"],
        }
        self._write({**about, **means})

    def _keep_if_best(self, result: dict[str, dict[str, float]]) -> None:
        self._write({"validation": result})
        score = selection_score(result)
        # Of equal ones the later.
        if score >= self.best:
            self.best = score
            kept = {"step": self.step, "score": score, "average": self.average.values}
            save_best(self.folder, kept)

    def _write(self, entry: dict) -> None:
        if self.log is not None:
            self.log.write({"step": self.step, **entry})

    def _state(self) -> dict:
        return {
            "step": self.step,
            "seconds": self.seconds,
            "best": self.best,
            "config": dataclasses.asdict(self.config),
            "model": self.model.state_dict(),
            "average": self.average.values,
            "optimiser": self.optimiser.state_dict(),
        }

    def _restore(self, state: dict) -> None:
        self.step, self.seconds, self.best = state["step"], state["seconds"], state["best"]
        self.model.load_state_dict(state["model"])
        self.average.restore(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])


@contextmanager
def _child_signal_kept() -> Iterator[None]:
    """Keep PyTorch from raising wherever the signal of a child's death strikes, also within C code and writes.

    The loader finds a process that has died by itself, within five seconds of waiting for its batch.
    """
    if not hasattr(signal, "SIGCHLD") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGCHLD)
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextmanager
def _worker_failures_reported() -> Iterator[None]:
    """Say as text that a process that draws samples has ended; its death may cut off the transfer of a batch."""
    try:
        yield
    except (RuntimeError, EOFError, ConnectionError) as error:
        if isinstance(error, RuntimeError) and "exited unexpectedly" not in str(error):
            raise
        sentence = f"The run stops: a data loading process has died ({error or type(error).__name__})."
        hint = "If memory ran out, reduce workers or the batch size; start the run again to resume."
        raise LostWorkerError([Fault("worker-lost", sentence, hint)]) from error


def _not_finite(step: int) -> InputError:
    sentence = f"The loss or its gradient is not finite at step {step}."
    hint = "Reduce learning_rate; the checkpoints of earlier steps are valid."
    return InputError([Fault("loss-not-finite", sentence, hint)])


def _one_thread(worker: int) -> None:
    torch.set_num_threads(1)
