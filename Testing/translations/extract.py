"""All that translators see, written from the sources: `python Testing/translations/extract.py`.

Two files in `Resources/Translations`:

- `SwinX2S_en-US.ts`: every text of the panel, in the contexts under which Slicer looks for them (`getContext` of
  `slicer.i18n` for Python, the form's class for `.ui` files); Slicer's language packs want it of an extension.
- `faults.json`: the sentences of faults with places for what is put into them. Faults come as finished sentences from
  the library and from child processes; `slicerui.translation` finds the sentence again, and its translation.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

REPOSITORY = Path(__file__).resolve().parents[2]
if str(REPOSITORY) not in sys.path:
    sys.path.insert(0, str(REPOSITORY))

import fault_sentences  # noqa: E402 - beside this file

FOLDER = Path("Resources") / "Translations"
TS_FILE, FAULTS_FILE = FOLDER / "SwinX2S_en-US.ts", FOLDER / "faults.json"
FAULTS_CONTEXT = "SwinX2S.faults"

Texts = dict[str, dict[str, None]]
"""Texts by context, each once, in the order in which they were found."""


class NotLiteralError(ValueError):
    """A text that no tool can find in the sources."""


def context_of(path: Path) -> str:
    """Return the context under which Slicer looks for the texts of a Python file."""
    package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
    return package + path.stem


def python_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield context and text of every `_(...)` and `translate(context, ...)` of a file.

    Raises:
        NotLiteralError: an argument is no literal.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        if node.func.id not in ("_", "translate") or _is_fault_lookup(node):
            continue
        words = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if len(words) != (1 if node.func.id == "_" else 2):
            raise NotLiteralError(f"{path}:{node.lineno}: the argument of {node.func.id}() is no literal")
        yield (context_of(path), words[0]) if node.func.id == "_" else (words[0], words[1])


def _is_fault_lookup(node: ast.Call) -> bool:
    """Return whether this is the one call whose texts are those of `faults.json`."""
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Name) and first.id == "FAULTS_CONTEXT"


def form_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield context and text of every translatable property of a `.ui` file."""
    root = ElementTree.parse(path).getroot()
    context = root.findtext("class", path.stem)
    for holder in root.iter():
        if holder.tag == "stringlist" and holder.get("notr") == "true":
            for string in holder.iter("string"):
                string.set("notr", "true")
    for string in root.iter("string"):
        if string.get("notr") != "true" and (string.text or "").strip():
            yield context, string.text


def all_texts(faults: dict[str, list[str]], repository: Path = REPOSITORY) -> Texts:
    """Return every text of the module."""
    scripts = [
        repository / "SwinX2S" / "SwinX2S.py",
        *sorted((repository / "SwinX2SLib/slicerui").rglob("*.py")),
    ]
    found: Texts = {}
    for path in scripts:
        for context, text in python_texts(path):
            found.setdefault(context, {})[text] = None
    for path in sorted((repository / "Resources" / "UI").glob("*.ui")):
        for context, text in form_texts(path):
            found.setdefault(context, {})[text] = None
    found[FAULTS_CONTEXT] = dict.fromkeys(sentence for kind in faults.values() for sentence in kind)
    return dict(sorted(found.items()))


def ts_text(texts: Texts) -> str:
    """Return the texts as a translation source file of Qt, nothing translated yet."""
    root = ElementTree.Element("TS", version="2.1", language="en_US", sourcelanguage="en_US")
    for name, sources in texts.items():
        context = ElementTree.SubElement(root, "context")
        ElementTree.SubElement(context, "name").text = name
        for source in sources:
            message = ElementTree.SubElement(context, "message")
            ElementTree.SubElement(message, "source").text = source
            ElementTree.SubElement(message, "translation", type="unfinished")
    ElementTree.indent(root, "    ")
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n'


def expected(repository: Path = REPOSITORY) -> dict[Path, str]:
    """Return what each file must say for the sources as they are."""
    faults = fault_sentences.sentences_by_kind(repository / "SwinX2SLib")
    return {
        TS_FILE: ts_text(all_texts(faults, repository)),
        FAULTS_FILE: json.dumps(faults, indent=1, ensure_ascii=False) + "\n",
    }


if __name__ == "__main__":
    (REPOSITORY / FOLDER).mkdir(exist_ok=True)
    for file, text in expected().items():
        (REPOSITORY / file).write_text(text, encoding="utf-8")
        print(f"{file}: {len(text.splitlines())} lines")
