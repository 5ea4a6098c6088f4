"""Section Inputs: which radiographs, its orientation, how large their pixels are, and how their heights meet."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.errors import Fault
from SwinX2SLib.radiographs.registration import automatic_shift
from SwinX2SLib.radiographs.transforms import flipped, rotated
from SwinX2SLib.radiographs.view_recognition import Recognition
from SwinX2SLib.slicerui.inputs.choice import (
    forget_options,
    is_colour,
    radiograph_choice,
    set_edits,
    swap_radiographs,
    used_roles,
)
from SwinX2SLib.slicerui.inputs.examination import TOOL_OPEN, Examination, Examiner
from SwinX2SLib.slicerui.inputs.importer import RadiographImporter
from SwinX2SLib.slicerui.inputs.loading import gray_copy, which_is_frontal
from SwinX2SLib.slicerui.inputs.toolbox import Toolbox
from SwinX2SLib.slicerui.inputs.viewing import RadiographViewing
from SwinX2SLib.slicerui.radiographs import ROLES, radiograph_axes, radiograph_size, radiograph_spacing
from SwinX2SLib.slicerui.section import Section, Services

_ALARM = "color: #c62828; font-weight: bold"


class InputsSection(Section):
    """The two radiographs."""

    folded = False

    def __init__(self):
        super().__init__()
        self._radiograph_ids: tuple[str, ...] = ()
        self._examiner = Examiner()
        self.examination = Examination()
        self.viewing: RadiographViewing | None = None
        self.toolbox: Toolbox | None = None
        self.taker: RadiographImporter | None = None

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        self.viewing = RadiographViewing(
            self.ui.showRadiographsButton, self._show_examined, services.slice_views
        )
        self.toolbox = Toolbox(self)
        for role in ROLES:
            self._connect_edits(role)
        self.taker = RadiographImporter(self)
        self.ui.swapButton.clicked.connect(lambda *_arguments: self.swap())
        self.ui.grayButton.clicked.connect(lambda *_arguments: self.convert_to_gray())
        self.ui.autoHeightsButton.clicked.connect(lambda *_arguments: self.match_automatically())

    def follow(self, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Take over the radiographs of a scene; a consent that was saved with them holds."""
        self._radiograph_ids = ()
        super().follow(parameter_node)

    def enter(self) -> None:
        """Show the radiographs again if they were shown."""
        self._show_examined()

    def exit(self) -> None:
        """Leave the views as they were before the radiographs were shown."""
        self.toolbox.deactivate_tool()
        self.viewing.close()

    def forget(self) -> None:
        """Take what helps to look at the radiographs out of the scene."""
        if self.parameters is not None:
            self.toolbox.deactivate_tool(show=False)
            self.viewing.hide()
        super().forget()

    def close(self) -> None:
        """Leave the views as they were."""
        self.toolbox.deactivate_tool(show=False)
        self.viewing.close()

    def refresh(self) -> None:
        """Show the properties and the faults of the radiographs."""
        self._discard_settings_of_other_radiographs()
        self.examination = self._examined()
        for role, label in (("ap", self.ui.apInfoLabel), ("lateral", self.ui.lateralInfoLabel)):
            label.text = self._radiograph_words(role)
        radiographs = [radiograph_choice(self.parameters, role).node for role in used_roles(self.parameters)]
        self.ui.grayButton.visible = any(is_colour(radiograph) for radiograph in radiographs)
        kinds = {fault.kind for fault in self.examination.faults}
        self.ui.acceptSpacingBox.visible = (
            "spacing-assumed" in kinds or self.parameters.accept_assumed_spacing
        )
        for role in ROLES:
            self._show_edits(role)
        self._show_heights()
        self._show_lateral(not self.parameters.only_frontal)
        self._show_examined()
        self.services.inputs_changed.emit(self.examination)

    def on_tool_changed(self) -> None:
        """Show that a tool was taken out or put away; the run waits for it."""
        if self.parameters is not None:
            self.refresh()

    # What the user does

    def load(self, files: Sequence[str], role: str = "") -> None:
        """Load one or two radiographs; which is which is recognised unless one was dropped on a role."""
        self.taker.load(files, role)

    def recognition(self) -> Recognition | None:
        """Return which of the chosen radiographs is the frontal one, or None without two radiographs."""
        radiographs = self._examiner.scene_radiographs(self.parameters)
        return which_is_frontal(*radiographs) if len(radiographs) == len(ROLES) else None

    def swap(self) -> None:
        """Exchange both radiographs."""
        self.toolbox.deactivate_tool()
        self._radiograph_ids = self._radiograph_ids[::-1]
        swap_radiographs(self.parameters)
        self._show_recognition()

    def convert_to_gray(self) -> None:
        """Choose gray copies in place of the colour pictures that are chosen."""
        messages = []
        for role in used_roles(self.parameters):
            node = radiograph_choice(self.parameters, role).node
            if is_colour(node):
                try:
                    setattr(self.parameters, f"{role}_volume", gray_copy(node))
                except ValueError as error:
                    messages.append(f"{node.GetName()}: {error}")
        self.ui.recognitionLabel.text = " ".join(messages)

    def match_automatically(self) -> None:
        """Move the lateral radiograph to where both are most similar."""
        radiographs = self.examination.radiographs
        if len(radiographs) < len(ROLES):
            self.ui.heightsLabel.text = _("Select both radiographs first.")
            return
        found = automatic_shift(*(radiographs[role].radiograph for role in ROLES))
        if found is None or not found.is_sure:
            self.ui.heightsLabel.text = _(
                "The radiographs are not similar enough for automatic alignment; align them by points or "
                "manually."
            )
            return
        self.set_offset(
            found.shift_mm, _("aligned automatically, similarity {0:.2f}").format(found.similarity)
        )

    def set_offset(self, shift_mm: float, words: str) -> None:
        """Take over how far the lateral radiograph is moved up."""
        with slicer.util.NodeModify(self.parameters.parameterNode):
            self.parameters.lateral_offset_mm = round(shift_mm, 1)
            self.parameters.heights_matched = True
        self.ui.heightsLabel.text = f"{shift_mm:+.1f} mm, {words}"

    # What is shown

    def _examined(self) -> Examination:
        found = self._examiner.examine(self.parameters, self.toolbox.uncropped)
        if not self.toolbox.is_out:
            return found
        fault = Fault(TOOL_OPEN, "A tool is still open on a radiograph.", "Click Apply or Cancel.")
        return replace(found, faults=(*found.faults, fault))

    def _show_examined(self) -> None:
        self.viewing.show(self.examination)

    def _radiograph_words(self, role: str) -> str:
        choice = radiograph_choice(self.parameters, role)
        if choice.node is None or role not in used_roles(self.parameters):
            return ""
        if radiograph_axes(choice.node) is None:
            # The list of faults says so.
            return ""
        spacing = radiograph_spacing(choice.node, choice.options)
        if spacing.assumed and not self.parameters.accept_assumed_spacing:
            return html.escape(radiograph_size(choice.node), quote=False)
        return html.escape(f"{radiograph_size(choice.node)}, {spacing}{self._tube_words(role)}", quote=False)

    def _tube_words(self, role: str) -> str:
        seen = self.examination.radiographs.get(role)
        if (
            seen is None
            or seen.radiograph.xray_source is None
            or str(seen.radiograph.xray_source) in seen.radiograph.spacing_source
        ):
            return ""
        return _("; source: {0}, magnification {1:.3g}").format(
            seen.radiograph.xray_source, seen.radiograph.xray_source.magnification
        )

    def _show_edits(self, role: str) -> None:
        options = radiograph_choice(self.parameters, role).options
        getattr(self.ui, f"{role}InvertButton").checked = options.invert
        known = role in self.examination.radiographs
        for name in ("RotateLeft", "RotateRight", "FlipSides", "FlipUp", "Invert", "Crop", "Calibrate"):
            getattr(self.ui, f"{role}{name}Button").enabled = known
        distances = options.source_to_detector_mm or options.source_to_patient_mm
        box = getattr(self.ui, f"{role}MagnificationBox")
        box.enabled = options.spacing_mm is None and not distances
        seen = self.examination.radiographs.get(role)
        xray_source = seen.radiograph.xray_source if seen is not None and distances else None
        box.specialValueText = (
            _("from header")
            if xray_source is None
            else _("{0:.3f} × from the source distances").format(xray_source.magnification)
        )

    def _show_heights(self) -> None:
        both = len(self.examination.radiographs) == len(ROLES)
        self.ui.shiftBox.enabled = self.parameters.heights_matched
        self.ui.autoHeightsButton.enabled = self.ui.pointHeightsButton.enabled = both

    def _show_lateral(self, wanted: bool) -> None:
        """Offer what belongs to a lateral radiograph where one is used."""
        for name in ("lateralSelector", "swapButton", "lateralPage", "heightsPage"):
            getattr(self.ui, name).enabled = wanted

    def _connect_edits(self, role: str) -> None:
        edits = {
            "RotateLeft": lambda options: rotated(options, -90),
            "RotateRight": lambda options: rotated(options, 90),
            "FlipSides": lambda options: flipped(options, "h"),
            "FlipUp": lambda options: flipped(options, "v"),
        }
        for name, edit in edits.items():
            button = getattr(self.ui, f"{role}{name}Button")
            button.clicked.connect(lambda *_arguments, edit=edit: self._edit(role, edit))
        invert = getattr(self.ui, f"{role}InvertButton")
        invert.clicked.connect(
            lambda *_arguments: setattr(self.parameters, f"{role}_invert", bool(invert.checked))
        )
        reset = getattr(self.ui, f"{role}ResetButton")
        reset.clicked.connect(lambda *_arguments: self._edit(role, lambda options: type(options)()))

    def _edit(self, role: str, edit: object) -> None:
        self.toolbox.deactivate_tool()
        set_edits(self.parameters, role, edit(radiograph_choice(self.parameters, role).options))

    def _discard_settings_of_other_radiographs(self) -> None:
        radiographs = tuple(
            node.GetID() if (node := radiograph_choice(self.parameters, role).node) is not None else ""
            for role in ROLES
        )
        before, self._radiograph_ids = self._radiograph_ids, radiographs
        if not before or radiographs == before:
            return
        self.toolbox.deactivate_tool(show=False)
        for role, old, new in zip(ROLES, before, radiographs, strict=True):
            if old and old != new:
                forget_options(self.parameters, role)
                self.parameters.accept_assumed_spacing = False
        if all(radiographs) and not self.parameters.only_frontal:
            self._show_recognition()

    def _show_recognition(self) -> None:
        found = self.recognition()
        words = found.reason if found is not None else ""
        if found is not None and found.frontal == 1:
            swap = _("The radiographs appear to be swapped: click Swap.")
            words = f"<span style='{_ALARM}'>{swap}</span> {html.escape(found.reason)}"
        self.ui.recognitionLabel.text = words
