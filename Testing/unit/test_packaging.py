"""`pyproject.toml` declares what the library imports; what only some tasks need is an extra that an error names."""

import ast
import functools
import re
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "SwinX2SLib"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Extras for users; the others serve development.
SAYING = ("swinx2s[", 'needs_extra("', "install_hint('", 'install_hint("')
USER_EXTRAS = ("cluster", "openvino", "paper", "pdf", "training")
DISTRIBUTIONS = {
    "PIL": "pillow",
    "huggingface_hub": "huggingface-hub",
    "vtkmodules": "vtk",
}
# pydicom finds these automatically.
PLUGINS = {"pylibjpeg", "pylibjpeg-openjpeg", "pylibjpeg-libjpeg"}
SLICER_BRINGS = {"SimpleITK", "vtk"}


def names(requirements: list[str]) -> set[str]:
    """Names of the distributions of some requirements, those of our own extras included."""
    found = set()
    for requirement in map(Requirement, requirements):
        if requirement.name == "swinx2s":
            found |= {name for extra in requirement.extras for name in names(extras()[extra])}
        else:
            found.add(requirement.name)
    return found


def extras() -> dict[str, list[str]]:
    return PROJECT["optional-dependencies"]


@functools.cache
def hard() -> set[str]:
    return names(PROJECT["dependencies"])


@functools.cache
def optional() -> dict[str, set[str]]:
    """Distributions that no plain install brings, with the extras that bring them."""
    found: dict[str, set[str]] = {}
    for extra in USER_EXTRAS:
        for name in names(extras()[extra]) - hard():
            found.setdefault(name, set()).add(extra)
    return found


class Imports(ast.NodeVisitor):
    """Absolute imports of a module: at its top, and inside its functions; those for type checkers are left out."""

    def __init__(self, source: str):
        self.top, self.inside, self._depth = set(), set(), 0
        self.visit(ast.parse(source))

    def visit_If(self, node):
        if not ast.unparse(node.test).endswith("TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node):
        self._depth += 1
        self.generic_visit(node)
        self._depth -= 1

    def visit_Lambda(self, node):
        self.visit_FunctionDef(node)

    def visit_Import(self, node):
        self._add(*(alias.name for alias in node.names))

    def visit_ImportFrom(self, node):
        self._add(node.module, *(f"{node.module}.{alias.name}" for alias in node.names))

    def _add(self, *found):
        (self.inside if self._depth else self.top).update(found)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def library() -> dict[str, tuple[Path, Imports]]:
    """Every module but those that run inside Slicer, with its imports."""
    paths = (path for path in LIBRARY.rglob("*.py") if "slicerui" not in path.parts)
    return {module_name(path): (path, Imports(path.read_text(encoding="utf-8"))) for path in paths}


def distributions(modules: set[str]) -> set[str]:
    roots = {module.split(".")[0] for module in modules} - {"SwinX2SLib"}
    return {DISTRIBUTIONS.get(root, root) for root in roots if root not in sys.stdlib_module_names}


MODULES = library()


@functools.cache
def optional_modules() -> set[str]:
    """Modules that cannot be imported in a plain install: they import an extra at their top, or such a module."""
    found = {name for name, (_, imports) in MODULES.items() if distributions(imports.top) & optional().keys()}
    while more := {name for name, (_, imports) in MODULES.items() if imports.top & found} - found:
        found |= more
    return found


def in_paper(module: str) -> bool:
    return module.split(".")[1:2] == ["paper"]


@pytest.mark.parametrize("module", MODULES)
def test_every_imported_package_is_declared(module):
    _, imports = MODULES[module]
    assert distributions(imports.top | imports.inside) <= hard() | optional().keys()


def test_packages_and_commands_load_without_any_extra():
    entries = {name for name, (path, _) in MODULES.items() if path.name == "__init__.py" or "cli" in name}
    assert not {name for name in optional_modules() & entries if not in_paper(name)}


def test_who_uses_an_extra_says_how_to_install_it():
    absent = []
    for module, (path, imports) in MODULES.items():
        used = distributions(imports.inside) & optional().keys()
        for name in imports.inside & optional_modules():
            used |= distributions(MODULES[name][1].top) & optional().keys()
        source = path.read_text(encoding="utf-8")
        for package in sorted(used):
            said = [f"{word}{extra}" in source for extra in optional()[package] for word in SAYING]
            if not any(said):
                absent.append(f"{module}: {package}, of the extra {' or '.join(sorted(optional()[package]))}")
    assert not absent, "\n".join(absent)


def test_every_hard_dependency_is_imported():
    imported = set()
    for name, (_, imports) in MODULES.items():
        if not in_paper(name):
            imported |= distributions(imports.top | imports.inside)
    assert hard() - PLUGINS <= imported


def test_all_is_every_extra_for_users():
    assert names(extras()["all"]) == set().union(*(names(extras()[extra]) for extra in USER_EXTRAS))


def test_slicer_installs_what_is_declared_but_for_what_it_brings():
    lines = (ROOT / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {str(Requirement(text)) for line in lines if (text := line.split("#")[0].strip())}
    declared = {Requirement(line) for line in (*PROJECT["dependencies"], *extras()["pdf"])}
    assert listed == {str(each) for each in declared if each.name not in SLICER_BRINGS | {"torch"}}


def test_the_tools_that_judge_the_tree_are_pinned():
    for extra in ("types", "docs", "build"):
        assert all("==" in line for line in extras()[extra]), extra
    assert {"ruff", "typos", "validate-pyproject"} <= {
        Requirement(line).name for line in extras()["lint"] if "==" in line
    }


def test_the_python_versions_are_stated_alike():
    yaml = pytest.importorskip("yaml")
    tests = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    tested = tests["jobs"]["library"]["strategy"]["matrix"]["python"]
    classified = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    assert tested == classified == ["3.11", "3.12"]
    assert PROJECT["requires-python"] == ">=3.11,<3.13"


def test_the_workflows_call_targets_that_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        called = set(re.findall(r"run: make ([a-z-]+)", path.read_text(encoding="utf-8")))
        assert called <= targets, path.name


def test_the_citation_is_of_this_version():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    source = (LIBRARY / "version.py").read_text(encoding="utf-8")
    assert f'__version__ = "{citation["version"]}"' in source
    assert citation["repository-code"] == PROJECT["urls"]["Source"]
    assert citation["license"] == PROJECT["license"]


def test_the_reference_of_the_api_has_every_public_package():
    described = set(re.findall(r"^::: (SwinX2SLib\S*)", (ROOT / "Docs" / "api.md").read_text(), re.MULTILINE))
    packages = {f"SwinX2SLib.{path.parent.name}" for path in LIBRARY.glob("*/__init__.py")}
    private = {f"SwinX2SLib.{name}" for name in ("cli", "paper", "slicerui")}
    assert packages - private <= described
    assert described <= MODULES.keys()
