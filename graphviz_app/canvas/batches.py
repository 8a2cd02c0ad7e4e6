"""NumPy memory handed straight to QPainter: thousands of lines or boxes in one call.

``wrapInstance`` makes Qt see a row of doubles as QLineF or QRectF.  The wrapper does not own the
memory, so array and wrapper live and die together in one object, which grows by capacity.
"""

from __future__ import annotations

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QRectF
from PySide6.QtGui import QPainter


class _Buffer:
    def __init__(self, kind: type) -> None:
        self._kind = kind
        self._array = np.zeros((0, 4))
        self._first: object = None

    def fill(self, rows: np.ndarray) -> object:
        """Copy ``rows`` (n × 4 doubles) in; the first of them as a Qt object."""
        if len(rows) > len(self._array):
            self._array = np.zeros((max(64, 2 * len(rows)), 4))
            self._first = shiboken6.wrapInstance(self._array.ctypes.data, self._kind)
        self._array[: len(rows)] = rows
        return self._first


_lines, _rects = _Buffer(QLineF), _Buffer(QRectF)


def draw_lines(painter: QPainter, rows: np.ndarray) -> None:
    """Draw n lines; a row is x1, y1, x2, y2."""
    if len(rows):
        painter.drawLines(_lines.fill(rows), len(rows))  # type: ignore[call-overload]


def draw_rects(painter: QPainter, rows: np.ndarray) -> None:
    """Draw n boxes; a row is left, top, width, height."""
    if len(rows):
        painter.drawRects(_rects.fill(rows), len(rows))  # type: ignore[call-overload]
