"""Run, pause, step and reset; how far the run is; the way into the step at hand."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.numerals import number
from graphviz_app.icons import icon
from graphviz_app.theme import LIGHT, Theme, mono_font, ui_font
from graphviz_app.train.messages import Look
from graphviz_app.train.rows import ChoiceRow, NumberRow
from graphviz_app.widgets.basics import rounded

SPEEDS = ((0, "As fast as it can"), (1, "1 epoch/s"), (5, "5 epochs/s"), (30, "30 epochs/s"),
          (200, "200 epochs/s"))  # fmt: skip
GOALS = (("", "Until paused"), ("epoch", "Until epoch"), ("loss", "Until loss ≤"),
         ("accuracy", "Until accuracy ≥"))  # fmt: skip
GOAL_NUMBERS = {"epoch": 100.0, "loss": 0.05, "accuracy": 0.95}
INSIDE_TITLE = "Look inside this step"
INSIDE_TEXT = "Pause and walk this batch's forward and backward pass node by node."


class InsideCard(QAbstractButton):
    """The card that leads into the step at hand."""

    HEIGHT_PX = 84

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self.setAccessibleName(f"{INSIDE_TITLE}: {INSIDE_TEXT}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(self.HEIGHT_PX)

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        on = self.isEnabled()
        rounded(painter, self.rect().toRectF(), 9, theme.accent_soft if on else theme.sunken)
        lit = self.underMouse() or self.hasFocus()
        style = Qt.PenStyle.SolidLine if lit and on else Qt.PenStyle.DashLine
        painter.setPen(QPen(QColor(theme.accent if on else theme.hairline), 1, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        inner = self.rect().adjusted(13, 9, -11, -8)
        painter.setPen(QColor(theme.accent if on else theme.text_muted))
        painter.setFont(ui_font(13, 700))
        painter.drawText(
            inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop, INSIDE_TITLE
        )
        painter.setPen(QColor(theme.text_soft if on else theme.text_muted))
        painter.setFont(ui_font(12.5))
        flags = Qt.AlignmentFlag.AlignLeft.value | Qt.TextFlag.TextWordWrap.value
        painter.drawText(inner.adjusted(0, 20, 0, 0), flags, INSIDE_TEXT)
        painter.end()


class RunControls(QWidget):
    """Signals: ``toggled()``, ``batch_wanted()``, ``epoch_wanted()``, ``reset_wanted()``,
    ``weights_wanted()``, ``inside_wanted()``, ``speed_chosen(float)`` in epochs a second and
    ``goal_chosen(object)``, a column of the history and its number, or None.
    """

    toggled = Signal()
    batch_wanted = Signal()
    epoch_wanted = Signal()
    reset_wanted = Signal()
    weights_wanted = Signal()
    inside_wanted = Signal()
    speed_chosen = Signal(float)
    goal_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._going = False
        self.run = QPushButton("Run")
        self.run.setProperty("primary", True)
        self.run.setToolTip("Run or pause (Space, F5)")
        self.batch = QPushButton("Step batch")
        self.batch.setToolTip("One update (F10)")
        self.epoch = QPushButton("Step epoch")
        self.epoch.setToolTip("One pass over the training set (Shift+F10)")
        self.reset = QToolButton()
        self.reset.setToolTip("Reset: back to the weights with which the run began")
        self.reset.setAccessibleName("Reset")
        self.weights = QPushButton("New weights")
        self.weights.setToolTip("Draw other weights from the next seed. The run begins anew.")
        self.speed = ChoiceRow(
            "Speed", [(str(n), words) for n, words in SPEEDS], "How fast it may train"
        )
        self.goal = ChoiceRow("Run", GOALS, "When it pauses by itself")
        self.goal_number = NumberRow("", "At which number it pauses")
        self.status = QLabel()
        self.status.setFont(mono_font(12))
        self.status.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.status.setTextFormat(Qt.TextFormat.RichText)
        self.countdown = QLabel()
        self.countdown.setFont(mono_font(12))
        self.countdown.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.countdown.setToolTip("Early stopping: so many epochs without a better validation loss")
        self.countdown.hide()
        self.inside = InsideCard()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(8)
        for parts in ((self.run, self.reset), (self.batch, self.epoch)):
            line = QHBoxLayout()
            line.setSpacing(6)
            for part in parts:
                line.addWidget(part, 0 if part is self.reset else 1)
            layout.addLayout(line)
        layout.addWidget(self.status)
        layout.addWidget(self.countdown)
        layout.addWidget(self.inside)
        self.run.clicked.connect(self.toggled)
        self.batch.clicked.connect(self.batch_wanted)
        self.epoch.clicked.connect(self.epoch_wanted)
        self.reset.clicked.connect(self.reset_wanted)
        self.weights.clicked.connect(self.weights_wanted)
        self.inside.clicked.connect(self.inside_wanted)
        self.speed.changed.connect(self._choose_speed)
        self.goal.changed.connect(self._choose_goal)
        self.goal_number.changed.connect(self._choose_goal_number)
        self.goal_number.setVisible(False)
        self.speed.show_choice("0")
        self.goal.show_choice("")
        self.show_nothing()

    @property
    def rows(self) -> tuple[QWidget, ...]:
        """What belongs below the settings: it scrolls with them."""
        return self.weights, self.speed, self.goal, self.goal_number

    def set_theme(self, theme: Theme) -> None:
        """Take colours from ``theme``."""
        self._theme = theme
        self.reset.setIcon(icon("rotate-ccw", theme))
        for label in (self.status, self.countdown):
            label.setStyleSheet(f"color: {theme.text_soft}")
        for part in (self.inside, self.speed, self.goal, self.goal_number):
            part.set_theme(theme)
        self.reset.setStyleSheet(
            f"QToolButton {{ border: 1px solid {theme.hairline}; background: {theme.field}; }}"
            f"QToolButton:hover, QToolButton:focus {{ border-color: {theme.accent}; }}"
        )
        self.show_going(self._going)

    def suggest_speed(self, speed: int) -> None:
        """Go no faster, unless somebody chose how fast."""
        if self.speed.box.currentData() == "0":
            self.speed.show_choice(str(speed))
            self.speed_chosen.emit(float(speed))

    def show_going(self, going: bool) -> None:
        """Whether it trains."""
        self._going = going
        self.run.setText("Pause" if going else "Run")
        self.run.setIcon(icon("pause" if going else "play", self._theme, self._theme.on_accent))
        self.batch.setEnabled(not going)
        self.epoch.setEnabled(not going)

    def show_nothing(self) -> None:
        """There is no run yet."""
        self._tell(0, "")

    def show_look(self, look: Look, patience: int | None) -> None:
        """How far the run is, and with ``patience`` for how many epochs it goes on without a
        better validation loss.
        """
        frame = look.frame
        watched = patience is not None and frame.best_epoch > 0 and not frame.travelled
        self.countdown.setVisible(watched)
        if watched and patience is not None:
            left = max(patience - frame.waited, 0)
            self.countdown.setText(f"best epoch {frame.best_epoch:,} · stops in {left:,}")
        if frame.travelled:
            note = "as it was"
        elif look.going:
            note = f"{number(look.speed, 3)} epochs/s" if look.speed else ""
        else:
            note = frame.ended
        self._tell(frame.epoch, note)

    def _tell(self, epoch: int, note: str) -> None:
        digits = f"{epoch:07,}" if epoch < 1_000_000 else f"{epoch:,}"
        text = f"epoch <b>{digits}</b>" + (f" · {note}" if note else "")
        if text != self.status.text():
            self.status.setText(text)

    @Slot(str)
    def _choose_speed(self, speed: str) -> None:
        self.speed_chosen.emit(float(speed))

    @Slot(str)
    def _choose_goal(self, column: str) -> None:
        self.goal_number.setVisible(bool(column))
        if column:
            self.goal_number.show_number(GOAL_NUMBERS[column])
        self._tell_goal()

    @Slot(float)
    def _choose_goal_number(self, _: float) -> None:
        self._tell_goal()

    def _tell_goal(self) -> None:
        column = self.goal.box.currentData()
        self.goal_chosen.emit((column, self.goal_number.box.value()) if column else None)
