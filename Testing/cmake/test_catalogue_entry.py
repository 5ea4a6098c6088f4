"""`SwinX2S.json`, by which the extension enters Slicer's index: what the index refuses is refused here.

The rules are those of the schema that the entry names (v1.0.1) and of the checks that the index runs on new entries.
"""

import json
import re
from urllib.parse import urlsplit

import pytest

SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/"
    "slicer-extension-catalog-entry-schema-v1.0.1.json#"
)
REQUIRED = {"$schema", "category", "scm_url"}
KINDS = {
    "$schema": str,
    "category": str,
    "scm_url": str,
    "scm_revision": str,
    "scm_type": str,
    "build_dependencies": list,
    "build_subdirectory": str,
    "enabled": bool,
    "tier": int,
}
CHOICES = {
    "scm_type": ("git", "local"),
    "tier": (1, 3, 5),
    "category": ("Segmentation",),
    "$schema": (SCHEMA,),
}


@pytest.fixture
def entry(repository) -> dict:
    return json.loads((repository / "SwinX2S.json").read_text(encoding="utf-8"))


@pytest.fixture
def build_file(repository) -> str:
    return (repository / "CMakeLists.txt").read_text(encoding="utf-8")


def faults(entry: dict) -> list[str]:
    """What is wrong with an entry."""
    found = [f"{name} is missing" for name in sorted(REQUIRED - entry.keys())]
    found += [f"{name} is unknown" for name in sorted(entry.keys() - KINDS.keys())]
    for name, value in entry.items():
        kind = KINDS.get(name)
        if kind is not None and type(value) is not kind:
            found.append(f"{name} is no {kind.__name__}")
        elif name in CHOICES and value not in CHOICES[name]:
            found.append(f"{name} is none of {CHOICES[name]}")
    if not all(isinstance(name, str) for name in entry.get("build_dependencies", [])):
        found.append("build_dependencies holds something else than names")
    address = urlsplit(str(entry.get("scm_url", "")))
    if address.scheme not in ("https", "git") or not address.netloc:
        found.append("scm_url is no address that the index can clone")
    if "slicer" not in address.path.rsplit("/", 1)[-1].lower():
        found.append("the repository's name does not say that it is for Slicer")
    return found


def test_the_entry_is_one_that_the_index_takes(entry):
    assert faults(entry) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tier": 2}, "tier is none of"),
        ({"tier": True}, "tier is no int"),
        ({"category": "Bones"}, "category is none of"),
        ({"scmurl": "https://x/y"}, "scmurl is unknown"),
        ({"scm_url": "git@host:SwinX2S.git"}, "scm_url is no address"),
        ({"scm_url": "https://host/SwinX2S.git"}, "does not say that it is for Slicer"),
        ({"build_dependencies": "PyTorch"}, "build_dependencies is no list"),
        ({"build_dependencies": [1]}, "something else than names"),
    ],
)
def test_what_the_index_refuses_is_noticed(entry, change, told):
    assert any(told in fault for fault in faults({**entry, **change}))


def test_a_missing_address_is_noticed(entry):
    del entry["scm_url"]
    assert "scm_url is missing" in faults(entry)


def test_entry_and_build_file_tell_the_same(entry, build_file, repository):
    assert re.search(r"project\((\w+)", build_file).group(1) == "SwinX2S"
    depends = re.search(r'set\(EXTENSION_DEPENDS "([^"]*)"\)', build_file).group(1)
    assert depends.split(";") == entry["build_dependencies"]
    home = re.search(r'set\(EXTENSION_HOMEPAGE "([^"]*)"\)', build_file).group(1)
    assert entry["scm_url"] == f"{home}.git"
    for name in ("ICONURL", "SCREENSHOTURLS"):
        for address in re.search(rf'set\(EXTENSION_{name} "([^"]*)"\)', build_file).group(1).split():
            prefix = home.replace("github.com", "raw.githubusercontent.com") + f"/{entry['scm_revision']}/"
            assert address.startswith(prefix)
            assert (repository / address.removeprefix(prefix)).is_file()
