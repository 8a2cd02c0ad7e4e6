"""Lucide icons in the theme's colours, crisp at any size."""

from __future__ import annotations

import functools

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from graphviz_app.theme import Theme, asset, mix


class _LucideEngine(QIconEngine):
    """Draws one SVG with ``currentColor`` replaced: by mode (disabled) and state (on)."""

    def __init__(self, name: str, normal: str, disabled: str, on: str) -> None:
        super().__init__()
        self._arguments = (name, normal, disabled, on)
        svg = _svg_text(name)
        self._colors = {
            color: QSvgRenderer(QByteArray(svg.replace("currentColor", color).encode()))
            for color in {normal, disabled, on}
        }
        self._normal, self._disabled, self._on = normal, disabled, on

    def clone(self) -> QIconEngine:
        return _LucideEngine(*self._arguments)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        color = self._on if state is QIcon.State.On else self._normal
        if mode is QIcon.Mode.Disabled:
            color = self._disabled
        self._colors[color].render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        image = QImage(size, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return QPixmap.fromImage(image)


@functools.cache
def _svg_text(name: str) -> str:
    return asset(f"icons/{name}.svg").read_text(encoding="utf-8")


def icon(name: str, theme: Theme, color: str = "") -> QIcon:
    """The icon ``assets/icons/<name>.svg`` in ``color`` (the theme's soft text if none).

    Raises FileNotFoundError for a name that does not ship.
    """
    return QIcon(
        _LucideEngine(
            name,
            color or theme.text_soft,
            mix(theme.panel, theme.text_muted, 0.5),
            color or theme.accent,
        )
    )
