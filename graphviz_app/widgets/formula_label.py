"""A typeset formula as a widget: its terms can be hovered, clicked and lit."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QGuiApplication,
    QHelpEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolTip, QWidget

from graphviz_app.theme import LIGHT, Theme
from graphviz_app.typeset import Typeset, plain_text, typeset
from graphviz_app.widgets.basics import rounded

SMALLEST_SCALE = 0.6  # a long formula shrinks this far, then it fades out at the right
FADE_PX = 32.0
PADDING_PX = 4.0  # room for the background behind a lit term


class FormulaLabel(QWidget):
    """Draws one formula, left aligned and centred vertically, never larger than ``px``.

    Signals: ``hovered(str)`` with the node id of the term under the mouse, "" when it leaves;
    ``clicked(str)`` with the node id of a term.
    """

    hovered = Signal(str)
    clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None, px: float = 19) -> None:
        super().__init__(parent)
        self._px = px
        self._theme = LIGHT
        self._color = ""
        self._latex = ""
        self._colors: dict[str, str] = {}
        self._tips: dict[str, str] = {}
        self._lit = ""
        self._under_mouse = ""
        self._typeset: Typeset | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    # what to show -------------------------------------------------------------------------------

    @property
    def latex(self) -> str:
        """The formula."""
        return self._latex

    def set_latex(self, latex: str, link_colors: Mapping[str, str] | None = None) -> None:
        """Show ``latex``; ``link_colors`` gives terms their colours by node id."""
        self._latex = latex
        if link_colors is not None:
            self._colors = dict(link_colors)
        self.setAccessibleName(plain_text(latex))
        self._remake()

    def set_highlight(self, node: str) -> None:
        """Put a soft background behind the terms of ``node``; "" takes it away."""
        if node != self._lit:
            self._lit = node
            self.update()

    def set_tips(self, tips: Mapping[str, str]) -> None:
        """What a tooltip says over the term of each node id."""
        self._tips = dict(tips)

    def set_color(self, color: str) -> None:
        """Use this colour instead of the theme's text colour."""
        self._color = color
        self._remake()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self._remake()

    def _remake(self) -> None:
        self._typeset = (
            typeset(
                self._latex,
                px=self._px,
                color=self._color or self._theme.text,
                link_colors=self._colors,
            )
            if self._latex
            else None
        )
        self.updateGeometry()
        self.update()

    # geometry -----------------------------------------------------------------------------------

    def scale(self) -> float:
        """How much the formula is scaled down to fit."""
        if self._typeset is None or not self._typeset.size.width():
            return 1.0
        size, room = self._typeset.size, max(1.0, self.width() - 2 * PADDING_PX)
        wanted = min(room / size.width(), self.height() / max(1.0, size.height()))
        return max(SMALLEST_SCALE, min(1.0, wanted))

    def _origin(self) -> QPointF:
        assert self._typeset is not None
        height = self._typeset.size.height() * self.scale()
        return QPointF(PADDING_PX, max(0.0, (self.height() - height) / 2))

    def term_rects(self, node: str) -> list[QRectF]:
        """Where the terms of ``node`` stand, in widget coordinates."""
        if self._typeset is None:
            return []
        at, scale = self._origin(), self.scale()
        return [
            QRectF(at + rect.topLeft() * scale, rect.size() * scale)
            for linked, rect in self._typeset.links
            if linked == node
        ]

    def _term_at(self, position: QPointF) -> str:
        if self._typeset is None:
            return ""
        return self._typeset.link_at(position - self._origin(), self.scale())

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        if self._typeset is None:
            return QSize(0, round(self._px * 1.4))
        size = self._typeset.size
        return QSize(int(size.width() + 2 * PADDING_PX) + 1, int(size.height()) + 3)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(hint.width(), 24), hint.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._point_at(self._term_at(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at("")

    def _point_at(self, node: str) -> None:
        if node == self._under_mouse:
            return
        self._under_mouse = node
        if node:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.unsetCursor()
        self.hovered.emit(node)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        node = self._term_at(event.position())
        if node and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(node)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.ignore()  # the formula bar opens its editor

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self._latex:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Copy as LaTeX", self.copy_latex)
        menu.addAction("Copy as text", self.copy_text)
        menu.popup(event.globalPos())

    def copy_latex(self) -> None:
        """Put the formula onto the clipboard, without its links."""
        QGuiApplication.clipboard().setText(without_links(self._latex))

    def copy_text(self) -> None:
        """Put the formula onto the clipboard as plain text."""
        QGuiApplication.clipboard().setText(plain_text(self._latex))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            tip = self._tips.get(self._term_at(QPointF(event.pos())), "") or self.toolTip()
            QToolTip.showText(event.globalPos(), tip, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._typeset is None:
            return
        painter = QPainter(self)
        for rect in self.term_rects(self._lit):
            rounded(painter, rect.adjusted(-3, -2, 3, 2), 5, self._theme.accent_soft)
        scale = self.scale()
        self._typeset.draw(painter, self._origin(), scale)
        if self._typeset.size.width() * scale > self.width() - PADDING_PX:
            self._fade(painter)
        painter.end()

    def _fade(self, painter: QPainter) -> None:
        """Let the formula run out at the right instead of cutting a glyph."""
        left = self.width() - FADE_PX
        solid, clear = QColor(self._theme.panel), QColor(self._theme.panel)
        clear.setAlpha(0)
        gradient = QLinearGradient(left, 0, self.width() - 4, 0)
        gradient.setColorAt(0, clear)
        gradient.setColorAt(1, solid)
        painter.fillRect(QRectF(left, 0, FADE_PX, self.height()), gradient)


def without_links(latex: str) -> str:
    """``latex`` with each ``\\href{…}{body}`` replaced by its body."""
    while (start := latex.find(r"\href{")) >= 0:
        body = latex.index("}", start) + 1
        depth, end = 0, body
        while end < len(latex):
            depth += {"{": 1, "}": -1}.get(latex[end], 0) if latex[end - 1] != "\\" else 0
            end += 1
            if depth == 0:
                break
        latex = latex[:start] + latex[body + 1 : end - 1] + latex[end:]
    return latex
