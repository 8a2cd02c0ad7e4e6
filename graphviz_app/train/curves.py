"""Curves over the epochs of a run: losses, metrics, and what flows through the layers."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.numerals import number
from engine.training.looks import Frame, Scene
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.diagram_reading import loss_title
from graphviz_app.train.plot import End, Plot
from graphviz_app.widgets import SegmentedSwitch

LOSS, ACCURACY, GRADIENTS = "loss", "accuracy", "gradients"
METRICS = {"accuracy": "accuracy", "r2": "R²", "mae": "mean absolute error"}
PARTS = (("", "train"), ("val_", "validation"), ("test_", "test"))
STYLES = {"train": Qt.PenStyle.SolidLine, "validation": Qt.PenStyle.DotLine,
          "test": Qt.PenStyle.DashLine}  # fmt: skip
LARGEST = 1e100  # that an axis shows
LEAST = 1e-12  # that a logarithmic axis shows

Curves = Mapping[str, np.ndarray]


class Line(NamedTuple):
    """One curve: the column of the history, its name, colour and kind of line."""

    column: str
    name: str
    color: str
    style: Qt.PenStyle


class CurvesPlot(QWidget):
    """``kind`` is LOSS, ACCURACY or GRADIENTS."""

    def __init__(self, kind: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.kind = kind
        self._theme = LIGHT
        self._scene: Scene | None = None
        self._curves: Curves = {}
        self._best = 0
        self._others: list[tuple[str, str, Curves]] = []
        self.canvas = Plot({LOSS: "Loss", ACCURACY: "Metrics"}.get(kind, "Gradients"))
        self.log_x = _check("log epochs", "Epochs on a logarithmic axis")
        self.log_y = _check("log scale", "The vertical axis logarithmic")
        self.what = SegmentedSwitch(label="What is shown")
        self.what.setVisible(kind != LOSS)
        self.canvas.shows_pointer = True
        self.reading = QLabel(" ")
        self.reading.setFont(mono_font(12))
        self.log_y.setChecked(kind == GRADIENTS)
        if kind == GRADIENTS:
            self.what.set_choices([("gradient_norm", "Gradients"), ("weight_norm", "Weights")])
        header = QHBoxLayout()
        header.setSpacing(14)
        header.addWidget(self.what)
        header.addWidget(self.reading, 1)
        header.addWidget(self.log_x)
        header.addWidget(self.log_y)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 4, 10, 6)
        layout.setSpacing(4)
        layout.addLayout(header)
        layout.addWidget(self.canvas, 1)
        self._modes = (False, False)  # which axes are logarithmic
        self._lines: list[pg.PlotCurveItem] = []
        self._best_line = pg.InfiniteLine(0, 90)
        for changed in (self.log_x.toggled, self.log_y.toggled, self.what.changed):
            changed.connect(self.canvas.follow)
            changed.connect(self._again)
        cast(Any, self.canvas.scene()).sigMouseMoved.connect(self._read)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.canvas.set_theme(theme)
        self.what.set_theme(theme)
        self.reading.setStyleSheet(f"color: {theme.text_soft}")
        for check in (self.log_x, self.log_y):
            check.setStyleSheet(f"QCheckBox {{ color: {theme.text_soft}; }}")
        self._best_line.setPen(pg.mkPen(theme.accent, style=Qt.PenStyle.DashLine))
        self._again()

    def set_scene(self, scene: Scene | None) -> None:
        """Another run."""
        self._scene, self._curves, self._best = scene, {}, 0
        self.canvas.follow()
        self._again()

    def set_others(self, others: Sequence[tuple[str, str, Curves]]) -> None:
        """Earlier runs to be compared: name, colour and curves."""
        self._others = list(others)
        self._again()

    def show_frame(self, frame: Frame) -> None:
        """How far the run is."""
        self._curves, self._best = frame.curves, frame.best_epoch
        self._draw()

    # lines --------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """What there is to draw."""
        if self.kind == GRADIENTS:
            return self._layer_lines()
        name = LOSS if self.kind == LOSS else (self.what.current or "accuracy")
        theme = self._theme
        colors = {"train": theme.forward, "validation": theme.accent, "test": theme.loss}
        return [
            Line(prefix + name, part, colors[part], STYLES[part])
            for prefix, part in PARTS
            if prefix + name in self._curves
        ]

    def _layer_lines(self) -> list[Line]:
        if self._scene is None:
            return []
        layers, what = self._scene.layers, self.what.current
        found = []
        for k, layer in enumerate(layers):
            color = QColor.fromHsvF(0.58 - 0.5 * k / max(len(layers) - 1, 1), 0.62, 0.85)
            column = f"{what}:{layer.node}"
            if column in self._curves:
                found.append(Line(column, f"{k + 1}", color.name(), Qt.PenStyle.SolidLine))
        return found

    @Slot()
    def _again(self) -> None:
        self._offer_metrics()
        self._draw()

    def _offer_metrics(self) -> None:
        if self.kind != ACCURACY:
            return
        found = [(name, title) for name, title in METRICS.items() if name in self._curves]
        if found and found != getattr(self, "_offered", None):
            self._offered = found
            self.what.set_choices(found, self.what.current)
        self.what.setVisible(len(found) > 1)

    def _draw(self) -> None:
        if self.kind == ACCURACY:
            self._offer_metrics()
        lines = self.lines()
        item, epochs = self.canvas.item, np.asarray(self._curves.get("epoch", np.zeros(0)))
        wanted = [
            (name, color, curves, column)
            for name, color, curves in self._others
            for column in [line.column for line in lines[:1]]
            if column in curves
        ]
        while len(self._lines) < len(lines) + len(wanted):
            self._lines.append(pg.PlotCurveItem(antialias=True, connect="finite"))
            self.canvas.addItem(self._lines[-1])
        while len(self._lines) > len(lines) + len(wanted):
            self.canvas.removeItem(self._lines.pop())
        spans: list[tuple[np.ndarray, np.ndarray]] = []
        for curve, (_, color, curves, column) in zip(self._lines, wanted, strict=False):
            x, y = self._placed(np.asarray(curves["epoch"]), np.asarray(curves[column]))
            soft = QColor(color)
            curve.setData(x, y)
            curve.setPen(pg.mkPen(soft, width=1.4))
            spans.append((x, y))
        ends: list[End] = []
        for curve, line in zip(self._lines[len(wanted) :], lines, strict=True):
            values = np.asarray(self._curves[line.column])
            x, y = self._placed(epochs, values)
            curve.setData(x, y)
            curve.setPen(pg.mkPen(line.color, width=2, style=line.style))
            spans.append((x, y))
            if len(y) and np.isfinite(y[-1]):
                text = f"{line.name} {number(float(values[-1]), 3)}"
                if self.kind == GRADIENTS and self._scene is not None:
                    text = f"{self._scene.layers[int(line.name) - 1].title}"
                ends.append(End(float(x[-1]), float(y[-1]), text, line.color))
        self._scale(spans)
        self._mark_best(epochs)
        modes = self.log_x.isChecked(), self.log_y.isChecked()
        if modes != self._modes:
            self._modes = modes
            item.getAxis("bottom").setLogMode(modes[0])
            item.getAxis("left").setLogMode(modes[1])
        self.canvas.show_ends(ends)
        self.canvas.set_titles("epoch", self._title())

    def _title(self) -> str:
        if self.kind == GRADIENTS:
            return (
                "norm of gradients" if self.what.current == "gradient_norm" else "norm of weights"
            )
        if self.kind == LOSS:
            return loss_title(self._scene.loss) if self._scene is not None else "Loss"
        return METRICS.get(self.what.current or "accuracy", "")

    def _placed(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.log_x.isChecked():
            x = np.log10(np.maximum(x, 1))
        if self.log_y.isChecked():
            with np.errstate(all="ignore"):
                y = np.where(y > LEAST, np.log10(np.maximum(y, LEAST)), np.nan)
        return np.asarray(x, float), np.asarray(y, float)

    def _scale(self, spans: list[tuple[np.ndarray, np.ndarray]]) -> None:
        xs = np.concatenate([x for x, _ in spans]) if spans else np.zeros(0)
        ys = np.concatenate([y for _, y in spans]) if spans else np.zeros(0)
        ys = np.clip(ys[np.isfinite(ys)], -LARGEST, LARGEST)
        if not len(xs) or not len(ys):
            return
        low, high = float(ys.min()), float(ys.max())
        if not self.log_y.isChecked() and self.kind != ACCURACY:
            low = min(low, 0.0)
        air = 0.08 * (high - low) or 0.5
        left, right = float(xs.min()), float(xs.max())
        right = right if right > left else left + 1
        side, edge = 0.01 * (right - left), 0.01 * (high - low)
        self.canvas.show_range(
            (left - side, right + side), (low - air / 2 - edge, high + air + edge)
        )

    def _mark_best(self, epochs: np.ndarray) -> None:
        shown = self.kind == LOSS and self._best > 0 and len(epochs) > 0
        if shown and self._best_line.scene() is None:
            self.canvas.addItem(self._best_line)
        elif not shown and self._best_line.scene() is not None:
            self.canvas.removeItem(self._best_line)
        if shown:
            at = np.log10(self._best) if self.log_x.isChecked() else self._best
            self._best_line.setValue(float(at))
            self._best_line.setToolTip(f"Best validation loss: epoch {self._best:,}")

    @Slot(object)
    def _read(self, at: QPointF) -> None:
        """What the curves are at the pointer."""
        epochs = np.asarray(self._curves.get("epoch", np.zeros(0)))
        if not len(epochs):
            return
        x = float(self.canvas.item.vb.mapSceneToView(at).x())
        x = 10**x if self.log_x.isChecked() else x
        k = int(np.argmin(np.abs(epochs - x)))
        parts = [
            f"{line.name} {number(float(self._curves[line.column][k]), 4)}"
            for line in self.lines()[:4]
        ]
        self.reading.setText(f"{int(epochs[k]):,}: " + "  ".join(parts))

    # export -------------------------------------------------------------------------------------

    def export_csv(self) -> str:
        """The curves that are shown, a column each."""
        columns = ["epoch", *(line.column for line in self.lines())]
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(
            *(self._curves[c].tolist() for c in columns if c in self._curves), strict=True
        ):
            writer.writerow(map(repr, row))
        return out.getvalue()

    def save(self, path: Path) -> None:
        """Write the plot as PNG or SVG; raises OSError."""
        self.canvas.save(path, self._theme.panel)


def _check(text: str, tip: str) -> QCheckBox:
    check = QCheckBox(text)
    check.setFont(ui_font(12.5))
    check.setToolTip(tip)
    return check
