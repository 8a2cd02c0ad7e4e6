"""The inspector: the selected node's value and gradient; a leaf's value can be changed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import Node, Value
from engine.graph.notation import latex_name
from engine.numerals import number
from engine.ops import OPS
from engine.ops.op import shape_text
from graphviz_app.explore.matrix_grid import MatrixGrid
from graphviz_app.explore.step_blocks import full
from graphviz_app.explore.value_slider import ValueSlider
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.typeset import plain_text
from graphviz_app.widgets import ElidedLabel, ScrubBox, SectionTitle

MARGIN_PX = 16
ROWS = ("Value", "Gradient", "Numerical", "Shape")
NOTHING = "Select a node to see its value and gradient; a leaf can be changed here."
UNSET = "unset, counts as 1"


def six_decimals(value: Any) -> str:
    """As the inspector writes numbers: −0.196612."""
    if value is None:
        return "–"
    if np.ndim(value):
        return number(value, 3)
    x = float(value)
    if not math.isfinite(x) or abs(x) >= 1e7 or 0 < abs(x) < 1e-5:
        return number(x, 6)
    return f"{x:.6f}".replace("-", "−")


class Inspector(QWidget):
    """Shows one node.

    Signals: ``value_changed(str, float, bool)`` with the leaf's id, its new value and whether
    that is final (False while dragging); ``entry_changed(str, tuple, float, bool)`` likewise for
    one entry of an array.
    """

    value_changed = Signal(str, float, bool)
    entry_changed = Signal(str, tuple, float, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._node: Node | None = None
        self.heading = SectionTitle("Selected")
        self.message = QLabel(NOTHING)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.box = ScrubBox()
        self.box.setFixedWidth(84)
        self.slider = ValueSlider()
        self.grid = MatrixGrid()
        self.values: dict[str, QLabel] = {}
        self._titles: list[QLabel] = []
        self._build()
        self.box.changed.connect(self._changed)
        self.box.committed.connect(self._committed)
        self.slider.changed.connect(self._changed)
        self.slider.committed.connect(self._committed)
        self.grid.entry_changed.connect(self._entry_changed)
        self.grid.refused.connect(self._refused)
        self.set_theme(LIGHT)
        self.show_nothing()

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(self.box)
        line.addWidget(self.slider, 1)
        rows = QGridLayout()
        rows.setContentsMargins(0, 2, 0, 0)
        rows.setHorizontalSpacing(16)
        rows.setVerticalSpacing(7)
        rows.setColumnMinimumWidth(0, 74)
        rows.setColumnStretch(1, 1)
        for k, name in enumerate(ROWS):
            title, value = QLabel(name), ElidedLabel()
            title.setFont(ui_font(13))
            value.setFont(mono_font(13))
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            rows.addWidget(title, k, 0)
            rows.addWidget(value, k, 1)
            self._titles.append(title)
            self.values[name] = value
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 16)
        layout.setSpacing(10)
        layout.addWidget(self.heading)
        layout.addLayout(line)
        layout.addWidget(self.grid)
        layout.addWidget(self.message)
        layout.addLayout(rows)

    # setters ------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """Nothing is selected."""
        self._node = None
        self.heading.set_title("Selected")
        self.message.setText(NOTHING)
        self._show_parts(editor=False, grid=False, rows=False, message=True)

    def show_node(
        self,
        node: Node,
        value: Value | None,
        gradient: Value | None,
        numerical: Value | None = None,
    ) -> None:
        """Show ``node`` with its value, its gradient and the gradient by central differences."""
        same = self._node is not None and self._node.id == node.id
        self._node = node
        self._title(node)
        shape = np.shape(value) if value is not None else ()
        self._rows(value, gradient, numerical, shape)
        scalar_leaf = node.leaf and shape == ()
        grid = node.leaf and not scalar_leaf and MatrixGrid.fits(shape)
        if scalar_leaf:
            x = 1.0 if value is None else float(value)
            if not same and self.box.editing:
                self.box.clearFocus()
            self.box.set_value(x)
            if not self.slider.dragging:
                self.slider.set_value(x, refit=not same)
        elif grid:
            self.grid.set_array(np.asarray(value, float))
        self.message.setText(self._sentence(node, shape))
        self._show_parts(scalar_leaf, grid, rows=True, message=bool(self.message.text()))

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for part in (self.heading, self.box, self.slider, self.grid):
            part.set_theme(theme)
        self.message.setStyleSheet(f"color: {theme.text_soft}")
        for title in self._titles:
            title.setStyleSheet(f"color: {theme.text_soft}")
        colors = (theme.forward, theme.backward, theme.text_soft, theme.text)
        for name, color in zip(ROWS, colors, strict=True):
            self.values[name].setStyleSheet(f"color: {color}")
        if self._node is not None:
            self._title(self._node)

    def _kind_color(self, node: Node) -> str:
        theme, op = self._theme, OPS.get(own_op(node))
        kind = op.kind if op is not None else node.op
        return getattr(theme, kind, theme.plain) if kind != "constant" else theme.plain

    def _title(self, node: Node) -> None:
        op = OPS.get(own_op(node))
        color = self._kind_color(node)
        kind = op.name.replace("_", " ") if op is not None else own_op(node)
        kind = f"{kind}, bypassed" if bypassed(node) else kind
        title = "Selected:"
        name = plain_text(latex_name(node.name)) if node.name else ""
        self.heading.set_title(title, name or (op.symbol if op else own_op(node)), kind, color)
        self.slider.set_color(color)

    def _rows(
        self,
        value: Value | None,
        gradient: Value | None,
        numerical: Value | None,
        shape: tuple[int, ...],
    ) -> None:
        for name, given in zip(ROWS, (value, gradient, numerical), strict=False):
            self.values[name].setText(six_decimals(given))
            self.values[name].setToolTip("" if given is None else full(given))
        if self._node is not None and self._node.leaf and self._node.value is None:
            self.values["Value"].setText(UNSET)
        self.values["Shape"].setText("–" if value is None else shape_text(shape))

    def _sentence(self, node: Node, shape: tuple[int, ...]) -> str:
        op = OPS.get(node.op)
        if op is not None:
            return op.says
        if node.leaf and shape and not MatrixGrid.fits(shape):
            return f"A {shape_text(shape)} array is too large to be edited here."
        return ""

    def _show_parts(self, editor: bool, grid: bool, rows: bool, message: bool) -> None:
        self.box.setVisible(editor)
        self.slider.setVisible(editor)
        self.grid.setVisible(grid)
        self.message.setVisible(message)
        for label in (*self._titles, *self.values.values()):
            label.setVisible(rows)

    # from the widgets ---------------------------------------------------------------------------

    @Slot(float)
    def _changed(self, value: float) -> None:
        self._tell(value, False)

    @Slot(float)
    def _committed(self, value: float) -> None:
        self._tell(value, True)

    def _tell(self, value: float, final: bool) -> None:
        if self._node is None:
            return
        other = self.slider if self.sender() is self.box else self.box
        other.set_value(value)
        self.value_changed.emit(self._node.id, value, final)

    @Slot(tuple, float)
    def _entry_changed(self, index: tuple[int, ...], value: float) -> None:
        if self._node is not None:
            self.entry_changed.emit(self._node.id, index, value, True)

    @Slot(str)
    def _refused(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.message.setVisible(True)
