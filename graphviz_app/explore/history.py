"""The history: every step of undo as a row; a click goes there."""

from __future__ import annotations

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QShowEvent, QUndoStack
from PySide6.QtWidgets import (
    QAbstractItemView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QUndoView,
    QVBoxLayout,
    QWidget,
)

from graphviz_app.theme import LIGHT, Theme, ui_font
from graphviz_app.widgets.basics import rounded

START = "Start"
SAVED = "saved"
ROW_PX = 30
_INSET_PX = 6  # of the highlight, from the panel's edges
_STOP_X_PX = 14.0
_STOP_RADIUS_PX = 3.5
_TEXT_X_PX = 28.0
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _StepDelegate(QStyledItemDelegate):
    """Paints the steps as stops on one line: done, current, or undone and hollow."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.stack: QUndoStack | None = None
        self.in_file = False
        self._fonts = {False: ui_font(13), True: ui_font(13, 500)}
        self._saved_font = ui_font(11)

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(120, ROW_PX)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        if self.stack is None:
            return
        rect = QRectF(option.rect).adjusted(_INSET_PX, 0, -_INSET_PX, 0)
        painter.save()
        if index.row() == self.stack.index():
            rounded(painter, rect, 7, self.theme.accent_soft)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            rounded(painter, rect, 7, self.theme.hover)
        self._paint_stop(painter, rect, index.row(), self.stack)
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        room = rect.adjusted(_TEXT_X_PX, 0, -10, 0)
        self._paint_text(painter, room, text, index.row(), self.stack)
        painter.restore()

    # parts --------------------------------------------------------------------------------------

    def _paint_stop(self, painter: QPainter, rect: QRectF, row: int, stack: QUndoStack) -> None:
        theme = self.theme
        stop = QPointF(rect.left() + _STOP_X_PX, rect.center().y())
        top = stop.y() if row == 0 else rect.top()
        bottom = stop.y() if row == stack.count() else rect.bottom()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.hairline), 1.5))
        painter.drawLine(QPointF(stop.x(), top), QPointF(stop.x(), bottom))
        undone = row > stack.index()
        color = theme.accent if row == stack.index() else theme.wire
        painter.setPen(QPen(QColor(color), 1.5))
        painter.setBrush(QColor(theme.panel if undone else color))
        painter.drawEllipse(stop, _STOP_RADIUS_PX, _STOP_RADIUS_PX)

    def _paint_text(
        self, painter: QPainter, room: QRectF, text: str, row: int, stack: QUndoStack
    ) -> None:
        theme = self.theme
        if self.in_file and row == stack.cleanIndex():
            painter.setFont(self._saved_font)
            painter.setPen(QColor(theme.text_soft))
            painter.drawText(room, _RIGHT, SAVED)
            room = room.adjusted(0, 0, -QFontMetricsF(self._saved_font).horizontalAdvance(SAVED), 0)
        font = self._fonts[row == stack.index()]
        painter.setFont(font)
        painter.setPen(QColor(theme.text_muted if row > stack.index() else theme.text))
        elide = Qt.TextElideMode.ElideRight
        text = QFontMetricsF(font).elidedText(text, elide, room.width() - 8)
        painter.drawText(room, _LEFT, text)


class HistoryPanel(QWidget):
    """The steps of one undo stack: the current one highlighted, the saved one marked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("history")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._stack: QUndoStack | None = None
        self.view = QUndoView()
        self.view.setObjectName("historyView")
        self.view.setAccessibleName("History: the steps that can be undone")
        self.view.setEmptyLabel(START)
        self.view.setFrameShape(self.view.Shape.NoFrame)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._delegate = _StepDelegate(self)
        self.view.setItemDelegate(self._delegate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 6)
        layout.addWidget(self.view)
        self.set_theme(LIGHT)

    def set_stack(self, stack: QUndoStack) -> None:
        """Show the steps of ``stack`` from now on."""
        if self._stack is not None:
            self._stack.cleanChanged.disconnect(self._repaint)
            self._stack.indexChanged.disconnect(self._repaint)
        self._stack = self._delegate.stack = stack
        self.view.setStack(stack)
        stack.cleanChanged.connect(self._repaint)
        stack.indexChanged.connect(self._repaint)
        self._repaint()

    def set_in_file(self, in_file: bool) -> None:
        """Whether the document has a file: without one no step is saved."""
        self._delegate.in_file = in_file
        self._repaint()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._delegate.theme = theme
        self.setStyleSheet(
            f"#history {{ background: {theme.panel}; }}"
            "#historyView { background: transparent; border: none; }"
        )
        self._repaint()

    @Slot()
    def _show_current(self) -> None:
        self.view.scrollTo(self.view.currentIndex())

    # Qt overrides -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        QTimer.singleShot(0, self, self._show_current)  # its rows have their places by then

    @Slot()
    def _repaint(self) -> None:
        """All rows: which are undone and which is saved follows from the stack as a whole."""
        self.view.viewport().update()
