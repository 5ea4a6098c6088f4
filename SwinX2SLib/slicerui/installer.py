"""What the worker needs beyond Slicer's own Python: installed on demand, after confirmation, never at import."""

from __future__ import annotations

import importlib
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

import slicer
from packaging.requirements import Requirement
from slicer.i18n import tr as _

from SwinX2SLib.resources import resource_path
from SwinX2SLib.slicerui.dialogs import confirm

TORCH = "torch>=2.6"
# What only networks need; measuring, comparing and exporting do without.
_OF_NETWORKS = ("torch", "safetensors")
# Slicer's own; pip must not replace them while it installs others.
_KEPT = ("numpy", "torch")


def requirements(with_networks: bool = True) -> list[Requirement]:
    """Return all that child processes need, PyTorch first.

    Args:
        with_networks: False leaves out what only the reconstruction itself needs.
    """
    lines = resource_path("requirements.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.split("#")[0].strip() for line in lines]
    found = [Requirement(text) for text in (TORCH, *filter(None, texts))]
    return [each for each in found if with_networks or each.name not in _OF_NETWORKS]


def missing_requirements(with_networks: bool = True) -> list[Requirement]:
    """Return what is not installed or too old."""
    # Another process may have installed some since.
    importlib.invalidate_caches()
    return [requirement for requirement in requirements(with_networks) if not is_installed(requirement)]


def is_installed(requirement: Requirement) -> bool:
    """Return whether a package is there in a version that is wanted."""
    version = installed_version(requirement.name)
    return bool(version) and requirement.specifier.contains(version, prereleases=True)


def installed_version(name: str) -> str:
    """Return the version of an installed package, or ""."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


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
    """Installs into Slicer's Python after asking once: PyTorch by its extension, the rest by `slicer.packaging`.

    PyTorch comes first: pip would otherwise choose a build of it for the other packages, and not the one that fits
    the graphics card.

    Args:
        confirm: asks the user.
        with_networks: False for processes that run no network, and so need no PyTorch.
    """

    def __init__(self, confirm: Callable[[str], bool] = confirm, with_networks: bool = True):
        self._confirm, self._with_networks = confirm, with_networks

    def ensure(self) -> None:
        """Ask for and install what is missing; see `Installer`."""
        missing = missing_requirements(self._with_networks)
        if not missing:
            return
        install_torch = _torch_installation(missing)
        install_packages = _package_installation()
        if not self._confirm(_question(missing)):
            raise InstallError(_("Packages are missing: {0}.").format(_names(missing)), _hint())
        try:
            install_torch()
            install_packages([each for each in missing if each.name != "torch"])
        except (RuntimeError, ValueError, OSError, subprocess.CalledProcessError) as error:
            raise InstallError(_("Installation was incomplete: {0}").format(error), _hint()) from error
        if left := missing_requirements(self._with_networks):
            raise InstallError(_("Still missing: {0}.").format(_names(left)), _hint())


def torch_is_installed() -> bool:
    """Return whether a PyTorch that is new enough is installed; it is not imported for that."""
    return is_installed(Requirement(TORCH))


def _torch_installation(missing: Sequence[Requirement]) -> Callable[[], None]:
    """Return what installs PyTorch, or nothing where it is there.

    Raises:
        InstallError: Slicer's extension for it is missing, so there is no point in asking.
    """
    torch = next((each for each in missing if each.name == "torch"), None)
    if torch is None:
        return lambda: None
    try:
        import PyTorchUtils
    except ImportError:
        raise InstallError(
            _("PyTorch is not installed, and Slicer's PyTorch extension, which installs it, is missing."),
            _(
                "Install the PyTorch extension in the Extensions Manager and restart Slicer, or use Install "
                "from a folder (tab Setup)."
            ),
        ) from None
    return lambda: PyTorchUtils.PyTorchUtilsLogic().installTorch(
        askConfirmation=False, torchVersionRequirement=str(torch.specifier)
    )


def _package_installation() -> Callable[[Sequence[Requirement]], None]:
    """Return what installs packages: `slicer.packaging` from Slicer 5.12 on, `slicer.util.pip_install` before."""

    def install(missing: Sequence[Requirement]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            constraints = Path(folder) / "constraints.txt"
            kept = {name: installed_version(name) for name in _KEPT}
            lines = [f"{name}=={version}\n" for name, version in kept.items() if version]
            constraints.write_text("".join(lines), encoding="utf-8")
            _pip(list(missing), constraints)

    return install


def _pip(missing: list[Requirement], constraints: Path) -> None:
    try:
        from slicer.packaging import pip_ensure
    except ImportError:
        for requirement in missing:
            slicer.util.pip_install([str(requirement), "--constraint", str(constraints)])
    else:
        pip_ensure(missing, constraints=constraints, requester="SwinX2S", prompt_install=False)


def _question(missing: Sequence[Requirement]) -> str:
    words = _("SwinX2S requires Python packages that are not installed: {0}.").format(_names(missing))
    if any(each.name == "torch" for each in missing):
        words += _(
            " PyTorch is large (200 MB, up to 3 GB with GPU support). Slicer does not respond during its "
            "installation."
        )
    return words + _(" Download and install them now?")


def _names(missing: Sequence[Requirement]) -> str:
    return ", ".join("PyTorch" if each.name == "torch" else each.name for each in missing)


def _hint() -> str:
    return _(
        "Try again and confirm. Behind a proxy, set HTTPS_PROXY before starting Slicer. Without internet "
        "access, use Install from a folder (tab Setup)."
    )
