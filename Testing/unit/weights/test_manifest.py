import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from SwinX2SLib.resources import resources_root
from SwinX2SLib.weights import WeightsError, manifest, stored_weights
from SwinX2SLib.weights.locating import file_faults
from SwinX2SLib.weights.manifest import add_to_manifest, find_weights, read_manifest


def test_the_weights_that_come_with_the_library_are_whole_and_its_default_is_among_them():
    from SwinX2SLib.weights.storage import content_faults

    default, records = read_manifest(resources_root() / "models.json")
    folder = resources_root() / "Models"
    faults = [fault for record in records for fault in file_faults(folder / record.file, record)]
    assert faults == []
    assert [fault for record in records for fault in content_faults(folder / record.file, record)] == []
    names = [record.name for record in records]
    assert len(set(names)) == len(names)
    assert default in names if names else default is None


def test_without_a_default_asking_for_it_says_what_to_do(library):
    content = json.loads((library / "models.json").read_text())
    (library / "models.json").write_text(json.dumps({**content, "default": None}))
    with pytest.raises(WeightsError, match="no default weights"):
        find_weights("default")


def test_imported_weights_come_after_those_of_the_library(library, cache, record):
    add_to_manifest(cache / "models.json", dataclasses.replace(record, name="mine", file="mine.safetensors"))
    assert [(entry.record.name, entry.bundled) for entry in stored_weights()] == [
        ("toy", True),
        ("mine", False),
    ]
    assert find_weights("mine").path == cache / "Models" / "mine.safetensors"


def test_adding_a_record_replaces_the_one_of_its_name_and_keeps_the_rest(tmp_path, record):
    path = tmp_path / "models.json"
    record = dataclasses.replace(record, file="toy.safetensors")
    other = dataclasses.replace(record, name="other")
    for entry in (record, other, dataclasses.replace(record, licence="CC BY 4.0")):
        add_to_manifest(path, entry)
    assert [(entry.name, entry.licence) for entry in read_manifest(path)[1]] == [
        ("other", "MIT"),
        ("toy", "CC BY 4.0"),
    ]


ADDING = """
import json, sys
from pathlib import Path
from SwinX2SLib.weights import WeightsRecord
from SwinX2SLib.weights.manifest import add_to_manifest
path, entry, prefix = Path(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    add_to_manifest(path, WeightsRecord.from_json({**entry, "name": f"{prefix}{number}"}, ""))
"""


def test_processes_that_add_records_at_once_lose_none(tmp_path, record):
    path = tmp_path / "models.json"
    entry = json.dumps(dataclasses.replace(record, file="toy.safetensors").to_json())
    adding = [
        subprocess.Popen(
            [sys.executable, "-c", ADDING, str(path), entry, prefix],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for prefix in "ab"
    ]
    for process in adding:
        assert process.stdout.readline() == "ready\n"
    for process in adding:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(timeout=120) for process in adding] == [0, 0]
    for process in adding:
        process.stdin.close()
        process.stdout.close()
    names = {entry.name for entry in read_manifest(path)[1]}
    assert names == {f"{prefix}{number}" for prefix in "ab" for number in range(40)}


@pytest.mark.parametrize("content", ["{", "[]", '{"models": 3}'])
def test_a_damaged_manifest_is_named_and_left_as_it_is(tmp_path, record, content):
    path = tmp_path / "models.json"
    path.write_text(content)
    with pytest.raises(WeightsError) as caught:
        add_to_manifest(path, record)
    assert caught.value.faults[0].path == str(path)
    assert path.read_text() == content


def test_all_faults_of_all_entries_are_named_at_once(tmp_path, record):
    entry = dataclasses.replace(record, file="toy.safetensors").to_json()
    broken = {key: value for key, value in entry.items() if key != "licence"} | {"bytes": "12", "wings": 2}
    (tmp_path / "models.json").write_text(
        json.dumps({"models": [entry, broken, {**entry, "file": "../../evil.safetensors"}, 7]})
    )
    with pytest.raises(WeightsError) as caught:
        read_manifest(tmp_path / "models.json")
    text = str(caught.value)
    assert len(caught.value.faults) == 5
    for word in (
        "has no 'licence'",
        "the unknown entry 'wings'",
        "'bytes' of the wrong type",
        "plain file name",
    ):
        assert word in text


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, Path("/x/swinx2s")),
        ("linux", {}, Path.home() / ".cache/swinx2s"),
        ("darwin", {}, Path.home() / "Library/Caches/SwinX2S"),
        ("win32", {"LOCALAPPDATA": "/appdata"}, Path("/appdata/SwinX2S")),
        ("linux", {"SWINX2S_CACHE": "/mine"}, Path("/mine")),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(monkeypatch, platform, variables, expected):
    for name in ("SWINX2S_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(manifest.sys, "platform", platform)
    assert manifest.cache_folder() == expected


def test_listing_weights_needs_no_torch(repository):
    code = "import sys; sys.modules['torch'] = None; from SwinX2SLib import weights; weights.stored_weights()"
    subprocess.run([sys.executable, "-c", code], cwd=repository, check=True)
