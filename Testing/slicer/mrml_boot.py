"""Slicer without its desktop: scene, application logic and module logics from the PyPI package `slicer-core`."""

import ctypes.util

import slicer
import vtk

_LOGICS = {
    "Units": "vtkSlicerUnitsLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
}
_kept: dict[str, vtk.vtkObject] = {}


def boot_scene(terminology_folder: str) -> slicer.vtkMRMLScene:
    """Make `slicer.mrmlScene` once, with the logics that the tests need; later calls return the same scene."""
    if "application" in _kept:
        return slicer.mrmlScene
    scene = slicer.vtkMRMLScene()
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    colours = application.GetColorLogic()
    colours.SetMRMLScene(scene)
    colours.AddDefaultColorNodes()
    application.SetModuleLogic("Colors", colours)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    for singleton in ("vtkMRMLInteractionNode", "vtkMRMLSelectionNode"):
        scene.AddNode(getattr(slicer, singleton)())
    for name, class_name in _LOGICS.items():
        logic = getattr(slicer, class_name)()
        if name == "Terminologies":
            logic.SetModuleShareDirectory(terminology_folder)
        logic.SetMRMLScene(scene)
        logic.SetMRMLApplicationLogic(application)
        application.SetModuleLogic(name, logic)
        _kept[name] = logic
    _kept["application"] = application
    slicer.mrmlScene = scene
    return scene


def application_logic() -> slicer.vtkSlicerApplicationLogic:
    return _kept["application"]


def module_logic(name: str) -> slicer.vtkSlicerModuleLogic:
    return _kept[name]


def missing_offscreen_libraries() -> str:
    """Say what offscreen rendering lacks on this machine, or an empty string."""
    if ctypes.util.find_library("EGL") or ctypes.util.find_library("OSMesa"):
        return ""
    return (
        "neither libEGL nor libOSMesa is installed, so VTK cannot render offscreen (apt-get install libegl1)"
    )
