"""The radiographs in Slicer's own slice views: in standard display orientation."""

import mrml_boot
import numpy as np
import pytest
import slicer
import slicer.util
from vtk.util.numpy_support import vtk_to_numpy

from SwinX2SLib.slicerui.inputs import preview
from SwinX2SLib.slicerui.inputs.preview import RadiographPlane
from SwinX2SLib.slicerui.slice_views import VIEWS


@pytest.fixture
def views(scene, monkeypatch):
    """Slice logics of the views Green and Yellow, in the scene."""
    application = mrml_boot.application_logic()
    application.GetColorLogic().AddDefaultColorNodes()
    monkeypatch.setattr(slicer, "app", _Application(application), raising=False)
    logics = {}
    for role, (name, _) in VIEWS.items():
        logic = slicer.vtkMRMLSliceLogic()
        logic.SetMRMLApplicationLogic(application)
        application.GetSliceLogics().AddItem(logic)
        logic.SetMRMLScene(scene)
        logic.AddSliceNode(name)
        logic.GetSliceNode().SetDimensions(90, 120, 1)
        logics[role] = logic
    yield logics
    for logic in logics.values():
        application.GetSliceLogics().RemoveItem(logic)
        logic.SetMRMLScene(None)


class _Application:
    def __init__(self, logic):
        self._logic = logic

    def applicationLogic(self):  # noqa: N802 - Slicer's name
        return self._logic


def seen(logic) -> np.ndarray:
    """What a slice view shows: brightness, (rows, columns), first row at the top."""
    logic.UpdatePipeline()
    connection = logic.GetBackgroundLayer().GetImageDataConnection()
    connection.GetProducer().Update()
    image = connection.GetProducer().GetOutputDataObject(0)
    columns, rows, _ = image.GetDimensions()
    values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(rows, columns, -1)
    return values[::-1, :, 0].astype(float)


@pytest.mark.parametrize("role", ["ap", "lateral"])
def test_a_radiograph_is_seen_as_it_hangs(views, role):
    # Bright at the upper left, half as bright at the upper right, dark below.
    pixels = np.zeros((80, 60), np.float32)
    pixels[:40, :30], pixels[:40, 30:] = 1.0, 0.5
    radiographs = preview.RadiographPreview()
    radiographs._show(RadiographPlane(role, pixels.shape, (2.0, 2.0), 15.0), pixels)
    picture = seen(views[role])
    rows, columns = picture.shape
    corner = (
        picture[rows // 4, columns // 4],
        picture[rows // 4, columns * 3 // 4],
        picture[rows * 3 // 4, columns // 2],
    )
    assert corner[0] > 200
    assert 80 < corner[1] < 180
    assert corner[2] < 40
    radiographs.hide()
