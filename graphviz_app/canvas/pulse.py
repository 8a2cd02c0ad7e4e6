"""The pulse that runs along the lit wires once, as a step is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QVariantAnimation, Slot

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

PULSE_MS = 450


class Pulse(QObject):
    """Shows one pulse at a time in the scene of a view."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._motion = QVariantAnimation(self)
        self._motion.setStartValue(0.0)
        self._motion.setEndValue(1.0)
        self._motion.setDuration(PULSE_MS)
        self._motion.valueChanged.connect(self._move)
        self._motion.finished.connect(self._clear)

    def start(self) -> None:
        """Let it run."""
        self._motion.start()

    def stop(self) -> None:
        """Take it away."""
        self._motion.stop()
        self._clear()

    @Slot(object)
    def _move(self, progress: float) -> None:
        self._view.graph_scene.set_pulse(progress)

    @Slot()
    def _clear(self) -> None:
        self._view.graph_scene.set_pulse(None)
