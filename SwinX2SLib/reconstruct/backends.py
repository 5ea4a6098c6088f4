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
    """PyTorch, with weights of the manifests or of a file."""

    def check(self, job: Job) -> list[InputError]:
        """Look at the device and at the file of weights, not yet at what is in it.

        Does not import PyTorch unless a GPU is requested.
        """
        from SwinX2SLib.reconstruct.model_choice import require_model

        errors: list[InputError] = []
        if job.device == "cuda":
            from SwinX2SLib.reconstruct.device import choose_device

            try:
                choose_device(job.device)
            except DeviceError as error:
                errors.append(error)
        try:
            require_model(job.model)
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

        return Reconstructor(job.model, job.device, job.tta, job.min_component_fraction)
