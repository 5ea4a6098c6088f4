"""The buttons that start and end work on the radiographs: crop, calibrate, heights by points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import qt
from slicer.i18n import tr as _

from SwinX2SLib.radiographs.registration import shift_of_points
from SwinX2SLib.slicerui.inputs.choice import radiograph_choice, set_edits
from SwinX2SLib.slicerui.inputs.tools import BodyPoints, CropFrame, MarkerLine, RadiographTool
from SwinX2SLib.slicerui.parameters import LARGEST_PIXEL_MM
from SwinX2SLib.slicerui.radiographs import ROLES

if TYPE_CHECKING:
    from SwinX2SLib.slicerui.section import Section


class Toolbox:
    """At most one tool is out; a checked button is the tool that is. The radiographs change with Apply only.

    Args:
        section: whose radiographs are worked on.
    """

    def __init__(self, section: Section):
        self._section = section
        self._out: list[RadiographTool] = []
        self._button: qt.QPushButton | None = None
        # The radiograph whose crop is changed is shown whole, so that the crop may grow again.
        self.uncropped: set[str] = set()
        self._use: Callable[[], bool] | None = None
        # Whether the radiographs are shown because a tool needs them.
        self._opened_views = False
        ui = section.ui
        for role in ROLES:
            words = _("Crop: drag the edges of the rectangle.")
            self._connect(getattr(ui, f"{role}CropButton"), words, self._start_crop, self._crop, role)
            words = _("Calibrate: drag both ends of the line onto the marker.")
            self._connect(
                getattr(ui, f"{role}CalibrateButton"), words, self._start_line, self._calibrate, role
            )
        words = _("Drag 1 and 2 onto the same two points of the body on both radiographs.")
        self._connect(ui.pointHeightsButton, words, self._start_points, self._match, "")
        ui.toolApplyButton.clicked.connect(lambda *_arguments: self.apply())
        ui.toolCancelButton.clicked.connect(lambda *_arguments: self.cancel())
        self._escape = qt.QShortcut(qt.QKeySequence("Esc"), ui.toolBar)
        self._escape.activated.connect(lambda *_arguments: self.cancel())
        self._show_bar("")

    @property
    def is_out(self) -> bool:
        """Whether a tool waits for Apply or Cancel."""
        return self._button is not None

    def apply(self) -> None:
        """Use what is shown and put the tool away; where it cannot be used, a message says why and the tool stays."""
        if self._use is not None and self._use():
            self.deactivate_tool()

    def cancel(self) -> None:
        """Put the tool away; radiographs and views are as they were before it."""
        opened = self._opened_views
        self.deactivate_tool()
        if opened:
            self._section.viewing.discard()

    def deactivate_tool(self, show: bool = True) -> None:
        """Put the tool away without using it; the views stay as they are.

        Args:
            show: show the radiographs again as they are used; not where all of them go away.
        """
        button, self._button, self._use = self._button, None, None
        self.uncropped, self._opened_views = set(), False
        for tool in self._out:
            tool.remove()
        self._out = []
        if button is not None:
            self._show_bar("")
            button.checked = False
            if show:
                self._section.on_tool_changed()

    def _connect(
        self, button: qt.QPushButton, words: str, start: Callable, use: Callable[[str], bool], role: str
    ) -> None:
        def on_toggled(checked: bool) -> None:
            if checked:
                opened = self._opened_views or not self._section.viewing.wanted
                self.deactivate_tool()
                self._opened_views = opened
                self._section.viewing.want()
                self._button, self._use = button, partial(use, role)
                start(role)
                self._show_bar(words)
                self._section.on_tool_changed()
            elif self._button is button:
                self.cancel()

        button.toggled.connect(on_toggled)

    def _show_bar(self, words: str) -> None:
        ui = self._section.ui
        ui.toolLabel.text = words
        ui.toolBar.visible = bool(words)
        # While no tool is out the key belongs to others.
        self._escape.enabled = bool(words)

    def _start_crop(self, role: str) -> None:
        section = self._section
        self.uncropped = {role}
        section.on_tool_changed()
        options = radiograph_choice(section.parameters, role).options
        seen = section.examination.radiographs[role]
        self._out = [CropFrame(section.viewing.planes[role], seen, options)]

    def _crop(self, role: str) -> bool:
        seen, plane = self._section.examination.radiographs.get(role), self._section.viewing.planes.get(role)
        if seen is None or plane is None or self._out[0].node is None:
            return True
        crop = self._out[0].crop(plane, seen)
        options = radiograph_choice(self._section.parameters, role).options
        set_edits(self._section.parameters, role, replace(options, crop=crop))
        return True

    def _start_line(self, role: str) -> None:
        self._out = [MarkerLine(self._section.viewing.planes[role])]

    def _calibrate(self, role: str) -> bool:
        seen, plane = self._section.examination.radiographs.get(role), self._section.viewing.planes.get(role)
        pixels = self._out[0].pixels(plane) if plane is not None else 0.0
        if seen is None or pixels < 1:
            self._section.ui.recognitionLabel.text = _("The calibration line was deleted; draw it again.")
            return True
        if not self._out[0].moved:
            self._section.ui.toolLabel.text = _("First drag both ends of the line onto the marker.")
            return False
        scale = seen.scene_radiograph.shape[0] / seen.scene_radiograph.decoded.values.shape[0]
        spacing_mm = getattr(self._section.ui, f"{role}MarkerBox").value / (pixels * scale)
        if spacing_mm > LARGEST_PIXEL_MM:
            self._section.ui.toolLabel.text = _("The line is too short for a marker of this length.")
            return False
        setattr(self._section.parameters, f"{role}_spacing_mm", round(spacing_mm, 4))
        return True

    def _start_points(self, _role: str) -> None:
        planes = self._section.viewing.planes
        self._out = [BodyPoints(planes["ap"], "F"), BodyPoints(planes["lateral"], "L")]

    def _match(self, _role: str) -> bool:
        planes, label = self._section.viewing.planes, self._section.ui.toolLabel
        if any(role not in planes for role in ROLES):
            return True
        if not any(tool.moved for tool in self._out):
            label.text = _("First drag 1 and 2 onto the same two points of the body on both radiographs.")
            return False
        heights = [tool.heights_mm(planes[role]) for tool, role in zip(self._out, ROLES, strict=True)]
        try:
            match = shift_of_points(*heights)
        except ValueError as error:
            label.text = str(error)
            return False
        words = _("aligned by two points")
        if not match.scales_agree:
            words += _(
                ", but their distance is {0:.0%} larger on the frontal radiograph: check both pixel sizes"
            ).format(match.scale - 1)
        self._section.set_offset(match.shift_mm, words)
        return True
