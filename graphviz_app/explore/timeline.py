"""The timeline: buttons to step, play and jump, the track, and the speed."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from graphviz_app.explore.timeline_track import Track
from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, ui_font

SLOWEST, FASTEST = 0.1, 10.0
SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
BUTTON_PX = (34, 30)


def speed_text(speed: float) -> str:
    """1.0×, 0.25×, 10×."""
    text = f"{speed:.2f}".rstrip("0")
    return (text + "0" if text.endswith(".") else text) + "×"


class SpeedButton(QToolButton):
    """Shows the speed; its menu has a logarithmic slider and a few fixed speeds.

    Signals: ``speed_changed(float)``.
    """

    speed_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.speed = 1.0
        self.setObjectName("speedButton")
        self.setFont(ui_font(11))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setToolTip("Speed of playing, from 0.1× to 10×")
        self.setAccessibleName("Speed")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-100, 100)  # hundredths of a power of ten
        self.slider.setFixedWidth(180)
        self.slider.setAccessibleName("Speed")
        self.slider.valueChanged.connect(self._slid)
        holder = QWidget()
        inner = QHBoxLayout(holder)
        inner.setContentsMargins(12, 8, 12, 8)
        for part in (QLabel("0.1×"), self.slider, QLabel("10×")):
            inner.addWidget(part)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(holder)
        menu.addAction(action)
        menu.addSeparator()
        for speed in SPEEDS:
            menu.addAction(speed_text(speed)).setData(speed)
        menu.triggered.connect(self._chosen)
        self.setMenu(menu)
        self.set_speed(1.0)

    def set_speed(self, speed: float) -> None:
        """Show ``speed`` without a signal."""
        self.speed = max(SLOWEST, min(speed, FASTEST))
        self.setText(speed_text(self.speed))
        self.slider.blockSignals(True)
        self.slider.setValue(round(100 * math.log10(self.speed)))
        self.slider.blockSignals(False)

    @Slot(int)
    def _slid(self, hundredths: int) -> None:
        speed = 10 ** (hundredths / 100)
        self._ask(round(speed, 2 if speed < 1 else 1))

    @Slot(object)
    def _chosen(self, action: object) -> None:
        speed = action.data()  # type: ignore[attr-defined]
        if isinstance(speed, float):
            self._ask(speed)

    def _ask(self, speed: float) -> None:
        if speed != self.speed:
            self.set_speed(speed)
            self.speed_changed.emit(self.speed)


class Timeline(QFrame):
    """Where the walk stands.

    Signals: ``index_requested(int)`` (live while the track is dragged), ``step_requested(int)``
    with +1 or −1, ``play_toggled()``, ``first_requested()``, ``last_requested()``,
    ``speed_changed(float)``.
    """

    index_requested = Signal(int)
    step_requested = Signal(int)
    play_toggled = Signal()
    first_requested = Signal()
    last_requested = Signal()
    speed_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._playing = False
        self.setObjectName("timeline")
        self.first = self._button("First", "Home")
        self.back = self._button("Step back", "Backspace")
        self.play = self._button("Play", "P")
        self.step = self._button("Step op", "Space")
        self.last = self._button("Last", "End")
        self.play.setProperty("primary", True)
        self.first.clicked.connect(self._first)
        self.back.clicked.connect(self._back)
        self.play.clicked.connect(self._play)
        self.step.clicked.connect(self._step)
        self.last.clicked.connect(self._last)
        self.track = Track()
        self.track.index_requested.connect(self.index_requested)
        self.speed = SpeedButton(self.track)
        self.speed.speed_changed.connect(self.speed_changed)
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in self.buttons:
            buttons.addWidget(button)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 6, 10)
        layout.setSpacing(6)
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.track)
        layout.addLayout(buttons)
        layout.addLayout(column, 1)
        self.set_theme(LIGHT)
        self._enable()

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """All five, from left to right."""
        return self.first, self.back, self.play, self.step, self.last

    def _button(self, title: str, key: str) -> QPushButton:
        button = QPushButton()
        button.setFixedSize(*BUTTON_PX)
        button.setIconSize(QSize(16, 16))
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._name_button(button, title, key)
        return button

    @staticmethod
    def _name_button(button: QPushButton, title: str, key: str) -> None:
        button.setToolTip(f"{title} ({key})")
        button.setAccessibleName(title)

    # setters ------------------------------------------------------------------------------------

    def set_walk(self, forward_count: int, total: int) -> None:
        """A walk of ``total`` steps, the first ``forward_count`` of them forward."""
        self.track.forward_count, self.track.total = forward_count, total
        self.track.index = min(self.track.index, total - 1)
        self.track.update()
        self._enable()

    def set_index(self, index: int) -> None:
        """Stand at step ``index``; −1 is before the first."""
        self.track.index = max(-1, min(index, self.track.total - 1))
        self.track.setAccessibleDescription(" ".join(filter(None, self.track.captions())))
        self.track.update()
        self._enable()

    def set_caption(self, caption: str) -> None:
        """What the step is about, behind its number."""
        self.track.caption = caption
        self.track.update()

    def set_playing(self, playing: bool) -> None:
        """Show the pause button instead of the play button."""
        self._playing = playing
        self._name_button(self.play, "Pause" if playing else "Play", "P")
        self._set_icons()

    def set_speed(self, speed: float) -> None:
        """Show ``speed`` without a signal."""
        self.speed.set_speed(speed)
        self._place_speed()

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.track.set_theme(theme)
        self.setStyleSheet(
            f"#timeline {{ background: {theme.panel}; border: none;"
            f" border-top: 1px solid {theme.hairline}; }}"
            f"#timeline QPushButton {{ background: {theme.field}; padding: 0;"
            f" border: 1px solid {theme.hairline}; border-radius: 7px; }}"
            f"#timeline QPushButton:hover {{ background: {theme.hover}; }}"
            f"#timeline QPushButton:focus {{ border-color: {theme.accent}; }}"
            f'#timeline QPushButton[primary="true"] {{ background: {theme.accent};'
            f" border-color: {theme.accent}; }}"
            f'#timeline QPushButton[primary="true"]:focus {{ border: 2px solid {theme.text}; }}'
            f'#timeline QPushButton[primary="true"]:disabled {{ background: {theme.hairline};'
            f" border-color: {theme.hairline}; }}"
            f"#speedButton {{ color: {theme.text_soft}; padding: 2px 6px; border-radius: 5px;"
            f" border: 1px solid transparent; background: transparent; }}"
            f"#speedButton:hover {{ background: {theme.hover}; }}"
            f"#speedButton:focus {{ border-color: {theme.accent}; }}"
            f"#speedButton::menu-indicator {{ image: none; width: 0; }}"
        )
        self._set_icons()
        self._place_speed()

    def _set_icons(self) -> None:
        theme = self._theme
        names = ("skip-back", "step-back", "pause" if self._playing else "play", "step-forward")
        for button, name in zip(self.buttons, (*names, "skip-forward"), strict=True):
            color = theme.on_accent if button is self.play else theme.text
            button.setIcon(icon(name, theme, color))

    def _enable(self) -> None:
        track = self.track
        for button in (self.first, self.back):
            button.setEnabled(track.total > 0 and track.index >= 0)
        for button in (self.play, self.step, self.last):
            button.setEnabled(track.total > 0)

    def _place_speed(self) -> None:
        self.speed.adjustSize()
        size = self.speed.sizeHint()
        self.speed.setGeometry(self.track.width() - size.width() - 2, 26, size.width(), 22)
        self.track.right_reserved_px = size.width() + 10.0

    # slots and Qt overrides ---------------------------------------------------------------------

    @Slot()
    def _first(self) -> None:
        self.first_requested.emit()

    @Slot()
    def _back(self) -> None:
        self.step_requested.emit(-1)

    @Slot()
    def _play(self) -> None:
        self.play_toggled.emit()

    @Slot()
    def _step(self) -> None:
        self.step_requested.emit(1)

    @Slot()
    def _last(self) -> None:
        self.last_requested.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self._place_speed()
