"""The lower panel: pages under small captions, TAPE, PROBLEMS 2 and TENSOR, one in view."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from graphviz_app.theme import Theme
from graphviz_app.widgets import SegmentedSwitch
from graphviz_app.widgets.basics import caption_font

CAPTIONS_PX = 28
INDENT_PX = 6  # with the air around a caption, its letters stand above those of the tape
TAPE, PROBLEMS, TENSOR = "tape", "problems", "tensor"


class Captions(SegmentedSwitch):
    """Captions in capitals, the current one underlined; those that alarm are in red."""

    HEIGHT_PX = CAPTIONS_PX

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._font = caption_font()
        self.alarming: set[str] = set()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setFont(self._font)
        named = zip(self.segments(), self._choices, strict=True)
        for k, ((choice, rect), (_, label)) in enumerate(named):
            current = choice == self.current
            color = theme.accent if current else theme.text if k == self._hovered else ""
            if choice in self.alarming:
                color = theme.problem
            painter.setPen(QColor(color or theme.text_soft))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, label)
            if current:
                line = QRectF(rect.left() + 8, rect.bottom() - 2, rect.width() - 16, 2)
                painter.fillRect(line, QColor(color))
        painter.end()


class LowerPanel(QWidget):
    """The tape, the problems and the tensor that is selected.

    What cannot be walked shows its problems by itself.
    """

    def __init__(
        self, tape: QWidget, problems: QWidget, tensor: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.captions = Captions()
        self.pages = QStackedWidget()
        self._blocked = False
        self._page_of = {TAPE: tape, PROBLEMS: problems, TENSOR: tensor}
        for page in self._page_of.values():
            self.pages.addWidget(page)
        line = QHBoxLayout()
        line.setContentsMargins(INDENT_PX, 0, 0, 0)
        line.addWidget(self.captions)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.pages, 1)
        self.captions.changed.connect(self.show_page)
        self.set_count(0, blocked=False)

    @property
    def page(self) -> QWidget:
        """What is in view."""
        return self._page_of[self.captions.current]

    def set_count(self, problems: int, blocked: bool) -> None:
        """How many problems there are, and whether they keep the graph from being walked.

        The problems come into view as they begin to block, and the tape as they cease to; in
        between a person chooses.
        """
        current = self.captions.current
        if blocked != self._blocked:
            current = PROBLEMS if blocked else TAPE
        self._blocked = blocked
        choices = [(TAPE, "TAPE"), (PROBLEMS, f"PROBLEMS {problems}"), (TENSOR, "TENSOR")]
        self.captions.alarming = {PROBLEMS} if problems else set()
        self.captions.set_choices(choices, current)
        self.show_page(self.captions.current)

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Bring a page into view."""
        self.captions.set_current(name)
        self.pages.setCurrentWidget(self._page_of[name])

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.captions.set_theme(theme)
        self.setStyleSheet(f"LowerPanel {{ background: {theme.panel}; }}")
        self.update()
