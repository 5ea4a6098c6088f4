"""The demo's radiographs as Sample Data offers them."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import numpy as np
import pytest
import slicer
from PIL import Image

from SwinX2SLib.slicerui import samples
from SwinX2SLib.slicerui.samples import CATEGORY, PAIRS, SampleError, demo_radiograph, load_sample


@pytest.fixture
def sources(desktop, monkeypatch):
    monkeypatch.setattr(slicer.modules, "sampleDataSources", {}, raising=False)
    import SwinX2S

    SwinX2S.offer_samples()
    return slicer.modules.sampleDataSources[CATEGORY]


def click(source):
    """What the button of the module Sample Data does."""
    source.customDownloader(source)


def test_the_module_offers_its_samples_when_slicer_has_started(desktop, monkeypatch):
    offered = []
    monkeypatch.setattr(samples, "register_samples", offered.append)
    slicer.app.complete_startup()
    assert len(offered) == 1


def test_every_sample_has_a_thumbnail_and_its_files_their_checksums(sources):
    assert len(sources) == len(PAIRS)
    for source in sources:
        paths = [Path(url2pathname(urlsplit(uri).path)) for uri in source.uris]
        assert [path.name for path in paths] == source.fileNames
        digests = [f"SHA256:{hashlib.sha256(path.read_bytes()).hexdigest()}" for path in paths]
        assert source.checksums == digests
        with Image.open(source.thumbnailFileName) as thumbnail:
            assert 100 <= thumbnail.width <= 450
        assert all(uri.startswith("file:") for uri in source.uris)


@pytest.mark.parametrize(("index", "spacing_mm"), [(0, 3.890625), (1, 1.0), (2, 1.5)])
def test_a_click_loads_both_radiographs_and_chooses_them(panel, sources, index, spacing_mm):
    click(sources[index])
    radiographs = panel.parameters.ap_volume, panel.parameters.lateral_volume
    assert [radiograph.GetName() for radiograph in radiographs] == sources[index].nodeNames
    assert panel.ui.apSelector.currentNode() is radiographs[0]
    assert panel.ui.lateralSelector.currentNode() is radiographs[1]
    for radiograph in radiographs:
        assert radiograph.GetSpacing() == pytest.approx((spacing_mm,) * 3)
    assert panel.ui.faultsLabel.text == ""
    assert panel.ui.reconstructButton.enabled
    assert "from the sample's description" in panel.ui.apInfoLabel.text
    assert "assumed" not in panel.ui.apInfoLabel.text + panel.ui.lateralInfoLabel.text


def test_another_sample_takes_the_place_of_the_first(panel, sources):
    click(sources[0])
    panel.ui.apFlipSidesButton.click()
    click(sources[2])
    assert panel.parameters.ap_volume.GetName() == "chest frontal"
    assert panel.parameters.ap_flip == ""
    assert panel.ui.faultsLabel.text == ""


def test_the_first_sample_is_a_person(sources):
    assert sources[0].sampleName.startswith("Torso")
    assert "CC BY 4.0" in sources[0].sampleName


def test_a_radiograph_is_loaded_as_it_is_stored(module_widget, repository):
    node = demo_radiograph("lateral", "chest")
    stored = np.asarray(Image.open(repository / "Resources" / "Demo" / "chest_lateral.png"))
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node)[0], stored)


def test_an_altered_file_is_not_opened(module_widget, monkeypatch):
    monkeypatch.setattr(samples, "sha256_of", lambda path: "0" * 64)
    with pytest.raises(SampleError, match="was modified"):
        load_sample("phantom")
    assert slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode") is None


def test_an_application_without_sample_data_goes_on(desktop, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "SampleData", None)
    samples.register_samples(lambda: None)
