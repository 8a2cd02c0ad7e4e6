"""Section titles, cards, pills and the segmented switch: the plain parts of every panel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
)
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font

CORNER_PX = 10.0


def rounded(painter: QPainter, rect: QRectF, radius: float, fill: str, border: str = "") -> None:
    """Draw a crisp rounded rectangle, its one-pixel border inside ``rect``."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(border), 1) if border else Qt.PenStyle.NoPen)
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    inset = 0.5 if border else 0.0
    painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), radius, radius)


def dot_tile(theme: Theme, size: int, scale: float) -> QPixmap:
    """One dot in the middle of a square of ``size`` pixels: the canvas is tiled with it, on a
    screen of ``scale`` device pixels a pixel.
    """
    tile = QPixmap(round(size * scale), round(size * scale))
    tile.setDevicePixelRatio(scale)
    tile.fill(QColor(theme.canvas))
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(theme.grid))
    painter.drawEllipse(QPointF(size / 2, size / 2), 1.1, 1.1)
    painter.end()
    return tile


def caption_font(px: float = 11) -> QFont:
    """The letter-spaced font of section titles."""
    font = ui_font(px, 600)
    font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.6)
    return font


class SectionTitle(QLabel):
    """A small muted heading in capitals, such as THIS STEP."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._name, self._kind, self._color = text, "", "", ""
        self.setFont(caption_font())
        self.setTextFormat(Qt.TextFormat.RichText)
        self.set_theme(LIGHT)

    def set_title(self, title: str, name: str = "", kind: str = "", color: str = "") -> None:
        """``title`` in capitals, then ``name`` as it is and ``kind`` in ``color``."""
        self._title, self._name, self._kind, self._color = title, name, kind, color
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.setStyleSheet(f"color: {theme.text_soft}")
        self._show()

    def _show(self) -> None:
        text = _escape(self._title.upper())
        if self._name:
            text += f" {_escape(self._name)}"
        if self._kind:
            text += f' · <span style="color: {self._color}">{_escape(self._kind)}</span>'
        self.setText(text)


class ElidedLabel(QLabel):
    """Plain text in one line that ends in … where there is no room for it.

    Its context menu copies the tooltip (a number in full) or, without one, the text.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        copy = QAction("Copy", self)
        copy.triggered.connect(self.copy)
        self.addAction(copy)

    @Slot()
    def copy(self) -> None:
        """Put the number in full, or the text, onto the clipboard."""
        QGuiApplication.clipboard().setText(self.toolTip() or self.text())

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.setFont(self.font())
        text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(self.alignment()), text)
        painter.end()


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


class Card(QFrame):
    """A rounded frame with a hairline border; put a layout into it or paint on it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = LIGHT

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rounded(painter, QRectF(self.rect()), CORNER_PX, self.theme.canvas, self.theme.hairline)
        painter.end()


class Pill(QWidget):
    """A short text in a rounded outline, such as “✓ verified 7e−12”.

    ``set_state`` takes the text and its colour; an empty text hides the pill.
    """

    HEIGHT_PX = 30

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._text, self._good = "", True
        self.setFixedHeight(self.HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setVisible(False)

    @property
    def text(self) -> str:
        """What stands in the pill."""
        return self._text

    def set_state(self, text: str, good: bool) -> None:
        """Show ``text`` in the colour of values if ``good``, else in that of problems."""
        self._text, self._good = text, good
        self.setAccessibleName(text)
        self.setVisible(bool(text))
        self.updateGeometry()
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetricsF(ui_font(13, 500)).horizontalAdvance(self._text)
        return QSize(round(width) + 24, self.HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return QSize(40, self.HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        color = theme.forward if self._good else theme.problem
        painter = QPainter(self)
        border = theme.hairline if self._good else theme.problem
        fill = theme.field if self._good else theme.problem_soft
        rounded(painter, QRectF(self.rect()), 7, fill, border)
        painter.setPen(QColor(color))
        painter.setFont(ui_font(13, 500))
        text = painter.fontMetrics().elidedText(
            self._text, Qt.TextElideMode.ElideRight, self.width() - 12
        )
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


class SegmentedSwitch(QWidget):
    """One of a few choices, side by side, or none.  ``label`` says what of, to screen readers.

    Signals: ``changed(str)`` with the id of the choice a person made.
    """

    changed = Signal(str)

    HEIGHT_PX = 24

    def __init__(self, parent: QWidget | None = None, mono: bool = False, label: str = "") -> None:
        super().__init__(parent)
        self._theme, self._label = LIGHT, label
        self._font = mono_font(12, 500) if mono else ui_font(12, 500)
        self._choices: list[tuple[str, str]] = []
        self._current: str | None = ""
        self._hovered = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(self.HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    @property
    def current(self) -> str:
        """The id of the current choice, "" where there is none."""
        return self._current or ""

    def set_choices(self, choices: Sequence[tuple[str, str]], current: str = "") -> None:
        """Offer ``choices`` as (id, label); ``current`` is the first if it is not among them."""
        self._choices = list(choices)
        ids = [i for i, _ in self._choices]
        self._current = current if current in ids else next(iter(ids), "")
        self._tell_choice()
        self.updateGeometry()

    def set_current(self, choice: str | None) -> None:
        """Change the choice without a signal; None is no choice."""
        if choice is None or choice in [i for i, _ in self._choices]:
            self._current = choice
            self._tell_choice()

    def _tell_choice(self) -> None:
        """To those who look, and to screen readers."""
        names = dict(self._choices)
        if self._label:
            chosen = "mixed" if self._current is None else names.get(self._current, "")
            self.setAccessibleName(f"{self._label}: {chosen}")
        else:
            self.setAccessibleName(" / ".join(names.values()))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def segments(self) -> list[tuple[str, QRectF]]:
        """(id, rectangle) of each choice."""
        found, x = [], 2.0
        metrics = QFontMetricsF(self._font)
        for choice, label in self._choices:
            width = metrics.horizontalAdvance(label) + 16
            found.append((choice, QRectF(x, 2, width, self.height() - 4)))
            x += width
        return found

    def _choose(self, choice: str) -> None:
        if choice != self._current:
            self._current = choice
            self._tell_choice()
            self.changed.emit(choice)

    def _at(self, position: QPointF) -> int:
        rects = [rect for _, rect in self.segments()]
        return next((k for k, rect in enumerate(rects) if rect.contains(position)), -1)

    def sizeHint(self) -> QSize:
        segments = self.segments()
        return QSize(round(segments[-1][1].right() + 2) if segments else 0, self.HEIGHT_PX)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        k = self._at(event.position())
        if k >= 0 and event.button() == Qt.MouseButton.LeftButton:
            self._choose(self._choices[k][0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hovered = self._at(event.position())
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._hovered = -1
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        move = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if move is None or not self._choices:
            super().keyPressEvent(event)
            return
        ids = [i for i, _ in self._choices]
        at = -1 if self._current is None else ids.index(self._current)
        self._choose(ids[max(0, min(at + move, len(ids) - 1))])

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        border = theme.accent if self.hasFocus() else ""
        rounded(painter, QRectF(self.rect()), 7, theme.sunken, border)
        painter.setFont(self._font)
        for k, ((choice, rect), (_, label)) in enumerate(
            zip(self.segments(), self._choices, strict=True)
        ):
            active = choice == self._current
            if active or k == self._hovered:
                rounded(painter, rect, 5, theme.accent_soft if active else theme.hover)
            painter.setPen(QColor(theme.accent if active else theme.text_soft))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label)
        painter.end()
