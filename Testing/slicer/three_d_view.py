"""A Slicer 3D view without a window: the real displayable managers on an offscreen render window."""

from pathlib import Path

import mrml_boot
import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class ThreeDView:
    """What `qMRMLThreeDView` does: a render window, a view node and the displayable managers of 3D views."""

    def __init__(self, width: int = 700, height: int = 900):
        application = mrml_boot.application_logic()
        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(0)
        self.window.SetSize(width, height)
        self.renderer = vtk.vtkRenderer()
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(application)
        for name in _MANAGERS:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.group = slicer.vtkMRMLDisplayableManagerGroup()
        self.group.SetRenderer(self.renderer)
        self.group.Initialize(factory, self.renderer)
        self.logic = slicer.vtkMRMLViewLogic()
        self.logic.SetMRMLApplicationLogic(application)
        application.GetViewLogics().AddItem(self.logic)
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.node = self.logic.AddViewNode("SwinX2S")
        self.group.SetMRMLDisplayableNode(self.node)
        self.node.SetBoxVisible(False)
        self.node.SetAxisLabelsVisible(False)

    def look_from(self, direction: int) -> None:
        """Turn the camera to a `vtkMRMLCameraNode` direction (Anterior, Left...) and fit everything in view."""
        self.window.Render()
        camera = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCameraNode")
        camera.RotateTo(direction)
        self.renderer.ResetCamera()
        self.renderer.ResetCameraClippingRange()

    def pixels(self) -> np.ndarray:
        """Return what the view shows: uint8, (rows, columns, 3), first row at the top."""
        self.window.Render()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self.window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        image = grabber.GetOutput()
        columns, rows, _ = image.GetDimensions()
        flat = vtk_to_numpy(image.GetPointData().GetScalars())
        return flat.reshape(rows, columns, 3)[::-1].copy()

    def save(self, path: Path) -> None:
        from PIL import Image

        Image.fromarray(self.pixels()).save(path)

    def close(self) -> None:
        """Let go of the scene before it is emptied: managers that outlive their view node crash."""
        self.group.SetMRMLDisplayableNode(None)
        mrml_boot.application_logic().GetViewLogics().RemoveItem(self.logic)
        self.logic.SetMRMLScene(None)
        self.window.Finalize()
