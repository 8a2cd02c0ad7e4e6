"""The sentence beside the pointer during a gesture.  Qt's own tips cannot keep clear of a place."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLabel, QWidget

from graphviz_app.theme import ui_font

WIDEST_PX = 420  # longer sentences take several lines
EDGE_PX = 6  # from the edge of the canvas
GAP_PX = 8  # from what is kept clear
ASIDE = QPoint(14, 18)  # from the pointer, so that the cursor covers nothing


class PointerTip(QLabel):
    """Lies over ``canvas``, where the mouse goes through it."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("pointerTip")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(ui_font(13))
        self.hide()

    def say(self, sentence: str, at: QPoint, keep_clear: QRect | None = None) -> None:
        """Show ``sentence`` beside ``at``, above or below ``keep_clear``; hide if there is none."""
        if not sentence:
            self.hide()
            return
        room = self._canvas.rect().adjusted(EDGE_PX, EDGE_PX, -EDGE_PX, -EDGE_PX)
        self.setText(sentence)
        self.setWordWrap(False)
        size = self.sizeHint()
        if size.width() > (widest := min(WIDEST_PX, room.width())):
            self.setWordWrap(True)
            size = QSize(widest, self.heightForWidth(widest))
        corner = at + ASIDE
        if keep_clear is not None:
            corner = QPoint(at.x(), keep_clear.top() - GAP_PX - size.height())
            if corner.y() < room.top():
                corner.setY(keep_clear.bottom() + GAP_PX)
        x = max(room.left(), min(corner.x(), room.right() - size.width()))
        y = max(room.top(), min(corner.y(), room.bottom() - size.height()))
        self.setGeometry(QRect(QPoint(x, y), size))
        self.show()
        self.raise_()
