"""What the worker needs beyond Slicer's own Python: asked for when it is needed, never at import."""

from __future__ import annotations

import subprocess
from importlib import metadata
from typing import Protocol

from SwinX2SLib.resources import resource_path

TORCH_REQUIREMENT = ">=2.6"


class InstallError(RuntimeError):
    """The dependencies are not there; carries what to do about it.

    Attributes:
        hint: what the user can do.
    """

    def __init__(self, message: str, hint: str):
        super().__init__(message)
        self.hint = hint


class Installer(Protocol):
    """Sees to it that the worker can run."""

    def ensure(self) -> None:
        """Return when everything needed is installed.

        Raises:
            InstallError: it is not, and why.
        """


class SlicerInstaller:
    """Installs into Slicer's Python after asking: PyTorch by its extension, the rest by `slicer.packaging`.

    PyTorch comes first: pip would otherwise choose a build of it for the other packages, and not the one that fits
    the graphics card.
    """

    def ensure(self) -> None:
        """Ask for and install what is missing; see `Installer`."""
        self._ensure_torch()
        self._ensure_packages()

    def _ensure_torch(self) -> None:
        if torch_is_installed():
            return
        try:
            import PyTorchUtils
        except ImportError:
            raise InstallError(
                "PyTorch is not installed, and neither is Slicer's PyTorch extension, which installs it.",
                "Install the extension PyTorch in the Extensions Manager, restart Slicer and click again.",
            ) from None
        try:
            PyTorchUtils.PyTorchUtilsLogic().installTorch(
                askConfirmation=True, torchVersionRequirement=TORCH_REQUIREMENT
            )
        except (RuntimeError, ValueError, subprocess.CalledProcessError) as error:
            raise InstallError(f"PyTorch could not be installed: {error}", _NETWORK_HINT) from error
        if not torch_is_installed():
            raise InstallError("PyTorch was not installed.", "Click Reconstruct again and confirm.")

    def _ensure_packages(self) -> None:
        try:
            from slicer.packaging import load_requirements, pip_ensure
        except ImportError:
            raise InstallError(
                "This Slicer cannot install Python packages for modules.", "Use Slicer 5.12 or newer."
            ) from None
        try:
            pip_ensure(load_requirements(resource_path("requirements.txt")), requester="SwinX2S")
        except (RuntimeError, subprocess.CalledProcessError) as error:
            raise InstallError(f"The Python packages were not installed: {error}", _NETWORK_HINT) from error


_NETWORK_HINT = "Click Reconstruct again and confirm; behind a proxy, set HTTPS_PROXY before Slicer starts."


def torch_is_installed() -> bool:
    """Return whether a PyTorch that is new enough is installed; it is not imported for that."""
    from packaging.specifiers import SpecifierSet

    try:
        return SpecifierSet(TORCH_REQUIREMENT).contains(metadata.version("torch"), prereleases=True)
    except metadata.PackageNotFoundError:
        return False
