"""`slicer.packaging`: tells what would be installed; nothing is ever installed by a test."""

from pathlib import Path

from packaging.requirements import Requirement

asked: list[tuple[list[str], str]] = []
refusal: Exception | None = None


def load_requirements(path) -> list[Requirement]:
    lines = [line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    return [Requirement(line) for line in lines if line]


def pip_ensure(requirements, requester="", **_options) -> None:
    asked.append(([str(requirement) for requirement in requirements], requester))
    if refusal is not None:
        raise refusal
