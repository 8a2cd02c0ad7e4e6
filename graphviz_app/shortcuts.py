"""The keys of commands as the user wants them, and the dialog to change them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from graphviz_app.actions import ACTIONS, ActionSpec, plain_title
from graphviz_app.theme import Theme, ui_font
from graphviz_app.widgets.search_rank import rank

Keys = tuple[str, ...]
FIXED = {"Ctrl+Z": "Undo", "Ctrl+Shift+Z": "Redo", "Ctrl+Y": "Redo"}


def keys_of(spec: ActionSpec, changed: Mapping[str, Keys]) -> Keys:
    """The keys of a command: the user's, else the table's."""
    return changed.get(spec.id, spec.keys)


def taken_by(keys: str, changed: Mapping[str, Keys], besides: str) -> str:
    """The title of another command that has these keys, or an empty string."""
    if keys in FIXED:
        return FIXED[keys]
    for spec in ACTIONS:
        if spec.id != besides and keys in keys_of(spec, changed):
            return plain_title(spec)
    return ""


class ShortcutDialog(QDialog):
    """All commands with their keys.  Signal ``changed(dict)``: the keys that differ, by command."""

    changed = Signal(object)

    def __init__(self, parent: QWidget, theme: Theme, keys: Mapping[str, Keys]) -> None:
        super().__init__(parent)
        self._theme = theme
        self.keys = dict(keys)
        self.setWindowTitle("Keyboard shortcuts")
        self.resize(560, 560)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands…")
        self.search.setAccessibleName("Search commands")
        self.search.textChanged.connect(self._filter)
        self.table = QTreeWidget()
        self.table.setAccessibleName("Commands")
        self.table.setHeaderLabels(["Command", "Keys"])
        self.table.setRootIsDecorated(False)
        self.table.setUniformRowHeights(True)
        self.table.setStyleSheet("QTreeWidget::item { padding: 4px; }")
        self.table.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.header().setStretchLastSection(False)
        self.table.header().resizeSection(1, 180)
        self.table.currentItemChanged.connect(self._choose)
        self.field = QKeySequenceEdit()
        self.field.setMaximumSequenceLength(1)
        self.field.setAccessibleName("New keys")
        self.field.editingFinished.connect(self._set)
        self.default = QPushButton("Default")
        self.default.clicked.connect(self._reset)
        self.none = QPushButton("None")
        self.none.clicked.connect(self._clear)
        self.sentence = QLabel("Choose a command, then press its new keys.")
        self.sentence.setWordWrap(True)
        self.sentence.setFont(ui_font(13))
        close = QPushButton("Close")
        close.clicked.connect(self.accept)
        close.setAutoDefault(False)
        row = QHBoxLayout()
        for widget in (self.field, self.none, self.default):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(10)
        layout.addWidget(self.search)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.sentence)
        layout.addLayout(row)
        self._fill()

    def _fill(self) -> None:
        for spec in ACTIONS:
            item = QTreeWidgetItem([plain_title(spec), ""])
            item.setData(0, Qt.ItemDataRole.UserRole, spec.id)
            self.table.addTopLevelItem(item)
        self._show_keys()
        self.table.setCurrentItem(self._items()[0])

    def _items(self) -> list[QTreeWidgetItem]:
        table = self.table
        found = (table.topLevelItem(k) for k in range(table.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _show_keys(self) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        for item, spec in zip(self._items(), ACTIONS, strict=True):
            keys = keys_of(spec, self.keys)
            item.setText(1, ", ".join(QKeySequence(k).toString(native) for k in keys))
            font = item.font(1)
            font.setBold(spec.id in self.keys)
            item.setFont(1, font)

    @Slot(str)
    def _filter(self, text: str) -> None:
        titles = [(plain_title(spec), f"{spec.tip} {' '.join(spec.keys)}") for spec in ACTIONS]
        shown = {match.index for match in rank(text, titles)}
        for k, item in enumerate(self._items()):
            item.setHidden(k not in shown)

    def _current(self) -> ActionSpec | None:
        item = self.table.currentItem()
        name = item.data(0, Qt.ItemDataRole.UserRole) if item is not None else ""
        return next((spec for spec in ACTIONS if spec.id == name), None)

    @Slot()
    def _choose(self) -> None:
        spec = self._current()
        if spec is not None:
            keys = keys_of(spec, self.keys)
            self.field.setKeySequence(QKeySequence(keys[0] if keys else ""))

    @Slot()
    def _set(self) -> None:
        spec = self._current()
        keys = self.field.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if spec is None or not keys or keys in keys_of(spec, self.keys):
            return
        other = taken_by(keys, self.keys, spec.id)
        if other:
            self._say(f"{keys} is {other} already: choose other keys, or change those first.", True)
            self._choose()
            return
        self._become(spec, (keys,))

    @Slot()
    def _clear(self) -> None:
        spec = self._current()
        if spec is not None:
            self._become(spec, ())

    @Slot()
    def _reset(self) -> None:
        spec = self._current()
        if spec is None:
            return
        for keys in spec.keys:
            other = taken_by(keys, self.keys, spec.id)
            if other:
                self._say(f"{keys} is {other} now: change that first.", True)
                return
        self._become(spec, spec.keys)

    def _become(self, spec: ActionSpec, keys: Keys) -> None:
        self.keys.pop(spec.id, None)
        if keys != spec.keys:
            self.keys[spec.id] = keys
        self._show_keys()
        self._choose()
        self._say(f"{plain_title(spec)}: {', '.join(keys) or 'no keys'}.", False)
        self.changed.emit(dict(self.keys))

    def _say(self, sentence: str, warns: bool) -> None:
        self.sentence.setText(sentence)
        color = self._theme.problem if warns else self._theme.text_soft
        self.sentence.setStyleSheet(f"color: {color}")
