"""A sentence laid over the window for a while: what went wrong, or what was done."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, ui_font

SHOWN_MS, BRIEFLY_MS = 15_000, 4_000
WIDTH_PX, EDGE_PX = 560, 16


class Notice(QFrame):
    """Stands over the lower edge of ``parent``: it moves nothing and takes no focus.

    It goes by itself, but not while the pointer is on it; its text can be selected and copied.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("notice")
        self._around = parent
        self._icon = QLabel()
        self.label = QLabel()
        self.label.setFont(ui_font(13))
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = QToolButton()
        self.close_button.setToolTip("Close")
        self.close_button.setAccessibleName("Close")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self._icon)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self._theme = LIGHT
        self._warns = True
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        parent.installEventFilter(self)
        self.set_theme(LIGHT)
        self.hide()

    @Slot(str)
    def say(self, sentence: str) -> None:
        """Show that something went wrong, in place of the last sentence."""
        self._show(sentence, warns=True)

    @Slot(str)
    def mention(self, sentence: str) -> None:
        """Show briefly that something was done."""
        self._show(sentence, warns=False)

    def _show(self, sentence: str, warns: bool) -> None:
        self._warns = warns
        self._timer.setInterval(SHOWN_MS if warns else BRIEFLY_MS)
        self._color()
        self.label.setText(sentence)
        self.setAccessibleName(sentence)
        self._place()
        self.show()
        self.raise_()
        self._timer.start()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self._color()

    def _color(self) -> None:
        theme = self._theme
        name, ink, paper = (
            ("triangle-alert", theme.problem, theme.problem_soft)
            if self._warns
            else ("check", theme.accent, theme.accent_soft)
        )
        size = QSize(18, 18)
        self._icon.setPixmap(icon(name, theme, ink).pixmap(size, self.devicePixelRatioF()))
        self.close_button.setIcon(icon("x", theme))
        self.setStyleSheet(
            f"#notice {{ background: {paper}; border: 1px solid {ink};"
            f" border-radius: 10px; }} #notice QLabel {{ color: {theme.text}; }}"
        )

    def _place(self) -> None:
        around = self._around.rect()
        width = min(WIDTH_PX, around.width() - 2 * EDGE_PX)
        height = self.layout().totalHeightForWidth(width)  # type: ignore[union-attr]
        left, top = (around.width() - width) // 2, around.height() - height - EDGE_PX
        self.setGeometry(left, top, width, height)

    # Qt overrides -------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._timer.start()
        super().leaveEvent(event)
