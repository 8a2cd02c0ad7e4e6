"""The bar at the top: what is open, the menus, and the few commands one reaches for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QKeySequence, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QFrame,
    QHBoxLayout,
    QMenu,
    QMenuBar,
    QToolButton,
    QWidget,
)

from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.widgets import ElidedLabel, SegmentedSwitch
from graphviz_app.widgets.basics import rounded

HEIGHT_PX = 48
WORKSPACES = (("explore", "Explore"), ("train", "Train"))
BUTTONS = ("open", "save", "undo", "redo")
LEAST_FILE_NAME_PX, LEAST_TITLE_PX = 96, 140
FIND = "Find a command…"


class CommandField(QAbstractButton):
    """Looks like a search field and opens one: the command palette.  Its keys stand in it.

    ``compact`` leaves the words out where there is no room for them.
    """

    WIDTH_PX, COMPACT_PX, HEIGHT_PX = 216, 88, 32

    def __init__(self, action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self.compact = False
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self._keys = keys.replace("+", " ")
        self.setObjectName("commandField")
        self.setAccessibleName("Find a command")
        self.setToolTip(action.toolTip())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(action.trigger)
        self.set_compact(False)

    def set_compact(self, compact: bool) -> None:
        """Show the words or leave them out."""
        self.compact = compact
        self.setFixedSize(self.sizeHint())
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(self.COMPACT_PX if self.compact else self.WIDTH_PX, self.HEIGHT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        lit = self.hasFocus() or self.underMouse()
        border = theme.accent if lit else theme.hairline
        rounded(painter, QRectF(self.rect()), 7, theme.field, border)
        inner = self.rect().adjusted(10, 0, -10, 0)
        painter.setPen(QColor(theme.text_muted))
        if self.compact:
            icon("search", theme).paint(painter, inner.left(), 8, 16, 16)
        else:
            painter.setFont(ui_font(13))
            painter.drawText(inner, _LEFT, FIND)
        painter.setFont(mono_font(11))
        painter.drawText(inner, _RIGHT, self._keys)
        painter.end()


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TopBar(QFrame):
    """Title and file name, menus, buttons for the commands in ``BUTTONS``, the command field.

    Where the window is narrow it leaves out what the menus and keys do as well.
    """

    def __init__(
        self,
        menus: Sequence[QMenu],
        actions: dict[str, QAction],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.setFixedHeight(HEIGHT_PX)
        self.title = ElidedLabel()
        self.title.setFont(ui_font(14, 700))
        self.file_name = ElidedLabel()
        self.file_name.setFont(ui_font(13))
        self.menu_bar = QMenuBar()
        for menu in menus:
            self.menu_bar.addMenu(menu)
        self.menu_bar.setSizePolicy(
            self.menu_bar.sizePolicy().Policy.Fixed, self.menu_bar.sizePolicy().Policy.Preferred
        )
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addSpacing(4)
        layout.addWidget(self.file_name)
        layout.addSpacing(12)
        layout.addWidget(self.menu_bar, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        self.workspaces = SegmentedSwitch(label="Workspace")
        self.workspaces.set_choices(WORKSPACES)
        layout.addWidget(self.workspaces, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        self.buttons = {name: _button(actions[name]) for name in BUTTONS}
        for button in self.buttons.values():
            layout.addWidget(button)
        self.commands = CommandField(actions["commands"])
        layout.addWidget(self.commands)
        actions["export"].setIconText("Export")
        self.export = _button(actions["export"])
        self.export.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        layout.addWidget(self.export)

    def set_title(self, title: str, file_name: str) -> None:
        """What is open."""
        self.title.setText(title)
        self.title.setMinimumWidth(min(self.title.sizeHint().width(), LEAST_TITLE_PX))
        self.file_name.setText(file_name)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self.setStyleSheet(
            f"#topBar {{ background: {theme.panel}; border: none;"
            f" border-bottom: 1px solid {theme.hairline}; }}"
            f"#exportButton {{ background: {theme.field}; border: 1px solid {theme.hairline};"
            f" padding: 6px 10px; }}"
            f"#exportButton:hover, #exportButton:focus {{ border-color: {theme.accent}; }}"
        )
        self.title.setStyleSheet(f"color: {theme.text}")
        self.file_name.setStyleSheet(f"color: {theme.text_soft}")
        self.commands.set_theme(theme)
        self.workspaces.set_theme(theme)

    def _fit(self) -> None:
        """Leave out as little as there is no room for."""
        files = (self.buttons["open"], self.buttons["save"])
        steps = (self.buttons["undo"], self.buttons["redo"])
        for with_files, with_words, with_steps, with_export in (
            (True, True, True, True),
            (False, True, True, True),
            (False, False, True, True),
            (False, False, False, True),
            (False, False, False, False),
        ):
            self.export.setVisible(with_export)
            for button in files:
                button.setVisible(with_files)
            for button in steps:
                button.setVisible(with_steps)
            self.commands.set_compact(not with_words)
            if self._wanted_width() <= self.width():
                break
        self._layout.activate()

    def _wanted_width(self) -> int:
        names = ((self.title, LEAST_TITLE_PX), (self.file_name, LEAST_FILE_NAME_PX))
        spared = sum(max(0, label.sizeHint().width() - least) for label, least in names)
        return self._layout.sizeHint().width() - spared

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setObjectName(f"{action.objectName()}Button")
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    return button
