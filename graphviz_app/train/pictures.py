"""WEIGHTS of the first layer as images, and ATTENTION as shades over words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.numerals import number
from engine.training.glimpses import picture_side
from engine.training.looks import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, mix, mono_font, ui_font
from graphviz_app.train.colors import of_values

NO_SQUARE = (
    "The first layer's weights are a picture only where the inputs are one: choose a set of images."
)
NO_ATTENTION = "This network pays no attention: it has no attention layer."
TILE_PX, GAP_PX, CELL_PX = 76, 8, 34


class WeightTiles(QWidget):
    """The weights into each unit as a small picture, all on one scale."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._images: list[QImage] = []
        self._most = 0.0
        self.setAccessibleName("Weights of the first layer")

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_weights(self, weights: np.ndarray | None) -> None:
        """(inputs, units), or None where they are no picture."""
        self._images = []
        if weights is not None:
            side = math.isqrt(len(weights))
            self._most = float(np.abs(weights).max()) or 1.0
            for column in weights.T:
                pixels = of_values(column.reshape(side, side), -self._most, self._most)
                pixels = np.ascontiguousarray(pixels)
                kind = QImage.Format.Format_RGB888
                self._images.append(QImage(pixels.data, side, side, 3 * side, kind).copy())
        self._fit()
        self.update()

    def _fit(self) -> None:
        columns = max(1, (self.width() + GAP_PX) // (TILE_PX + GAP_PX))
        rows = -(-len(self._images) // columns)
        self.setMinimumHeight(rows * (TILE_PX + GAP_PX) + 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(QColor(self._theme.text_muted))
        painter.setFont(ui_font(13))
        if not self._images:
            flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
            painter.drawText(self.rect().adjusted(20, 0, -20, 0), flags, NO_SQUARE)
            painter.end()
            return
        painter.setFont(ui_font(12))
        painter.drawText(
            QPointF(0, 14), f"Blue −{number(self._most, 3)} to orange {number(self._most, 3)}"
        )
        columns = max(1, (self.width() + GAP_PX) // (TILE_PX + GAP_PX))
        for k, image in enumerate(self._images):
            x, y = (k % columns) * (TILE_PX + GAP_PX), 22 + (k // columns) * (TILE_PX + GAP_PX)
            painter.drawImage(QRectF(x, y, TILE_PX, TILE_PX), image)
        painter.end()


class FirstWeightsPanel(QWidget):
    """The first layer's weights, if its inputs are the pixels of a square image."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._leaf = ""
        self.tiles = WeightTiles()
        scroll = _scrolled(self.tiles)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 6, 8, 6)
        layout.addWidget(scroll)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.tiles.set_theme(theme)

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        pictures = scene is not None and scene.layers and picture_side(scene.features)
        self._leaf = scene.layers[0].weights if scene is not None and pictures else ""
        self.tiles.show_weights(None)

    def show_frame(self, frame: Frame) -> None:
        """The weights as they are now."""
        weights = frame.weights.get(self._leaf)
        self.tiles.show_weights(weights if weights is not None and weights.ndim == 2 else None)


class AttentionRows(QWidget):
    """Sentences as rows of words, each as strong as the attention that it gets."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._answer: dict[str, Any] | None = None
        self._classes: tuple[str, ...] = ()
        self.sentence = NO_ATTENTION
        self.setMouseTracking(True)
        self.setAccessibleName("Attention over words")

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_answer(self, answer: dict[str, Any] | None, classes: tuple[str, ...]) -> None:
        """What ``Watcher.attention`` gives."""
        self._answer, self._classes = answer, classes
        rows = 0 if answer is None else len(answer["weights"])
        self.setMinimumHeight(rows * CELL_PX + 24)
        self.update()

    def _cell(self, row: int, column: int) -> QRectF:
        return QRectF(28 + column * 56, 20 + row * CELL_PX, 54, CELL_PX - 4)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._answer is None:
            return
        weights = self._answer["weights"]
        at = event.position()
        row, column = int((at.y() - 20) // CELL_PX), int((at.x() - 28) // 56)
        if 0 <= row < len(weights) and 0 <= column < weights.shape[1]:
            self.setToolTip(f"word {column} of row {row}: {float(weights[row, column])!r}")

    def leaveEvent(self, event: QEvent) -> None:
        self.setToolTip("")

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setPen(QColor(theme.text_muted))
        painter.setFont(ui_font(13))
        if self._answer is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.sentence)
            painter.end()
            return
        weights, mask = self._answer["weights"], self._answer["mask"]
        answers, given = self._answer["y"], self._answer["given"]
        painter.setFont(ui_font(12))
        painter.drawText(QPointF(28, 13), "words from left to right; blank is padding")
        painter.setFont(mono_font(11))
        for row in range(len(weights)):
            for column in range(weights.shape[1]):
                cell = self._cell(row, column)
                if not mask[row, column]:
                    continue
                share = float(weights[row, column])
                painter.fillRect(cell, QColor(mix(theme.sunken, theme.positive, share)))
                painter.setPen(QColor(theme.text))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, f"{100 * share:.0f} %")
            painter.setPen(QColor(theme.text_soft))
            painter.drawText(QPointF(4, self._cell(row, 0).center().y() + 4), str(row))
            end = self._cell(row, weights.shape[1])
            painter.drawText(
                QPointF(end.left() + 8, end.center().y() + 4),
                self._verdict(answers[row], given[row]),
            )
        painter.end()

    def _verdict(self, answer: Any, given: np.ndarray) -> str:
        if not self._classes:
            return (
                f"{number(float(np.ravel(answer)[0]), 3)} · predicted {number(float(given[0]), 3)}"
            )
        best = int(given[0] > 0.5) if len(given) == 1 else int(np.argmax(given))
        return f"{self._classes[int(answer)]} · predicted {self._classes[best]}"


class AttentionPanel(QWidget):
    """Signals: ``wanted()``: it is to be computed anew."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes: tuple[str, ...] = ()
        self.rows = AttentionRows()
        self.again = QPushButton("Look again")
        self.again.clicked.connect(self.wanted)
        line = QHBoxLayout()
        line.addWidget(self.again)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 8, 6)
        layout.addLayout(line)
        layout.addWidget(_scrolled(self.rows), 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.rows.set_theme(theme)

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        self._classes = scene.classes if scene is not None else ()
        self.rows.show_answer(None, ())

    def show_frame(self, frame: Frame) -> None:
        """Attention is asked for by itself: a frame does not hold it."""

    def show_answer(self, answer: dict[str, Any]) -> None:
        """What was asked for."""
        self.rows.show_answer(answer, self._classes)

    def show_sentence(self, sentence: str) -> None:
        """Why there is nothing to show."""
        self.rows.sentence = sentence
        self.rows.show_answer(None, ())


def _scrolled(inner: QWidget) -> QScrollArea:
    inner.setObjectName("rightColumn")
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setWidget(inner)
    return scroll
