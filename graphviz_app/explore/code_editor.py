"""The listing of a network as text to read and to type: line numbers, colours, lit lines."""

from __future__ import annotations

import math
import re
from collections.abc import Collection

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextOption,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font

CODE_PX = 12
GUTTER_PX = 34
MARGIN_PX = 6
LEAST_PX = 120  # there is always room to paste
LAYER_NAMES = re.compile(r"\b(?:nn\.)?[A-Z]\w*(?=\()")
STRINGS = re.compile(r"'[^']*'|\"[^\"]*\"")
KEYS = re.compile(r"\b\w+(?==)")
COMMENT = re.compile(r"#.*")


class _Colours(QSyntaxHighlighter):
    """Layers in the colour of layers, texts in that of parameters, comments muted."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.theme = LIGHT

    def highlightBlock(self, text: str) -> None:
        theme = self.theme
        for pattern, color in (
            (KEYS, theme.text_soft),
            (LAYER_NAMES, theme.layer),
            (STRINGS, theme.parameter),
            (COMMENT, theme.text_muted),
        ):
            ink = QTextCharFormat()
            ink.setForeground(QColor(color))
            for found in pattern.finditer(text):
                self.setFormat(found.start(), found.end() - found.start(), ink)


class _Gutter(QWidget):
    """The numbers of the lines."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._editor.draw_numbers(painter, event.rect())
        painter.end()


class CodeEditor(QPlainTextEdit):
    """Signals: ``line_chosen(int)`` and ``line_hovered(int)``, from 0 (−1 is none); ``entered()``
    for Ctrl+Enter, ``left()`` for Esc.
    """

    line_chosen = Signal(int)
    line_hovered = Signal(int)
    entered = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._lit: frozenset[int] = frozenset()
        self._wrong = -1
        self._hovered = -1
        self.setObjectName("codeEditor")
        self.setAccessibleName("The network as code")
        self.setFont(mono_font(CODE_PX))
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setMouseTracking(True)
        self.setUndoRedoEnabled(True)
        self._colours = _Colours(self.document())
        self._gutter = _Gutter(self)
        self.setViewportMargins(GUTTER_PX, 0, 0, 0)
        self.updateRequest.connect(self._scroll_gutter)
        self.textChanged.connect(self._grow)
        self.document().setDocumentMargin(MARGIN_PX)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = self._colours.theme = theme
        self._colours.rehighlight()
        self.setStyleSheet(
            f"#codeEditor {{ background: {theme.panel}; color: {theme.text}; border: none;"
            " border-radius: 0; padding: 0; }"
        )
        self._mark()
        self._gutter.update()

    def light(self, lines: Collection[int]) -> None:
        """Put a band behind these lines, and bring the first into view."""
        if frozenset(lines) == self._lit:
            return
        self._lit = frozenset(lines)
        if lines and not self.hasFocus():
            cursor = QTextCursor(self.document().findBlockByNumber(min(lines)))
            self.setTextCursor(cursor)
            self.ensureCursorVisible()
        self._mark()

    def set_wrong(self, line: int) -> None:
        """Mark the line that was not understood; −1 is none."""
        self._wrong = line
        self._mark()

    def _mark(self) -> None:
        theme, marks = self._theme, []
        lines = [(line, theme.accent_soft) for line in self._lit]
        if self._wrong >= 0:
            lines.append((self._wrong, theme.problem_soft))
        for line, color in lines:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.document().findBlockByNumber(line))  # type: ignore[attr-defined]
            mark.format.setBackground(QColor(color))  # type: ignore[attr-defined]
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)  # type: ignore[attr-defined]
            marks.append(mark)
        self.setExtraSelections(marks)
        self._gutter.update()

    def draw_numbers(self, painter: QPainter, area: QRect) -> None:
        """Draw the line numbers that are in ``area``."""
        theme = self._theme
        painter.fillRect(area, QColor(theme.panel))
        painter.setFont(self.font())
        block, offset = self.firstVisibleBlock(), self.contentOffset()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(offset)
            if box.top() > area.bottom():
                break
            line = block.blockNumber()
            soft = theme.accent_soft if line in self._lit else ""
            soft = theme.problem_soft if line == self._wrong else soft
            room = QRectF(0, box.top(), GUTTER_PX, box.height())
            if soft:
                painter.fillRect(room, QColor(soft))
            room.setHeight(self.fontMetrics().lineSpacing())
            painter.setPen(QColor(theme.problem if line == self._wrong else theme.text_muted))
            painter.drawText(
                room.adjusted(0, 0, -8, 0),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                str(line + 1),
            )
            block = block.next()

    @Slot()
    def _grow(self) -> None:
        """Be as high as the text, so that what is below follows it."""
        lines, block = 0, self.document().firstBlock()
        while block.isValid():
            self.blockBoundingGeometry(block)  # lays it out
            lines += max(1, block.layout().lineCount())
            block = block.next()
        high = math.ceil(lines * self.fontMetrics().lineSpacing() + 2 * MARGIN_PX + 4)
        self.setMaximumHeight(max(high, LEAST_PX))

    @Slot(QRect, int)
    def _scroll_gutter(self, area: QRect, dy: int) -> None:
        if dy:
            self._gutter.scroll(0, dy)
        else:
            self._gutter.update(0, area.y(), GUTTER_PX, area.height())

    def _line_at(self, event: QMouseEvent) -> int:
        cursor = self.cursorForPosition(event.position().toPoint())
        inside = self.cursorRect(cursor).bottom() >= event.position().y()
        return cursor.blockNumber() if inside else -1

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(280, 200)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._gutter.setGeometry(0, 0, GUTTER_PX, self.height())
        if event.size().width() != event.oldSize().width():
            self._grow()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        self._hover(self._line_at(event))

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._hover(-1)

    def _hover(self, line: int) -> None:
        if line != self._hovered:
            self._hovered = line
            self.line_hovered.emit(line)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self.line_chosen.emit(self._line_at(event))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.entered.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
