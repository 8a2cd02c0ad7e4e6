"""Small pictures of data sets, to choose one by what it looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QWidget

from engine.data.table import DATASETS, load_data
from graphviz_app.theme import LIGHT, Theme
from graphviz_app.widgets.basics import rounded

SIDE_PX, GAP_PX, AIR = 56, 8, 8
COLUMNS = 3
POINTS = 60
SEED = 0


class Thumbnail(QAbstractButton):
    """One set as a picture; checked while it is the one that is trained on."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._theme = LIGHT
        source = DATASETS[name]
        self.setCheckable(True)
        self.setAccessibleName(f"Data: {source.title}")
        self.setToolTip(f"{source.title}: {source.says}")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedSize(SIDE_PX, SIDE_PX)
        sizes = {"count": POINTS} if "count" in source.settings else {}
        data = load_data(name, SEED, **sizes)
        self._places = _placed(data.x)
        values = data.y.reshape(data.count, -1)[:, 0].astype(float)
        low, high = values.min(), values.max()
        self._values = (values - low) / (high - low) if high > low else values * 0
        if data.x.shape[1] == 1:  # a curve: the answer is the height
            self._places = _placed(np.column_stack([data.x[:, 0], values]))

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE_PX, SIDE_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        lit = self.isChecked() or self.hasFocus() or self.underMouse()
        rect = QRectF(self.rect())
        rounded(painter, rect, 7, theme.canvas, theme.accent if lit else theme.hairline)
        if self.isChecked():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 7, 7)
        painter.setPen(Qt.PenStyle.NoPen)
        colors = QColor(theme.negative), QColor(theme.positive)
        for (x, y), value in zip(self._places.tolist(), self._values.tolist(), strict=True):
            painter.setBrush(colors[value >= 0.5])
            painter.drawEllipse(QPointF(x, y), 2.0, 2.0)
        painter.end()


def _placed(x: np.ndarray) -> np.ndarray:
    """Points in pixels of the picture, the second coordinate upwards."""
    low, high = x.min(axis=0), x.max(axis=0)
    shares = (x - low) / np.where(high > low, high - low, 1.0)
    room = SIDE_PX - 2 * AIR
    return np.column_stack([AIR + room * shares[:, 0], SIDE_PX - AIR - room * shares[:, 1]])


class Thumbnails(QWidget):
    """Pictures of a few sets.  Signals: ``chosen(str)``."""

    chosen = Signal(str)

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.buttons = {name: Thumbnail(name, self) for name in names}
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP_PX)
        for k, button in enumerate(self.buttons.values()):
            layout.addWidget(button, k // COLUMNS, k % COLUMNS, Qt.AlignmentFlag.AlignLeft)
            button.clicked.connect(self._clicked)
        layout.setColumnStretch(COLUMNS, 1)

    def show_choice(self, name: str) -> None:
        """Mark what is trained on."""
        for each, button in self.buttons.items():
            button.setChecked(each == name)

    @Slot()
    def _clicked(self) -> None:
        button = self.sender()
        if isinstance(button, Thumbnail):
            button.setChecked(True)
            self.chosen.emit(button.name)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        for button in self.buttons.values():
            button.set_theme(theme)
