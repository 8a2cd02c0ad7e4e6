"""COMPARE RUNS: runs that were kept, with what changed from one to the next."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.numerals import number
from engine.training.looks import Frame, Scene
from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.runs import RunRecord, RunStore
from graphviz_app.widgets import TextField
from graphviz_app.widgets.basics import rounded

ROW_PX, PICTURE_PX, CURVE_PX = 68, 52, 92
EMPTY = (
    "A run is kept here when another one takes its place: change a setting, the data or the "
    "network while you train, and compare."
)


class Multiple(QWidget):
    """A run in small: its boundary and its loss."""

    def __init__(self, record: RunRecord) -> None:
        super().__init__()
        self._record, self._theme = record, LIGHT
        self.setFixedSize(PICTURE_PX + 8 + CURVE_PX, PICTURE_PX)
        self._image = QImage()
        if record.boundary is not None:
            rows = np.ascontiguousarray(record.boundary)
            height, width = rows.shape[:2]
            kind = QImage.Format.Format_RGB888
            self._image = QImage(rows.data, width, height, 3 * width, kind).copy()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = QRectF(self.rect()).adjusted(0, 2, 0, -2)
        if not self._image.isNull():
            painter.drawImage(QRectF(0, 0, PICTURE_PX, PICTURE_PX), self._image)
            plot.setLeft(PICTURE_PX + 8)
        painter.setPen(QColor(theme.hairline))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        losses = np.asarray(self._record.curves.get("loss", np.zeros(0)))
        losses = losses[np.isfinite(losses)]
        if len(losses) > 1:
            low, high = min(float(losses.min()), 0.0), float(losses.max())
            xs = np.linspace(plot.left(), plot.right(), len(losses))
            ys = plot.bottom() - (losses - low) / (high - low or 1.0) * plot.height()
            points = [QPointF(x, y) for x, y in zip(xs.tolist(), ys.tolist(), strict=True)]
            painter.setPen(QPen(QColor(self._record.color), 1.6))
            painter.drawPolyline(QPolygonF(points))
        painter.end()


class RunRow(QFrame):
    """One run; a click shows or hides its curve in the loss plot."""

    clicked = Signal(int)

    def __init__(self, record: RunRecord, panel: ComparePanel) -> None:
        super().__init__()
        self.record, self.shown = record, False
        self._theme = LIGHT
        self.setFixedHeight(ROW_PX)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("Click to show its curve beside the present run's")
        self.picture = Multiple(record)
        self.name = TextField("Name of the run", ui_font(13, 600))
        self.name.show_text(record.name)
        self.name.setFixedWidth(120)
        self.what = QLabel(", ".join(record.changed) or record.network)
        self.what.setFont(ui_font(12))
        self.what.setToolTip("\n".join([record.network, *record.changed]))
        self.what.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.numbers = QLabel(scores_in_words(record))
        self.numbers.setFont(mono_font(11.5))
        self.numbers.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.buttons = {
            "pin": self._button("pin", "Keep it whatever comes", checkable=True),
            "restore": self._button("rotate-ccw", "Take over its settings and weights"),
            "delete": self._button("trash-2", "Delete it"),
        }
        self.buttons["pin"].setChecked(record.pinned)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.name)
        top.addWidget(self.what, 1)
        texts.addLayout(top)
        texts.addWidget(self.numbers)
        line = QHBoxLayout(self)
        line.setContentsMargins(22, 6, 8, 6)
        line.setSpacing(12)
        line.addWidget(self.picture)
        line.addLayout(texts, 1)
        for button in self.buttons.values():
            line.addWidget(button)
        number_ = record.number
        self.name.committed.connect(lambda text: panel.renamed.emit(number_, text))
        self.buttons["pin"].toggled.connect(lambda on: panel.pinned.emit(number_, on))
        self.buttons["restore"].clicked.connect(lambda: panel.restored.emit(number_))
        self.buttons["delete"].clicked.connect(lambda: panel.deleted.emit(number_))

    def _button(self, picture: str, tip: str, checkable: bool = False) -> QToolButton:
        button = QToolButton()
        button.setObjectName(picture)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.picture.set_theme(theme)
        self.name.set_theme(theme)
        self.what.setStyleSheet(f"color: {theme.text_soft}")
        self.numbers.setStyleSheet(f"color: {theme.text_soft}")
        for button in self.buttons.values():
            button.setIcon(icon(button.objectName(), theme))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit(self.record.number)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = self._theme
        if self.shown:
            rounded(painter, QRectF(self.rect()).adjusted(2, 1, -2, -1), 7, theme.accent_soft)
        painter.setPen(QPen(QColor(self.record.color), 2))
        painter.setBrush(QColor(self.record.color) if self.shown else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(12, ROW_PX / 2), 4.5, 4.5)
        painter.end()


class ComparePanel(QWidget):
    """Signals: ``restored(int)``, ``deleted(int)``, ``renamed(int, str)``, ``pinned(int, bool)``
    with the number of a run; ``selected(object)``, the runs whose curves are to be shown;
    ``sweep_wanted()`` over learning rates and ``race_wanted()`` of optimisers, from one start.
    """

    restored = Signal(int)
    deleted = Signal(int)
    renamed = Signal(int, str)
    pinned = Signal(int, bool)
    selected = Signal(object)
    sweep_wanted = Signal()
    race_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._shown: set[int] = set()
        self.rows: list[RunRow] = []
        self.empty = QLabel(EMPTY)
        self.empty.setWordWrap(True)
        self.empty.setFont(ui_font(13))
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inner = QWidget()
        inner.setObjectName("rightColumn")
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(10, 4, 10, 4)
        self._list.setSpacing(2)
        self._list.addWidget(self.empty, 1)
        self._list.addStretch(1)
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        self.sweep = QPushButton("Sweep learning rates")
        self.sweep.setToolTip("Seven runs from one start, each with another learning rate")
        self.race = QPushButton("Race optimisers")
        self.race.setToolTip(
            "Every optimiser from one start, with its usual learning rate; down a function without "
            "data all with the one that is set"
        )
        self.sweep.clicked.connect(self.sweep_wanted)
        self.race.clicked.connect(self.race_wanted)
        head = QHBoxLayout()
        head.setContentsMargins(14, 6, 14, 2)
        head.setSpacing(8)
        head.addWidget(self.sweep)
        head.addWidget(self.race)
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(scroll, 1)

    def sizeHint(self) -> QSize:
        return QSize(600, 240)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.empty.setStyleSheet(f"color: {theme.text_muted}")
        for row in self.rows:
            row.set_theme(theme)

    def set_scene(self, scene: Scene | None) -> None:
        """Runs outlive a scene."""

    def show_frame(self, frame: Frame) -> None:
        """The run at hand is in the plots."""

    def show_runs(self, store: RunStore) -> None:
        """The runs that are kept, the newest first."""
        before = {row.record: row for row in self.rows}
        self._shown &= {record.number for record in store.records}
        self.empty.setVisible(not store.records)
        self.rows = [before.pop(r, None) or self._row(r) for r in reversed(store.records)]
        for row in before.values():
            self._list.removeWidget(row)
            row.hide()
            row.deleteLater()
        for place, row in enumerate(self.rows):
            row.shown = row.record.number in self._shown
            row.update()
            if self._list.indexOf(row) != place + 1:
                self._list.insertWidget(place + 1, row)

    def _row(self, record: RunRecord) -> RunRow:
        row = RunRow(record, self)
        row.clicked.connect(self._toggle)
        row.set_theme(self._theme)
        return row

    def select(self, numbers: set[int]) -> None:
        """Show the curves of these runs, and of no others."""
        self._shown = set(numbers)
        for row in self.rows:
            row.shown = row.record.number in self._shown
            row.update()
        self.selected.emit(set(self._shown))

    @Slot(int)
    def _toggle(self, number_: int) -> None:
        self._shown ^= {number_}
        for row in self.rows:
            row.shown = row.record.number in self._shown
            row.update()
        self.selected.emit(set(self._shown))


def scores_in_words(record: RunRecord) -> str:
    """``412 epochs · loss 0.031 · test 0.048 · accuracy 0.99``."""
    parts = [f"{record.epoch:,} epochs"]
    for column, word in (
        ("loss", "loss"), ("test_loss", "test loss"), ("accuracy", "accuracy"),
        ("test_accuracy", "test accuracy"), ("r2", "R²"), ("test_r2", "test R²"),
    ):  # fmt: skip
        if column in record.scores:
            parts.append(f"{word} {number(float(record.scores[column]), 3)}")
    if record.ended == "diverged":
        parts.append("diverged")
    return " · ".join(parts)
