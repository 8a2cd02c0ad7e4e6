"""Nodes on their way: what was put elsewhere is seen going there, so that one can follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QVariantAnimation, Slot

from graphviz_app.canvas.camera import GLIDE_MS
from graphviz_app.canvas.model import CanvasModel

if TYPE_CHECKING:
    from graphviz_app.canvas.view import GraphView

LEAST_WAY = 12.0  # scene pixels: a shorter way is a jump
MOST_NODES = 400  # so many can be moved within a frame; more jump


def places_before(before: CanvasModel, after: CanvasModel) -> np.ndarray:
    """Where the nodes of ``after`` come from: their places in ``before``.

    What is inside an opened composite or group comes out of the node that stood for it; what is
    new is where it is.
    """
    begin = after.geometry.xy.copy()
    for place, node in enumerate(after.ids):
        origin = before.index.get(node, before.index.get(node.rpartition("/")[0]))
        if origin is not None:
            begin[place] = before.geometry.xy[origin]
    return begin


class NodeGlide(QObject):
    """Shows the nodes of a view on their way to where they belong in its model."""

    def __init__(self, view: GraphView) -> None:
        super().__init__(view)
        self._view = view
        self._moving = np.empty(0, dtype=np.intp)
        self._begin = self._end = np.empty((0, 2))
        self._animation = QVariantAnimation(self)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.setDuration(GLIDE_MS)
        self._animation.valueChanged.connect(self._show)
        self._animation.finished.connect(self._finish)

    @property
    def running(self) -> bool:
        """Whether nodes are on their way."""
        return self._animation.state() is QVariantAnimation.State.Running

    @property
    def ends(self) -> np.ndarray:
        """Where every node is going to, or is."""
        places = self._view.model.geometry.xy
        if self.running:
            places = places.copy()
            places[self._moving] = self._end
        return places

    def start(self, begin: np.ndarray) -> None:
        """Lead the nodes from the places ``begin`` to where they are now, or leave them there."""
        self.drop()
        view = self._view
        end = view.model.geometry.xy.copy()
        moving = np.flatnonzero(np.abs(end - begin).max(axis=1, initial=0.0) >= LEAST_WAY)
        if not 0 < len(moving) <= MOST_NODES or view.reduced_motion or not view.isVisible():
            return
        self._moving, self._begin, self._end = moving, begin[moving], end[moving]
        self._show(0.0)  # the animation's first value comes with its first tick only
        self._animation.start()

    def stop(self) -> None:
        """Put the nodes where they were going to."""
        if self.running:
            self.drop()
            self._finish()

    def drop(self) -> None:
        """Forget where nodes were going to: somebody else places them now."""
        self._animation.stop()

    @Slot(object)
    def _show(self, progress: float) -> None:
        left = (1.0 - progress) ** 3
        here = self._end + (self._begin - self._end) * left
        self._view.graph_scene.move_nodes(self._moving.tolist(), here)
        self._view.view_changed.emit()

    @Slot()
    def _finish(self) -> None:
        self._view.model.settle()
        self._view.graph_scene.place_all()
        self._view.stay_fitted()
