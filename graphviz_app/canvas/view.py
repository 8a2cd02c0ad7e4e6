"""The graph on screen: shows a model and turns what the mouse does into signals."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, QVariantAnimation, Signal, Slot
from PySide6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QToolTip

from engine.graph.graph import Graph
from engine.ops import OPS
from engine.run.walk import Phase
from graphviz_app.canvas.camera import Camera
from graphviz_app.canvas.interactions import DragNode, Gesture, Pan
from graphviz_app.canvas.labels import plain_text
from graphviz_app.canvas.model import CanvasModel, ProblemLike
from graphviz_app.theme import LIGHT, Theme

TARGET_PX = 24  # nodes are at least this big to the mouse
PULSE_MS = 450
TAP_MS = 25  # after it Space is known to be let go, see _press_space
WHEEL_STEP = 1.0015  # zoom factor for an eighth of a degree

# What the mouse does here, as the sheet of keys says it.
GESTURES = (
    ("Click a node", "Select it"),
    ("Drag a node", "Move it; with Ctrl or Alt off the grid"),
    ("Double-click a node", "Open it into its ops, or fold it again"),
    ("Drag the background", "Move the view"),
    ("Space and drag", "Move the view from anywhere"),
    ("Wheel", "Zoom; two fingers move the view"),
    ("Esc while dragging", "Leave it as it was"),
)

Reader = Callable[[str], tuple[Any, Any] | None]


class GraphView(Camera):
    """Shows one `CanvasModel`; changes nothing but places while a node is dragged.

    Signals: ``node_clicked(id)``, ``node_double_clicked(id)``, ``node_hovered(id)`` ("" when the
    pointer leaves), ``background_clicked()``, ``node_moved(id, x, y)`` once at the end of a drag;
    ``space_tapped()`` when Space is let go and nothing was dragged meanwhile; ``view_changed()`` of
    the camera.
    """

    node_clicked = Signal(str)
    node_double_clicked = Signal(str)
    node_hovered = Signal(str)
    background_clicked = Signal()
    node_moved = Signal(str, float, float)
    space_tapped = Signal()

    def __init__(self, theme: Theme = LIGHT) -> None:
        super().__init__(theme)
        self._gesture: Gesture | None = None
        self._reader: Reader | None = None
        self._hovered = ""
        self._in_formula: frozenset[int] = frozenset()
        self._space_held = False
        self._space_taps = False  # whether letting go of Space will have been a tap
        self._space_up_at = 0  # when it was let go last, as the system counts
        self._tap = QTimer(self, singleShot=True, interval=TAP_MS)
        self._tap.timeout.connect(self.space_tapped)
        self._pulse = QVariantAnimation(self)
        self._pulse.setStartValue(0.0)
        self._pulse.setEndValue(1.0)
        self._pulse.setDuration(PULSE_MS)
        self._pulse.valueChanged.connect(self._pulse_moved)
        self._pulse.finished.connect(self._pulse_finished)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(False)  # files dropped here are the window's
        self.setMinimumSize(200, 120)
        self.setAccessibleName("Graph")
        self.viewport().setMouseTracking(True)
        self.viewport().grabGesture(Qt.GestureType.PinchGesture)

    # what is shown ------------------------------------------------------------------------------

    def set_graph(self, model: CanvasModel) -> None:
        """Show another model; a gesture under way is dropped, a fitted view stays fitted."""
        self._cancel_gesture()
        self.stop_motion()
        self._hovered, self._in_formula = "", frozenset()
        self.graph_scene.set_model(model)
        if self._stays_fitted:
            self.fit()
        self.repaint_all()
        self.view_changed.emit()

    def set_positions(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Nodes stand where the user put them, all others where the layout does."""
        self.model.set_positions(positions)
        self.graph_scene.place_all()
        self.view_changed.emit()

    def set_texts(self, values: Sequence[str], gradients: Sequence[str]) -> None:
        """What stands above and below the wires, in the order of ``model.ids``; [] for none."""
        self.model.set_texts(values, gradients)
        self.repaint_all()

    def set_active(
        self,
        node: str | None,
        phase: Phase = Phase.FORWARD,
        wires: Iterable[tuple[str, str, int]] = (),
    ) -> None:
        """Light a node and some wires (source, target, port) and dim the rest; None lights all."""
        self._pulse.stop()
        self.graph_scene.set_pulse(None)
        self.model.set_active(node, phase, wires)
        if self.model.lit_wires and not self.reduced_motion and self.isVisible():
            self._pulse.start()
        self.repaint_all()

    def set_selection(self, node: str | None) -> None:
        """Ring one node, or none."""
        model = self.model
        before = model.selected
        model.selected = -1 if node is None else model.index.get(node, -1)
        self.graph_scene.redraw_nodes({before, model.selected})

    def highlight(self, nodes: Iterable[str]) -> None:
        """Glow behind these nodes (the terms under the pointer in the formula)."""
        index = self.model.index
        self._in_formula = frozenset(index[n] for n in nodes if n in index)
        self._show_glow()

    def set_problems(self, problems: Iterable[ProblemLike]) -> None:
        """Mark the nodes that something is wrong with."""
        self.model.set_problems(problems)
        self.repaint_all()

    def set_reader(self, reader: Reader | None) -> None:
        """``reader(id)`` gives a node's (value, gradient) in full for its tooltip."""
        self._reader = reader

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.graph_scene.set_theme(theme)
        self.repaint_all()
        self.view_changed.emit()

    def set_reduced_motion(self, reduced: bool) -> None:
        """Whether nothing moves that need not."""
        self.reduced_motion = reduced
        if reduced:
            self.stop_motion()

    def center_on(self, node: str) -> None:
        """Bring a node to the middle, near enough to be read."""
        if node in self.model.index:
            self._stays_fitted = False
            self.look_at(max(self.zoom, 0.5), self.node_position(node), animated=True)

    def stop_motion(self) -> None:
        super().stop_motion()
        self._pulse.stop()
        self.graph_scene.set_pulse(None)

    def shutdown(self) -> None:
        """Stop what moves and let go of the model; the view shows nothing from then on."""
        self._tap.stop()
        self._gesture = self._reader = None
        self.set_graph(CanvasModel.from_graph(Graph()))

    @Slot(object)
    def _pulse_moved(self, progress: float) -> None:
        self.graph_scene.set_pulse(progress)

    @Slot()
    def _pulse_finished(self) -> None:
        self.graph_scene.set_pulse(None)

    # nodes --------------------------------------------------------------------------------------

    def node_at(self, position: QPointF) -> str:
        """The id of the node at a place in the viewport, or an empty string."""
        place = self.to_scene(position)
        found = self.model.geometry.node_at(place.x(), place.y(), TARGET_PX / self.zoom)
        return self.model.ids[found] if found >= 0 else ""

    def node_position(self, node: str) -> QPointF:
        """A node's centre in the scene."""
        return QPointF(*self.model.geometry.xy[self.model.index[node]].tolist())

    def move_node(self, node: str, x: float, y: float) -> None:
        """Show a node elsewhere, with its wires; nobody is told."""
        where = self.model.index.get(node)
        if where is not None:
            self.graph_scene.move_node(where, x, y)

    def _hover(self, node: str) -> None:
        if node == self._hovered:
            return
        self._hovered = node
        self._show_glow()
        if node:
            self.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            self.viewport().unsetCursor()
        self.node_hovered.emit(node)

    def _show_glow(self) -> None:
        model = self.model
        before = model.highlighted
        hovered = {model.index[self._hovered]} if self._hovered in model.index else set()
        model.highlighted = self._in_formula | hovered
        self.graph_scene.redraw_nodes(set(before ^ model.highlighted))

    def tooltip(self, node: str) -> str:
        """Name, what the op does, the numbers in full and any problem, as HTML."""
        where = self.model.index[node]
        shown = self.model.nodes[where]
        title = shown.name or plain_text(self.model.labels[where])
        lines = [f"<b>{html.escape(title)}</b> · {html.escape(shown.op)}"]
        if shown.op in OPS:
            lines.append(html.escape(OPS[shown.op].says))
        if self.model.unset[where]:
            lines.append("Not set yet: it counts as 1.")
        pair = self._reader(node) if self._reader is not None else None
        for name, number in zip(("value", "gradient"), pair or (), strict=False):
            if number is not None:
                lines.append(f"{name} <code>{html.escape(in_full(number))}</code>")
        if pair and np.ndim(pair[0]):
            lines.append("shape " + "×".join(map(str, np.shape(pair[0]))))
        if where in self.model.problems:
            sentence = html.escape(self.model.problems[where])
            lines.append(f'<span style="color:{self.theme.problem}">{sentence}</span>')
        return "<br>".join(lines)

    # events -------------------------------------------------------------------------------------

    def _cancel_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()

    def _end_gesture(self) -> None:
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position, button = event.position(), event.button()
        if self._gesture is not None:
            self._cancel_gesture()
            return
        if button is Qt.MouseButton.MiddleButton:
            self._gesture = Pan(self, position, click=False)
        elif button is Qt.MouseButton.LeftButton:
            node = "" if self._space_held else self.node_at(position)
            if node:
                self._gesture = DragNode(self, position, node)
                self.node_clicked.emit(node)
            else:
                self._gesture = Pan(self, position, click=not self._space_held)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._gesture is not None and event.buttons() == Qt.MouseButton.NoButton:
            self._end_gesture()  # another window swallowed the release
        if self._gesture is not None:
            self._gesture.move(event.position(), event.modifiers())
            self._space_taps = self._space_taps and not self._gesture.moved
        else:
            self._hover(self.node_at(event.position()))
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end_gesture()
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        node = self.node_at(event.position())
        if node and event.button() is Qt.MouseButton.LeftButton:
            self.node_double_clicked.emit(node)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        touchpad = (
            event.phase() is not Qt.ScrollPhase.NoScrollPhase
            or event.device().type() is QInputDevice.DeviceType.TouchPad
        )
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if touchpad and not zooms:
            pixels = event.pixelDelta()
            offset = pixels if not pixels.isNull() else event.angleDelta() / 2
            self.pan_by(QPointF(offset))
        elif event.angleDelta().y():  # a zero delta is no reason to zoom out
            self.zoom_by(WHEEL_STEP ** event.angleDelta().y(), event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self._cancel_gesture()
            event.accept()
        elif _is_space(event):
            self._press_space(event)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._space_held, self._space_up_at = False, event.timestamp()
            if self._space_taps:
                self._tap.start()

    def _press_space(self, event: QKeyEvent) -> None:
        # A held key lets go and presses again at one instant on X11, where Qt does not always see
        # in time that this is a repetition (Qt 6.11).
        again = event.isAutoRepeat() or 0 < event.timestamp() == self._space_up_at
        if not again:
            if self._tap.isActive():
                self.space_tapped.emit()
            self._space_taps = True
        self._tap.stop()
        self._space_held = True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space_held = self._space_taps = False
        super().focusOutEvent(event)

    def event(self, event: QEvent) -> bool:
        # A shortcut on Space would act as it is pressed, before it is known to be a tap.
        shortcut = event.type() is QEvent.Type.ShortcutOverride
        if shortcut and isinstance(event, QKeyEvent) and _is_space(event):
            event.accept()
            return True
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        kind = event.type()
        if kind is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            node = self.node_at(QPointF(event.pos()))
            if node:
                QToolTip.showText(event.globalPos(), self.tooltip(node), self.viewport())
            else:
                QToolTip.hideText()
            return True
        if kind is QEvent.Type.Leave:
            self._hover("")
        elif kind is QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1.0 + event.value(), event.position())
                return True
        elif kind is QEvent.Type.Gesture and isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                at = QPointF(self.viewport().mapFromGlobal(pinch.centerPoint().toPoint()))
                self.zoom_by(pinch.scaleFactor(), at)
                return True
        return super().viewportEvent(event)


def _is_space(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Space and not event.modifiers()


def in_full(number: Any) -> str:
    """Every digit of a number; the first few numbers of an array."""
    if np.ndim(number) == 0:
        return repr(float(number)).replace("-", "−")
    with np.printoptions(threshold=12, edgeitems=3, precision=6):
        return str(np.asarray(number))
