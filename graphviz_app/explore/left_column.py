"""The left column: the palette, and the network as code, under captions; the history below."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from graphviz_app.explore.lower_panel import INDENT_PX, Captions
from graphviz_app.theme import Theme

PALETTE, KERAS, PYTORCH = "palette", "keras", "pytorch"
CAPTIONS = ((PALETTE, "PALETTE"), (KERAS, "KERAS"), (PYTORCH, "PYTORCH"))
PALETTE_PX, LEAST_CODE_PX, CODE_PX = 208, 232, 336
SHARE = 0.24  # of the window that code may take


class LeftColumn(QWidget):
    """Pages under captions.  Signals: ``page_changed(str)``, one of PALETTE, KERAS, PYTORCH."""

    page_changed = Signal(str)

    def __init__(self, palette: QWidget, code: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.captions = Captions()
        self.captions.set_choices(CAPTIONS, PALETTE)
        self.pages = QStackedWidget()
        self._palette, self._code = palette, code
        self.pages.addWidget(palette)
        self.pages.addWidget(code)
        line = QHBoxLayout()
        line.setContentsMargins(INDENT_PX - 4, 6, 0, 0)
        line.addWidget(self.captions)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.pages, 1)
        self.captions.changed.connect(self.show_page)
        self._room = 0
        self.show_page(PALETTE)

    @property
    def page(self) -> str:
        """Which page is in view."""
        return self.captions.current

    @Slot(str)
    def show_page(self, page: str) -> None:
        """Bring a page into view."""
        self.captions.set_current(page)
        self.pages.setCurrentWidget(self._palette if page == PALETTE else self._code)
        self.set_room(self._room)
        self.page_changed.emit(page)

    def set_room(self, width: int) -> None:
        """Be as wide as the page asks for, in a window of this width."""
        self._room = width
        code = max(LEAST_CODE_PX, min(CODE_PX, round(SHARE * width)))
        self.setFixedWidth(PALETTE_PX if self.page == PALETTE else code)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.captions.set_theme(theme)
        self.setStyleSheet(f"LeftColumn {{ background: {theme.panel}; }}")
        self.update()
