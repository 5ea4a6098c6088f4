"""Whether and when the radiographs are shown in Slicer's views."""

from __future__ import annotations

from collections.abc import Callable

import qt

from SwinX2SLib.slicerui.inputs.examination import Examination
from SwinX2SLib.slicerui.inputs.preview import RadiographPlane, RadiographPreview, leave_layout, show_layout
from SwinX2SLib.slicerui.slice_views import SliceViews


class RadiographViewing:
    """A button that shows the radiographs, and what it shows.

    Layout and slice views are the user's: they change when the button is pressed, and come back with it.

    Args:
        button: checkable, not checked.
        again: called when the radiographs are to be shown again.
        views: that show them.
    """

    def __init__(self, button: qt.QPushButton, again: Callable[[], None], views: SliceViews):
        self._button, self._again, self._views = button, again, views
        self._preview = RadiographPreview()
        self._layout_before: int | None = None
        self.planes: dict[str, RadiographPlane] = {}
        button.toggled.connect(self._on_toggled)

    @property
    def wanted(self) -> bool:
        """Whether the preview is shown."""
        return bool(self._button.checked)

    def want(self) -> None:
        """Show the radiographs, since something is to be done on them."""
        self._button.checked = True

    def discard(self) -> None:
        """Show them no more."""
        self._button.checked = False

    def show(self, examination: Examination) -> None:
        """Show the radiographs as they are now; the views are rearranged when the first radiograph comes."""
        if not self.wanted:
            return
        first = not self.planes
        if examination.radiographs:
            self._views.take(self, self._on_lost)
        self.planes = self._preview.show(examination)
        if first and self.planes and self._layout_before is None:
            self._layout_before = show_layout()

    def hide(self) -> None:
        """Take the radiographs out of the scene; the views stay where they are."""
        self._preview.hide()
        self.planes = {}

    def close(self) -> None:
        """Hide the radiographs and go back to the layout and the slices that were there before them."""
        self.hide()
        self._views.give_back(self)
        if self._layout_before is not None:
            leave_layout(self._layout_before)
        self._layout_before = None

    def _on_lost(self) -> None:
        self._button.checked = False

    def _on_toggled(self, wanted: bool) -> None:
        if wanted:
            self._again()
        else:
            self.close()
