"""What stands in the step panel's card, block by block: each measures and paints itself.

Painted rather than built from widgets, because every one of them changes with each frame while a
value is dragged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.typeset import Typeset, plain_text, typeset
from graphviz_app.widgets.basics import Card, rounded

FORMULA_PX = 18.0
NUMBER_PX = 14.0
PILL_HEIGHT_PX = 23.0
SMALLEST_SCALE = 0.45

Tips = list[tuple[QRectF, str]]


class Block:
    """One part of the card.  ``paint`` returns tooltips with the rectangles they belong to."""

    def height(self, width: float) -> float:
        raise NotImplementedError

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> Tips:
        raise NotImplementedError

    @property
    def plain(self) -> str:
        """What a screen reader says."""
        raise NotImplementedError


@dataclass(frozen=True)
class Number:
    """A number as it is shown, and in full."""

    text: str
    full: str


@dataclass(frozen=True)
class Heads(Block):
    """The column heads above the rows of a chain."""

    texts: tuple[str, str, str] = ("local", "upstream", "gradient")

    def height(self, width: float) -> float:
        return 20

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> Tips:
        painter.setFont(ui_font(11))
        painter.setPen(QColor(theme.text_soft))
        for text, column in zip(self.texts, _columns(rect), strict=True):
            painter.drawText(column, Qt.AlignmentFlag.AlignCenter, text)
        return []

    @property
    def plain(self) -> str:
        return ""


@dataclass(frozen=True)
class Chain(Block):
    """local · upstream = gradient for one input: typeset, and in numbers where there are any."""

    latex: tuple[str, str, str]
    numbers: tuple[Number, Number, Number] | None
    times: str = "·"

    def height(self, width: float) -> float:
        return 62 if self.numbers else 34

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> Tips:
        columns = _columns(QRectF(rect.topLeft(), QSize(round(rect.width()), 32)))
        colors = (theme.text, theme.text, theme.backward)
        for latex, column, color in zip(self.latex, columns, colors, strict=True):
            draw_fitted(painter, column, latex, color)
        _signs(painter, columns, self.times, theme)
        if self.numbers is None:
            return []
        columns = _columns(QRectF(rect.left(), rect.top() + 34, rect.width(), PILL_HEIGHT_PX))
        rounded(painter, columns[2], 5, theme.backward_soft)
        colors = (theme.text, theme.backward, theme.backward)
        tips: Tips = []
        for part, column, color in zip(self.numbers, columns, colors, strict=True):
            _draw_number(painter, column, part.text, color, bold=column is columns[2])
            tips.append((column, part.full))
        _signs(painter, columns, "×", theme)
        return tips

    @property
    def plain(self) -> str:
        local, upstream, result = map(plain_text, self.latex)
        said = f"{local} times {upstream} equals {result}"
        if self.numbers is not None:
            said += ": {} times {} equals {}".format(*(n.text for n in self.numbers))
        return said


@dataclass(frozen=True)
class Formula(Block):
    """One typeset line, left aligned, shrunk to fit; with a number in a pill after it if given."""

    latex: str
    number: Number | None = None
    forward: bool = True
    tip: str = ""
    px: float = FORMULA_PX

    def _typeset(self, color: str) -> Typeset:
        return typeset(self.latex, px=self.px, color=color)

    def _pill_width(self) -> float:
        if self.number is None:
            return 0
        metrics = QFontMetricsF(mono_font(NUMBER_PX, 600))
        return max(64.0, metrics.horizontalAdvance(self.number.text) + 20)

    def _room(self, width: float) -> float:
        return width - (self._pill_width() + 10 if self.number else 0)

    def height(self, width: float) -> float:
        size = self._typeset("#000000").size
        scale = fit_scale(size.width(), self._room(width))
        return max(size.height() * scale, PILL_HEIGHT_PX) + 8

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> Tips:
        room = QRectF(rect.left(), rect.top(), self._room(rect.width()), rect.height())
        right = draw_fitted(painter, room, self.latex, theme.text, center=False, px=self.px)
        tips: Tips = [(QRectF(rect.topLeft(), room.bottomRight()), self.tip)] if self.tip else []
        if self.number is not None:
            color = theme.forward if self.forward else theme.backward
            soft = theme.forward_soft if self.forward else theme.backward_soft
            pill = QRectF(right + 10, 0, self._pill_width(), PILL_HEIGHT_PX)
            pill.moveTop(rect.center().y() - PILL_HEIGHT_PX / 2)
            rounded(painter, pill, 5, soft)
            _draw_number(painter, pill, self.number.text, color, bold=True)
            tips.append((pill, self.number.full))
        return tips

    @property
    def plain(self) -> str:
        return plain_text(self.latex) + (f" {self.number.text}" if self.number else "")


@dataclass(frozen=True)
class Note(Block):
    """A few words, wrapped."""

    text: str
    tip: str = ""

    def height(self, width: float) -> float:
        return self._bounds(width).height() + 6

    def _bounds(self, width: float) -> QRectF:
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        return QFontMetricsF(ui_font(12)).boundingRect(QRectF(0, 0, width, 1000), flags, self.text)

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> Tips:
        painter.setFont(ui_font(12))
        painter.setPen(QColor(theme.text_soft))
        flags = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft
        painter.drawText(rect.adjusted(0, 3, 0, 0), int(flags), self.text)
        return [(rect, self.tip)] if self.tip else []

    @property
    def plain(self) -> str:
        return self.text


# painting ---------------------------------------------------------------------------------------


def fit_scale(width: float, room: float) -> float:
    """How far to shrink something ``width`` wide to fit ``room``; 1 if it fits."""
    return max(SMALLEST_SCALE, min(1.0, room / width)) if width > 0 else 1.0


def draw_fitted(
    painter: QPainter,
    rect: QRectF,
    latex: str,
    color: str,
    center: bool = True,
    px: float = FORMULA_PX,
) -> float:
    """Typeset ``latex`` within ``rect``, shrunk if need be; returns where it ends."""
    made = typeset(latex, px=px, color=color)
    scale = fit_scale(made.size.width(), rect.width())
    size = made.size * scale
    x = rect.center().x() - size.width() / 2 if center else rect.left()
    painter.save()
    if size.width() > rect.width() + 1:
        painter.setClipRect(rect)
        x = rect.left()
    made.draw(painter, QPointF(x, rect.center().y() - size.height() / 2), scale)
    painter.restore()
    return min(x + size.width(), rect.right())


def _columns(rect: QRectF) -> tuple[QRectF, QRectF, QRectF]:
    """Three columns with room for a sign between them."""
    sign = 18.0
    width = (rect.width() - 2 * sign) / 3
    first, second, third = (
        QRectF(rect.left() + k * (width + sign), rect.top(), width, rect.height()) for k in range(3)
    )
    return first, second, third


def _signs(painter: QPainter, columns: tuple[QRectF, ...], times: str, theme: Theme) -> None:
    painter.setFont(mono_font(13))
    painter.setPen(QColor(theme.text_soft))
    for left, right, sign in zip(columns, columns[1:], (times, "="), strict=False):
        gap = QRectF(left.right(), left.top(), right.left() - left.right(), left.height())
        painter.drawText(gap, Qt.AlignmentFlag.AlignCenter, sign)


def _draw_number(painter: QPainter, rect: QRectF, text: str, color: str, bold: bool) -> None:
    font: QFont = mono_font(NUMBER_PX, 600 if bold else 400)
    width = QFontMetricsF(font).horizontalAdvance(text)
    if width > rect.width():
        font.setPixelSize(max(9, int(NUMBER_PX * rect.width() / width)))
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextDontClip, text)


class BlockCard(Card):
    """A card that paints a list of blocks below each other."""

    PADDING_X_PX, PADDING_Y_PX, GAP_PX = 12.0, 10.0, 4.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT
        self.blocks: tuple[Block, ...] = ()
        self._tips: Tips = []
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setVisible(False)

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show ``blocks``; none hides the card."""
        self.blocks = tuple(blocks)
        self.setVisible(bool(self.blocks))
        self.setAccessibleName("; ".join(b.plain for b in self.blocks if b.plain))
        self.updateGeometry()
        self.update()

    def tip_at(self, position: QPointF) -> str:
        """The tooltip at ``position``: usually a number in full."""
        return next((tip for rect, tip in self._tips if rect.contains(position)), "")

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if not self.blocks:
            return 0
        inner = width - 2 * self.PADDING_X_PX
        heights = sum(block.height(inner) for block in self.blocks)
        return round(heights + self.GAP_PX * (len(self.blocks) - 1) + 2 * self.PADDING_Y_PX)

    def sizeHint(self) -> QSize:
        width = self.width() if self.width() > 100 else 288
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        return QSize(120, 0)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._tips = []
        y, width = self.PADDING_Y_PX, self.width() - 2 * self.PADDING_X_PX
        for block in self.blocks:
            rect = QRectF(self.PADDING_X_PX, y, width, block.height(width))
            self._tips += block.paint(painter, rect, self.theme)
            y = rect.bottom() + self.GAP_PX
        painter.end()
