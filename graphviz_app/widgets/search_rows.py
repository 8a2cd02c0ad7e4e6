"""The rows of a searchable list: entries under headings, or those that a typed text finds."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from graphviz_app.widgets.search_rank import rank

Index = QModelIndex | QPersistentModelIndex
FREE_TEXT_KEY = "free text"


@dataclass(frozen=True)
class SearchEntry:
    """Something that can be found and chosen.

    ``key`` says what was chosen.  A row shows ``sign`` in ``color``, or else ``icon`` (a name in
    ``assets/icons``); then ``title``, ``hint`` and the shortcut ``keys``.  ``keywords`` are other
    words that find it.  Entries of one ``group`` stand together.  Where one is not ``enabled``
    its hint says why.
    """

    key: str
    title: str
    hint: str = ""
    sign: str = ""
    icon: str = ""
    group: str = ""
    keywords: str = ""
    color: str = ""
    enabled: bool = True
    keys: str = ""


class RowKind(Enum):
    """What a row is."""

    HEADING = "heading"
    ENTRY = "entry"
    FREE_TEXT = "free text"  # what was typed can itself be chosen
    NOTE = "note"  # nothing was found


@dataclass(frozen=True)
class Row:
    """One row: an entry, or a text that looks like one, and the letters of it that were typed."""

    kind: RowKind
    entry: SearchEntry
    letters: frozenset[int] = frozenset()

    @property
    def choosable(self) -> bool:
        """Whether a person can choose it."""
        return self.kind in (RowKind.ENTRY, RowKind.FREE_TEXT) and self.entry.enabled


class SearchRows(QAbstractListModel):
    """The rows for the entries and the query that were set last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[SearchEntry] = []
        self._query = ""
        self._rows: list[Row] = []

    @property
    def rows(self) -> Sequence[Row]:
        """What is shown, from top to bottom."""
        return self._rows

    def set_entries(self, entries: Sequence[SearchEntry]) -> None:
        """Search in ``entries`` from now on."""
        self._entries = list(entries)
        self.set_query(self._query)

    def set_query(self, query: str, free_text: str = "") -> None:
        """Show what ``query`` finds, and at the end the sentence ``free_text`` if there is one."""
        self.beginResetModel()
        self._query = query
        self._rows = self._found(query) if query.strip() else self._grouped()
        if free_text:
            keys = "Ctrl+Enter" if any(row.choosable for row in self._rows) else "Enter"
            offer = SearchEntry(FREE_TEXT_KEY, free_text, icon="square-function", keys=keys)
            self._rows.append(Row(RowKind.FREE_TEXT, offer))
        if not self._rows:
            note = f"Nothing fits “{query.strip()}”" if query.strip() else "Nothing to choose"
            self._rows = [Row(RowKind.NOTE, SearchEntry("", note))]
        self.endResetModel()

    def _grouped(self) -> list[Row]:
        rows: list[Row] = []
        for group, members in itertools.groupby(self._entries, lambda entry: entry.group):
            if group:
                rows.append(Row(RowKind.HEADING, SearchEntry("", group)))
            rows += [Row(RowKind.ENTRY, entry) for entry in members]
        return rows

    def _found(self, query: str) -> list[Row]:
        matches = rank(query, [(entry.title, entry.keywords) for entry in self._entries])
        return [
            Row(RowKind.ENTRY, self._entries[match.index], frozenset(match.letters))
            for match in matches
        ]

    # QAbstractListModel -------------------------------------------------------------------------

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and self._rows[index.row()].choosable:
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return Qt.ItemFlag.NoItemFlags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self._rows[index.row()].entry
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return entry.hint or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (entry.title, entry.hint, entry.keys)))
        return None
