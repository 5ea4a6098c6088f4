"""Things to drag on the films: a line over a marker, two points of the body, a frame to keep.

All are markups that stand on a film from the start, so nothing has to be placed with a mode of the mouse. They are
never saved with the scene.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from SwinX2SLib.radiographs import Crop, FilmOptions
from SwinX2SLib.radiographs.registration import shift_of_points
from SwinX2SLib.radiographs.transforms import crop_of_edited, rectangle_of_crop
from SwinX2SLib.slicerui.inputs.choice import ROLES, film_choice, set_edits
from SwinX2SLib.slicerui.inputs.examination import SeenFilm, of_percent
from SwinX2SLib.slicerui.inputs.preview import VIEWS, FilmPlane
from SwinX2SLib.slicerui.parameters import LARGEST_PIXEL_MM

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.section import Section


# Deep enough that a frame is seen in the film's view.
_FRAME_DEPTH_MM = 10.0


class FilmTool:
    """One markup on one film."""

    def __init__(self, class_name: str, name: str, role: str):
        self._id = ""
        node = slicer.mrmlScene.AddNewNodeByClass(class_name, name)
        node.SetSaveWithScene(False)
        node.CreateDefaultDisplayNodes()
        display = node.GetDisplayNode()
        display.SetSaveWithScene(False)
        display.AddViewNodeID(f"vtkMRMLSliceNode{VIEWS[role][0]}")
        self._id = node.GetID()
        self._start: np.ndarray | None = None

    @property
    def moved(self) -> bool:
        """Whether the user has done anything to it."""
        return self.node is not None and not np.allclose(self._places(), self._start)

    def _places(self) -> np.ndarray:
        return np.array(_points(self.node))

    @property
    def node(self) -> slicer.vtkMRMLMarkupsNode | None:
        """The markup; None where the user removed it."""
        return slicer.mrmlScene.GetNodeByID(self._id)

    def remove(self) -> None:
        """Take it out of the scene."""
        if self.node is not None:
            slicer.mrmlScene.RemoveNode(self.node)


class MarkerLine(FilmTool):
    """A line to be laid over a marker of known length."""

    def __init__(self, plane: FilmPlane):
        super().__init__("vtkMRMLMarkupsLineNode", "Marker", plane.role)
        rows, cols = plane.shape
        for column in (0.4 * cols, 0.6 * cols):
            self.node.AddControlPoint(*plane.ras(column, rows / 2))
        self._start = self._places()

    def pixels(self, plane: FilmPlane) -> float:
        """Return the length of the line in pixels of the film; 0 where it is no line any more."""
        points = _points(self.node)
        if len(points) != 2:
            return 0.0
        first, second = (plane.pixel(point) for point in points)
        return float(np.linalg.norm(first - second))


class BodyPoints(FilmTool):
    """Two points of the body, to be set on both films."""

    def __init__(self, plane: FilmPlane, letter: str):
        super().__init__("vtkMRMLMarkupsFiducialNode", "Heights", plane.role)
        rows, cols = plane.shape
        for number, row in ((1, 0.3 * rows), (2, 0.7 * rows)):
            self.node.AddControlPoint(*plane.ras(cols / 2, row), f"{letter}{number}")
        self._start = self._places()

    def heights_mm(self, plane: FilmPlane) -> list[float]:
        """Return how far the points lie above the middle of the film [mm], first point first."""
        return [float(point[2] - plane.middle_mm) for point in _points(self.node)]


class CropFrame(FilmTool):
    """A frame around what is to be kept.

    Args:
        plane: of the whole film.
        seen: the whole film.
        options: what is said of the film; the frame starts around its crop.
    """

    def __init__(self, plane: FilmPlane, seen: SeenFilm, options: FilmOptions):
        super().__init__("vtkMRMLMarkupsROINode", "Crop", plane.role)
        in_percent = of_percent(options, seen.scene_film.shape)
        left, top, right, bottom = rectangle_of_crop(
            seen.scene_film.decoded.values.shape, seen.turn, in_percent
        )
        corners = np.array([plane.ras(left - 0.5, top - 0.5), plane.ras(right - 0.5, bottom - 0.5)])
        self.node.SetCenter(*corners.mean(axis=0))
        self.node.SetSize(*np.maximum(np.abs(corners[1] - corners[0]), _FRAME_DEPTH_MM))
        self._start = self._places()
        display = self.node.GetDisplayNode()
        display.SetFillVisibility(False)
        display.SetHandlesInteractive(True)
        display.SetTranslationHandleVisibility(True)
        display.SetScaleHandleVisibility(True)
        display.SetRotationHandleVisibility(False)

    def _places(self) -> np.ndarray:
        bounds = np.zeros(6)
        self.node.GetBounds(bounds)
        return bounds

    def crop(self, plane: FilmPlane, seen: SeenFilm) -> Crop | None:
        """Return the crop that leaves what is inside; None for the whole film."""
        bounds = self._places()
        corners = np.array([plane.pixel(bounds[[0, 2, 4]]), plane.pixel(bounds[[1, 3, 5]])]) + 0.5
        (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
        options = FilmOptions(rotate_deg=seen.choice.options.rotate_deg, flip=seen.choice.options.flip)
        shape = seen.scene_film.decoded.values.shape
        return crop_of_edited(shape, seen.turn, options, (left, top, right, bottom))


def _points(node: slicer.vtkMRMLMarkupsNode | None) -> Sequence[np.ndarray]:
    if node is None:
        return []
    return [
        np.array(node.GetNthControlPointPositionWorld(index))
        for index in range(node.GetNumberOfControlPoints())
    ]


class Toolbox:
    """At most one tool is out; a checked button is the tool that is.

    Args:
        section: whose films are worked on.
    """

    def __init__(self, section: Section):
        self._section = section
        self._out: list[FilmTool] = []
        self._button: qt.QPushButton | None = None
        # The film whose crop is changed is shown whole, so that the crop may grow again.
        self.uncropped: set[str] = set()
        self._finish: Callable[[], None] | None = None
        ui = section.ui
        for role in ROLES:
            self._connect(getattr(ui, f"{role}CropButton"), self._start_crop, self._crop, role)
            self._connect(getattr(ui, f"{role}CalibrateButton"), self._start_line, self._calibrate, role)
        self._connect(ui.pointHeightsButton, self._start_points, self._match, "")

    def put_away(self, show: bool = True) -> None:
        """Give up what is being done.

        Args:
            show: show a film again as it is used, where its crop was being changed; not where all films go away.
        """
        button, self._button, self._finish = self._button, None, None
        cropping, self.uncropped = bool(self.uncropped), set()
        for tool in self._out:
            tool.remove()
        self._out = []
        if button is not None:
            button.checked = False
        if cropping and show:
            self._section.refresh()

    def finish(self) -> str:
        """Use what is shown, as the films are about to be used; what nobody moved is put away.

        Returns:
            What was done, in words; "" where no tool was out.
        """
        if self._finish is None:
            return ""
        finish, moved = self._finish, any(tool.moved for tool in self._out)
        if moved:
            finish()
        self.put_away()
        if moved:
            return _("What was still open on the films (crop, calibration or points) was applied.")
        return _("What was still open on the films (crop, calibration or points) was put away unchanged.")

    def _connect(self, button: qt.QPushButton, start: object, finish: object, role: str) -> None:
        def on_toggled(checked: bool) -> None:
            if checked:
                self.put_away()
                self._section.viewing.want()
                self._button = button
                start(role)
                self._finish = partial(finish, role)
            elif self._button is button:
                finish(role)
                self.put_away()

        button.toggled.connect(on_toggled)

    def _start_crop(self, role: str) -> None:
        section = self._section
        self.uncropped = {role}
        section.refresh()
        options = film_choice(section.parameters, role).options
        seen = section.examination.films[role]
        self._out = [CropFrame(section.viewing.planes[role], seen, options)]

    def _crop(self, role: str) -> None:
        seen, plane = self._section.examination.films.get(role), self._section.viewing.planes.get(role)
        if seen is None or plane is None or self._out[0].node is None:
            return
        crop = self._out[0].crop(plane, seen)
        options = film_choice(self._section.parameters, role).options
        set_edits(self._section.parameters, role, replace(options, crop=crop))

    def _start_line(self, role: str) -> None:
        self._out = [MarkerLine(self._section.viewing.planes[role])]

    def _calibrate(self, role: str) -> None:
        seen, plane = self._section.examination.films.get(role), self._section.viewing.planes.get(role)
        pixels = self._out[0].pixels(plane) if plane is not None else 0.0
        if seen is None or pixels < 1:
            self._section.ui.recognitionLabel.text = _("The line over the marker is gone; draw it again.")
            return
        scale = seen.scene_film.shape[0] / seen.scene_film.decoded.values.shape[0]
        spacing_mm = getattr(self._section.ui, f"{role}MarkerBox").value / (pixels * scale)
        if spacing_mm > LARGEST_PIXEL_MM:
            self._section.ui.recognitionLabel.text = _(
                "The line is far too short for a marker of that length."
            )
            return
        setattr(self._section.parameters, f"{role}_spacing_mm", round(spacing_mm, 4))

    def _start_points(self, _role: str) -> None:
        planes = self._section.viewing.planes
        self._out = [BodyPoints(planes["ap"], "F"), BodyPoints(planes["lateral"], "L")]

    def _match(self, _role: str) -> None:
        planes, label = self._section.viewing.planes, self._section.ui.heightsLabel
        if any(role not in planes for role in ROLES):
            return
        heights = [tool.heights_mm(planes[role]) for tool, role in zip(self._out, ROLES, strict=True)]
        try:
            match = shift_of_points(*heights)
        except ValueError as error:
            label.text = str(error)
            return
        words = _("matched by two points")
        if not match.scales_agree:
            words += _(
                ", but they lie {0:.0%} further apart on the frontal film: check both pixel sizes"
            ).format(match.scale - 1)
        self._section.set_shift(match.shift_mm, words)
