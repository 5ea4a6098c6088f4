"""Which package may import which, and what every package may be imported without."""

import ast
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "SwinX2SLib"
# From the ground up; a package imports from its own and from lower layers only.
LAYERS = (
    ("lazy", "resources", "version"),
    ("anatomy", "errors"),
    ("geometry", "io", "parallel"),
    ("radiographs", "drr", "label_maps", "skeleton", "measurements", "evaluation", "phantom"),
    ("models", "weights"),
    ("datasets", "reconstruct"),
    ("report", "export", "training"),
    ("__main__", "cli", "paper", "slicerui"),
)
SLICER_ONLY = ("slicerui",)
# Where torch may be imported at module level; all else must load without it.
TORCH = (
    "models",
    "paper.concat_networks",
    "paper.ct_networks",
    "paper.monai_networks",
    "paper.networks",
    "paper.training",
    "reconstruct.compiled",
    "reconstruct.ct",
    "reconstruct.device",
    "reconstruct.label_assignment",
    "reconstruct.level_assignment",
    "reconstruct.orientation_check",
    "reconstruct.reconstructor",
    "reconstruct.single_view",
    "reconstruct.skeleton_fit",
    "reconstruct.test_time_augmentation",
    "skeleton",
    "training",
    "weights",
)
IMPORT_WITHOUT = """
import importlib, sys
modules, blocked = sys.argv[1].split(","), set(sys.argv[2].split(","))
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)
sys.meta_path.insert(0, Block())
for module in modules:
    importlib.import_module(module)
"""


@cache
def modules() -> tuple[str, ...]:
    """Every module of the library, as `reconstruct.job`."""
    paths = (path.relative_to(LIBRARY).with_suffix("") for path in LIBRARY.rglob("*.py"))
    return tuple(sorted(".".join(part for part in path.parts if part != "__init__") for path in paths))


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def layer_of(module: str) -> int:
    package = module.split(".")[0]
    return next(height for height, packages in enumerate(LAYERS) if package in packages)


@cache
def imported(module: str) -> frozenset[str]:
    """Modules of the library that a module imports, at any depth of its code but not for type checking only."""
    path = LIBRARY.joinpath(*module.split("."))
    tree = ast.parse(
        (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(encoding="utf-8")
    )
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; write the whole name"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(
        name.removeprefix("SwinX2SLib.")
        for name in names
        if name.startswith("SwinX2SLib.") and "__" not in name
    )


def import_without(chosen: list[str], blocked: tuple[str, ...]) -> None:
    arguments = [
        ",".join(f"SwinX2SLib.{module}" if module else "SwinX2SLib" for module in chosen),
        ",".join(blocked),
    ]
    result = subprocess.run(
        [sys.executable, "-c", IMPORT_WITHOUT, *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert result.returncode == 0, result.stderr[-2000:]


def test_every_package_has_its_layer():
    packages = {module.split(".")[0] for module in modules()} - {""}
    assert packages <= {package for layer in LAYERS for package in layer}


@pytest.mark.parametrize("module", [module for module in modules() if module])
def test_imports_run_downwards(module):
    package, height = module.split(".")[0], layer_of(module)
    upwards = {name for name in imported(module) if layer_of(name) > height and name.split(".")[0] != package}
    assert not upwards


def test_no_two_files_import_each_other_however_far_around():
    arrows = {
        module: {name for name in imported(module) if name in modules()} - {module} for module in modules()
    }
    # A file of a package may be imported by the package's own face.
    unvisited, path = set(arrows), []

    def visit(module: str) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module in unvisited:
            path.append(module)
            for name in sorted(arrows[module]):
                visit(name)
            unvisited.discard(path.pop())

    for module in modules():
        visit(module)


def test_nothing_imports_the_papers_own_comparisons():
    importers = {
        module
        for module in modules()
        if not within(module, ("paper",)) and any(within(name, ("paper",)) for name in imported(module))
    }
    assert not importers


def test_only_slicerui_imports_slicer_and_qt():
    for module in modules():
        if within(module, SLICER_ONLY):
            continue
        path = LIBRARY.joinpath(*module.split(".")) if module else LIBRARY
        text = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text(
            encoding="utf-8"
        )
        roots = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(text))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not roots & {"slicer", "qt", "ctk", "vtk", "mrml"}, module


@pytest.mark.slow
def test_every_pure_module_loads_without_slicer_qt_and_vtk():
    import_without(
        [module for module in modules() if not within(module, (*SLICER_ONLY, "__main__"))],
        ("slicer", "qt", "ctk", "vtk"),
    )


def test_every_torch_free_module_loads_without_torch():
    import_without(
        [module for module in modules() if not within(module, (*SLICER_ONLY, *TORCH, "__main__"))],
        ("slicer", "qt", "ctk", "vtk", "torch", "timm", "monai"),
    )


def test_commands_are_registered_without_torch():
    import_without(
        [module for module in modules() if within(module, ("cli", "paper.command"))],
        ("torch", "timm", "monai"),
    )


def test_importing_blocked_modules_is_noticed():
    with pytest.raises(AssertionError, match="torch is blocked"):
        import_without(["reconstruct.reconstructor"], ("torch",))
