"""The left column: pages under small captions, KERAS, PYTORCH and PALETTE, one of them in view."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from graphviz_app.explore.code_panel import CodePanel
from graphviz_app.explore.lower_panel import INDENT_PX, Captions
from graphviz_app.explore.palette import Palette
from graphviz_app.theme import Theme

KERAS, TORCH, PALETTE = "keras", "torch", "palette"
CAPTIONS = [(KERAS, "KERAS"), (TORCH, "PYTORCH"), (PALETTE, "PALETTE")]
PALETTE_PX, LEAST_CODE_PX, CODE_PX = 208, 280, 340
SHARE = 0.24  # of the window that code may take


class LeftColumn(QWidget):
    """The palette, or the network as code.

    Of networks and of other graphs it remembers which page a person chose; a network begins with
    its code, another graph with the palette.  Signal: ``page_changed(str)``.
    """

    page_changed = Signal(str)

    def __init__(self, palette: Palette, code: CodePanel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("leftColumn")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._chosen = {True: KERAS, False: PALETTE}  # by whether the graph is a network
        self._network = False
        self._room = 0
        self._palette, self._code = palette, code
        self.captions = Captions()
        self.captions.set_choices(CAPTIONS, PALETTE)
        self.pages = QStackedWidget()
        self.pages.addWidget(palette)
        self.pages.addWidget(code)
        line = QHBoxLayout()
        line.setContentsMargins(INDENT_PX, 6, 0, 0)
        line.addWidget(self.captions)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.pages, 1)
        self.captions.changed.connect(self._choose)
        self._bring(PALETTE)

    @property
    def page(self) -> str:
        """What is in view: KERAS, TORCH or PALETTE."""
        return self.captions.current

    def begin(self, network: bool) -> None:
        """Another document: bring what a person wants to see of such a graph."""
        self._network = network
        self._bring(self._chosen[network])

    def set_network(self, network: bool) -> None:
        """Whether the graph is a network now; the page stays."""
        self._network = network

    @Slot(str)
    def _choose(self, page: str) -> None:
        self._chosen[self._network] = page
        self._bring(page)

    def _bring(self, page: str) -> None:
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
        self.setStyleSheet(f"#leftColumn {{ background: {theme.panel}; }}")
