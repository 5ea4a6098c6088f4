"""Backends that make reconstructors, and the choice of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from SwinX2SLib.errors import DeviceError, InputError, ModelError
from SwinX2SLib.reconstruct.job import Job

if TYPE_CHECKING:
    from SwinX2SLib.reconstruct.reconstructor import Reconstructor


class Backend(Protocol):
    """Makes reconstructors."""

    def check(self, job: Job) -> list[InputError]:
        """Return why the device or the model of a job cannot be used; empty when they can."""

    def make(self, job: Job) -> Reconstructor:
        """Return the reconstructor of a job."""


class TorchBackend:
    """PyTorch and, on the processor, OpenVINO, with weights of the manifests or of a file."""

    def check(self, job: Job) -> list[InputError]:
        """Look at the device and at the file of weights, not yet at what is in it.

        Does not import PyTorch unless a device is requested that may be absent.
        """
        from SwinX2SLib.reconstruct.model_choice import require_ct_model, require_model

        errors: list[InputError] = []
        if job.device in ("cuda", "openvino"):
            from SwinX2SLib.reconstruct.device import choose_device

            try:
                choose_device(job.device)
            except DeviceError as error:
                errors.append(error)
        for model, require in (
            (job.model, require_model),
            (job.ct_model if job.also_ct else "", require_ct_model),
        ):
            try:
                if model:
                    require(model)
            except ModelError as error:
                errors.append(error)
        return errors

    def make(self, job: Job) -> Reconstructor:
        """Load the model onto its device.

        Raises:
            DeviceError: the device is absent.
            ModelError: the weights cannot be used.
        """
        from SwinX2SLib.reconstruct.reconstructor import Reconstructor

        ct_model = job.ct_model if job.also_ct else None
        return Reconstructor(job.model, job.device, job.tta, job.min_component_fraction, ct_model)


class KeptBackend:
    """A backend that loads a network once and keeps it for the next pair.

    Args:
        backend: that loads it.
    """

    def __init__(self, backend: Backend):
        self._backend = backend
        self._known: tuple | None = None
        self._reconstructor: Reconstructor | None = None

    def check(self, job: Job) -> list[InputError]:
        """Return why the device or the model cannot be used; a network that is loaded can."""
        return [] if self._known == _network_of(job) else self._backend.check(job)

    def make(self, job: Job) -> Reconstructor:
        """Return the network of a job."""
        if self._reconstructor is None or self._known != _network_of(job):
            # The one before goes first: there may not be room for two.
            self.forget()
            self._reconstructor = self._backend.make(job)
            self._known = _network_of(job)
        return self._reconstructor

    def forget(self) -> None:
        """Let go of the network."""
        self._known, self._reconstructor = None, None


def _network_of(job: Job) -> tuple:
    """Return what a loaded network depends on: the options, and the hash of the weights that lie there now."""
    from SwinX2SLib.reconstruct.model_choice import require_ct_model, require_model

    try:
        weights = require_model(job.model).sha256
        of_ct = require_ct_model(job.ct_model)[1].sha256 if job.also_ct else None
    except ModelError:
        # Who loads it tells what is wrong.
        weights = of_ct = ""
    return job.model, weights, job.ct_model, of_ct, job.device, job.tta, job.min_component_fraction
