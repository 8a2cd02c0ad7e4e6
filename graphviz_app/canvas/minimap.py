"""The minimap: the whole graph in a corner of the view, with what one sees framed in it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from graphviz_app.canvas.batches import draw_rects
from graphviz_app.canvas.kinds import Kind
from graphviz_app.canvas.paint import qrect
from graphviz_app.canvas.view import GraphView
from graphviz_app.theme import Theme

SIZE = QSize(136, 88)
CORNER_PX = 16  # from the view's corner
PAD_PX = 10.0
ALWAYS_ABOVE = 30  # nodes


class Minimap(QWidget):
    """Lies over the bottom right corner of its view; a press or drag on it moves the view.

    Shown while the graph does not fit into the view or has more than 30 nodes.
    """

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._theme = view.theme
        self.setFixedSize(SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Overview of the graph")
        self.setToolTip("Overview: drag to move the view")
        view.view_changed.connect(self._follow)
        view.installEventFilter(self)
        self._follow()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self._theme = theme
        self.update()

    @Slot()
    def _follow(self) -> None:
        """Stand in the corner, and only when there is a reason to."""
        view = self._view
        self.move(
            view.width() - self.width() - CORNER_PX, view.height() - self.height() - CORNER_PX
        )
        count = len(view.model.ids)
        fits = view.visible_rect().contains(qrect(view.model.geometry.bounds()))
        roomy = view.width() > 3 * self.width() and view.height() > 3 * self.height()
        self.setVisible(bool(count) and roomy and (count > ALWAYS_ABOVE or not fits))
        self.update()

    def _scale(self) -> tuple[float, QPointF]:
        """Minimap pixels a scene pixel, and where the scene's origin lies on the minimap."""
        box = qrect(self._view.model.bounds())
        room_x, room_y = self.width() - 2 * PAD_PX, self.height() - 2 * PAD_PX
        scale = min(room_x / max(1.0, box.width()), room_y / max(1.0, box.height()))
        middle = QPointF(self.width() / 2, self.height() / 2)
        return scale, middle - box.center() * scale

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, model = self._theme, self._view.model
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.hairline), 1))
        painter.setBrush(QColor(theme.panel))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        scale, origin = self._scale()
        self._draw_nodes(painter, scale, origin)
        seen = self._view.visible_rect()
        frame = QRectF(seen.topLeft() * scale + origin, seen.bottomRight() * scale + origin)
        frame = frame.intersected(QRectF(self.rect()).adjusted(4, 4, -4, -4))
        if model.ids and not frame.isEmpty():
            painter.setPen(QPen(QColor(theme.accent), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame, 5, 5)
        painter.end()

    def _draw_nodes(self, painter: QPainter, scale: float, origin: QPointF) -> None:
        model = self._view.model
        boxes = np.empty((len(model.ids), 4))
        boxes[:, 2:] = np.maximum(model.geometry.size * scale, (3.0, 2.0))
        boxes[:, :2] = model.geometry.xy * scale + (origin.x(), origin.y()) - boxes[:, 2:] / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for code, kind in enumerate(Kind):
            painter.setBrush(QColor(kind.color(self._theme)))
            draw_rects(painter, boxes[model.kind_codes == code])

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._go(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def _go(self, position: QPointF) -> None:
        scale, origin = self._scale()
        target = (position - origin) / scale
        self._view.pan_by((self._view.visible_rect().center() - target) * self._view.zoom)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize:
            self._follow()
        return super().eventFilter(watched, event)
