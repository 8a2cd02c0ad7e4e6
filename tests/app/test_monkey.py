"""A monkey at the window: keys and mouse at random, and nothing breaks.

An exception in a slot or a Qt warning fails the test (pytest-qt).
"""

from __future__ import annotations

import random
from string import ascii_uppercase, digits

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDrag, QWheelEvent
from PySide6.QtPrintSupport import QPrintDialog
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QToolButton,
    QWidget,
)

from engine.files.project import graph_bytes, graph_from_bytes
from engine.layers.presets import PRESETS
from graphviz_app.actions import ACTIONS
from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.settings import Settings
from graphviz_app.window import Window

SEEDS = (1, 2, 3)
EVENTS = 700  # of one seed
EVENTS_OF_A_RUN = 100
MOST_NODES = 60  # more show nothing new and take longer
# These open another window or end this one; all others are the monkey's, dialogs are given up.
LEFT_ALONE = {"new_window", "close"}
NAMED_KEYS = """
    Space Return Escape Tab Backspace Delete Left Right Up Down Home End PageUp PageDown F2 F6
    Plus Minus Asterisk Slash ParenLeft ParenRight Equal Comma
"""
KEYS = [getattr(Qt.Key, f"Key_{name}") for name in [*ascii_uppercase, *digits, *NAMED_KEYS.split()]]
MODIFIERS = [
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
]
BUTTONS = [Qt.MouseButton.LeftButton] * 4 + [
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
]


@pytest.fixture
def window(qtbot, qapp, monkeypatch, tmp_path):
    """A window on the sigmoid circuit, whose dialogs are all given up."""
    for kind in (QDialog, QPrintDialog):
        monkeypatch.setattr(kind, "exec", lambda dialog: 0)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: QMessageBox.StandardButton.Cancel)
    monkeypatch.setattr(QDrag, "exec", lambda drag, action: action)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *args: ("", ""))
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *args: ("", ""))
    monkeypatch.setattr(QInputDialog, "getItem", lambda *args: ("", False))
    make_app([])
    made = Window(Settings(theme="light", reduced_motion=True))
    for name in LEFT_ALONE:
        made.commands.by_id[name].triggered.disconnect()
    for kind in (QToolButton, QPushButton):
        for button in made.findChildren(kind):
            if button.menu() is not None:  # Qt would wait in it for an answer
                button.setEnabled(False)
    qtbot.addWidget(made, before_close_func=lambda w: w.document.stack.setClean())
    made.show()
    qtbot.waitExposed(made)
    made.document.load(example("sigmoid_circuit"))
    made.document.path = None
    made.explore.view.setFocus()
    return made


class Monkey:
    """Does at random what hands can do to one window; the same for the same seed."""

    def __init__(self, window: Window, seed: int) -> None:
        self.window, self.random = window, random.Random(seed)

    def act(self) -> None:
        """One event, or the few of one gesture."""
        self.random.choices(
            (self.type, self.click, self.double_click, self.drag, self.turn_wheel, self.command),
            (8, 4, 1, 5, 1, 4),
        )[0]()
        popup = QApplication.activePopupWidget()
        if popup is not None and self.random.random() < 0.5:
            popup.close()
        QCoreApplication.processEvents()

    def place(self) -> tuple[QWidget, QPoint]:
        """Somewhere in the window, mostly on the canvas and there mostly on something."""
        view = self.window.explore.view
        chance = self.random.random()
        if chance < 0.5 and view.model.ids:
            area = view.area_of(self.random.choice(view.model.ids))
            spot = area.center() + QPoint(
                self.random.randint(-60, 60), self.random.randint(-20, 20)
            )
            if self.random.random() < 0.5:
                spot = area.center()
            if view.viewport().rect().contains(spot):
                return view.viewport(), spot
        if chance < 0.8:
            return view.viewport(), self.inside(view.viewport())
        at = self.inside(self.window)
        child = self.window.childAt(at)
        if child is None:
            return self.window, at
        return child, child.mapFrom(self.window, at)

    def inside(self, widget: QWidget) -> QPoint:
        return QPoint(
            self.random.randrange(max(1, widget.width())),
            self.random.randrange(max(1, widget.height())),
        )

    def type(self) -> None:
        widget = QApplication.activePopupWidget() or QApplication.focusWidget()
        QTest.keyClick(
            widget or self.window.explore.view,
            self.random.choice(KEYS),
            self.random.choice(MODIFIERS),
        )

    def click(self) -> None:
        widget, at = self.place()
        button, modifier = self.random.choice(BUTTONS), self.random.choice(MODIFIERS)
        QTest.mouseClick(widget, button, modifier, at)

    def double_click(self) -> None:
        widget, at = self.place()
        QTest.mouseDClick(widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)

    def drag(self) -> None:
        widget, at = self.place()
        button, modifier = self.random.choice(BUTTONS), self.random.choice(MODIFIERS)
        QTest.mousePress(widget, button, modifier, at)
        for _ in range(self.random.randint(1, 3)):
            over, to = self.place()
            if not shiboken6.isValid(widget):
                return
            QTest.mouseMove(widget, widget.mapFromGlobal(over.mapToGlobal(to)))
            QCoreApplication.processEvents()
            if self.random.random() < 0.15:
                self.type()
        if shiboken6.isValid(widget):  # not closed by a key meanwhile
            QTest.mouseRelease(widget, button, modifier, self.place()[1])

    def turn_wheel(self) -> None:
        widget, at = self.place()
        where = QPointF(at)
        turned = QWheelEvent(
            where,
            widget.mapToGlobal(where),
            QPoint(),
            QPoint(0, self.random.choice((-120, 120))),
            Qt.MouseButton.NoButton,
            self.random.choice(MODIFIERS),
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.sendEvent(widget, turned)

    def command(self) -> None:
        action = self.window.commands.by_id[self.random.choice(ACTIONS).id]
        if action.isEnabled():
            action.trigger()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_monkey_breaks_nothing(window: Window, seed: int) -> None:
    print(f"seed {seed}")
    monkey = Monkey(window, seed)
    steps: list[int] = []
    window.document.stack.indexChanged.connect(steps.append)
    for _ in range(EVENTS):
        monkey.act()
        document = window.document
        if len(document.graph.nodes) > MOST_NODES:
            document.load(example("sigmoid_circuit"))
            document.path = None
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    graph = window.document.graph
    assert graph_from_bytes(graph_bytes(graph)) == graph
    assert len(steps) > 10, "it did nothing"


class TrainingMonkey(Monkey):
    """Plays with the Train workspace; looks into Explore now and then and comes back."""

    def act(self) -> None:
        super().act()
        if not self.window.in_training and self.random.random() < 0.3:
            self.window.show_workspace("train")
        if self.random.random() < 0.05:
            self.window.train.training.run()

    def place(self) -> tuple[QWidget, QPoint]:
        if not self.window.in_training:
            return super().place()
        at = self.inside(self.window.train)
        child = self.window.train.childAt(at)
        if child is None:
            return self.window.train, at
        return child, child.mapFrom(self.window.train, at)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_monkey_breaks_no_training(qtbot, window: Window, seed: int) -> None:
    print(f"seed {seed}")
    training, monkey = window.train.training, TrainingMonkey(window, seed)
    for _ in range(EVENTS // EVENTS_OF_A_RUN):
        window.document.load_graph(PRESETS["2-4-2-1"].build())
        window.show_workspace("train")
        training.run()  # whatever was done before, it learns
        qtbot.waitUntil(lambda: training.last and training.last.frame.update > 0, timeout=20_000)
        for _ in range(EVENTS_OF_A_RUN):
            monkey.act()
        graph = window.document.graph
        assert graph_from_bytes(graph_bytes(graph)) == graph
