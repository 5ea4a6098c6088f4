"""The CTK widgets that the module uses."""

import qt
from PySide6.QtCore import Property, Signal


@qt.custom_widget
class ctkCollapsibleButton(qt.QWidget):
    """A titled section that folds away its children."""

    contentsCollapsed = Signal(bool)
    _TITLE_HEIGHT = 24

    def __init__(self, parent=None):
        super().__init__(parent)
        self._text, self._collapsed = "", False
        self.setContentsMargins(0, self._TITLE_HEIGHT, 0, 0)

    def _set_text(self, text):
        self._text = text
        self.update()

    def _set_collapsed(self, collapsed):
        if collapsed != self._collapsed:
            self._collapsed = collapsed
            self._fold()
            self.contentsCollapsed.emit(collapsed)

    def _fold(self):
        for child in self.children():
            if child.isWidgetType():
                child.setVisible(not self._collapsed)
        self.setMaximumHeight(self._TITLE_HEIGHT if self._collapsed else 16777215)

    def showEvent(self, event):
        # The `.ui` file sets `collapsed` before it makes the children.
        if self._collapsed:
            self._fold()
        super().showEvent(event)

    def mousePressEvent(self, event):
        if event.position().y() < self._TITLE_HEIGHT:
            self._set_collapsed(not self._collapsed)

    def paintEvent(self, _event):
        painter = qt.QPainter(self)
        painter.fillRect(0, 0, self.width, self._TITLE_HEIGHT - 2, self.palette.button())
        painter.drawText(8, 16, ("▸ " if self._collapsed else "▾ ") + self._text)
        painter.end()

    text = Property(str, lambda self: self._text, _set_text)
    collapsed = Property(bool, lambda self: self._collapsed, _set_collapsed)
