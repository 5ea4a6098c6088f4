"""Packages that the worker needs: asked for once, installed by those who can, said clearly when nobody can."""

import sys
import types
from pathlib import Path

import packaging_stand_in
import pytest
import slicer
from packaging.requirements import Requirement

from SwinX2SLib.slicerui import dialogs, installer
from SwinX2SLib.slicerui.installer import InstallError, SlicerInstaller


class Machine:
    """Which packages are missing; installing takes them off the list, unless it fails."""

    def __init__(self, monkeypatch):
        self.missing = [Requirement("torch>=2.6"), Requirement("trimesh>=4.5")]
        self.done, self.questions, self.failing = [], [], set()
        monkeypatch.setattr(installer, "missing_requirements", self.missing_requirements)
        monkeypatch.setattr(packaging_stand_in, "pip_ensure", self.pip_ensure)
        extension = types.SimpleNamespace(PyTorchUtilsLogic=lambda: self)
        monkeypatch.setitem(sys.modules, "PyTorchUtils", extension)

    def missing_requirements(self, with_networks: bool = True):
        return [each for each in self.missing if with_networks or each.name != "torch"]

    def confirm(self, text: str) -> bool:
        self.questions.append(text)
        return True

    def installTorch(self, askConfirmation, torchVersionRequirement):
        self.done.append(("extension", askConfirmation, torchVersionRequirement))
        self.missing = [each for each in self.missing if each.name != "torch" or "torch" in self.failing]

    def pip_ensure(self, requirements, constraints, requester, prompt_install):
        self.constraints = constraints.read_text().split()
        self.done.append(("pip", [str(each) for each in requirements], requester, prompt_install))
        if "pip" in self.failing:
            raise RuntimeError("no network")
        self.missing = [each for each in self.missing if each.name == "torch"]


@pytest.fixture
def machine(monkeypatch):
    return Machine(monkeypatch)


def test_nobody_is_asked_where_nothing_is_missing(machine):
    machine.missing = []
    SlicerInstaller(machine.confirm).ensure()
    assert machine.questions == machine.done == []


def test_one_question_names_everything_and_pytorch_comes_first_by_its_extension(machine):
    SlicerInstaller(machine.confirm).ensure()
    (question,) = machine.questions
    assert "PyTorch, trimesh" in question
    assert machine.done == [("extension", False, ">=2.6"), ("pip", ["trimesh>=4.5"], "SwinX2S", False)]


def test_who_declines_gets_nothing_installed_and_hears_of_the_ways_left(machine):
    with pytest.raises(InstallError, match="missing: PyTorch, trimesh") as caught:
        SlicerInstaller(lambda text: False).ensure()
    assert machine.done == []
    assert "Install from a folder" in caught.value.hint
    assert "HTTPS_PROXY" in caught.value.hint


def test_missing_pytorch_names_the_extension_that_brings_it_before_asking(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)
    with pytest.raises(InstallError, match="PyTorch extension") as caught:
        SlicerInstaller(machine.confirm).ensure()
    assert "Extensions Manager" in caught.value.hint
    assert machine.questions == machine.done == []
    machine.missing = [Requirement("trimesh>=4.5")]
    SlicerInstaller(machine.confirm).ensure()
    assert [step[0] for step in machine.done] == ["pip"]


def test_a_failed_installation_says_why(machine):
    machine.failing = {"pip"}
    with pytest.raises(InstallError, match="no network"):
        SlicerInstaller(machine.confirm).ensure()


def test_pytorch_that_was_not_installed_after_all_is_told(machine):
    machine.failing = {"torch"}
    with pytest.raises(InstallError, match="Still missing: PyTorch"):
        SlicerInstaller(machine.confirm).ensure()


def test_slicers_own_numpy_and_pytorch_are_kept_while_others_are_installed(machine, monkeypatch):
    versions = {"numpy": "2.4.1", "torch": "2.9.0"}
    monkeypatch.setattr(installer, "installed_version", lambda name: versions.get(name, ""))
    SlicerInstaller(machine.confirm).ensure()
    assert machine.constraints == ["numpy==2.4.1", "torch==2.9.0"]


def test_a_slicer_before_5_12_installs_by_its_older_function(machine, monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)

    def pip_install(arguments):
        requirement, option, path = arguments
        assert option == "--constraint"
        assert Path(path).is_file()
        machine.done.append(requirement)
        machine.missing = [each for each in machine.missing if str(each) != requirement]

    monkeypatch.setattr(slicer.util, "pip_install", pip_install)
    SlicerInstaller(machine.confirm).ensure()
    assert machine.done == [("extension", False, ">=2.6"), "trimesh>=4.5"]


def test_what_runs_no_network_needs_no_pytorch(machine):
    SlicerInstaller(machine.confirm, with_networks=False).ensure()
    assert "PyTorch" not in machine.questions[0]
    assert [step[0] for step in machine.done] == ["pip"]
    assert "safetensors" not in {each.name for each in installer.requirements(with_networks=False)}


def test_while_slicer_is_tested_nobody_is_asked_and_nothing_done(desktop, monkeypatch):
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_a, **_k: True)
    assert not dialogs.confirm("May I?")
    monkeypatch.setattr(slicer.app, "testingEnabled", lambda: False, raising=False)
    assert dialogs.confirm("May I?")


def test_what_is_too_old_counts_as_missing(monkeypatch):
    versions = {"torch": "2.5.1", "numpy": "2.4.0rc1"}
    monkeypatch.setattr(installer, "installed_version", lambda name: versions.get(name, ""))
    names = {each.name for each in installer.missing_requirements()}
    assert {"torch", "safetensors", "highdicom"} <= names
    assert "numpy" not in names


def test_slicer_installs_pytorch_and_what_is_listed_for_it(repository):
    lines = (repository / "Resources" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    listed = {str(Requirement(text)) for line in lines if (text := line.split("#")[0].strip())}
    first, *others = installer.requirements()
    assert first.name == "torch"
    assert {str(each) for each in others} == listed
