"""What is said of all numbers of a tensor: statistics in words and digits, and a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from engine.numerals import number
from engine.run.statistics import Statistics, describe, histogram
from graphviz_app.heat import heat_color
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font

VALUE, GRADIENT = "value", "gradient"
LINE_PX, AXIS_PX = 18, 16
LEAST_BARS_PX, MOST_BARS_PX = 16, 120


@dataclass(frozen=True)
class Described:
    """A tensor as it is told of; without statistics its numbers have not come yet."""

    shape: tuple[int, ...]
    numbers: str  # VALUE or GRADIENT
    statistics: Statistics | None = None
    counts: np.ndarray | None = None  # of the histogram
    edges: np.ndarray | None = None

    @classmethod
    def of(cls, array: np.ndarray, numbers: str) -> Described:
        """Describe ``array``."""
        return cls(array.shape, numbers, describe(array), *histogram(array))


def percent(part: int, whole: int) -> str:
    """A share in whole percent; what is neither none nor all is never told as such."""
    rounded = round(100 * part / whole) if whole else 0
    if rounded == 0 and part:
        return "<1 %"
    return ">99 %" if rounded == 100 and part < whole else f"{rounded} %"


class Figures(QWidget):
    """Statistics in words and digits, and a histogram below; in full on hover."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._told: Described | None = None
        self.setAccessibleName("Statistics of the tensor")

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_described(self, told: Described | None) -> None:
        """Show what is told of a tensor, or nothing."""
        self._told = told
        self.setToolTip("\n".join(f"{what}: {how}" for what, how in self.full_lines()))
        self.setAccessibleDescription(self.toolTip())
        self.update()

    def lines(self) -> list[tuple[str, str]]:
        """(what, how much) of each line."""
        said = self._told.statistics if self._told else None
        if said is None:
            return [("not reached yet", "")]
        zeros = percent(said.zeros, said.count)
        lines = [("finite numbers", "none")]
        if said.broken < said.count:
            lines = [
                ("min, max", f"{number(said.least, 3)}, {number(said.most, 3)}"),
                ("mean ± std", f"{number(said.mean, 3)} ± {number(said.deviation, 3)}"),
                ("norm · zeros", f"{number(said.norm, 3)} · {zeros}"),
            ]
        if said.broken:
            lines.append(("NaN or ∞", f"{said.broken:,}"))
        return lines

    def full_lines(self) -> list[tuple[str, str]]:
        """(what, all digits) of each number that is known."""
        said = self._told.statistics if self._told else None
        if said is None:
            return []
        named = [
            ("minimum", said.least), ("maximum", said.most), ("mean", said.mean),
            ("standard deviation", said.deviation), ("L2 norm", said.norm),
        ]  # fmt: skip
        lines = [(what, repr(x).replace("-", "−")) for what, x in named]
        return [*lines, ("zeros", f"{said.zeros:,} of {said.count:,}")]

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, painter = self._theme, QPainter(self)
        y = 0.0
        for what, how in self.lines():
            line = QRectF(0, y, self.width(), LINE_PX)
            painter.setFont(ui_font(11))
            painter.setPen(QColor(theme.text_muted))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, what)
            painter.setFont(mono_font(11))
            painter.setPen(QColor(theme.text))
            flags = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
            painter.drawText(line, int(flags), how)
            y += LINE_PX
        high = min(self.height() - y - 6 - AXIS_PX, MOST_BARS_PX)
        self._draw_bars(painter, QRectF(0, y + 6, self.width(), high))
        painter.end()

    def _draw_bars(self, painter: QPainter, area: QRectF) -> None:
        told = self._told
        if told is None or told.counts is None or told.edges is None or not told.counts.any():
            return
        if area.height() < LEAST_BARS_PX:
            return
        theme, edges, most = self._theme, told.edges.tolist(), float(told.counts.max())
        wide = area.width() / len(told.counts)
        reach = max(map(abs, edges)) or 1.0
        painter.setPen(Qt.PenStyle.NoPen)
        for k, count in enumerate(told.counts.tolist()):
            high = max(area.height() * count / most, 1.0 if count else 0.0)  # few is not none
            middle = edges[k] / 2 + edges[k + 1] / 2  # of huge numbers the sum would overflow
            color = heat_color(middle, reach, theme, told.numbers == GRADIENT)
            painter.setBrush(color.darker(106))
            painter.drawRect(QRectF(area.left() + k * wide, area.bottom() - high, wide - 1, high))
        painter.setPen(QColor(theme.hairline))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        painter.setFont(mono_font(9))
        painter.setPen(QColor(theme.text_muted))
        low, high_edge = number(edges[0], 2), number(edges[-1], 2)
        painter.drawText(QPointF(area.left(), area.bottom() + 12), low)
        end = painter.fontMetrics().horizontalAdvance(high_edge)
        painter.drawText(QPointF(area.right() - end, area.bottom() + 12), high_edge)
