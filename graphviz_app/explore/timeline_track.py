"""The track of the timeline: a dash a step, green forward, red backward; it is dragged."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from graphviz_app.theme import LIGHT, Theme, mix, ui_font

DASH_HEIGHT_PX = 8.0
GAP_PX = 6.0
SMALLEST_PITCH_PX = 10.0  # with narrower dashes the track becomes continuous
HANDLE_RADIUS_PX = 8.5
MARGIN_PX = 10.0
TRACK_Y_PX = 15.0
CAPTION_Y_PX = 29.0
PAGE_STEPS = 10


class Track(QWidget):
    """Shows the place in a walk and lets a person drag it.

    ``index`` runs from −1 (before the first step) to ``total − 1``.

    Signals: ``index_requested(int)``, live while dragging.
    """

    index_requested = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.forward_count, self.total, self.index = 0, 0, -1
        self.caption = ""
        self._dragging = False
        self._hovered: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(48)
        self.setMinimumWidth(160)
        self.setAccessibleName("Place in the walk")
        self.right_reserved_px = 56.0  # kept free of captions, for the speed

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    # geometry -----------------------------------------------------------------------------------

    @property
    def continuous(self) -> bool:
        """Whether there are too many steps for a dash each."""
        return self.total > 0 and self._pitch() < SMALLEST_PITCH_PX

    def _pitch(self) -> float:
        return (self.width() - 2 * MARGIN_PX) / max(1, self.total)

    def x_of(self, index: int) -> float:
        """Where the handle stands for a step: the middle of its dash."""
        if index < 0:
            return MARGIN_PX
        pitch = self._pitch()
        inset = 0.0 if self.continuous else GAP_PX / 2
        return MARGIN_PX + pitch * (index + 0.5) + (pitch / 2 if self.continuous else -inset)

    def index_at(self, x: float) -> int:
        """The step whose dash is at ``x``; −1 left of the first."""
        if not self.total or x < MARGIN_PX:
            return -1
        return max(0, min(int((x - MARGIN_PX) / self._pitch()), self.total - 1))

    # Qt overrides -------------------------------------------------------------------------------

    def sizeHint(self) -> QSize:
        return QSize(600, 48)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.total:
            self._dragging = True
            self._ask(self.index_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._ask(self.index_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_PageUp: -PAGE_STEPS,
            Qt.Key.Key_PageDown: PAGE_STEPS,
        }
        move = moves.get(Qt.Key(event.key()))
        if move is None:
            event.ignore()
        else:
            self._ask(max(-1, min(self.index + move, self.total - 1)))

    def _ask(self, index: int) -> None:
        if index != self.index:
            self.index_requested.emit(index)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.total:
            if self.continuous:
                self._paint_bands(painter)
            else:
                self._paint_dashes(painter)
            self._paint_handle(painter)
            self._paint_captions(painter)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self._theme.hairline))
            painter.drawRoundedRect(self._bar(MARGIN_PX, self.width() - MARGIN_PX), 4, 4)
        painter.end()

    def _bar(self, left: float, right: float) -> QRectF:
        return QRectF(left, TRACK_Y_PX - DASH_HEIGHT_PX / 2, right - left, DASH_HEIGHT_PX)

    def _colors(self, forward: bool) -> tuple[QColor, QColor]:
        """(done, to come)."""
        theme = self._theme
        strong = theme.forward if forward else theme.backward
        return QColor(strong), QColor(mix(theme.panel, strong, 0.2 if not theme.dark else 0.26))

    def _paint_dashes(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        pitch = self._pitch()
        for k in range(self.total):
            done, later = self._colors(k < self.forward_count)
            painter.setBrush(done if k <= self.index else later)
            left = MARGIN_PX + k * pitch
            radius = DASH_HEIGHT_PX / 2
            painter.drawRoundedRect(self._bar(left, left + pitch - GAP_PX), radius, radius)

    def _paint_bands(self, painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        middle = MARGIN_PX + self._pitch() * self.forward_count
        here = self.x_of(self.index)
        ends = ((MARGIN_PX, middle - 1, True), (middle + 1, self.width() - MARGIN_PX, False))
        for left, right, forward in ends:
            if right <= left:
                continue
            done, later = self._colors(forward)
            painter.setBrush(later)
            painter.drawRoundedRect(self._bar(left, right), 4, 4)
            if here > left:
                painter.setBrush(done)
                painter.drawRoundedRect(self._bar(left, min(here, right)), 4, 4)

    def _paint_handle(self, painter: QPainter) -> None:
        theme = self._theme
        at = QPointF(self.x_of(self.index), TRACK_Y_PX)
        color = theme.text_muted if self.index < 0 else self._colors(self._in_forward())[0]
        if self.hasFocus():
            halo = QColor(color)
            halo.setAlpha(60)
            painter.setBrush(halo)
            painter.drawEllipse(at, HANDLE_RADIUS_PX + 4, HANDLE_RADIUS_PX + 4)
        painter.setBrush(QColor(theme.field))
        painter.setPen(QPen(QColor(color), 2.5))
        painter.drawEllipse(at, HANDLE_RADIUS_PX - 1, HANDLE_RADIUS_PX - 1)

    def _in_forward(self) -> bool:
        return self.index < self.forward_count

    def captions(self) -> tuple[str, str]:
        """What stands under the forward and under the backward part."""
        forward, backward = self.forward_count, self.total - self.forward_count
        done = max(0, min(self.index + 1, forward))
        texts = [f"Forward {done} of {forward}", ""]
        if self.index >= forward:
            texts[1] = f"Backward {self.index + 1 - forward} of {backward}"
        if self.caption:
            active = 1 if self.index >= forward else 0
            texts[active] = self.caption if self.index < 0 else f"{texts[active]} · {self.caption}"
        return texts[0], texts[1]

    def _paint_captions(self, painter: QPainter) -> None:
        theme = self._theme
        font: QFont = ui_font(11, 600)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        first, second = self.captions()
        end = self.width() - self.right_reserved_px
        start = MARGIN_PX + self._pitch() * self.forward_count
        if second:
            width = metrics.horizontalAdvance(second)
            start = max(min(start, end - width), MARGIN_PX)
            first_width = metrics.horizontalAdvance(first) + 16
            if MARGIN_PX + first_width > start and start + width < end:
                start = min(MARGIN_PX + first_width, end - width)
        room_first = (start - 12 if second else end) - MARGIN_PX
        for text, left, room, color in (
            (first, MARGIN_PX, room_first, theme.forward if self.index >= 0 else theme.text_soft),
            (second, start, end - start, theme.backward),
        ):
            if text and room > 24:
                shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
                painter.setPen(QColor(color))
                painter.drawText(QPointF(left, CAPTION_Y_PX + metrics.ascent()), shown)
