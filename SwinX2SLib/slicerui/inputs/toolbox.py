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
    """At most one tool is out; a checked button is the tool that is.

    Args:
        section: whose radiographs are worked on.
    """

    def __init__(self, section: Section):
        self._section = section
        self._out: list[RadiographTool] = []
        self._button: qt.QPushButton | None = None
        # The radiograph whose crop is changed is shown whole, so that the crop may grow again.
        self.uncropped: set[str] = set()
        self._finish: Callable[[], None] | None = None
        ui = section.ui
        for role in ROLES:
            self._connect(getattr(ui, f"{role}CropButton"), self._start_crop, self._crop, role)
            self._connect(getattr(ui, f"{role}CalibrateButton"), self._start_line, self._calibrate, role)
        self._connect(ui.pointHeightsButton, self._start_points, self._match, "")

    def deactivate_tool(self, show: bool = True) -> None:
        """Cancel the active tool.

        Args:
            show: show a radiograph again as it is used, where its crop was being changed; not where all radiographs
                go away.
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
        """Use what is shown, as the radiographs are about to be used; unchanged tools are discarded.

        Returns:
            What was done, as text; "" where no tool was out.
        """
        if self._finish is None:
            return ""
        finish, moved = self._finish, any(tool.moved for tool in self._out)
        if moved:
            finish()
        self.deactivate_tool()
        if moved:
            return _("Open edits (crop, calibration or points) were applied.")
        return _("Open edits (crop, calibration or points) were discarded.")

    def _connect(self, button: qt.QPushButton, start: object, finish: object, role: str) -> None:
        def on_toggled(checked: bool) -> None:
            if checked:
                self.deactivate_tool()
                self._section.viewing.want()
                self._button = button
                start(role)
                self._finish = partial(finish, role)
            elif self._button is button:
                finish(role)
                self.deactivate_tool()

        button.toggled.connect(on_toggled)

    def _start_crop(self, role: str) -> None:
        section = self._section
        self.uncropped = {role}
        section.refresh()
        options = radiograph_choice(section.parameters, role).options
        seen = section.examination.radiographs[role]
        self._out = [CropFrame(section.viewing.planes[role], seen, options)]

    def _crop(self, role: str) -> None:
        seen, plane = self._section.examination.radiographs.get(role), self._section.viewing.planes.get(role)
        if seen is None or plane is None or self._out[0].node is None:
            return
        crop = self._out[0].crop(plane, seen)
        options = radiograph_choice(self._section.parameters, role).options
        set_edits(self._section.parameters, role, replace(options, crop=crop))

    def _start_line(self, role: str) -> None:
        self._out = [MarkerLine(self._section.viewing.planes[role])]

    def _calibrate(self, role: str) -> None:
        seen, plane = self._section.examination.radiographs.get(role), self._section.viewing.planes.get(role)
        pixels = self._out[0].pixels(plane) if plane is not None else 0.0
        if seen is None or pixels < 1:
            self._section.ui.recognitionLabel.text = _("The calibration line was deleted; draw it again.")
            return
        scale = seen.scene_radiograph.shape[0] / seen.scene_radiograph.decoded.values.shape[0]
        spacing_mm = getattr(self._section.ui, f"{role}MarkerBox").value / (pixels * scale)
        if spacing_mm > LARGEST_PIXEL_MM:
            self._section.ui.recognitionLabel.text = _("The line is too short for a marker of this length.")
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
        words = _("aligned by two points")
        if not match.scales_agree:
            words += _(
                ", but their distance is {0:.0%} larger on the frontal radiograph: check both pixel sizes"
            ).format(match.scale - 1)
        self._section.set_offset(match.shift_mm, words)
