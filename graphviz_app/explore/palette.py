"""The palette: every leaf and op at the left, to be searched, dragged or chosen."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QDrag, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from graphviz_app.canvas.dropping import NODE_MIME
from graphviz_app.explore.palette_entries import op_entries
from graphviz_app.theme import LIGHT, Theme
from graphviz_app.widgets.basics import rounded
from graphviz_app.widgets.search_list import SearchField, SearchList
from graphviz_app.widgets.search_paint import draw_sign
from graphviz_app.widgets.search_rows import Row, SearchEntry

__all__ = ["Palette", "op_entries"]

CHIP_SIZE = QSize(60, 44)  # of the node that hangs on the pointer
CHIP_SIGN_PX = 17


def node_mime(entry: SearchEntry) -> QMimeData:
    """What a dragged row carries."""
    mime = QMimeData()
    mime.setData(NODE_MIME, entry.key.encode())
    mime.setText(entry.key)
    return mime


def node_pixmap(entry: SearchEntry, theme: Theme, pixel_ratio: float) -> QPixmap:
    """A picture of the node that a row stands for."""
    pixmap = QPixmap(CHIP_SIZE * pixel_ratio)
    pixmap.setDevicePixelRatio(pixel_ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    rect = QRectF(0, 0, CHIP_SIZE.width(), CHIP_SIZE.height())
    border = theme.node_border if entry.color == theme.plain else entry.color
    rounded(painter, rect, 10, theme.node_fill, border)
    draw_sign(painter, rect, entry.sign, entry.color, CHIP_SIGN_PX)
    painter.end()
    return pixmap


class PaletteList(SearchList):
    """Rows that can be dragged away.  Signals: ``picked(str)`` with the key of a double-click.

    A press highlights nothing: the highlight is the keyboard's.
    """

    picked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, titles_only=True)
        self._theme = LIGHT
        self._pressed: tuple[QPoint, SearchEntry] | None = None

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        super().set_theme(theme)
        self._theme = theme

    def _entry_at(self, position: QPoint) -> SearchEntry | None:
        index = self.indexAt(position)
        row: Row | None = self.search_rows.rows[index.row()] if index.isValid() else None
        return row.entry if row is not None and row.choosable else None

    def _drag(self, entry: SearchEntry) -> None:
        drag = QDrag(self)
        drag.setMimeData(node_mime(entry))
        drag.setPixmap(node_pixmap(entry, self._theme, self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(CHIP_SIZE.width() // 2, CHIP_SIZE.height() // 2))
        drag.exec(Qt.DropAction.CopyAction)

    # Qt overrides -------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = None
        position = event.position().toPoint()
        entry = self._entry_at(position)
        if entry is not None and event.button() == Qt.MouseButton.LeftButton:
            self._pressed = (position, entry)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        start, entry = self._pressed
        moved = event.position().toPoint() - start
        if moved.manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self._drag(entry)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        entry = self._entry_at(event.position().toPoint())
        if entry is not None and event.button() == Qt.MouseButton.LeftButton:
            self.picked.emit(entry.key)


class Palette(QWidget):
    """The left column.

    Signals: ``chosen(str)`` with the leaf kind or the op's name that was double-clicked, or
    picked with Enter in the search field.  A dragged row carries the same as `NODE_MIME`.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.list = PaletteList()
        self.list.setAccessibleName("Operations")
        self.field = SearchField(self.list)
        self.field.setObjectName("paletteField")
        self.field.setPlaceholderText("Search operations…")
        self.field.setAccessibleName("Search operations")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(6)
        field_room = QVBoxLayout()
        field_room.setContentsMargins(8, 0, 8, 0)
        field_room.addWidget(self.field)
        layout.addLayout(field_room)
        layout.addWidget(self.list, 1)
        self.field.textChanged.connect(self._search)
        self.field.entered.connect(self._enter)
        self.field.escaped.connect(self._escape)
        self.field.left.connect(self.list.select_none)
        self.list.picked.connect(self.chosen)
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.list.set_theme(theme)
        self.list.set_entries(op_entries(theme))
        self._search(self.field.text())
        self.setStyleSheet(
            f"#palette {{ background: {theme.panel}; }}"
            f"#paletteField {{ background: {theme.field}; color: {theme.text};"
            f" border: 1px solid {theme.hairline}; border-radius: 7px; padding: 5px 8px;"
            f" placeholder-text-color: {theme.text_muted};"
            f" selection-background-color: {theme.accent};"
            f" selection-color: {theme.on_accent}; }}"
            f"#paletteField:focus {{ border-color: {theme.accent}; }}"
        )

    @Slot(str)
    def _search(self, query: str) -> None:
        self.list.set_query(query)
        if query.strip():
            self.list.select_first()
        else:
            self.list.select_none()

    @Slot()
    def _enter(self) -> None:
        row = self.list.current
        if row is not None:
            self.chosen.emit(row.entry.key)

    @Slot()
    def _escape(self) -> None:
        """The first Esc empties the field, the next leaves it."""
        if self.field.text():
            self.field.clear()
        else:
            self.field.clearFocus()
