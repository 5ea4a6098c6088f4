"""`SwinX2S.json`, by which the extension enters Slicer's index: what the index refuses is refused here.

The rules are those of the schemas of 2025 and 2026 (v1.0.1, v1.0.2; JSON Schema draft 7) and of the checks that the
index runs on new entries.
"""

import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import jsonschema
import pytest

SCHEMA = (
    "https://raw.githubusercontent.com/Slicer/Slicer/main/Schemas/"
    "slicer-extension-catalog-entry-schema-v{0}.json#"
)
VERSIONS = ("1.0.1", "1.0.2")
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
    "$schema": tuple(SCHEMA.format(version) for version in VERSIONS),
}
# What a version knows beyond the properties above.
MORE = {"1.0.1": {}, "1.0.2": {"dicom_support_rule": str}}
_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", list: "array"}


def schema_of(version: str) -> dict:
    """Return the facts of a version of the index's schema."""
    properties = {name: {"type": _JSON_TYPES[kind]} for name, kind in (KINDS | MORE[version]).items()}
    properties["build_dependencies"]["items"] = {"type": "string"}
    properties["scm_type"]["enum"] = ["git", "local"]
    properties["tier"] |= {"minimum": 1, "maximum": 5}
    return {
        "type": "object",
        "required": sorted(REQUIRED),
        "additionalProperties": False,
        "properties": properties,
    }


def schema_faults(entry: dict, version: str) -> list[str]:
    """Return what a version of the schema refuses."""
    validator = jsonschema.Draft7Validator(schema_of(version))
    return [error.message for error in validator.iter_errors(entry)]


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


@pytest.mark.parametrize("version", VERSIONS)
def test_the_entry_is_valid_against_each_version_of_the_schema(entry, version):
    assert schema_faults(entry, version) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "change",
    [
        {"tier": 6},
        {"tier": "1"},
        {"enabled": "true"},
        {"scm_type": "svn"},
        {"build_dependencies": [1]},
        {"homepage": "https://host"},
    ],
)
def test_each_version_of_the_schema_refuses_what_it_does_not_know(entry, version, change):
    assert len(schema_faults({**entry, **change}, version)) == 1


def test_a_rule_for_dicom_is_known_to_the_newer_schema_only(entry):
    entry["dicom_support_rule"] = "Modality == 'DX'"
    assert schema_faults(entry, "1.0.2") == []
    assert len(schema_faults(entry, "1.0.1")) == 1


def test_the_restated_schemas_are_those_of_slicer():
    """Where a checkout of Slicer is given, its own schemas judge as those above do."""
    source = os.environ.get("SLICER_SOURCE")
    if not source or not (Path(source) / "Schemas").is_dir():
        pytest.skip("SLICER_SOURCE names no checkout of Slicer with its folder Schemas")
    for version in VERSIONS:
        name = SCHEMA.format(version).rsplit("/", 1)[1].removesuffix("#")
        own = json.loads((Path(source) / "Schemas" / name).read_text(encoding="utf-8"))
        restated = schema_of(version)
        assert own["required"] == restated["required"]
        assert own["additionalProperties"] is False
        kept = ("type", "enum", "minimum", "maximum", "items")
        told = {
            key: {part: rule[part] for part in kept if part in rule}
            for key, rule in own["properties"].items()
        }
        assert told == restated["properties"]


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
