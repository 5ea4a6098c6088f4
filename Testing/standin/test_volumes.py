"""Volumes of edited bones are those of Slicer's module Segment Statistics; outside Slicer voxels are counted."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest
import slicer
from block_bones import AFFINE, block_bones

from SwinX2SLib.anatomy import ids_by_name
from SwinX2SLib.slicerui.result.volumes import segment_volumes
from SwinX2SLib.slicerui.segmentation_import import import_segmentation

BONES = ("femur_left", "vertebrae_L1")
IDS = ids_by_name()
CHECKOUT = os.environ.get("SLICER_SOURCE")


@pytest.fixture
def bones(panel, bones_file):
    return import_segmentation(bones_file, "Bones")


@pytest.fixture
def statistics(monkeypatch):
    """Slicer's module, from its sources; slicer-core has what it imports under other names."""
    if not CHECKOUT:
        pytest.skip("no checkout of Slicer is given")
    from slicer_core import vtkITK, vtkSegmentationCore

    monkeypatch.setitem(sys.modules, "vtkITK", vtkITK)
    monkeypatch.setitem(sys.modules, "vtkSegmentationCorePython", vtkSegmentationCore)
    monkeypatch.syspath_prepend(str(Path(CHECKOUT) / "Modules" / "Scripted" / "SegmentStatistics"))
    from SegmentStatisticsPlugins import SegmentStatisticsPluginBase

    # Its check boxes connect as only PythonQt can.
    for name in ("createDefaultOptionsWidget", "updateGuiFromParameterNode"):
        monkeypatch.setattr(SegmentStatisticsPluginBase, name, lambda *_arguments: None)
    yield
    for name in [name for name in sys.modules if name.startswith("SegmentStatistics")]:
        del sys.modules[name]


def test_voxels_are_counted_where_there_is_no_segment_statistics(bones):
    blocks, voxel_ml = block_bones(), abs(np.linalg.det(AFFINE[:3, :3])) / 1000
    for bone, (voxels, volume_ml) in segment_volumes(bones, BONES).items():
        assert voxels == np.count_nonzero(blocks == IDS[bone])
        assert volume_ml == pytest.approx(voxels * voxel_ml)


def test_slicers_segment_statistics_gives_the_same_and_adds_nothing_to_the_scene(
    bones, statistics, monkeypatch
):
    counted = segment_volumes.__globals__["_counted"]
    monkeypatch.setitem(segment_volumes.__globals__, "_counted", lambda *_arguments: pytest.fail("counted"))
    before = slicer.mrmlScene.GetNumberOfNodes()
    for bone, found in segment_volumes(bones, BONES).items():
        voxels, volume_ml = counted(bones, bone)
        assert found == (voxels, pytest.approx(volume_ml))
    assert slicer.mrmlScene.GetNumberOfNodes() == before
