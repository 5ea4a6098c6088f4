"""Section Inputs: which films, how they hang, and how large their pixels are."""

from __future__ import annotations

import qt
import slicer

from SwinX2SLib.slicerui.films import film_axes, film_size, film_spacing
from SwinX2SLib.slicerui.section import Section


class InputsSection(Section):
    """The two films."""

    folded = False

    def __init__(self):
        super().__init__()
        self._film_ids: tuple[str, ...] = ()

    def follow(self, parameter_node: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Take over the films of a scene; a consent that was saved with them holds."""
        self._film_ids = ()
        super().follow(parameter_node)

    def refresh(self) -> None:
        """Show what is known of the films."""
        self._withdraw_consent_for_other_films()
        self._show_film(self.parameters.ap_volume, self.parameters.ap_spacing_mm, self.ui.apInfoLabel)
        lateral, lateral_mm = self.parameters.lateral_volume, self.parameters.lateral_spacing_mm
        self._show_film(lateral, lateral_mm, self.ui.lateralInfoLabel)
        self.ui.acceptSpacingBox.visible = self._spacing_is_assumed()
        self.services.inputs_changed.tell()

    def _withdraw_consent_for_other_films(self) -> None:
        films = self._chosen_films()
        if self._film_ids and films != self._film_ids:
            self.parameters.accept_assumed_spacing = False
        self._film_ids = films

    def _chosen_films(self) -> tuple[str, ...]:
        films = (self.parameters.ap_volume, self.parameters.lateral_volume)
        return tuple(film.GetID() if film is not None else "" for film in films)

    def _spacing_is_assumed(self) -> bool:
        films = (
            (self.parameters.ap_volume, self.parameters.ap_spacing_mm),
            (self.parameters.lateral_volume, self.parameters.lateral_spacing_mm),
        )
        return any(
            film is not None and film_axes(film) is not None and film_spacing(film, given_mm).assumed
            for film, given_mm in films
        )

    def _show_film(
        self, film: slicer.vtkMRMLScalarVolumeNode | None, given_mm: float, label: qt.QLabel
    ) -> None:
        if film is None:
            label.text = ""
        elif film_axes(film) is None:
            label.text = "This volume is no single film."
        else:
            label.text = f"{film_size(film)}, {film_spacing(film, given_mm)}"
