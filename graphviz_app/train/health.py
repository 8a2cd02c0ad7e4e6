"""LAYER HEALTH: histograms of weights and gradients, and units that are dead or saturated."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.numerals import number
from engine.training.looks import Frame, Health, LayerInfo, Scene
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.diagram_layout import is_loose

SATURATED = 0.9  # the share of rows from which on a unit counts as saturated
ROW_PX, TITLE_PX = 84, 168
EMPTY = "How the layers are doing is shown here as soon as there is something to train."


class Histogram(QWidget):
    """Bars around 0, with the range and the norm below them."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._theme = LIGHT
        self._what, self._token = what, "parameter" if what == "weights" else "backward"
        self._counts = np.zeros(0)
        self._most, self._norm = 1.0, 0.0
        self.setAccessibleName(f"Histogram of {what}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        return QSize(200, ROW_PX - 8)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_counts(self, counts: np.ndarray, most: float, norm: float) -> None:
        """Counts from −most to most, and the norm of all numbers."""
        self._counts, self._most, self._norm = counts, most, norm
        self.setToolTip(f"{self._what} from {-most!r} to {most!r}, norm {norm!r}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(8, 6, -8, -20)
        painter.setPen(QColor(theme.hairline))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        highest = float(self._counts.max()) if len(self._counts) else 0.0
        if highest:
            wide = box.width() / len(self._counts)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(theme, self._token)))
            bars = QPainterPath()  # one path of all: half the time of one by one
            for k in np.flatnonzero(self._counts).tolist():
                tall = box.height() * float(self._counts[k]) / highest
                bar = QRectF(box.left() + k * wide + 0.5, box.bottom() - tall, wide - 1, tall)
                bars.addRoundedRect(bar, 1.5, 1.5)
            painter.drawPath(bars)
        painter.setPen(QColor(theme.text_muted))
        painter.setFont(mono_font(10.5))
        below = QRectF(box.left(), box.bottom() + 2, box.width(), 16)
        most, norm = f"±{number(self._most, 2)}", f"norm {number(self._norm, 3)}"
        middle = f"{most} · {norm}"
        if QFontMetricsF(painter.font()).horizontalAdvance(middle) > below.width() + 12:
            middle = norm  # the range is in the tip
        painter.drawText(below.adjusted(-6, 0, 6, 0), Qt.AlignmentFlag.AlignCenter, middle)
        painter.end()


class _Row(QWidget):
    """One layer."""

    def __init__(self, layer: LayerInfo, title: str) -> None:
        super().__init__()
        self.layer = layer
        self.title = QLabel(title)
        self.title.setFont(ui_font(13, 600))
        self.state = QLabel("")
        self.state.setFont(ui_font(12))
        self.show_which = QPushButton("show which")
        self.show_which.setCheckable(True)
        self.show_which.setProperty("flat", True)
        self.show_which.setFont(ui_font(12))
        self.show_which.setAccessibleName(f"Show which units of {title}")
        self.weights, self.gradients = Histogram("weights"), Histogram("gradients")
        self.setFixedHeight(ROW_PX)
        left = QVBoxLayout()
        left.setSpacing(1)
        for part in (self.title, self.state, self.show_which):
            left.addWidget(part, 0, Qt.AlignmentFlag.AlignLeft)
        left.addStretch(1)
        holder = QWidget()
        holder.setFixedWidth(TITLE_PX)
        holder.setLayout(left)
        left.setContentsMargins(0, 4, 0, 0)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        for part in (holder, self.weights, self.gradients):
            line.addWidget(part)

    def units(self, health: Health) -> set[int]:
        """The units that are dead or saturated."""
        dead = np.flatnonzero(health.dead).tolist()
        return {*dead, *np.flatnonzero(health.saturated >= SATURATED).tolist()}

    def show_health(self, health: Health) -> None:
        """How the layer is doing."""
        chosen = self.units(health)
        if not len(health.dead) and not len(health.saturated):
            count = self.layer.parameters
            text = f"{count:,} parameter{'s' if count != 1 else ''}"
        else:
            word = "dead" if self.layer.squash == "relu" else "saturated"
            text = f"{len(chosen)} of {self.layer.units} units {word}"
        self.state.setText(text)
        self.show_which.setVisible(bool(chosen) or self.show_which.isChecked())
        counts, _, most = health.weights
        self.weights.show_counts(counts, most, health.weight_norm)
        counts, _, most = health.gradients
        self.gradients.show_counts(counts, most, health.gradient_norm)


class HealthPanel(QWidget):
    """Signals: ``units_marked(object)``, units by layer that are to be pointed out."""

    units_marked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._frame: Frame | None = None
        self.rows: dict[str, _Row] = {}
        self.empty = QLabel(EMPTY)
        self.empty.setFont(ui_font(13))
        self._inner = QWidget()
        self._inner.setObjectName("rightColumn")
        self._list = QVBoxLayout(self._inner)
        self._list.setContentsMargins(16, 4, 16, 4)
        self._list.setSpacing(2)
        self._list.addWidget(self.empty)
        self._list.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(self._inner)
        head = QHBoxLayout()
        head.setContentsMargins(16 + TITLE_PX + 12, 4, 16, 0)
        self.heads = [QLabel("weights"), QLabel("gradients")]
        for label in self.heads:
            label.setFont(ui_font(12))
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            head.addWidget(label, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for label in (self.empty, *self.heads):
            label.setStyleSheet(f"color: {theme.text_muted}")
        for row in self.rows.values():
            self._color(row)

    def _color(self, row: _Row) -> None:
        theme = self._theme
        row.title.setStyleSheet(f"color: {theme.text}")
        row.state.setStyleSheet(f"color: {theme.text_soft}")
        row.show_which.setStyleSheet(
            f"QPushButton {{ color: {theme.accent}; padding: 1px 4px; }}"
            f"QPushButton:checked {{ background: {theme.accent_soft}; }}"
        )
        row.weights.set_theme(theme)
        row.gradients.set_theme(theme)

    def set_scene(self, scene: Scene | None) -> None:
        """Another run; rows of the same layers stay."""
        layers = scene.layers if scene is not None else ()
        if layers and layers == tuple(row.layer for row in self.rows.values()):
            return
        for row in self.rows.values():
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        self.rows = {}
        self.empty.setVisible(scene is None)
        for k, layer in enumerate(layers):
            row = _Row(layer, layer_words(layer))
            row.show_which.toggled.connect(self._mark)
            self._list.insertWidget(k + 1, row)
            self.rows[layer.node] = row
            self._color(row)
        for label in self.heads:
            label.setVisible(scene is not None)

    def show_frame(self, frame: Frame) -> None:
        """The layers as they are now."""
        self._frame = frame
        for node, row in self.rows.items():
            if node in frame.health:
                row.show_health(frame.health[node])
        if any(row.show_which.isChecked() for row in self.rows.values()):
            self._mark()

    @Slot()
    def _mark(self) -> None:
        frame = self._frame
        if frame is None:
            return
        self.units_marked.emit(
            {
                node: row.units(frame.health[node])
                for node, row in self.rows.items()
                if row.show_which.isChecked() and node in frame.health
            }
        )


def layer_words(layer: LayerInfo) -> str:
    """``dense 4 · tanh``."""
    if is_loose(layer):
        return layer.title
    title = layer.title.partition("_")[0].capitalize() if layer.biases else layer.title
    bend = "σ" if layer.squash == "sigmoid" else layer.squash
    return f"{title} {layer.units}" + (f" · {bend}" if bend else "")
