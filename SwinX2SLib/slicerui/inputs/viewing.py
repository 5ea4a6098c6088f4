"""Whether and when the films are shown in Slicer's views."""

from __future__ import annotations

from collections.abc import Callable

import qt

from SwinX2SLib.slicerui.inputs.examination import Examination
from SwinX2SLib.slicerui.inputs.preview import FilmPlane, FilmPreview, leave_layout, show_layout
from SwinX2SLib.slicerui.settings import Settings

_REMEMBERED = "show_films"


class FilmViewing:
    """A button that shows the films, and what it shows.

    Args:
        button: checkable.
        settings: remembers whether the user wants to see the films.
        again: called when the films are to be shown again.
    """

    def __init__(self, button: qt.QPushButton, settings: Settings, again: Callable[[], None]):
        self._button, self._settings, self._again = button, settings, again
        self._preview = FilmPreview()
        self._layout_before: int | None = None
        self.planes: dict[str, FilmPlane] = {}
        button.checked = bool(settings.get(_REMEMBERED, True))
        button.toggled.connect(self._on_toggled)

    @property
    def wanted(self) -> bool:
        """Whether the user wants to see the films."""
        return bool(self._button.checked)

    def want(self) -> None:
        """Show the films, since something is to be done on them."""
        self._button.checked = True

    def show(self, examination: Examination) -> None:
        """Show the films as they are now; the views are rearranged when the first film comes."""
        if not self.wanted:
            return
        first = not self.planes
        self.planes = self._preview.show(examination)
        if first and self.planes and self._layout_before is None:
            self._layout_before = show_layout()

    def hide(self) -> None:
        """Take the films out of the scene; the views stay where they are."""
        self._preview.hide()
        self.planes = {}

    def close(self) -> None:
        """Hide the films and go back to the layout that was there before them."""
        self.hide()
        if self._layout_before is not None:
            leave_layout(self._layout_before)
        self._layout_before = None

    def _on_toggled(self, wanted: bool) -> None:
        self._settings.set(_REMEMBERED, bool(wanted))
        if wanted:
            self._again()
        else:
            self.close()
