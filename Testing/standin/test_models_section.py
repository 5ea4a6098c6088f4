"""Section Models and packages: with real child processes for import and verification."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from SwinX2SLib.slicerui.devices import Devices, catalogue
from SwinX2SLib.slicerui.installer import InstallError
from SwinX2SLib.slicerui.models import section as section_module
from SwinX2SLib.slicerui.models import versions
from SwinX2SLib.weights.locating import sha256_of
from SwinX2SLib.weights.manifest import stored_weights

# In a separate process: torch must not come into the process that plays Slicer.
_MAKE_WEIGHTS = """
import sys
from pathlib import Path
from SwinX2SLib.models.builder import build_model
from SwinX2SLib.weights.record import WeightsRecord
from SwinX2SLib.weights.storage import write_weights

overrides = {"embed_dim": 4, "depths": [2, 2, 2, 2], "heads": [1, 2, 4, 8], "grid_shape": [32, 32, 64]}
state = build_model("swinx2s-tiny", **overrides).state_dict()
record = WeightsRecord("theirs", "swinx2s-tiny", "", "", 0, "2026-01-01", "MIT", overrides, notes="A gift.")
write_weights(state, Path(sys.argv[1]), record)
"""
# A child process that loads PyTorch, on a machine that does other work, too.
_LONG = 500
_BROKEN_NAME = "not <b>a checkpoint.pt"


@pytest.fixture(scope="session")
def gift(tmp_path_factory) -> Path:
    """A file of weights that somebody else gave."""
    path = tmp_path_factory.mktemp("gift") / "their model (1).safetensors"
    subprocess.run([sys.executable, "-c", _MAKE_WEIGHTS, str(path)], check=True)
    return path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SWINX2S_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path / "cache"


@pytest.fixture
def section(cache, panel):
    return panel.whole.sections["models"]


@pytest.fixture
def import_gift(section, gift, spin_until):
    def work(name="gift", digest=""):
        section.take_file(gift)
        section.ui.importNameEdit.text = name
        section.ui.importHashEdit.text = digest
        section.ui.importButton.click()
        assert not section.ui.importButton.enabled
        spin_until(lambda: not section.is_busy(), seconds=_LONG)

    return work


def listed(section) -> list[str]:
    table = section.ui.modelsTable
    return [table.item(row, 0).text() for row in range(table.rowCount)]


def choose(section, name: str) -> None:
    section.ui.modelsTable.selectRow(next(i for i, row in enumerate(listed(section)) if row.startswith(name)))


def test_models_are_listed_and_no_helper_is_among_them(section, panel):
    helpers = [each.record.name for each in stored_weights() if not each.record.reconstructs]
    assert helpers
    names = [each.record.name for each in stored_weights() if each.record.reconstructs]
    assert [row.split(" ")[0] for row in listed(section)] == names
    offered = [panel.ui.modelBox.itemText(index) for index in range(panel.ui.modelBox.count)]
    assert not set(helpers) & set(offered)
    assert {entry.name for entry in catalogue()} == {"default", *names}
    choose(section, names[0])
    assert not section.ui.removeModelButton.enabled


def test_hash_and_licence_of_a_model_are_folded_away(section):
    assert not section.ui.modelDetailSection.visible
    (model, *_others) = [each.record for each in stored_weights() if each.record.reconstructs]
    choose(section, model.name)
    assert section.ui.modelDetailSection.collapsed
    for words in ("SHA-256", model.licence):
        assert words not in section.ui.modelDetailLabel.text
        assert words in section.ui.modelProvenanceLabel.text
    assert model.date in section.ui.modelDetailLabel.text


def test_an_imported_model_is_listed_offered_kept_whole_and_removed_after_asking(
    section, panel, import_gift, gift, cache, spin_until
):
    import_gift(digest=sha256_of(gift))
    assert "gift is now available" in section.ui.modelsStatusLabel.text, section.ui.modelsLogEdit.plainText
    assert section.ui.importPathEdit.text == ""
    assert section.chosen().record.notes == "A gift."
    panel.ui.modelBox.setCurrentText("gift")
    assert panel.parameters.model == "gift"
    section.ui.verifyButton.click()
    spin_until(lambda: not section.is_busy(), seconds=_LONG)
    assert section.ui.modelsStatusLabel.text == "gift: valid"
    asked = []
    section.confirm = lambda text: bool(asked.append(text))
    section.ui.removeModelButton.click()
    assert str(cache) in asked[0]
    assert "gift" in listed(section)
    section.confirm = lambda text: True
    section.ui.removeModelButton.click()
    assert "gift" not in listed(section)
    assert list((cache / "Models").iterdir()) == []
    assert panel.parameters.model == "default"


def test_a_file_with_another_hash_is_refused_and_what_was_typed_stays(section, import_gift, gift, cache):
    import_gift(digest="0" * 64)
    assert "unexpected hash" in section.ui.modelsStatusLabel.text
    assert section.ui.importPathEdit.text == str(gift)
    assert not cache.exists()


def test_what_is_no_checkpoint_is_refused_in_plain_words(section, tmp_path, spin_until):
    broken = tmp_path / _BROKEN_NAME
    broken.write_bytes(b"no weights at all")
    section.take_file(broken)
    assert section.ui.importNameEdit.text == "not-b-a-checkpoint"
    section.ui.importButton.click()
    spin_until(lambda: not section.is_busy(), seconds=_LONG)
    assert "&lt;b&gt;a" in section.ui.modelsStatusLabel.text
    assert "The file is a text, not weights." in section.ui.modelsStatusLabel.text


def test_an_import_can_be_cancelled_and_the_module_closed_meanwhile(section, gift, cache, spin_until):
    section.take_file(gift)
    section.ui.importButton.click()
    section.ui.modelsCancelButton.click()
    spin_until(lambda: not section.is_busy())
    assert section.ui.modelsStatusLabel.text.endswith("Cancelled.</span>")
    assert not cache.exists()
    section.ui.importButton.click()
    # The fixture closes the module now.


def test_without_pytorch_files_are_verified_and_no_import_is_offered(section, gift, monkeypatch, spin_until):
    monkeypatch.setattr(section_module, "torch_is_installed", lambda: False)
    section.take_file(gift)
    assert not section.ui.importButton.enabled
    started = []
    monkeypatch.setattr(section, "_start", lambda arguments, *_: started.append(arguments))
    section.ui.verifyButton.click()
    assert "--files-only" in started[0]


def test_a_damaged_list_of_imports_is_told_and_leaves_the_rest(cache, request):
    cache.mkdir()
    (cache / "models.json").write_text("{")
    section = request.getfixturevalue("section")
    assert "cannot be read" in section.ui.modelsStatusLabel.text
    assert listed(section)


def test_versions_are_shown_and_a_build_for_the_processor_beside_a_card_is_told(section, monkeypatch):
    for words in ("SwinX2S", "3D Slicer", "PyTorch", "Python", "Device"):
        assert words in section.ui.versionsLabel.text
    assert section.ui.cardLabel.isHidden()
    monkeypatch.setattr(versions, "installed_version", lambda name: "2.9.0+cpu")
    section._watch.devices = Devices(card="RTX 4090")
    section._show_versions()
    assert "RTX 4090 is not used" in section.ui.versionsLabel.text
    assert not section.ui.cardLabel.isHidden()


def test_what_the_installer_says_is_shown(section, monkeypatch):
    class Refusing:
        def ensure(self):
            raise InstallError("PyTorch is missing.", "Install the extension.")

    section.installer = Refusing()
    section.install()
    assert "PyTorch is missing. Install the extension." in section.ui.modelsStatusLabel.text


def test_packages_come_from_a_folder_of_wheels_and_from_nowhere_else(
    section, tmp_path, monkeypatch, spin_until
):
    wanted = [Requirement("swinx2s-test-package>=1.0")]
    monkeypatch.setattr(section_module, "missing_requirements", lambda: wanted)
    folder, target = tmp_path / "wheels", tmp_path / "site"
    folder.mkdir()
    section.install_from(folder)
    assert "pip download" in section.ui.modelsStatusLabel.text
    (folder / "other-1.0-py3-none-any.whl").write_bytes(b"")
    section.install_from(folder)
    spin_until(lambda: not section.is_busy(), seconds=_LONG)
    assert "Missing in the folder: swinx2s-test-package" in section.ui.modelsStatusLabel.text
    write_wheel(folder)
    monkeypatch.setenv("PIP_TARGET", str(target))
    section.install_from(folder)
    spin_until(lambda: not section.is_busy(), seconds=_LONG)
    assert "All packages are installed" in section.ui.modelsStatusLabel.text, (
        section.ui.modelsLogEdit.plainText
    )
    assert (target / "swinx2s_test_package.py").is_file()


def test_pip_is_told_to_ask_no_server(tmp_path):
    arguments = versions.install_arguments(tmp_path, [Requirement("torch>=2.6")])
    assert arguments[:3] == ["-m", "pip", "install"]
    assert {"--no-index", "--find-links", "torch>=2.6"} <= set(arguments)


def test_a_folder_of_wheels_is_looked_through_before_pip_is(tmp_path):
    def kinds(*missing):
        return [
            fault.kind for fault in versions.folder_faults(tmp_path, [Requirement(each) for each in missing])
        ]

    assert kinds("torch") == ["no-wheels"]
    for name in ("psutil-7.0-py3-none-any.whl", "torch-2.7.0-cp39-cp39-win32.whl", "no wheel.whl"):
        (tmp_path / name).touch()
    assert kinds("psutil>=5.9") == []
    assert kinds("torch>=2.6", "PyYAML") == ["wheels-absent", "wheels-unfit"]
    told = " ".join(
        map(str, versions.folder_faults(tmp_path, [Requirement("torch>=2.6"), Requirement("PyYAML")]))
    )
    assert "Missing in the folder: PyYAML" in told
    assert "torch-2.7.0-cp39-cp39-win32.whl" in told
    (tmp_path / "pyyaml-6.0.tar.gz").touch()
    (tmp_path / "torch-2.7.0-py3-none-any.whl").touch()
    assert kinds("torch>=2.6", "PyYAML") == []
    tmp_path_file = tmp_path / "psutil-7.0-py3-none-any.whl"
    assert [fault.kind for fault in versions.folder_faults(tmp_path_file, [])] == ["folder-unreadable"]


def test_a_checkpoint_that_is_not_there_is_told_at_once(section, tmp_path):
    section.take_file(tmp_path)
    section.import_model()
    assert "This is a folder." in section.ui.modelsStatusLabel.text
    section.take_file(tmp_path / "moved.pt")
    section.import_model()
    assert "The file does not exist." in section.ui.modelsStatusLabel.text
    assert not section.is_busy()


def test_importing_without_pytorch_says_why_it_cannot_be_clicked(section, tmp_path, monkeypatch):
    monkeypatch.setattr(section_module, "torch_is_installed", lambda: False)
    section.take_file(tmp_path / "their.pt")
    assert not section.ui.importButton.enabled
    assert not section.ui.importTorchLabel.isHidden()
    monkeypatch.setattr(section_module, "torch_is_installed", lambda: True)
    section.take_file(tmp_path / "others.pt")
    assert section.ui.importButton.enabled
    assert section.ui.importTorchLabel.isHidden()


def write_wheel(folder: Path) -> None:
    name, info = "swinx2s_test_package", "swinx2s_test_package-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: swinx2s-test-package\nVersion: 1.0\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")


def test_unfolding_the_import_does_not_say_that_pytorch_is_missing_when_it_is_there(section):
    for collapsed in (True, False, True, False):
        section.ui.importSection.collapsed = collapsed
    assert not section.ui.importTorchLabel.isVisibleTo(section.ui.importSection)
