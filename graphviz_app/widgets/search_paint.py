"""How the rows of a searchable list look."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, math_font, mix, mono_font, ui_font
from graphviz_app.widgets.basics import caption_font, rounded
from graphviz_app.widgets.search_rows import Row, RowKind, SearchRows

ROW_PX = 30
HEADING_PX = 30
INSET_PX = 6  # of the highlight, from the list's edges
CHIP_W_PX, CHIP_H_PX = 32.0, 22.0
PADDING_PX = 10.0  # of the row, inside the highlight
GAP_PX = 9.0  # between sign and title
HINT_GAP_PX = 12.0
ICON_PX = 16
SIGN_PX, SMALLEST_SIGN_PX = 13, 9
MIDDLE_OF_SIGNS = 0.31  # above the baseline, in font sizes
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def _sign_font(sign: str, px: float, room: float) -> QFont:
    """The maths font in which ``sign`` fits into ``room`` pixels; a variable is slanted."""
    slanted = len(sign) == 1 and sign.isascii() and sign.isalpha()
    font = math_font(px, italic=slanted)
    while px > SMALLEST_SIGN_PX and QFontMetricsF(font).horizontalAdvance(sign) > room:
        px -= 1
        font = math_font(px, italic=slanted)
    return font


def draw_chip(painter: QPainter, rect: QRectF, sign: str, color: str, theme: Theme) -> None:
    """A sign in a small frame, as it stands on nodes."""
    rounded(painter, rect, 5, theme.field, theme.hairline)
    draw_sign(painter, rect, sign, color, SIGN_PX)


def draw_sign(painter: QPainter, rect: QRectF, sign: str, color: str, px: float) -> None:
    """A sign in the middle of ``rect``, no larger than ``px`` and no wider than the room.

    Maths fonts reserve so much height that their own middle lies far from that of the letters.
    """
    font = _sign_font(sign, px, rect.width() - 4)
    sign = _elided(font, sign, rect.width() - 2)
    width = QFontMetricsF(font).horizontalAdvance(sign)
    baseline = rect.center().y() + MIDDLE_OF_SIGNS * font.pixelSize()
    painter.setPen(QColor(color))
    painter.setFont(font)
    painter.drawText(QPointF(rect.center().x() - width / 2, baseline), sign)


class RowDelegate(QStyledItemDelegate):
    """Paints the rows of a `SearchRows`; with ``titles_only`` without hints and shortcuts."""

    def __init__(self, parent: QObject | None = None, titles_only: bool = False) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self._titles_only = titles_only
        self._title_fonts = {False: ui_font(13), True: ui_font(13, 600)}
        self._hint_font, self._keys_font = ui_font(12), mono_font(11)
        self._heading_font = caption_font()

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        row = _row(index)
        heading = row is not None and row.kind is RowKind.HEADING
        return QSize(120, HEADING_PX if heading else ROW_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = _row(index)
        if row is None:
            return
        painter.save()
        rect = QRectF(option.rect).adjusted(INSET_PX, 0, -INSET_PX, 0)
        if row.kind is RowKind.HEADING:
            self._paint_heading(painter, rect, row.entry.title)
        else:
            if row.choosable:
                self._paint_highlight(painter, rect, option.state)
            right = 2.0 if self._titles_only else PADDING_PX
            self._paint_row(painter, rect.adjusted(PADDING_PX, 0, -right, 0), row)
        painter.restore()

    # parts --------------------------------------------------------------------------------------

    def _paint_heading(self, painter: QPainter, rect: QRectF, title: str) -> None:
        painter.setFont(self._heading_font)
        painter.setPen(QColor(self.theme.text_soft))
        painter.drawText(rect.adjusted(PADDING_PX, 6, 0, 0), _LEFT, title.upper())

    def _paint_highlight(self, painter: QPainter, rect: QRectF, state: QStyle.StateFlag) -> None:
        if state & QStyle.StateFlag.State_Selected:
            rounded(painter, rect, 7, self.theme.accent_soft)
        elif state & QStyle.StateFlag.State_MouseOver:
            rounded(painter, rect, 7, self.theme.hover)

    def _paint_row(self, painter: QPainter, rect: QRectF, row: Row) -> None:
        theme, entry = self.theme, row.entry
        faint = mix(theme.panel, theme.text_muted, 0.6)
        rect = self._paint_keys(painter, rect, entry.keys)
        if row.kind is RowKind.NOTE:
            color = theme.text_muted
        else:
            self._paint_chip(painter, rect, row, faint)
            rect = rect.adjusted(CHIP_W_PX + GAP_PX, 0, 0, 0)
            color = theme.text if entry.enabled else faint
        width = self._paint_title(painter, rect, row, color)
        rect = rect.adjusted(width + HINT_GAP_PX, 0, 0, 0)
        if entry.hint and not self._titles_only and rect.width() > 40:
            painter.setFont(self._hint_font)
            painter.setPen(QColor(theme.text_muted))
            painter.drawText(rect, _LEFT, _elided(self._hint_font, entry.hint, rect.width()))

    def _paint_keys(self, painter: QPainter, rect: QRectF, keys: str) -> QRectF:
        """Write the shortcut at the right; returns the room that is left."""
        if not keys or self._titles_only:
            return rect
        painter.setFont(self._keys_font)
        painter.setPen(QColor(self.theme.text_muted))
        painter.drawText(rect, _RIGHT, keys)
        taken = QFontMetricsF(self._keys_font).horizontalAdvance(keys)
        return rect.adjusted(0, 0, -taken - HINT_GAP_PX, 0)

    def _paint_chip(self, painter: QPainter, rect: QRectF, row: Row, faint: str) -> None:
        entry, theme = row.entry, self.theme
        top = rect.center().y() - CHIP_H_PX / 2
        if entry.sign:
            color = (entry.color or theme.plain) if entry.enabled else faint
            draw_chip(
                painter,
                QRectF(rect.left(), top, CHIP_W_PX, CHIP_H_PX),
                entry.sign,
                color,
                theme,
            )
        elif entry.icon:
            color = theme.accent if row.kind is RowKind.FREE_TEXT else entry.color
            place = QRect(0, 0, ICON_PX, ICON_PX)
            place.moveCenter(
                QRectF(rect.left(), top, CHIP_W_PX, CHIP_H_PX).toAlignedRect().center()
            )
            image = icon(entry.icon, theme, color if entry.enabled else faint)
            image.paint(painter, place)

    def _paint_title(self, painter: QPainter, rect: QRectF, row: Row, color: str) -> float:
        """Write the title, the letters that were typed in bold; returns its width."""
        title = _elided(self._title_fonts[bool(row.letters)], row.entry.title, rect.width())
        x = rect.left()
        for typed, places in groupby(range(len(title)), lambda k: k in row.letters):
            text = "".join(title[k] for k in places)
            font = self._title_fonts[typed]
            painter.setFont(font)
            painter.setPen(QColor(self.theme.accent if typed and row.entry.enabled else color))
            width = QFontMetricsF(font).horizontalAdvance(text)
            painter.drawText(QRectF(x, rect.top(), width + 2, rect.height()), _LEFT, text)
            x += width
        return x - rect.left()


def _elided(font: QFont, text: str, width: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)


def _row(index: QModelIndex | QPersistentModelIndex) -> Row | None:
    model = index.model()
    return model.rows[index.row()] if isinstance(model, SearchRows) else None
