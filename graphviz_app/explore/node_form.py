"""What of the selection can be typed and chosen: its name, kind, array, colour, attributes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Group, Node
from engine.ops import OPS
from engine.ops.op import Op, shape_text
from graphviz_app.explore.typed import attribute_text, read_attribute, value_text
from graphviz_app.theme import LIGHT, MARK_COLORS, Theme, ui_font
from graphviz_app.widgets import ChoiceBox, ScrubBox, SegmentedSwitch, Swatches, TextField

TITLE_PX = 84  # of the column of titles, here and in the inspector
KINDS = ((INPUT, "Input"), (PARAMETER, "Parameter"), (CONSTANT, "Constant"))
YES_OR_NO = (("yes", "Yes"), ("no", "No"))
NO_SIZES: Mapping[str, int] = {}
MANY = "too many to show; type new ones"

FEW_CHOICES = 4  # that have room side by side

Control = ChoiceBox | ScrubBox | SegmentedSwitch | TextField


def title_label(text: str) -> QLabel:
    """The title of a row."""
    label = QLabel(text)
    label.setFont(ui_font(13))
    return label


def rows_of(layout: QGridLayout) -> QGridLayout:
    """``layout`` with a column of titles and one of what they name."""
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setHorizontalSpacing(12)
    layout.setVerticalSpacing(7)
    layout.setColumnMinimumWidth(0, TITLE_PX)
    layout.setColumnStretch(1, 1)
    return layout


class NodeForm(QWidget):
    """Fields for what is selected; it shows those that fit.

    Signals: ``renamed(str)``, ``kind_chosen(str)``, ``value_typed(str)``, ``shape_typed(str)``,
    ``color_chosen(str)`` and ``attribute_changed(name, value, final)``, which is not final while a
    number is dragged.
    """

    renamed = Signal(str)
    kind_chosen = Signal(str)
    value_typed = Signal(str)
    shape_typed = Signal(str)
    color_chosen = Signal(str)
    attribute_changed = Signal(str, object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._shown: tuple[str, ...] = ("", "")  # the id and op of the node, and the sizes it has
        self.kind = SegmentedSwitch(label="Kind")
        self.kind.set_choices(KINDS)
        self.name = TextField("Name")
        self.entries = TextField("Values")
        self.shape = TextField("Shape")
        self.swatches = Swatches()
        self.controls: dict[str, Control] = {}
        self._rows = rows_of(QGridLayout())
        self._titles: dict[QWidget, QLabel] = {}
        self._add_row("Name", self.name)
        self._add_row("Values", self.entries)
        self._add_row("Shape", self.shape)
        self._add_row("Colour", self.swatches)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.kind)
        layout.addLayout(self._rows)
        self.kind.changed.connect(self.kind_chosen)
        self.name.committed.connect(self.renamed)
        self.entries.committed.connect(self.value_typed)
        self.shape.committed.connect(self.shape_typed)
        self.swatches.changed.connect(self.color_chosen)

    def _add_row(self, name: str, field: QWidget) -> None:
        title = self._titles[field] = title_label(name)
        row = len(self._titles)
        self._rows.addWidget(title, row, 0)
        align = Qt.AlignmentFlag.AlignVCenter
        if not isinstance(field, TextField):  # else the column of titles would take the rest
            align |= Qt.AlignmentFlag.AlignLeft
        self._rows.addWidget(field, row, 1, align)

    # setters ------------------------------------------------------------------------------------

    def show_node(self, node: Node, sizes: Mapping[str, int] = NO_SIZES) -> None:
        """Fields for what ``node`` has; what is being typed into them stays.

        ``sizes`` are those of a layer, such as its units; they are told as attributes.
        """
        other = self._begin(node.id, node.op, tuple(sizes))
        self._show_name("Name", node.name, other)
        self.name.setPlaceholderText("" if node.leaf and node.op != CONSTANT else "no name")
        if node.leaf:
            self.kind.set_current(node.op)
            self.shape.show_text(shape_text(np.shape(node.value)), other)
        array = node.leaf and bool(np.ndim(node.value))
        if array:
            text = value_text(node.value)
            self.entries.show_text(text, other)
            self.entries.setPlaceholderText("" if text else MANY)
        if node.op in OPS:
            self._show_attributes(OPS[node.op], node.attrs, sizes)
        self._show_parts(kind=node.leaf, name=True, entries=array, shape=node.leaf)

    def show_group(self, group: Group) -> None:
        """Its title and its colour."""
        other = self._begin(group.id, "")
        self._show_name("Title", group.title, other)
        self.name.setPlaceholderText("")
        self._show_color(group.color)
        self._show_parts(name=True, color=True)

    def show_marks(self, kinds: set[str], colors: set[str]) -> None:
        """What several things have in common: the kinds of leaves, the colours of notes."""
        self._begin("", "")
        self.kind.set_current(next(iter(kinds)) if len(kinds) == 1 else None)
        self._show_color(next(iter(colors)) if len(colors) == 1 else None)
        self._show_parts(kind=bool(kinds), color=bool(colors))

    def clear(self) -> None:
        """Nothing that can be changed."""
        self._begin("", "")
        self._show_parts()

    def _begin(self, key: str, op: str, sizes: tuple[str, ...] = ()) -> bool:
        """Make controls for ``op`` and sizes; whether something else was shown before."""
        other = self._shown != (key, op, *sizes)
        self._shown = key, op, *sizes
        if other:  # whose text is no text for this
            for field in (self.name, self.entries, self.shape):
                field.take_back()
            self._make_controls(OPS.find(op), sizes)  # what is internal keeps its own attributes
        return other

    def _show_name(self, title: str, name: str, other: bool) -> None:
        self._titles[self.name].setText(title)
        self.name.setAccessibleName(title)
        self.name.show_text(name, force=other)

    def _show_color(self, color: str | None) -> None:
        self.swatches.set_current(color if color in dict(MARK_COLORS) else None)

    def _show_parts(
        self,
        kind: bool = False,
        name: bool = False,
        entries: bool = False,
        shape: bool = False,
        color: bool = False,
    ) -> None:
        self.kind.setVisible(kind)
        fields = (self.name, name), (self.entries, entries), (self.shape, shape)
        for field, visible in (*fields, (self.swatches, color)):
            field.setVisible(visible)
            self._titles[field].setVisible(visible)
        self.setVisible(kind or name or color)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        parts = self.name, self.entries, self.shape, self.swatches
        for part in (self.kind, *parts, *self.controls.values()):
            part.set_theme(theme)
        for label in self._titles.values():
            label.setStyleSheet(f"color: {theme.text_soft}")

    def refuse(self, field: str) -> None:
        """Mark what was typed into "name", "value", "shape" or an attribute as refused."""
        fields = {"name": self.name, "value": self.entries, "shape": self.shape}
        control = self.controls.get(field) or fields.get(field)
        if isinstance(control, TextField):
            control.refuse()

    # attributes ---------------------------------------------------------------------------------

    def _make_controls(self, op: Op | None, sizes: tuple[str, ...]) -> None:
        """One row for each size and each attribute of ``op``."""
        for old in self.controls.values():
            old.blockSignals(True)  # as it loses the focus it would take what is typed
            for part in (old, self._titles.pop(old)):
                self._rows.removeWidget(part)
                part.hide()
                part.deleteLater()
        self.controls = {}
        before: QWidget = self.swatches
        for name in sizes:
            field = TextField(name.capitalize())
            field.committed.connect(partial(self._tell_typed, name, 1))
            self._add_row(name.capitalize(), field)
            QWidget.setTabOrder(before, field)
            self.controls[name] = before = field
        for name, default in (op.attrs if op is not None else {}).items():
            assert op is not None
            control = self._control(op, name, default)
            self._add_row(name.capitalize(), control)
            QWidget.setTabOrder(before, control)
            self.controls[name] = before = control
        self.set_theme(self._theme)

    def _control(self, op: Op, name: str, default: Any) -> Control:
        """What fits the type of an attribute, judged by its default."""
        if isinstance(default, bool):
            switch = SegmentedSwitch(label=name.capitalize())
            switch.set_choices(YES_OR_NO)
            switch.changed.connect(lambda choice: self._tell(name, choice == "yes"))
            return switch
        if isinstance(default, float):
            box = ScrubBox()
            box.setFixedWidth(TITLE_PX)
            box.setAccessibleName(name.capitalize())
            box.changed.connect(partial(self._tell, name, final=False))
            box.committed.connect(partial(self._tell, name))
            return box
        if isinstance(default, str) and len(op.choices[name]) > FEW_CHOICES:
            box = ChoiceBox(name.capitalize())
            box.set_choices([(choice, choice) for choice in op.choices[name]])
            box.changed.connect(partial(self._tell, name))
            return box
        if isinstance(default, str):
            switch = SegmentedSwitch(mono=True, label=name.capitalize())
            switch.set_choices([(choice, choice) for choice in op.choices[name]])
            switch.changed.connect(partial(self._tell, name))
            return switch
        field = TextField(name.capitalize())  # an axis, axes or a shape
        field.committed.connect(partial(self._tell_typed, name, default))
        return field

    def _show_attributes(self, op: Op, attrs: Mapping[str, Any], sizes: Mapping[str, int]) -> None:
        full = {**sizes, **op.attrs} | {op.attr_aliases.get(k, k): v for k, v in attrs.items()}
        for name, control in self.controls.items():
            value = full[name]
            if isinstance(control, ScrubBox):
                control.set_value(float(value))
            elif isinstance(control, TextField):
                control.show_text(attribute_text(value))
            elif isinstance(value, str):
                control.set_current(value)
            else:
                control.set_current("yes" if value is True else "no")

    def _tell(self, name: str, value: object, final: bool = True) -> None:
        self.attribute_changed.emit(name, value, final)

    def _tell_typed(self, name: str, default: object, text: str) -> None:
        self.attribute_changed.emit(name, read_attribute(text, default), True)
