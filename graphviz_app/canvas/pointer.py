"""Mouse, touchpad and keys on the canvas: which gesture an event begins or continues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import (
    QContextMenuEvent,
    QHelpEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QToolTip

from engine.graph.graph import Wire
from graphviz_app.canvas import hits
from graphviz_app.canvas.bending import DragBend
from graphviz_app.canvas.hits import OUT, Port
from graphviz_app.canvas.interactions import (
    BoxSelect,
    CutWires,
    DragThings,
    Gesture,
    Pan,
)
from graphviz_app.canvas.key_wiring import KeyWiring
from graphviz_app.canvas.wiring import DrawWire

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

LEVEL_PAUSE_MS = 350  # a movement of the wheel over levels ends after so long without one
WHEEL_STEP = 1.0015  # zoom factor for an eighth of a degree
PORT_PX = 9.0  # how near a port or a wire counts as hit
EDGE_PX, EDGE_STEP_PX, EDGE_MS = 28, 14.0, 30  # the view moves on while one drags at its edge
TAP_MS = 25  # after it Space is known to be let go, see _press_space
MODIFIER_KEYS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta)
Button = Qt.MouseButton
Modifier = Qt.KeyboardModifier


class Pointer(QObject):
    """Turns the view's events into gestures, at most one at a time."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._gesture: Gesture | None = None
        self._keys: KeyWiring | None = None
        self._space_held = False
        self._space_taps = False  # whether letting go of Space will have been a tap
        self._level_at = 0  # when the wheel last led to another level
        self._space_up_at = 0  # when it was let go last, as the system counts
        self._tap = QTimer(self, singleShot=True, interval=TAP_MS)
        self._tap.timeout.connect(view.space_tapped)
        self._last: tuple[QPointF, Modifier] = (QPointF(), Modifier.NoModifier)
        self._edge = QTimer(self, interval=EDGE_MS)
        self._edge.timeout.connect(self._pan_at_edge)

    # gestures -----------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Whether something is being dragged, or a wire led."""
        return self._gesture is not None or self._keys is not None

    def cancel(self) -> None:
        """Undo the gesture under way."""
        self._edge.stop()
        self._tap.stop()
        if self._keys is not None:
            self._keys.end()
            self._keys = None
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.cancel()

    def _end(self) -> None:
        self._edge.stop()
        gesture, self._gesture = self._gesture, None
        if gesture is not None:
            gesture.end()

    def press(self, event: QMouseEvent) -> None:
        """Begin a gesture; a second button cancels the one under way."""
        event.accept()
        if self._gesture is not None or self._keys is not None:
            self.cancel()
            return
        self._view.stop_motion()
        position, button, modifiers = event.position(), event.button(), event.modifiers()
        if button is Button.MiddleButton or (button is Button.LeftButton and self._space_held):
            self._gesture = Pan(self._view, position)
        elif button is Button.RightButton and modifiers & Modifier.ControlModifier:
            self._gesture = CutWires(self._view, position)
        elif button is Button.LeftButton:
            self._gesture = self._left_press(position, modifiers)
        self._last = (position, modifiers)

    def _left_press(self, position: QPointF, modifiers: Modifier) -> Gesture | None:
        """On a port: a wire.  On a node, note or group: drag it.  Elsewhere: a selection box."""
        view = self._view
        port = self.port_at(position)
        if port is not None:
            return self._wire_from(position, port)
        thing = view.node_at(position) or self._note_at(position)
        if thing:
            return self._press_thing(position, modifiers, thing)
        place = view.to_scene(position)
        bend = hits.bend_at(view.model, place.x(), place.y(), PORT_PX / view.zoom)
        if bend is not None:
            return self._press_bend(position, modifiers, *bend)
        wire = self._wire_at(position)
        if wire is not None:
            view.ask_wire(wire)
            if modifiers & Modifier.AltModifier:
                number = view.model.wires.index(wire)
                points = hits.with_bend(view.model, number, (place.x(), place.y()))
                view.wire_bent.emit(wire, tuple(points))
            return None
        group = hits.group_at(view.model, place.x(), place.y(), PORT_PX / view.zoom)
        if group:
            return DragThings(view, position, self._ask_group(group))
        return BoxSelect(view, position, modifiers)

    def _press_bend(
        self, position: QPointF, modifiers: Modifier, wire: int, number: int
    ) -> Gesture | None:
        """Move a bend; with Alt take it away."""
        view, found = self._view, hits.wire_of(self._view.model, wire)
        if not modifiers & Modifier.AltModifier:
            view.ask_wire(found)
            return DragBend(view, position, found, number)
        points = view.bends_of(found)
        view.wire_bent.emit(found, points[:number] + points[number + 1 :])
        return None

    def _ask_group(self, group: str) -> frozenset[str]:
        """Ask for a group to be selected; what it shows inside."""
        model = self._view.model
        frame = next(f for f in model.frames if f.group == group)
        members = frozenset(model.ids[k] for k in frame.members.tolist())
        self._view.ask_selection(members, group)
        return members

    def _wire_from(self, position: QPointF, port: Port) -> Gesture:
        """From an output a new wire; an input lets go of its wire, or asks for one."""
        view = self._view
        if port.number != OUT:
            inputs = view.model.nodes[view.model.index[port.node]].inputs
            source = inputs[port.number] if port.number < len(inputs) else ""
            if source in view.model.index:
                wire = Wire(source, port.node, port.number)
                return DrawWire(view, position, Port(source, OUT), wire)
        return DrawWire(view, position, port)

    def _press_thing(self, position: QPointF, modifiers: Modifier, thing: str) -> Gesture | None:
        view = self._view
        before = view.selection
        if modifiers & Modifier.ControlModifier:
            view.ask_selection(before ^ {thing}, "" if thing in before else thing)
            return None if thing in before else DragThings(view, position, before | {thing})
        if modifiers & Modifier.ShiftModifier:
            view.ask_selection(before | {thing}, thing)
            return DragThings(view, position, before | {thing})
        if thing in before and len(before) > 1:
            return DragThings(view, position, before, click=thing)
        view.ask_selection(frozenset({thing}), thing)
        return DragThings(view, position, frozenset({thing}))

    def move(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or hover."""
        event.accept()
        if self._gesture is not None and event.buttons() == Button.NoButton:
            self._end()  # another window swallowed the release
        self._last = (event.position(), event.modifiers())
        if self._gesture is None:
            self._hover(event.position())
            self._view.hover_element(event.position())
            return
        self._gesture.move(*self._last)
        self._space_taps = self._space_taps and not self._gesture.moved
        at_edge = (
            self._gesture.moved and self._gesture.pans_at_edge and self._edge_step() is not None
        )
        if at_edge and not self._edge.isActive():
            self._edge.start()
        elif not at_edge:
            self._edge.stop()

    def release(self, event: QMouseEvent) -> None:
        """End the gesture."""
        self._end()
        event.accept()

    def _edge_step(self) -> QPointF | None:
        """How the view moves on, or None away from its edges."""
        size, at = self._view.viewport().size(), self._last[0]
        across = (at.x() < EDGE_PX) - (at.x() > size.width() - EDGE_PX)
        down = (at.y() < EDGE_PX) - (at.y() > size.height() - EDGE_PX)
        return QPointF(across, down) * EDGE_STEP_PX if across or down else None

    @Slot()
    def _pan_at_edge(self) -> None:
        step = self._edge_step()
        if self._gesture is None or step is None:
            self._edge.stop()
            return
        self._view.pan_by(step)
        self._gesture.move(*self._last)

    # what is under the pointer ------------------------------------------------------------------

    def port_at(self, position: QPointF) -> Port | None:
        """The port under the pointer; none where ports are too small to be drawn."""
        view = self._view
        if view.zoom < 0.4:
            return None
        place = view.to_scene(position)
        return hits.port_at(view.model, place.x(), place.y(), PORT_PX / view.zoom)

    def _wire_at(self, position: QPointF) -> Wire | None:
        view = self._view
        place = view.to_scene(position)
        found = hits.wire_at(view.model, place.x(), place.y(), PORT_PX / view.zoom)
        return None if found < 0 else hits.wire_of(view.model, found)

    def _note_at(self, position: QPointF) -> str:
        place = self._view.to_scene(position)
        return hits.note_at(self._view.model, place.x(), place.y())

    def _hover(self, position: QPointF) -> None:
        view = self._view
        port = self.port_at(position)
        view.hover("" if port else view.node_at(position))
        if port is not None:
            view.viewport().setCursor(Qt.CursorShape.CrossCursor)
        elif view.hovered:
            view.viewport().setCursor(Qt.CursorShape.PointingHandCursor)
        else:
            view.viewport().unsetCursor()

    # clicks -------------------------------------------------------------------------------------

    def double_click(self, event: QMouseEvent) -> None:
        """On a thing: open it.  On nothing: add something."""
        event.accept()
        if event.button() is not Button.LeftButton:
            return
        view, place = self._view, self._view.to_scene(event.position())
        kind, what = self._what_is_at(event.position())
        if kind in ("node", "note", "group"):
            view.double_clicked.emit(kind, what)
        elif kind == "canvas":
            view.search_asked.emit((place.x(), place.y()))

    def _what_is_at(self, position: QPointF) -> tuple[str, object]:
        """(kind, id or Wire) of what is under the pointer."""
        view, place = self._view, self._view.to_scene(position)
        node = view.node_at(position)
        if node:
            return "node", node
        note = self._note_at(position)
        if note:
            return "note", note
        wire = self._wire_at(position)
        if wire is not None:
            return "wire", wire
        group = hits.group_at(view.model, place.x(), place.y(), PORT_PX / view.zoom)
        return ("group", group) if group else ("canvas", (place.x(), place.y()))

    def context_menu(self, event: QContextMenuEvent) -> None:
        """A menu for what is under the pointer, or for the selection from the keyboard."""
        view = self._view
        event.accept()
        if event.modifiers() & Modifier.ControlModifier:
            return  # the cutting stroke
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            chosen = next(iter(view.selection), "")
            kind = "node" if chosen in view.model.index else "note" if chosen else "canvas"
            at = view.viewport().mapToGlobal(view.viewport().rect().center())
            view.menu_asked.emit(kind, chosen, at)
            return
        kind, what = self._what_is_at(QPointF(event.pos()))
        if kind in ("node", "note") and what not in view.selection:
            view.ask_selection(frozenset({str(what)}), str(what))
        elif kind == "group":
            self._ask_group(str(what))
        elif kind == "wire":
            view.ask_wire(what)  # type: ignore[arg-type]
        view.menu_asked.emit(kind, what, event.globalPos())

    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms at the pointer, with Alt into what is there; two fingers pan."""
        if event.modifiers() & Modifier.AltModifier:
            self._zoom_levels(event)
            return
        touchpad = (
            event.phase() is not Qt.ScrollPhase.NoScrollPhase
            or event.device().type() is QInputDevice.DeviceType.TouchPad
        )
        zooms = bool(event.modifiers() & Modifier.ControlModifier)
        if touchpad and not zooms:
            pixels = event.pixelDelta()
            offset = pixels if not pixels.isNull() else event.angleDelta() / 2
            self._view.pan_by(QPointF(offset))
        elif event.angleDelta().y():  # a zero delta is no reason to zoom out
            self._view.zoom_by(WHEEL_STEP ** event.angleDelta().y(), event.position())
        event.accept()

    def _zoom_levels(self, event: QWheelEvent) -> None:
        """A notch is a level; what comes within the same movement of the wheel counts as one."""
        turned = event.angleDelta().x() + event.angleDelta().y()  # Alt turns the axes on some
        if turned and event.timestamp() - self._level_at > LEVEL_PAUSE_MS:
            self._level_at = event.timestamp()
            node = self._view.node_at(event.position())
            self._view.level_stepped.emit(1 if turned > 0 else -1, node)
        event.accept()

    # keys and the rest --------------------------------------------------------------------------

    def key(self, event: QKeyEvent, pressed: bool) -> bool:
        """Escape cancels, Space pans while it is held; whether the event was used up."""
        if self._keys is not None:
            if pressed and event.key() not in MODIFIER_KEYS and not self._keys.key(event):
                self._keys = None
            event.accept()
            return True
        if pressed and event.key() == Qt.Key.Key_Escape and self._gesture is not None:
            self.cancel()
            event.accept()
            return True
        if pressed and _is_space(event):
            self._press_space(event)
            return True
        if not pressed and event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._space_held, self._space_up_at = False, event.timestamp()
                if self._space_taps:
                    self._tap.start()
            return True
        return False

    def _press_space(self, event: QKeyEvent) -> None:
        # A held key lets go and presses again at one instant on X11, where Qt does not always see
        # in time that this is a repetition (Qt 6.11).
        again = event.isAutoRepeat() or 0 < event.timestamp() == self._space_up_at
        if not again:
            if self._tap.isActive():
                self._view.space_tapped.emit()
            self._space_taps = True
        self._tap.stop()
        self._space_held = True

    def wire_by_keys(self, node: str) -> str:
        """Let the keyboard lead a wire from a node's output; why not, if it cannot be."""
        self.cancel()
        wiring = KeyWiring(self._view, node)
        if not wiring.ports:
            return wiring.reason or "There is no input that this output could go to."
        self._keys = wiring
        wiring.show()
        return ""

    def lose_focus(self) -> None:
        """A key that is let go elsewhere counts as let go."""
        self.cancel()
        self._space_held = self._space_taps = False

    def watch(self, event: QEvent) -> bool:
        """See keys before shortcuts do; whether the key is to come here instead."""
        shortcut = event.type() is QEvent.Type.ShortcutOverride
        if shortcut and self._keys is not None:
            event.accept()
            return True
        escapes = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape
        if shortcut and escapes and self._gesture is not None:  # before it selects nothing
            event.accept()
            return True
        # A shortcut on Space would act as it is pressed, before it is known to be a tap.
        if shortcut and isinstance(event, QKeyEvent) and _is_space(event):
            event.accept()
            return True
        return False

    def viewport_event(self, event: QEvent) -> bool:
        """Tooltips and pinches; whether the event was used up."""
        view, kind = self._view, event.type()
        if kind is QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            self._show_tooltip(event.pos(), event.globalPos())
            return True
        if kind is QEvent.Type.Leave:
            view.hover("")
        elif kind is QEvent.Type.NativeGesture and isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                view.zoom_by(1.0 + event.value(), event.position())
                return True
        elif kind is QEvent.Type.Gesture and isinstance(event, QGestureEvent):
            pinch = event.gesture(Qt.GestureType.PinchGesture)
            if isinstance(pinch, QPinchGesture):
                at = QPointF(view.viewport().mapFromGlobal(pinch.centerPoint().toPoint()))
                view.zoom_by(pinch.scaleFactor(), at)
                return True
        return False

    def _show_tooltip(self, at: QPoint, at_screen: QPoint) -> None:
        view, position = self._view, QPointF(at)
        port = self.port_at(position)
        node = view.node_at(position)
        if port is not None:
            QToolTip.showText(at_screen, view.port_tooltip(port), view.viewport())
        elif node:
            text = view.tooltip(node, view.element_at(position))
            QToolTip.showText(at_screen, text, view.viewport())
        elif not self._note_at(position) and (wire := self._wire_at(position)) is not None:
            QToolTip.showText(at_screen, view.wire_tooltip(wire), view.viewport())
        else:
            QToolTip.hideText()


def _is_space(event: QKeyEvent) -> bool:
    return event.key() == Qt.Key.Key_Space and not event.modifiers()
