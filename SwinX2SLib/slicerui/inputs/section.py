"""Section Inputs: which films, how they hang, how large their pixels are, and how their heights meet."""

from __future__ import annotations

import html
from collections.abc import Sequence

import slicer
from slicer.i18n import tr as _

from SwinX2SLib.radiographs.registration import automatic_shift
from SwinX2SLib.radiographs.transforms import flipped, rotated
from SwinX2SLib.radiographs.view_recognition import Recognition
from SwinX2SLib.slicerui.films import ROLES, film_axes, film_size, film_spacing
from SwinX2SLib.slicerui.inputs.choice import film_choice, forget_options, is_colour, set_edits, swap_films
from SwinX2SLib.slicerui.inputs.examination import Examination, Examiner
from SwinX2SLib.slicerui.inputs.importer import FilmTaker
from SwinX2SLib.slicerui.inputs.loading import gray_copy, which_is_frontal
from SwinX2SLib.slicerui.inputs.toolbox import Toolbox
from SwinX2SLib.slicerui.inputs.viewing import FilmViewing
from SwinX2SLib.slicerui.section import Section, Services

_ALARM = "color: #c62828; font-weight: bold"


class InputsSection(Section):
    """The two films."""

    folded = False

    def __init__(self):
        super().__init__()
        self._film_ids: tuple[str, ...] = ()
        self._examiner = Examiner()
        self.examination = Examination()
        self.viewing: FilmViewing | None = None
        self.toolbox: Toolbox | None = None
        self.taker: FilmTaker | None = None

    def setup(self, widgets: object, services: Services) -> None:
        """Connect the widgets."""
        super().setup(widgets, services)
        self.viewing = FilmViewing(self.ui.showFilmsButton, services.settings, self._show_examined)
        self.toolbox = Toolbox(self)
        for role in ROLES:
            self._connect_edits(role)
        self.taker = FilmTaker(self)
        self.ui.swapButton.clicked.connect(lambda *_arguments: self.swap())
        self.ui.grayButton.clicked.connect(lambda *_arguments: self.convert_to_gray())
        self.ui.autoHeightsButton.clicked.connect(lambda *_arguments: self.match_automatically())
        services.about_to_run.connect(self._finish_work)

    def follow(self, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Take over the films of a scene; a consent that was saved with them holds."""
        self._film_ids = ()
        super().follow(parameter_node)

    def forget(self) -> None:
        """Take what helps to look at the films out of the scene."""
        if self.parameters is not None:
            self.toolbox.put_away(show=False)
            self.viewing.hide()
        super().forget()

    def close(self) -> None:
        """Leave the views as they were."""
        self.services.about_to_run.disconnect(self._finish_work)
        self.toolbox.put_away(show=False)
        self.viewing.close()

    def refresh(self) -> None:
        """Show what is known of the films and tell what is wrong with them."""
        self._forget_what_was_said_of_other_films()
        self.examination = self._examiner.examine(self.parameters, self.toolbox.uncropped)
        for role, label in (("ap", self.ui.apInfoLabel), ("lateral", self.ui.lateralInfoLabel)):
            label.text = self._film_words(role)
        films = [film_choice(self.parameters, role).node for role in ROLES]
        self.ui.grayButton.visible = any(is_colour(film) for film in films)
        kinds = {fault.kind for fault in self.examination.faults}
        self.ui.acceptSpacingBox.visible = (
            "spacing-assumed" in kinds or self.parameters.accept_assumed_spacing
        )
        for role in ROLES:
            self._show_edits(role)
        self._show_heights()
        self._show_examined()
        self.services.inputs_changed.tell(self.examination)

    # What the user does

    def load(self, files: Sequence[str], role: str = "") -> None:
        """Load one or two films; which is which is recognised unless one was dropped on a role."""
        self.taker.load(files, role)

    def recognition(self) -> Recognition | None:
        """Return which of the chosen films is the frontal one, or None without two films."""
        films = self._examiner.scene_films(self.parameters)
        return which_is_frontal(*films) if len(films) == len(ROLES) else None

    def swap(self) -> None:
        """Exchange both films."""
        self.toolbox.put_away()
        self._film_ids = self._film_ids[::-1]
        swap_films(self.parameters)
        self._say_what_was_recognised()

    def convert_to_gray(self) -> None:
        """Choose gray copies in place of the colour pictures that are chosen."""
        told = []
        for role in ROLES:
            node = film_choice(self.parameters, role).node
            if is_colour(node):
                try:
                    setattr(self.parameters, f"{role}_volume", gray_copy(node))
                except ValueError as error:
                    told.append(f"{node.GetName()}: {error}")
        self.ui.recognitionLabel.text = " ".join(told)

    def match_automatically(self) -> None:
        """Move the lateral film to where both are most alike."""
        films = self.examination.films
        if len(films) < len(ROLES):
            self.ui.heightsLabel.text = _("Choose both films first.")
            return
        found = automatic_shift(*(films[role].film for role in ROLES))
        if found is None or not found.is_sure:
            self.ui.heightsLabel.text = _(
                "The films are not alike enough to tell; match them by points or by hand."
            )
            return
        self.set_shift(found.shift_mm, _("matched automatically, likeness {0:.2f}").format(found.likeness))

    def set_shift(self, shift_mm: float, words: str) -> None:
        """Take over how far the lateral film is moved up."""
        with slicer.util.NodeModify(self.parameters.parameterNode):
            self.parameters.lateral_shift_mm = round(shift_mm, 1)
            self.parameters.heights_matched = True
        self.ui.heightsLabel.text = f"{shift_mm:+.1f} mm, {words}"

    def _finish_work(self) -> None:
        if words := self.toolbox.finish():
            self.ui.recognitionLabel.text = words

    # What is shown

    def _show_examined(self) -> None:
        self.viewing.show(self.examination)

    def _film_words(self, role: str) -> str:
        choice = film_choice(self.parameters, role)
        if choice.node is None:
            return ""
        if film_axes(choice.node) is None:
            return _("This volume is no single film.")
        spacing = film_spacing(choice.node, choice.options)
        words = html.escape(f"{film_size(choice.node)}, {spacing}{self._tube_words(role)}", quote=False)
        return f"<span style='{_ALARM}'>{words}</span>" if spacing.assumed else words

    def _tube_words(self, role: str) -> str:
        seen = self.examination.films.get(role)
        if seen is None or seen.film.tube is None or str(seen.film.tube) in seen.film.spacing_source:
            return ""
        return _("; tube: {0}, magnification {1:.3g}").format(seen.film.tube, seen.film.tube.magnification)

    def _show_edits(self, role: str) -> None:
        options = film_choice(self.parameters, role).options
        getattr(self.ui, f"{role}InvertButton").checked = options.invert
        known = role in self.examination.films
        for name in ("RotateLeft", "RotateRight", "FlipSides", "FlipUp", "Invert", "Crop", "Calibrate"):
            getattr(self.ui, f"{role}{name}Button").enabled = known
        distances = options.source_to_detector_mm or options.source_to_patient_mm
        box = getattr(self.ui, f"{role}MagnificationBox")
        box.enabled = options.spacing_mm is None and not distances
        seen = self.examination.films.get(role)
        tube = seen.film.tube if seen is not None and distances else None
        box.specialValueText = (
            _("as the film says") if tube is None else _("{0:.3f} × by the tube").format(tube.magnification)
        )

    def _show_heights(self) -> None:
        both = len(self.examination.films) == len(ROLES)
        self.ui.shiftBox.enabled = self.parameters.heights_matched
        self.ui.autoHeightsButton.enabled = self.ui.pointHeightsButton.enabled = both

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
        self.toolbox.put_away()
        set_edits(self.parameters, role, edit(film_choice(self.parameters, role).options))

    def _forget_what_was_said_of_other_films(self) -> None:
        films = tuple(
            node.GetID() if (node := film_choice(self.parameters, role).node) is not None else ""
            for role in ROLES
        )
        before, self._film_ids = self._film_ids, films
        if not before or films == before:
            return
        self.toolbox.put_away(show=False)
        for role, old, new in zip(ROLES, before, films, strict=True):
            if old and old != new:
                forget_options(self.parameters, role)
                self.parameters.accept_assumed_spacing = False
        if all(films):
            self._say_what_was_recognised()

    def _say_what_was_recognised(self) -> None:
        found = self.recognition()
        words = found.reason if found is not None else ""
        if found is not None and found.frontal == 1:
            swap = _("The films seem to be swapped: click Swap.")
            words = f"<span style='{_ALARM}'>{swap}</span> {html.escape(found.reason)}"
        self.ui.recognitionLabel.text = words
