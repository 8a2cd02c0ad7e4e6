"""The inspector: what is selected, its numbers, and all of it that can be changed."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import Group, Node, Note, Value
from engine.graph.notation import latex_name
from engine.graph.problems import node_title
from engine.numerals import number
from engine.ops import OPS
from engine.ops.op import shape_text
from graphviz_app.canvas.kinds import kind_color
from graphviz_app.explore.matrix_grid import MatrixGrid
from graphviz_app.explore.node_form import NO_SIZES, NodeForm, rows_of, title_label
from graphviz_app.explore.step_blocks import full
from graphviz_app.explore.value_slider import ValueSlider
from graphviz_app.theme import LIGHT, Theme, mono_font
from graphviz_app.typeset import plain_text
from graphviz_app.widgets import ElidedLabel, ScrubBox, SectionTitle

MARGIN_PX = 16
ROWS = ("Value", "Gradient", "Numerical", "Shape")
NOTHING = "Select something to see its numbers, and to change what it is."
INSIDE = "It is inside an opened node: fold that to change it."
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
    """Shows one node, group or note, or what several have in common; ``form`` tells what is typed.

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
        self._group: Group | None = None
        self.heading = SectionTitle("Selected")
        self.message = QLabel(NOTHING)
        self.message.setWordWrap(True)
        self.message.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setWordWrap(True)
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.box = ScrubBox()
        self.box.setFixedWidth(84)
        self.box.setAccessibleName("Value")
        self.slider = ValueSlider()
        self.slider.setAccessibleName("Value")
        self.grid = MatrixGrid()
        self.form = NodeForm()
        self.values: dict[str, QLabel] = {}
        self._titles: list[QLabel] = []
        self._build()
        self.box.changed.connect(self._changed)
        self.box.committed.connect(self._committed)
        self.slider.changed.connect(self._changed)
        self.slider.committed.connect(self._committed)
        self.grid.entry_changed.connect(self._entry_changed)
        self.grid.refused.connect(self._say)
        self.set_theme(LIGHT)
        self.show_nothing()

    def _build(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(self.box)
        line.addWidget(self.slider, 1)
        rows = rows_of(QGridLayout())
        for k, name in enumerate(ROWS):
            title, value = title_label(name), ElidedLabel()
            value.setFont(mono_font(13))
            value.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            rows.addWidget(title, k, 0)
            rows.addWidget(value, k, 1)
            self._titles.append(title)
            self.values[name] = value
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN_PX, 8, MARGIN_PX, 16)
        layout.setSpacing(10)
        for part in (self.heading, self.message, line, self.grid, self.form, rows):
            if isinstance(part, QWidget):
                layout.addWidget(part)
            else:
                layout.addLayout(part)

    # setters ------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """Nothing is selected."""
        self._show("Selected", NOTHING)
        self.form.clear()

    def show_node(
        self,
        node: Node,
        value: Value | None,
        gradient: Value | None,
        numerical: Value | None = None,
        own: Node | Group | None = None,
        sizes: Mapping[str, int] = NO_SIZES,
        note: str = "",
    ) -> None:
        """Show ``node`` with its value, its gradient and the gradient by central differences.

        ``own`` is what it is in the document, and what can be changed: a node, or a group that is
        folded into it; what is inside an opened node is nothing there.  ``sizes`` are those of a
        layer.  ``note`` is a sentence about this node alone.
        """
        same = self._node is not None and self._node.id == node.id
        if not same and self.box.editing:
            self.box.clearFocus()  # what was typed is the other node's
        self._node, self._group = node, own if isinstance(own, Group) else None
        self._title()
        shape = np.shape(value) if value is not None else ()
        self._rows(value, gradient, numerical, shape)
        scalar_leaf = node.leaf and shape == ()
        grid = node.leaf and not scalar_leaf and MatrixGrid.fits(shape)
        if scalar_leaf:
            x = 1.0 if value is None else float(value)
            self.box.set_value(x)
            if not self.slider.dragging:
                self.slider.set_value(x, refit=not same)
        elif grid:
            self.grid.set_array(np.asarray(value, float))
        if isinstance(own, Group):
            self.form.show_group(own)
        elif own is not None:
            self.form.show_node(own, sizes)
        else:
            self.form.clear()
        self._say(f"{self._sentence(node, own)} {note}".strip())
        self._show_parts(scalar_leaf, grid, ROWS[:-1] if node.leaf and own else ROWS)

    def show_group(self, group: Group, inside: int) -> None:
        """Show a group by its frame, with the number of nodes that are shown ``inside``."""
        nodes = "1 node" if inside == 1 else f"{inside} nodes"
        self._show("", f"A frame around {nodes}.")
        self._group = group
        self._title()
        self.form.show_group(group)

    def show_note(self, note: Note) -> None:
        """Show a comment."""
        self._show("Selected: note", "Double-click the note to type.")
        self.form.show_marks(set(), {note.color})

    def show_several(self, nodes: Collection[Node], notes: Collection[Note]) -> None:
        """Show how many things are selected, and what can be done to all of them."""
        leaves = [node for node in nodes if node.leaf]
        counts = {
            "variable": len(leaves),
            "operation": len(nodes) - len(leaves),
            "note": len(notes),
        }
        parts = [f"{n} {what}{'s' if n > 1 else ''}" for what, n in counts.items() if n]
        self._show(f"{len(nodes) + len(notes)} selected", ", ".join(parts) + ".")
        self.form.show_marks({leaf.op for leaf in leaves}, {note.color for note in notes})

    def _show(self, heading: str, sentence: str) -> None:
        """No node, but a heading and a sentence."""
        if self.box.editing:
            self.box.clearFocus()  # what was typed is the node's
        self._node = self._group = None
        self.heading.set_title(heading)
        self._say(sentence)
        self._show_parts(editor=False, grid=False, rows=())

    def commit(self) -> None:
        """Take what is being typed, before the graph is saved or left."""
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            focused.clearFocus()

    @contextmanager
    def keeping_focus(self) -> Iterator[None]:
        """An edit within may take the node away for a moment; what has the focus keeps it."""
        focused = QApplication.focusWidget()
        yield
        if focused is None or focused.hasFocus() or not focused.isVisible():
            return
        if self.isAncestorOf(focused):
            focused.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        for part in (self.heading, self.box, self.slider, self.grid, self.form):
            part.set_theme(theme)
        self.message.setStyleSheet(f"color: {theme.text_soft}")
        for title in self._titles:
            title.setStyleSheet(f"color: {theme.text_soft}")
        colors = (theme.forward, theme.backward, theme.text_soft, theme.text)
        for name, color in zip(ROWS, colors, strict=True):
            self.values[name].setStyleSheet(f"color: {color}")
        self._title()

    def _title(self) -> None:
        """What the node or group is called, in the colour of its kind."""
        if self._group is not None:
            color = getattr(self._theme, self._group.color or "plain", self._theme.plain)
            self.heading.set_title("Selected:", self._group.title, "group", color)
        elif self._node is not None:
            node, color = self._node, kind_color(self._node, self._theme)
            op = own_op(node)
            kind = op.replace("_", " ")
            title = plain_text(latex_name(node.name)) if node.name else node_title(node)
            if title == kind and op in OPS:
                title = OPS[op].symbol
            if bypassed(node):
                kind += ", bypassed"
            self.heading.set_title("Selected:", title, kind, color)
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

    def _sentence(self, node: Node, own: Node | Group | None) -> str:
        says = OPS[node.op].says if node.op in OPS else ""
        return says if own is not None else f"{says} {INSIDE}".strip()

    def _say(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.message.setVisible(bool(sentence))

    def _show_parts(self, editor: bool, grid: bool, rows: Collection[str]) -> None:
        self.box.setVisible(editor)
        self.slider.setVisible(editor)
        self.grid.setVisible(grid)
        for title, (name, value) in zip(self._titles, self.values.items(), strict=True):
            title.setVisible(name in rows)
            value.setVisible(name in rows)

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
