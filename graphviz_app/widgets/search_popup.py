"""A floating list to search and choose from: the command palette, and the way to add a node."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import shiboken6
from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets.basics import CORNER_PX, rounded
from graphviz_app.widgets.search_list import SearchField, SearchList
from graphviz_app.widgets.search_paint import ROW_PX
from graphviz_app.widgets.search_rows import Row, RowKind, SearchEntry

__all__ = ["SearchEntry", "SearchPopup"]

WIDTH_PX = 560
LIST_HEIGHT_PX = 13 * ROW_PX
FIELD_HEIGHT_PX = 44
MARGIN_PX = 8  # to the parent's edges
FROM_TOP_PX = 64  # where the command palette hangs
SHADOW_PX = 14
_LIST_PADDING_PX = 6


class SearchPopup(QFrame):
    """Floats over its parent; what is typed filters the list.

    Signals: ``chosen(str)`` with the key of an entry; ``free_text(str)`` with what was typed
    where that itself was chosen (its own row, or Ctrl+Enter); ``dismissed()`` where nothing was.
    One of the three is sent each time, after the popup is closed.
    """

    chosen = Signal(str)
    free_text = Signal(str)
    dismissed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._over = parent
        self._theme = LIGHT
        self._free_text_hint: Callable[[str], str] | None = None
        self._top_left = QPoint()
        self._wanted: QPoint | None = None
        self._focus_before: QWidget | None = None
        self.list = SearchList()
        self.field = SearchField(self.list, keep_tab=True)
        self.field.setObjectName("searchField")
        self.field.setFont(ui_font(14))
        self.field.setFixedHeight(FIELD_HEIGHT_PX)
        self.list.setAccessibleName("Found")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SHADOW_PX, SHADOW_PX, SHADOW_PX, SHADOW_PX)
        layout.setSpacing(0)
        layout.addWidget(self.field)
        layout.addSpacing(1 + _LIST_PADDING_PX)
        layout.addWidget(self.list, 1)
        layout.addSpacing(_LIST_PADDING_PX)
        self.field.textChanged.connect(self._search)
        self.field.entered.connect(self._enter)
        self.field.escaped.connect(self._dismiss)
        self.field.left.connect(self._leave)
        self.list.clicked.connect(self._click)
        self.set_theme(LIGHT)
        self.hide()

    # what is asked of it ------------------------------------------------------------------------

    def open_at(
        self, entries: Sequence[SearchEntry], point: QPoint | None, placeholder: str
    ) -> None:
        """Show ``entries`` with the corner at ``point`` of the parent, inside the parent.

        None hangs the popup in the middle near the top.  Entries of one group stand together.
        """
        if not self.isVisible():
            self._focus_before = QApplication.focusWidget()
        self._wanted = point
        self.field.setPlaceholderText(placeholder)
        self.field.setAccessibleName(placeholder.rstrip("….") or "Search")
        self.list.set_entries(entries)
        self.field.clear()
        self._search()
        self._place()
        app = QApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def set_free_text_hint(self, hint: Callable[[str], str] | None) -> None:
        """Let what is typed itself be chosen where ``hint`` has a sentence for it, else "".

        The sentence, such as “Add the formula a·b + c”, becomes the last row.  ``hint`` is asked
        at each letter, so it answers quickly and for any text.
        """
        self._free_text_hint = hint

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.list.set_theme(theme)
        self.field.setStyleSheet(
            "#searchField, #searchField:focus { background: transparent; border: none;"
            f" padding: 0 14px; color: {theme.text};"
            f" placeholder-text-color: {theme.text_muted};"
            f" selection-background-color: {theme.accent};"
            f" selection-color: {theme.on_accent}; }}"
        )
        self.update()

    def card(self) -> QRect:
        """The visible part, without the shadow."""
        return self.rect().adjusted(SHADOW_PX, SHADOW_PX, -SHADOW_PX, -SHADOW_PX)

    # searching ----------------------------------------------------------------------------------

    @Slot()
    def _search(self) -> None:
        query = self.field.text()
        self.list.set_query(query, self._offer(query))
        self.list.select_first()
        self._fit_height()

    def _offer(self, query: str) -> str:
        """The sentence that offers what was typed, "" if it cannot be chosen."""
        if self._free_text_hint is None or not query.strip():
            return ""
        return self._free_text_hint(query)

    # choosing -----------------------------------------------------------------------------------

    @Slot(bool)
    def _enter(self, with_ctrl: bool) -> None:
        offers = [r for r in self.list.search_rows.rows if r.kind is RowKind.FREE_TEXT]
        self._choose(offers[0] if with_ctrl and offers else self.list.current)

    @Slot(QModelIndex)
    def _click(self, index: QModelIndex) -> None:
        self._choose(self.list.search_rows.rows[index.row()])

    def _choose(self, row: Row | None) -> None:
        if row is None or not row.choosable:
            return
        text = self.field.text()
        self._close(give_focus_back=True)
        if row.kind is RowKind.FREE_TEXT:
            self.free_text.emit(text)
        else:
            self.chosen.emit(row.entry.key)

    @Slot()
    def _dismiss(self) -> None:
        self._close(give_focus_back=True)
        self.dismissed.emit()

    @Slot()
    def _leave(self) -> None:
        """The focus went elsewhere, and stays there."""
        if not self.isHidden():
            self._close(give_focus_back=False)
            self.dismissed.emit()

    def _close(self, give_focus_back: bool) -> None:
        app = QApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        before, self._focus_before = self._focus_before, None
        self.field.blockSignals(True)  # hiding takes the focus away, which is no new dismissal
        if give_focus_back and before is not None and shiboken6.isValid(before):
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.hide()
        self.field.blockSignals(False)

    # place --------------------------------------------------------------------------------------

    def _place(self) -> None:
        """Find the corner where the whole list has room, so that it stays put while filtered."""
        room = self._over.rect().adjusted(MARGIN_PX, MARGIN_PX, -MARGIN_PX, -MARGIN_PX)
        width = min(WIDTH_PX, room.width())
        full = min(self._full_height(), room.height())
        corner = self._wanted
        if corner is None:
            corner = QPoint(round(self._over.rect().center().x() - width / 2), FROM_TOP_PX)
        x = max(room.left(), min(corner.x(), room.right() + 1 - width))
        y = max(room.top(), min(corner.y(), room.bottom() + 1 - full))
        self._top_left = QPoint(x, y)
        self.move(x - SHADOW_PX, y - SHADOW_PX)
        self.resize(width + 2 * SHADOW_PX, self.height())
        self._fit_height()

    def _full_height(self) -> int:
        rows = min(self.list.rows_height(), LIST_HEIGHT_PX)
        return FIELD_HEIGHT_PX + 1 + 2 * _LIST_PADDING_PX + rows

    def _fit_height(self) -> None:
        """Be as high as the rows need, down to the parent's lower edge at most."""
        room = self._over.height() - MARGIN_PX - self._top_left.y()
        self.resize(self.width(), min(self._full_height(), room) + 2 * SHADOW_PX)

    # Qt overrides -------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While open: dismiss at a click outside (which goes on), and stay in the parent."""
        if event.type() is QEvent.Type.MouseButtonPress and isinstance(event, QMouseEvent):
            inside = self.card().contains(self.mapFromGlobal(event.globalPosition().toPoint()))
            menu_is_open = QApplication.activePopupWidget() is not None
            if not inside and not menu_is_open:
                self._leave()
        elif event.type() is QEvent.Type.Resize and watched is self._over:
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        card = QRectF(self.card())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 12 if self._theme.dark else 3))
        for reach in range(0, SHADOW_PX, 2):  # faint layers make a soft edge, deeper below
            layer = card.adjusted(-reach, 4 - reach, reach, min(reach + 3, SHADOW_PX))
            painter.drawRoundedRect(layer, CORNER_PX + reach, CORNER_PX + reach)
        rounded(painter, card, CORNER_PX, self._theme.panel, self._theme.hairline)
        painter.setPen(QPen(QColor(self._theme.hairline), 1))
        y = card.top() + FIELD_HEIGHT_PX + 0.5
        painter.drawLine(round(card.left()), round(y), round(card.right()), round(y))
        painter.end()
