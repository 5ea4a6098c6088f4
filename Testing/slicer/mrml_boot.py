"""Slicer without its desktop: scene, application logic and module logics from the PyPI package `slicer-core`."""

import ctypes.util
import json
import sys
from pathlib import Path

import i18n_stand_in
import slicer
import vtk

sys.modules["slicer.i18n"] = slicer.i18n = i18n_stand_in

_LOGICS = {
    "Units": "vtkSlicerUnitsLogic",
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
}
_kept: dict[str, vtk.vtkObject] = {}


_SCHEMA = "https://raw.githubusercontent.com/qiicr/dcmqi/master/doc/schemas/"
# Slicer's application brings its terminologies as files; the core package expects them in a folder.
_TERMINOLOGIES = {
    "SegmentationCategoryTypeModifier-SlicerGeneralAnatomy": "3D Slicer General Anatomy list",
    "SegmentationCategoryTypeModifier-DICOM-Master": "DICOM master list",
}


def _write_terminologies(folder: Path) -> None:
    for name, title in _TERMINOLOGIES.items():
        content = {
            "SegmentationCategoryTypeContextName": f"Segmentation category and type - {title}",
            "@schema": _SCHEMA + "segment-context-schema.json#",
            "SegmentationCodes": {"Category": []},
        }
        (folder / f"{name}.term.json").write_text(json.dumps(content))
    regions = {
        "AnatomicContextName": "Anatomic codes - DICOM master list",
        "@schema": _SCHEMA + "anatomic-context-schema.json#",
        "AnatomicCodes": {"AnatomicRegion": []},
    }
    (folder / "AnatomicRegionAndModifier-DICOM-Master.term.json").write_text(json.dumps(regions))


def _give_cache(scene: slicer.vtkMRMLScene, folder: str) -> None:
    """Reading an MRB unpacks it into the folder of the cache."""
    cache, manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    cache.SetRemoteCacheDirectory(folder)
    manager.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(manager)
    _kept["cache"], _kept["data"] = cache, manager


def boot_scene(terminology_folder: str) -> slicer.vtkMRMLScene:
    """Make `slicer.mrmlScene` once, with the logics that the tests need; later calls return the same scene."""
    if "application" in _kept:
        return slicer.mrmlScene
    scene = slicer.vtkMRMLScene()
    _give_cache(scene, terminology_folder)
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    colours = application.GetColorLogic()
    colours.SetMRMLScene(scene)
    colours.AddDefaultColorNodes()
    application.SetModuleLogic("Colors", colours)
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    # The module Colors registers it in Slicer's application.
    scene.RegisterNodeClass(slicer.vtkMRMLColorLegendDisplayNode())
    for singleton in ("vtkMRMLInteractionNode", "vtkMRMLSelectionNode"):
        scene.AddNode(getattr(slicer, singleton)())
    for name, class_name in _LOGICS.items():
        logic = getattr(slicer, class_name)()
        if name == "Terminologies":
            _write_terminologies(Path(terminology_folder))
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
