"""Fixtures on the real MRML of `slicer-core`: an empty scene for each test, and a label volume of all 54 bones."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import block_bones
import mrml_boot
import whole_result


@pytest.fixture(scope="session")
def _booted(tmp_path_factory):
    return mrml_boot.boot_scene(str(tmp_path_factory.mktemp("terminology")))


@pytest.fixture
def scene(_booted):
    _booted.Clear(1)
    yield _booted
    _booted.Clear(1)


@pytest.fixture(scope="session")
def bones() -> np.ndarray:
    """All 54 bones as blocks in network order."""
    return block_bones.block_bones()


@pytest.fixture(scope="session")
def bones_file(bones, tmp_path_factory) -> Path:
    """`labels.nii.gz` as the worker writes it."""
    return block_bones.write_labels(tmp_path_factory.mktemp("bones") / "labels.nii.gz", bones)


@pytest.fixture(scope="session")
def result_folder(bones, tmp_path_factory) -> Path:
    """A whole result as the worker writes it."""
    return whole_result.write_whole_result(tmp_path_factory.mktemp("result") / "out", bones)


@pytest.fixture
def result(scene, result_folder):
    """That result in the scene, with all that belongs to it."""
    # Loaded here, for films and MRML alone need none of it.
    from SwinX2SLib.slicerui.result_loading import load_result

    return load_result(result_folder)


@pytest.fixture
def segmentation(scene):
    """A node for bones, without any."""
    return scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Bones")


@pytest.fixture
def session(segmentation):
    """The measurements of a known person, shown for editing."""
    # Loaded here, as above.
    from measured_person import measured_text

    from SwinX2SLib.slicerui.measurements import nodes
    from SwinX2SLib.slicerui.measurements.session import MeasuringSession

    nodes.add_document(segmentation, measured_text())
    session = MeasuringSession(segmentation)
    yield session
    session.close()
