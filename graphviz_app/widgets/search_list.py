"""A searchable list: the field that one types into and the rows below it, which it steers."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListView, QWidget

from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets.search_paint import ROW_PX, RowDelegate
from graphviz_app.widgets.search_rows import Row, SearchEntry, SearchRows

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_TAB = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
_MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)


class SearchList(QListView):
    """Shows a `SearchRows`; the field keeps the focus and moves the current row.

    Signals: ``highlighted(str)`` with the words of the row that is now current, "" for none.
    """

    highlighted = Signal(str)

    def __init__(self, parent: QWidget | None = None, titles_only: bool = False) -> None:
        super().__init__(parent)
        self.search_rows = SearchRows(self)
        self.setModel(self.search_rows)
        self._delegate = RowDelegate(self, titles_only)
        self.setItemDelegate(self._delegate)
        self.setObjectName("searchList")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setMinimumHeight(ROW_PX)  # Qt would ask for more than a single row needs
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().setSingleStep(ROW_PX)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.set_theme(LIGHT)

    # what is shown ------------------------------------------------------------------------------

    def set_entries(self, entries: Sequence[SearchEntry]) -> None:
        """Search in ``entries``."""
        self.search_rows.set_entries(entries)

    def set_query(self, query: str, free_text: str = "") -> None:
        """Show what ``query`` finds; ``free_text`` offers the query itself."""
        self.search_rows.set_query(query, free_text)
        self.scrollToTop()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._delegate.theme = theme
        self.setStyleSheet("#searchList { background: transparent; border: none; }")
        self.viewport().update()

    def rows_height(self) -> int:
        """How high all rows are together."""
        return sum(self.sizeHintForRow(k) for k in range(self.search_rows.rowCount()))

    # the current row ----------------------------------------------------------------------------

    @property
    def current(self) -> Row | None:
        """The highlighted row, if it can be chosen."""
        index = self.currentIndex()
        row = self.search_rows.rows[index.row()] if index.isValid() else None
        return row if row is not None and row.choosable else None

    def select_first(self) -> None:
        """Highlight the first row that can be chosen."""
        self._select(0)

    def select_none(self) -> None:
        """Highlight nothing."""
        self.selectionModel().clear()
        self.highlighted.emit("")

    def move_by_key(self, event: QKeyEvent) -> bool:
        """Move the highlight if ``event`` is one of the keys for that; says whether it was."""
        choosable = self._choosable()
        current = self.currentIndex().row()
        at = choosable.index(current) if current in choosable else -1
        page = max(1, self.viewport().height() // ROW_PX - 1)
        to_ends = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        targets = {
            Qt.Key.Key_Up: at - 1,
            Qt.Key.Key_Down: at + 1,
            Qt.Key.Key_PageUp: at - page,
            Qt.Key.Key_PageDown: at + page,
        }
        if to_ends:  # without Ctrl, Home and End belong to the text
            targets |= {Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(choosable) - 1}
        target = targets.get(Qt.Key(event.key()))
        if target is None:
            return False
        self._select(target)
        return True

    def _choosable(self) -> list[int]:
        return [k for k, row in enumerate(self.search_rows.rows) if row.choosable]

    def _select(self, target: int) -> None:
        """Highlight the ``target``-th of the rows that can be chosen, or the nearest to it."""
        choosable = self._choosable()
        if not choosable:
            self.select_none()
            return
        target = max(0, min(target, len(choosable) - 1))
        index = self.search_rows.index(choosable[target])
        self.setCurrentIndex(index)
        if target == 0:
            self.scrollToTop()  # the heading above the first row shows too
        self.highlighted.emit(index.data(Qt.ItemDataRole.AccessibleTextRole))


class SearchField(QLineEdit):
    """What one types into to search; its arrow keys move through a `SearchList`.

    Signals: ``entered(bool)`` for Enter, True with Ctrl; ``escaped()`` for Esc; ``left()`` when
    the focus goes elsewhere, not to its own menu.
    """

    entered = Signal(bool)
    escaped = Signal()
    left = Signal()

    def __init__(self, rows: SearchList, keep_tab: bool = False) -> None:
        super().__init__()
        self._rows, self._keep_tab = rows, keep_tab
        self.setFont(ui_font(13))
        # A screen reader follows the focus, which stays here.
        rows.highlighted.connect(self.setAccessibleDescription)

    # Qt overrides -------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride and event.key() in (
                *_ENTER,
                *_MOVES,
                *_ENDS,
                Qt.Key.Key_Escape,
            ):
                event.accept()  # else the window's commands on these keys run
                return True
            tab = event.type() is QEvent.Type.KeyPress and event.key() in _TAB
            if tab and self._keep_tab:
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER:
            self.entered.emit(bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif not self._rows.move_by_key(event):
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit()
