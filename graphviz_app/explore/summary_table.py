"""The summary of a network: its layers, what each yields, and how many numbers it learns."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.layers.network import Row
from engine.ops.op import shape_text
from graphviz_app.theme import LIGHT, Theme, mono_font

ROW_PX, PAD_PX = 22, 16
PARAMS_PX = 84  # of the last column
HEAD = ("layer", "output", "params")
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class SummaryTable(QWidget):
    """Rows to read and to click.  Signals: ``chosen(str)`` with a layer's node."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rows: list[Row] = []
        self._current = ""
        self.setAccessibleName("Summary of the network")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show these layers."""
        self._rows = list(rows)
        self.updateGeometry()
        self.update()

    def set_current(self, node: str) -> None:
        """Write the row of this node in bold."""
        if node != self._current:
            self._current = node
            self.update()

    def _lines(self) -> list[tuple[str, str, str, bool]]:
        """(layer, output, parameters, whether it is bold) of every line below the head."""
        lines = []
        for row in self._rows:
            shape = "?" if row.shape is None else shape_text(row.shape[1:]) if row.shape else "1"
            lines.append(
                (row.name, shape.replace("scalar", "1"), f"{row.count:,}",
                 row.node == self._current)
            )  # fmt: skip
        lines.append(("total", "", f"{sum(row.count for row in self._rows):,}", True))
        kept = sum(row.kept for row in self._rows)
        if kept:
            lines.append(("not trained", "", f"{kept:,}", False))
        return lines

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(240, ROW_PX * (1 + len(self._lines())) + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        row = int(event.position().y() // ROW_PX) - 1
        if event.button() == Qt.MouseButton.LeftButton and 0 <= row < len(self._rows):
            self.chosen.emit(self._rows[row].node)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        right = self.width() - PAD_PX
        for k, (name, shape, count, bold) in enumerate([(*HEAD, False), *self._lines()]):
            y = k * ROW_PX
            painter.setFont(mono_font(12, 700 if bold else 400))
            painter.setPen(QColor(theme.text_muted if k == 0 else theme.text))
            middle = QRectF(PAD_PX, y, right - PARAMS_PX - PAD_PX, ROW_PX)
            metrics = painter.fontMetrics()
            room = int(middle.width() - metrics.horizontalAdvance(shape) - 8)
            name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
            painter.drawText(middle, _LEFT, name)
            painter.drawText(middle, _RIGHT, shape)
            painter.drawText(QRectF(right - PARAMS_PX, y, PARAMS_PX, ROW_PX), _RIGHT, count)
            if name == "total":
                painter.setPen(QColor(theme.hairline))
                painter.drawLine(QPointF(PAD_PX, y + 0.5), QPointF(right, y + 0.5))
        painter.end()
