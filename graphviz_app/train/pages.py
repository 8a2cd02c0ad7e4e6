"""Pages under captions, of which one is in view."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from graphviz_app.explore.lower_panel import INDENT_PX, Captions
from graphviz_app.theme import Theme


class Pages(QWidget):
    """Pages under captions; only the one in view is shown frames."""

    turned = Signal(str)

    def __init__(self, pages: dict[str, tuple[str, QWidget]]) -> None:
        super().__init__()
        self.captions = Captions()
        self.pages = {name: page for name, (_, page) in pages.items()}
        self._titles = {name: title for name, (title, _) in pages.items()}
        self.stack = QStackedWidget()
        for page in self.pages.values():
            self.stack.addWidget(page)
        line = QHBoxLayout()
        line.setContentsMargins(INDENT_PX, 4, 0, 0)
        line.addWidget(self.captions)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.stack, 1)
        self.captions.changed.connect(self.show_page)
        self.offer(pages)

    def offer(self, names: Collection[str]) -> None:
        """Offer these pages alone, the others having nothing to show."""
        current = self.captions.current
        offered = [(name, title) for name, title in self._titles.items() if name in names]
        self.captions.set_choices(offered, current)
        if self.captions.current != current:
            self.show_page(self.captions.current)

    @property
    def current(self) -> str:
        """The name of the page in view."""
        return self.captions.current

    @Slot(str)
    def show_page(self, name: str) -> None:
        """Bring a page into view."""
        self.captions.set_current(name)
        self.stack.setCurrentWidget(self.pages[name])
        self.turned.emit(name)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.captions.set_theme(theme)
        for page in self.pages.values():
            page.set_theme(theme)  # pyright: ignore[reportAttributeAccessIssue]
