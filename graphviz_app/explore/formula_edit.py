"""The editor of the formula bar: plain text with the offending columns underlined."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font

MOST_LINES = 5
LEAST_HEIGHT_PX = 36
DEBOUNCE_MS = 120
PADDING_PX = 8


class FormulaEdit(QPlainTextEdit):
    """Up to five lines of formula text.

    Enter commits (Ctrl+Enter as well), Shift+Enter starts a new line, Esc cancels.

    Signals: ``edited(str)`` shortly after typing pauses, ``committed(str)``, ``cancelled()``.
    """

    edited = Signal(str)
    committed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._mark: tuple[int, int, int] | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(DEBOUNCE_MS)
        self._pause.timeout.connect(self._tell)
        self.setObjectName("formulaEdit")
        self.setAccessibleName("Formula")
        self.setFont(mono_font(14))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("f = sigmoid(w0*x0 + w1*x1 + w2)")
        self.document().setDocumentMargin(2)
        self.textChanged.connect(self._changed)
        self.document().blockCountChanged.connect(self._fit)
        self.set_theme(LIGHT)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        border = theme.problem if self._mark else theme.accent
        self.setStyleSheet(
            f"#formulaEdit {{ background: {theme.field}; color: {theme.text};"
            f" border: 1px solid {border}; border-radius: 7px; padding: 4px {PADDING_PX}px; }}"
        )
        self._underline()

    def start(self, text: str) -> None:
        """Begin to edit ``text``, all of it selected."""
        self._pause.stop()
        self.blockSignals(True)
        self.setPlainText(text)
        self.blockSignals(False)
        self.set_error(None)
        self._fit()
        self.selectAll()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_error(self, place: tuple[int, int, int] | None) -> None:
        """Underline ``place`` (line and column from 1, length), or nothing."""
        self._mark = place
        self.set_theme(self._theme)

    def error_x(self) -> float:
        """Where the first offending column begins, in this widget's coordinates."""
        return float(self.cursorRect(self._error_cursor()).left() + self.viewport().x())

    @property
    def underlined(self) -> str:
        """The text that is underlined."""
        return self._error_cursor(select=True).selectedText() if self._mark else ""

    def _error_cursor(self, select: bool = False) -> QTextCursor:
        cursor = QTextCursor(self.document())
        if self._mark is None:
            return cursor
        line, column, length = self._mark
        block = self.document().findBlockByNumber(max(0, line - 1))
        if not block.isValid():
            block = self.document().lastBlock()
        end = block.position() + block.length() - 1
        start = min(block.position() + max(0, column - 1), end)
        cursor.setPosition(start)
        if select:
            last = min(start + max(1, length), end)
            if last == start and start > block.position():
                cursor.setPosition(start - 1)  # the fault is at the end: mark what stands before
            cursor.setPosition(last, QTextCursor.MoveMode.KeepAnchor)
        return cursor

    def _underline(self) -> None:
        if self._mark is None:
            self.setExtraSelections([])
            return
        selection = QTextEdit.ExtraSelection()
        form = QTextCharFormat()
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        form.setUnderlineColor(QColor(self._theme.problem))
        form.setBackground(QColor(self._theme.problem_soft))
        selection.format = form  # type: ignore[assignment]
        selection.cursor = self._error_cursor(select=True)  # type: ignore[assignment]
        self.setExtraSelections([selection])

    # while typing -------------------------------------------------------------------------------

    @Slot()
    def _changed(self) -> None:
        self._pause.start()

    @Slot()
    def _tell(self) -> None:
        self.edited.emit(self.toPlainText())

    @Slot()
    def _fit(self) -> None:
        lines = max(1, min(self.blockCount(), MOST_LINES))
        line = QFontMetricsF(self.font()).lineSpacing()
        self.setFixedHeight(max(LEAST_HEIGHT_PX, round(lines * line + 20)))

    def stop(self) -> None:
        """Forget what is still to be told."""
        self._pause.stop()

    # Qt overrides -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
                self.insertPlainText("\n")
            else:
                self._pause.stop()
                self.committed.emit(self.toPlainText())
        elif event.key() == Qt.Key.Key_Escape:
            self._pause.stop()
            self.cancelled.emit()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            mine = (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.key() in mine:
                event.accept()
                return True
        return super().event(event)


class ErrorLine(QWidget):
    """One sentence under the editor, with a caret below the offending column."""

    HEIGHT_PX = 24

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.text = ""
        self.caret_x = 0.0
        self.setFixedHeight(self.HEIGHT_PX)
        self.setVisible(False)

    def set_text(self, text: str, x: float) -> None:
        """Show ``text``, its caret at ``x``; an empty text hides the line."""
        self.text, self.caret_x = text, x
        self.setAccessibleName(text)
        self.setToolTip(text)
        self.setVisible(bool(text))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def text_rect(self) -> QRect:
        """Where the sentence stands: from the caret on, moved left as far as it needs."""
        width = round(QFontMetricsF(mono_font(12)).horizontalAdvance(self.text)) + 2
        left = max(4, min(round(self.caret_x) + 10, self.width() - width - 4))
        return QRect(left, 4, min(width, self.width() - 8), self.HEIGHT_PX - 4)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(self._theme.problem), 1.5))
        x = max(4.0, min(self.caret_x, self.width() - 8.0))
        painter.drawPolyline([QPointF(x - 3.5, 5.5), QPointF(x, 1.5), QPointF(x + 3.5, 5.5)])
        painter.setFont(mono_font(12))
        rect = self.text_rect()
        shown = painter.fontMetrics().elidedText(
            self.text, Qt.TextElideMode.ElideRight, rect.width()
        )
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect, int(flags), shown)
        painter.end()
