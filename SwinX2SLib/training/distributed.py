"""Several processes of one run, started by `torchrun`: each draws its share of every step's samples."""

from __future__ import annotations

import datetime
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed

from SwinX2SLib.errors import RESOURCES, Fault, InputError
from SwinX2SLib.reconstruct.device import choose_device

# The other processes wait so long while the first one validates.
PATIENCE = datetime.timedelta(minutes=30)


class LostProcessError(InputError):
    """Another process of the run has ended before its time."""

    exit_code = RESOURCES

    def __init__(self, reason: str):
        hint = "See its message above. Start the run again: it resumes from the last checkpoint."
        super().__init__([Fault("process-lost", f"The run stops: {reason}.", hint)])


@dataclass(frozen=True)
class Process:
    """One of the processes of a run, and where it computes.

    Attributes:
        device: where its network learns.
        rank: its number among all.
        world: how many there are.
    """

    device: torch.device
    rank: int = 0
    world: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes, validates and reports."""
        return self.rank == 0

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Replace every gradient with its mean over the processes.

        Losses are means over samples, so this is the gradient of the mean over all samples of the step.
        """
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.world == 1 or not gradients:
            return
        flat = self._mean(torch.cat([gradient.reshape(-1) for gradient in gradients]))
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view(gradient.shape))

    def average(self, values: Tensor) -> Tensor:
        """Return the mean of a tensor over the processes."""
        return values if self.world == 1 else self._mean(values.clone())

    def from_first(self, value: float) -> float:
        """Return the first process's value of a number."""
        if self.world == 1:
            return value
        shared = torch.tensor(value, dtype=torch.float64, device=self.device)
        with _peers_alive():
            distributed.broadcast(shared, src=0)
        return float(shared)

    def require_equal(self, value: float, what: str) -> None:
        """Check that all processes agree on a number; the error's sentence calls it `what`.

        Raises:
            InputError: this process's number is another than the first one's.
        """
        expected = self.from_first(value)
        if value != expected:
            sentence = f"Process {self.rank} has {what} {value:g}, but the first process has {expected:g}."
            hint = "All machines of the run must use the same folder, case list and parameters."
            raise InputError([Fault("processes-differ", sentence, hint)])

    def _mean(self, values: Tensor) -> Tensor:
        with _peers_alive():
            distributed.all_reduce(values)
        return values.div_(self.world)


@contextmanager
def joined(device_name: str) -> Iterator[Process]:
    """Join the other processes if `torchrun` started this one, and choose its device.

    Args:
        device_name: "auto", "cpu" or "cuda".

    Raises:
        InputError: the device is absent.
        LostProcessError: the others do not answer.
    """
    rank, world, local = (int(os.environ.get(name, default)) for name, default in _TORCHRUN_VARIABLES)
    device = choose_device(device_name)
    if world == 1:
        yield Process(device)
        return
    process = Process(_own_card(local) if device.type == "cuda" else device, rank, world)
    # So torchrun ends the others when one has died.
    before = signal.signal(signal.SIGTERM, _on_terminate)
    with _peers_alive():
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield process
    finally:
        signal.signal(signal.SIGTERM, before)
        distributed.destroy_process_group()


_TORCHRUN_VARIABLES = (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0))


def _own_card(local: int) -> torch.device:
    """Return the card of the process with this number on its machine."""
    present = torch.cuda.device_count()
    if local >= present:
        sentence = f"This machine has {present} CUDA devices for at least {local + 1} processes."
        raise InputError([Fault("device-absent", sentence, "Lower --nproc-per-node of torchrun.")])
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


@contextmanager
def _peers_alive() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise LostProcessError(f"another process does not respond ({str(error).splitlines()[0]})") from error


def _on_terminate(number: int, frame: object) -> None:
    # At once, without unwinding: an exception could be raised in a destructor, and be lost there. Every file of a run
    # is whole or absent at any moment.
    error = LostProcessError("it received a termination signal, which happens when another process has died")
    print(f"swinx2s: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)
