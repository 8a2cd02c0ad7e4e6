"""The bar at the top: what is open, the menus, and the few commands one reaches for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QMenuBar, QToolButton, QWidget

from graphviz_app.theme import Theme, ui_font
from graphviz_app.widgets import ElidedLabel

HEIGHT_PX = 48
BUTTONS = ("open", "save", "undo", "redo", "export")


class TopBar(QFrame):
    """Title and file name, menus, and buttons for the commands in ``BUTTONS``."""

    def __init__(
        self,
        menus: Sequence[QMenu],
        actions: dict[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(HEIGHT_PX)
        self.title = QLabel()
        self.title.setFont(ui_font(14, 700))
        self.file_name = ElidedLabel()
        self.file_name.setFont(ui_font(13))
        self.menu_bar = QMenuBar()
        for menu in menus:
            self.menu_bar.addMenu(menu)
        self.menu_bar.setSizePolicy(
            self.menu_bar.sizePolicy().Policy.Fixed, self.menu_bar.sizePolicy().Policy.Preferred
        )
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addSpacing(4)
        layout.addWidget(self.file_name)
        layout.addSpacing(12)
        layout.addWidget(self.menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        actions["export"].setIconText("Export")
        self.buttons: dict[str, QToolButton] = {}
        for name in BUTTONS:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setObjectName(f"{name}Button")
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolButtonStyle(
                Qt.ToolButtonStyle.ToolButtonTextOnly
                if name == "export"
                else Qt.ToolButtonStyle.ToolButtonIconOnly
            )
            layout.addWidget(button)
            self.buttons[name] = button

    def set_title(self, title: str, file_name: str) -> None:
        """What is open."""
        self.title.setText(title)
        self.file_name.setText(file_name)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.setStyleSheet(
            f"#topBar {{ background: {theme.panel}; border: none;"
            f" border-bottom: 1px solid {theme.hairline}; }}"
        )
        self.title.setStyleSheet(f"color: {theme.text}")
        self.file_name.setStyleSheet(f"color: {theme.text_soft}")
