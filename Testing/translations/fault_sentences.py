"""The sentences of the library's faults, found in its sources, with places `{0}`, `{1}` for what is put into them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from SwinX2SLib.slicerui.messages import panel_wording

# Packages that the panel never calls.
_SILENT = {"training", "datasets", "paper", "phantom"}
_KIND, _MESSAGE, _HINT = range(3)
_KEYWORDS = {"kind": _KIND, "message": _MESSAGE, "hint": _HINT}


def sentences_by_kind(library: Path) -> dict[str, list[str]]:
    """Return the messages and hints of every `Fault(...)` whose words stand in the sources, in the module's words.

    Args:
        library: the folder of SwinX2SLib.
    """
    found: dict[str, dict[str, None]] = {}
    for path in sorted(library.rglob("*.py")):
        if path.relative_to(library).parts[0] in _SILENT:
            continue
        for kind, sentence in _sentences(ast.parse(path.read_text(encoding="utf-8"))):
            # What is made of places alone says nothing, and would fit every sentence.
            if re.search("[A-Za-z]", re.sub(r"\{\d+\}", "", sentence)):
                found.setdefault(kind, {})[panel_wording(sentence)] = None
    return {kind: list(found[kind]) for kind in sorted(found)}


def _sentences(tree: ast.Module) -> Iterator[tuple[str, str]]:
    for scope in [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))]:
        named = _named_texts(scope)
        for call in _own_nodes(scope):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Fault":
                given = dict(enumerate(call.args))
                given |= {_KEYWORDS[each.arg]: each.value for each in call.keywords if each.arg in _KEYWORDS}
                for kind in _texts(given.get(_KIND), named):
                    for place in (_MESSAGE, _HINT):
                        yield from ((kind, text) for text in _texts(given.get(place), named))


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function or module, without those of functions inside it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            yield child
            yield from _own_nodes(child)


def _named_texts(scope: ast.AST) -> dict[str, list[ast.expr]]:
    named: dict[str, list[ast.expr]] = {}
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    named.setdefault(target.id, []).append(node.value)
    return named


def _texts(node: ast.expr | None, named: dict[str, list[ast.expr]]) -> list[str]:
    """Return the texts that an expression can be; none where they are made elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if node.value else []
    if isinstance(node, ast.IfExp):
        return _texts(node.body, named) + _texts(node.orelse, named)
    if isinstance(node, ast.Name):
        return [text for value in named.get(node.id, ()) for text in _texts(value, {})]
    if isinstance(node, ast.JoinedStr):
        places = iter(range(len(node.values)))
        parts = [
            part.value if isinstance(part, ast.Constant) else f"{{{next(places)}}}" for part in node.values
        ]
        return ["".join(parts)]
    return []
