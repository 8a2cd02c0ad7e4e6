"""The editor of a listing: numbered lines in our own colours, of which some are lit."""

from __future__ import annotations

import re
from collections.abc import Collection

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFont,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextOption,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextEdit, QWidget

from engine.layers.forms import KERAS, TORCH
from graphviz_app.theme import LIGHT, Theme, mono_font
from graphviz_app.widgets.basics import rounded

LINE_PX = 22
NUMBERS_PX = 34  # the column of line numbers
SUNK_PX = 3  # so far below its middle stands the text of a high line
LEAST_LINES = 5
INSET_PX = 4  # of a lit line, from the panel's edges
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_OWN_KEYS = (*_ENTER, Qt.Key.Key_Escape)  # though the window has commands on them
_TOKENS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<string>'[^']*'?|\"[^\"]*\"?)"
    rf"|(?P<layer>(?:nn\.)?\b(?:{'|'.join(sorted({*KERAS, *TORCH}, key=len, reverse=True))})\b)"
    r"|(?P<number>\b\d[\d_.e]*)"
    r"|(?P<frame>\b(?:model|nn|torch|import|from|as)\b|\.(?:add|compile|fit)\b)"
)


class _Colours(QSyntaxHighlighter):
    """Layers in teal, strings and comments each in their own colour."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}

    def set_theme(self, theme: Theme) -> None:
        colors = {
            "comment": theme.text_muted,
            "string": theme.parameter,
            "layer": theme.layer,
            "number": theme.text,
            "frame": theme.text_soft,
        }
        self._formats = {}
        for name, color in colors.items():
            self._formats[name] = QTextCharFormat()
            self._formats[name].setForeground(QColor(color))
        self._formats["layer"].setFontWeight(QFont.Weight.Medium)
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        for found in _TOKENS.finditer(text):
            form = self._formats.get(found.lastgroup or "")
            if form is not None:
                self.setFormat(found.start(), found.end() - found.start(), form)


class CodeEdit(QTextEdit):
    """A listing that can be typed.

    Ctrl+Enter asks to build, Esc to take back what was typed.

    Signals: ``build_asked()``, ``cancelled()``; ``line_clicked(int)`` and ``line_hovered(int)``
    with a line counted from 1, 0 for none.
    """

    build_asked = Signal()
    cancelled = Signal()
    line_clicked = Signal(int)
    line_hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._lit: frozenset[int] = frozenset()
        self._hovered: frozenset[int] = frozenset()
        self._wrong, self._under_pointer = 0, 0
        self.example = ""  # shown faintly while there is no text
        self.setObjectName("codeEdit")
        self.setAccessibleName("The network as code")
        self.setAcceptRichText(False)
        self.setFont(mono_font(12))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(LEAST_LINES * LINE_PX)
        self._corner: QWidget | None = None
        self._colours = _Colours(self.document())
        self.textChanged.connect(self._heighten)
        self.document().documentLayout().documentSizeChanged.connect(self._resized)
        self.set_text("")
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.setStyleSheet(
            f"#codeEdit {{ background: {theme.panel}; color: {theme.text}; border: none;"
            " padding: 0;"
            f" selection-background-color: {theme.accent}; selection-color: {theme.on_accent}; }}"
        )
        self._colours.set_theme(theme)

    def set_text(self, text: str) -> None:
        """Show another listing."""
        self.blockSignals(True)
        self.setPlainText(text)
        self._space_out()
        self.blockSignals(False)
        self.set_wrong(0)
        self.updateGeometry()

    def _space_out(self) -> None:
        """Room for the numbers, and high lines; a new text has neither."""
        frame = self.document().rootFrame()
        form = frame.frameFormat()
        form.setLeftMargin(NUMBERS_PX)
        form.setRightMargin(2 * INSET_PX)
        form.setTopMargin(0)
        form.setBottomMargin(SUNK_PX)
        frame.setFrameFormat(form)
        self._heighten()
        self.document().clearUndoRedoStacks()

    @Slot()
    def _heighten(self) -> None:
        """Make every line as high as the others; pasted ones come without."""
        document = self.document()
        blocks = (document.findBlockByNumber(k) for k in range(document.blockCount()))
        if all(block.blockFormat().lineHeight() == LINE_PX for block in blocks):
            return
        high = QTextBlockFormat()
        high.setLineHeight(LINE_PX, QTextBlockFormat.LineHeightTypes.FixedHeight.value)
        cursor = QTextCursor(document)
        cursor.joinPreviousEditBlock()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(high)
        cursor.endEditBlock()

    def set_corner(self, widget: QWidget) -> None:
        """Keep ``widget`` over the upper right corner of the listing."""
        self._corner = widget
        widget.setParent(self)
        self._place_corner()

    def _place_corner(self) -> None:
        if self._corner is not None:
            self._corner.adjustSize()
            self._corner.move(self.viewport().width() - self._corner.width() - INSET_PX, 0)

    def set_lit(self, lines: Collection[int]) -> None:
        """Light these lines: those of the selected or active layer."""
        self._lit = frozenset(lines)
        self.viewport().update()

    def set_hovered(self, lines: Collection[int]) -> None:
        """Light these lines faintly: those of the layer under the pointer."""
        self._hovered = frozenset(lines)
        self.viewport().update()

    @property
    def wrong(self) -> int:
        """The line that is underlined, 0 for none."""
        return self._wrong

    def set_wrong(self, line: int) -> None:
        """Underline a line that was not understood, or none (0)."""
        self._wrong = min(line, self.document().blockCount())
        self.setExtraSelections([])
        if self._wrong:
            selection = QTextEdit.ExtraSelection()
            form = QTextCharFormat()
            form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
            form.setUnderlineColor(QColor(self._theme.problem))
            cursor = QTextCursor(self.document().findBlockByNumber(self._wrong - 1))
            cursor.movePosition(
                QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor
            )
            selection.format = form  # type: ignore[assignment]
            selection.cursor = cursor  # type: ignore[assignment]
            self.setExtraSelections([selection])
        self.viewport().update()

    def lines_rect(self, line: int) -> QRectF:
        """Where a line stands in the viewport, all of its rows."""
        return self._rect(self.document().findBlockByNumber(line - 1))

    def _rect(self, block: QTextBlock) -> QRectF:
        box = self.document().documentLayout().blockBoundingRect(block)
        top = box.top() - self.verticalScrollBar().value() + SUNK_PX
        height = max(1, block.layout().lineCount()) * LINE_PX  # Qt leaves out what is below text
        return QRectF(INSET_PX, top, self.viewport().width() - 2 * INSET_PX, height)

    def _line_at(self, at: QPointF) -> int:
        for number in range(1, self.document().blockCount() + 1):
            box = self.lines_rect(number)
            if box.top() <= at.y() < box.bottom():
                return number
        return 0

    def _hover(self, line: int) -> None:
        if line != self._under_pointer:
            self._under_pointer = line
            self.line_hovered.emit(line)

    def _paint_bands(self, painter: QPainter, lines: Collection[int], color: str) -> None:
        """A band behind each run of lines."""
        for first in sorted(set(lines) - {line + 1 for line in lines}):
            last = first
            while last + 1 in lines:
                last += 1
            rounded(painter, self.lines_rect(first).united(self.lines_rect(last)), 5, color)

    def _paint_example(self, painter: QPainter) -> None:
        """In an empty field, what could be typed."""
        field = QRectF(self.viewport().rect()).adjusted(12, 0, -12, 0)
        rounded(painter, field, 7, self._theme.field, self._theme.hairline)
        painter.setFont(self.font())
        painter.setPen(QColor(self._theme.text_muted))
        room = field.adjusted(NUMBERS_PX - 12, SUNK_PX + 2, -8, 0)
        for text in self.example.splitlines():
            line = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignTop, line)
            room = room.adjusted(0, LINE_PX, 0, 0)

    @Slot()
    def _resized(self) -> None:
        self.updateGeometry()

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        height = round(self.document().size().height()) + LINE_PX // 2
        return QSize(200, max(height, LEAST_LINES * LINE_PX))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_corner()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setFont(mono_font(11))
        written = bool(self.toPlainText())
        self._paint_bands(painter, self._hovered - self._lit, self._theme.hover)
        self._paint_bands(painter, self._lit, self._theme.accent_soft)
        block = self.document().begin()
        while block.isValid():
            box, number = self._rect(block), block.blockNumber() + 1
            if box.bottom() > 0 and box.top() < self.viewport().height():
                wrong = number == self._wrong
                painter.setPen(QColor(self._theme.problem if wrong else self._theme.text_muted))
                place = QRectF(0, box.top(), NUMBERS_PX - 10, LINE_PX)
                right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                if written:
                    painter.drawText(place, right, str(number))
            block = block.next()
        if not written:
            self._paint_example(painter)
        painter.end()
        super().paintEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in _ENTER and ctrl:
            self.build_asked.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        override = event.type() is QEvent.Type.ShortcutOverride
        if isinstance(event, QKeyEvent) and override and event.key() in _OWN_KEYS:
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.line_clicked.emit(self._line_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self._line_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(0)
