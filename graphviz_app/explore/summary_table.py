"""The summary of a network: layer, output and parameters, with their total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font
from graphviz_app.widgets.basics import rounded

ROW_PX = 22
LEFT_PX, RIGHT_PX = 16, 16
OUTPUT_SHARE = 0.74  # of the width, where outputs end
GAP_PX = 8
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class LayerRow(NamedTuple):
    """One layer as it is shown: its node, title, the shape of one example, its parameters."""

    node: str
    title: str
    output: str
    count: int


class SummaryTable(QWidget):
    """Signals: ``chosen(str)`` and ``hovered(str)`` with a layer's node, "" for none."""

    chosen = Signal(str)
    hovered = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rows: tuple[LayerRow, ...] = ()
        self._kept = 0
        self._selected = self._under_pointer = ""
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Summary of the network")

    @property
    def rows(self) -> Sequence[LayerRow]:
        """What is shown, without the total."""
        return self._rows

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """Every line below the head: (layer, output, parameters) as they are written."""
        written = [(row.title, row.output, f"{row.count:,}") for row in self._rows]
        total = sum(row.count for row in self._rows)
        if self._kept:
            written += [("trainable", "", f"{total:,}"), ("non-trainable", "", f"{self._kept:,}")]
        return [*written, ("total", "", f"{total + self._kept:,}")]

    def set_rows(self, rows: Sequence[LayerRow], kept: int) -> None:
        """Show these layers, of which ``kept`` numbers are kept and not trained."""
        self._rows, self._kept = tuple(rows), kept
        self.setAccessibleDescription("; ".join(", ".join(filter(None, x)) for x in self.lines))
        self.setFixedHeight((len(self.lines) + 1) * ROW_PX + 2)
        self.update()

    def set_selected(self, node: str) -> None:
        """Write this layer in bold."""
        self._selected = node
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def row_rect(self, place: int) -> QRectF:
        """Where a layer's row stands."""
        return QRectF(4, (place + 1) * ROW_PX, self.width() - 8, ROW_PX)

    def _node_at(self, at: QPointF) -> str:
        place = int(at.y() // ROW_PX) - 1
        return self._rows[place].node if 0 <= place < len(self._rows) else ""

    def _hover(self, node: str) -> None:
        if node != self._under_pointer:
            self._under_pointer = node
            self.hovered.emit(node)
            self.update()

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(200, (len(self.lines) + 1) * ROW_PX + 2)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        node = self._node_at(event.position())
        if node and event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(node)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._node_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if move is None or not self._rows:
            super().keyPressEvent(event)
            return
        nodes = [row.node for row in self._rows]
        at = nodes.index(self._selected) if self._selected in nodes else -1
        self.chosen.emit(nodes[max(0, min(at + move, len(nodes) - 1))])

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        theme = self._theme
        if self.hasFocus():
            rounded(painter, QRectF(self.rect()), 5, "", theme.accent)
        self._paint_line(painter, 0, ("layer", "output", "params"), theme.text_muted)
        for place, line in enumerate(self.lines):
            node = self._rows[place].node if place < len(self._rows) else ""
            bold = bool(node) and node == self._selected
            if node and node == self._under_pointer and not bold:
                rounded(painter, self.row_rect(place), 5, theme.hover)
            color = theme.text if node else theme.text_soft
            self._paint_line(painter, place + 1, line, color, bold, total=not node)
        painter.end()

    def _paint_line(
        self,
        painter: QPainter,
        number: int,
        line: tuple[str, str, str],
        color: str,
        bold: bool = False,
        total: bool = False,
    ) -> None:
        font = mono_font(12, 700 if bold else 400)
        painter.setFont(font)
        painter.setPen(QColor(color))
        metrics = QFontMetricsF(font)
        top, width = number * ROW_PX, self.width()
        name, output, count = line
        middle = min(width * OUTPUT_SHARE, width - RIGHT_PX - metrics.horizontalAdvance(count) - 12)
        output_width = metrics.horizontalAdvance(output)
        room = (middle if output else width - 80) - LEFT_PX - output_width - GAP_PX
        name = metrics.elidedText(name, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(LEFT_PX, top, room + 2, ROW_PX), _LEFT, name)
        painter.drawText(QRectF(0, top, middle, ROW_PX), _RIGHT, output)
        if total:
            painter.setFont(mono_font(12, 700 if name == "total" else 400))
            painter.setPen(QColor(self._theme.text))
        painter.drawText(QRectF(0, top, width - RIGHT_PX, ROW_PX), _RIGHT, count)
