"""Only `slicerui` knows Slicer, and it does not know torch."""

import ast

SLICER_SIDE = {"slicer", "qt", "ctk", "vtk", "vtkmodules", "mrml", "PythonQt"}
TORCH_SIDE = {
    "torch",
    "timm",
    "monai",
    "SwinX2SLib.models",
    "SwinX2SLib.training",
    "SwinX2SLib.inference.reconstructor",
}


def imported_names(path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def offending(paths, forbidden: set[str]) -> list[str]:
    return [
        f"{path}: {name}"
        for path in paths
        for name in sorted(imported_names(path))
        if any(name == word or name.startswith(word + ".") for word in forbidden)
    ]


def test_no_other_package_imports_slicer_or_qt(repository):
    library = repository / "SwinX2SLib"
    paths = [path for path in library.rglob("*.py") if path.relative_to(library).parts[0] != "slicerui"]
    assert len(paths) > 20
    assert offending(paths, SLICER_SIDE) == []


def test_neither_the_module_nor_slicerui_imports_torch(repository):
    paths = [*(repository / "SwinX2SLib" / "slicerui").glob("*.py"), repository / "SwinX2S" / "SwinX2S.py"]
    assert len(paths) > 10
    assert offending(paths, TORCH_SIDE) == []
