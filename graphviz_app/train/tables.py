"""CONFUSION and PREDICTIONS: what the network makes of the rows of one part of the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTableView, QVBoxLayout, QWidget

from engine.numerals import number
from engine.training.looks import Frame, Predictions, Scene
from graphviz_app.theme import LIGHT, Theme, mix, mono_font, ui_font
from graphviz_app.widgets import SegmentedSwitch

PARTS = (("test", "test"), ("val", "validation"), ("train", "train"))
WHAT, PICTURE_PX = 4, 32  # the column that shows what a row is; pictures in it
ROW_PX, PICTURE_ROW_PX = 24, 36
Index = QModelIndex | QPersistentModelIndex
NO_CLASSES = "A confusion matrix is for classes; these data ask for numbers."
NO_ROWS = "This part of the data has no rows: give it a share on the left."
WORST_FIRST = "The most wrong first. Ctrl+C copies rows as CSV."


class Matrix(QWidget):
    """Counts as cells: rows are the right classes, columns what was predicted."""

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._counts: np.ndarray | None = None
        self._classes: tuple[str, ...] = ()
        self.sentence = NO_ROWS
        self.setMinimumHeight(120)
        self.setAccessibleName("Confusion matrix")

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def show_counts(self, counts: np.ndarray | None, classes: tuple[str, ...]) -> None:
        """(right, predicted) counts."""
        self._counts, self._classes = counts, classes
        if counts is not None:
            right = int(np.trace(counts))
            self.setAccessibleDescription(f"{right} of {int(counts.sum())} rows are right.")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        counts = self._counts
        painter.setFont(ui_font(13))
        painter.setPen(QColor(theme.text_muted))
        if counts is None:
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.sentence)
            painter.end()
            return
        names = self._classes
        count = len(names)
        side = min((self.height() - 44) / (count + 1), (self.width() - 260) / (count + 1), 64.0)
        left, top = 150.0, 40.0
        painter.setFont(ui_font(12))
        painter.drawText(
            QRectF(left, 2, side * count, 18), Qt.AlignmentFlag.AlignCenter, "predicted"
        )
        font = mono_font(min(13.0, max(9.0, side * 0.34)))
        for row in range(count):
            total = int(counts[row].sum())
            y = top + row * side
            painter.setFont(ui_font(12))
            painter.setPen(QColor(theme.text_soft))
            box = QRectF(4, y, left - 12, side)
            flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(box, flags, _short(names[row], 18))
            head = QRectF(left + row * side, 20, side, 18)
            painter.drawText(
                head, Qt.AlignmentFlag.AlignCenter, _short(names[row], max(3, int(side / 8)))
            )
            painter.setFont(font)
            for column in range(count):
                share = counts[row, column] / total if total else 0.0
                tint = theme.forward if row == column else theme.backward
                cell = QRectF(left + column * side, y, side, side).adjusted(1, 1, -1, -1)
                painter.fillRect(cell, QColor(mix(theme.sunken, tint, 0.75 * share)))
                painter.setPen(QColor(theme.text if counts[row, column] else theme.text_muted))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, str(int(counts[row, column])))
            painter.setPen(QColor(theme.text_soft))
            right = counts[row, row] / total if total else 0.0
            behind = QRectF(left + count * side + 10, y, 100, side)
            painter.drawText(behind, Qt.AlignmentFlag.AlignVCenter, f"{100 * right:.0f} % right")
        painter.end()


class ConfusionPanel(QWidget):
    """Signals: ``part_chosen(str)``: train, val or test."""

    part_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self.part = SegmentedSwitch(label="Rows of")
        self.part.set_choices(PARTS)
        self.part.changed.connect(self.part_chosen)
        self.matrix = Matrix()
        line = QHBoxLayout()
        line.addWidget(self.part)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 6, 14, 8)
        layout.addLayout(line)
        layout.addWidget(self.matrix, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.part.set_theme(theme)
        self.matrix.set_theme(theme)

    def show_part(self, part: str) -> None:
        """Whose rows are counted."""
        self.part.set_current(part)

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        self._scene = scene
        self.matrix.sentence = NO_CLASSES if scene is not None and not scene.classes else NO_ROWS
        self.matrix.show_counts(None, ())

    def show_frame(self, frame: Frame) -> None:
        """The counts as they are now."""
        classes = self._scene.classes if self._scene is not None else ()
        self.matrix.show_counts(frame.confusion, classes)


class PredictionModel(QAbstractTableModel):
    """Rows with answer, prediction and how sure it is; the most wrong first."""

    HEADS = ("row", "answer", "prediction", "for the answer", "what it is")
    NUMBER_HEADS = ("row", "answer", "prediction", "error", "what it is")

    def __init__(self) -> None:
        super().__init__()
        self._classes: tuple[str, ...] = ()
        self._rows: Predictions | None = None
        self._threshold = 0.5
        self.theme = LIGHT

    def set_classes(self, classes: tuple[str, ...], threshold: float) -> None:
        """What is predicted; numbers where there are no classes."""
        self.beginResetModel()
        self._classes, self._threshold, self._rows = classes, threshold, None
        self.endResetModel()

    def show_rows(self, rows: Predictions | None) -> None:
        """Other predictions; the selection stays where the rows are as many."""
        before, now = self.rowCount(), 0 if rows is None else len(rows.order)
        if before != now:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()
        else:
            self._rows = rows
            if now:
                self.dataChanged.emit(self.index(0, 0), self.index(now - 1, len(self.HEADS) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if self._rows is None or parent.isValid() else len(self._rows.order)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return (self.HEADS if self._classes else self.NUMBER_HEADS)[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        if self._rows is None or not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.text(index.row(), index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 2 and self._classes:
            right = self.text(index.row(), 1) == self.text(index.row(), 2)
            return QColor(self.theme.forward if right else self.theme.backward)
        if role == Qt.ItemDataRole.DecorationRole and index.column() == WHAT:
            return self._picture(index.row())
        return None

    def _picture(self, row: int) -> QPixmap | None:
        seen = self._rows.glimpses if self._rows is not None else ()
        if isinstance(seen, tuple) or row >= len(seen):
            return None
        rows = np.ascontiguousarray(seen[row])
        height, width = rows.shape
        gray = QImage.Format.Format_Grayscale8
        image = QImage(rows.data, width, height, width, gray)
        return QPixmap.fromImage(image.scaled(PICTURE_PX, PICTURE_PX))

    def text(self, row: int, column: int) -> str:
        """What stands in a cell."""
        assert self._rows is not None
        answers, given = self._rows.answers, self._rows.given
        if column == 0:
            return str(int(self._rows.order[row]))
        if column == WHAT:
            seen = self._rows.glimpses
            return seen[row] if isinstance(seen, tuple) and row < len(seen) else ""
        if not self._classes:
            answer, found = float(np.ravel(answers[row])[0]), float(given[row, 0])
            return number((answer, found, found - answer)[column - 1], 4)
        answer = int(answers[row])
        if given.shape[1] == 1:
            value = float(given[row, 0])
            best = int(value > self._threshold)
            share = value if self._threshold else 1 / (1 + np.exp(-value))
            share = share if answer else 1 - share
        else:
            best = int(np.argmax(given[row]))
            share = float(given[row, answer])
        return (self._classes[answer], self._classes[best], f"{100 * share:.2f} %")[column - 1]


class _Table(QTableView):
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        else:
            super().keyPressEvent(event)

    def copy(self) -> None:
        """The selected rows, or all, as CSV onto the clipboard."""
        model = self.model()
        assert isinstance(model, PredictionModel)
        chosen = sorted({i.row() for i in self.selectedIndexes()}) or range(model.rowCount())
        lines = [",".join(model.headerData(k, Qt.Orientation.Horizontal) for k in range(WHAT))]
        lines += [",".join(model.text(row, k) for k in range(WHAT)) for row in chosen]
        QGuiApplication.clipboard().setText("\n".join(lines) + "\n")


class PredictionsPanel(QWidget):
    """A table of the predictions, the most wrong first.

    Signals: ``part_chosen(str)``: train, val or test.
    """

    part_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = PredictionModel()
        self.table = _Table()
        self.table.setModel(self.model)
        self.table.setFont(mono_font(12))
        self.table.setAccessibleName("Predictions, the most wrong first")
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(ROW_PX)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        self.table.horizontalHeader().setDefaultAlignment(left)
        self.table.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.table.horizontalHeader().setStretchLastSection(True)
        self.table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.part = SegmentedSwitch(label="Rows of")
        self.part.set_choices(PARTS)
        self.part.changed.connect(self.part_chosen)
        self.note = QLabel(WORST_FIRST)
        self.note.setFont(ui_font(12))
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addWidget(self.part)
        line.addWidget(self.note, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 4, 14, 6)
        layout.setSpacing(4)
        layout.addLayout(line)
        layout.addWidget(self.table, 1)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.model.theme = theme
        self.part.set_theme(theme)
        self.note.setStyleSheet(f"color: {theme.text_muted}")

    def show_part(self, part: str) -> None:
        """Whose rows are listed."""
        self.part.set_current(part)

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        if scene is not None:
            self.model.set_classes(scene.classes, scene.threshold)
            for column, width in enumerate((56, 100, 100, 104)):
                self.table.setColumnWidth(column, width)

    def show_frame(self, frame: Frame) -> None:
        """The predictions as they are now."""
        found = frame.predictions
        pictures = found is not None and not isinstance(found.glimpses, tuple)
        self.table.verticalHeader().setDefaultSectionSize(PICTURE_ROW_PX if pictures else ROW_PX)
        self.model.show_rows(found)
        self.note.setText(NO_ROWS if frame.predictions is None else WORST_FIRST)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
