"""Which Python packages the worker needs and which of them are there, told without importing any."""

from __future__ import annotations

import importlib
from importlib import metadata

from packaging.requirements import Requirement

from SwinX2SLib.resources import resource_path

TORCH = "torch>=2.6"


def requirements() -> list[Requirement]:
    """Return all that the worker needs, PyTorch first."""
    lines = resource_path("requirements.txt").read_text(encoding="utf-8").splitlines()
    texts = [line.split("#")[0].strip() for line in lines]
    return [Requirement(text) for text in (TORCH, *filter(None, texts))]


def missing_requirements() -> list[Requirement]:
    """Return what is not installed or too old."""
    # Another process may have installed some since.
    importlib.invalidate_caches()
    return [requirement for requirement in requirements() if not is_installed(requirement)]


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
