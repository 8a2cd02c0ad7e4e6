"""Snapping: dragged things keep to the grid, and line up with what stands nearby."""

from __future__ import annotations

import numpy as np

from graphviz_app.canvas.geometry import Geometry

Point = tuple[float, float]
Line = tuple[Point, Point]

GRID = 8.0  # scene pixels
CATCH = 5.0  # how near a line catches


def on_grid(value: float) -> float:
    """The nearest place on the grid."""
    return round(value / GRID) * GRID


def snapped(
    geometry: Geometry, moving: np.ndarray, others: np.ndarray, origin: np.ndarray, offset: Point
) -> tuple[Point, list[Line]]:
    """The offset that dragged nodes really move by, and the guide lines that explain it.

    ``moving`` are the dragged nodes, ``origin`` their centres before the drag; ``others`` those
    that they may line up with.  The first of them stands on the grid unless a guide catches.
    """
    x0, y0 = origin[0].tolist()
    dx, dy = on_grid(x0 + offset[0]) - x0, on_grid(y0 + offset[1]) - y0
    lines: list[Line] = []
    if len(others):
        centres = origin + offset
        dx, at_x = _catch(geometry.xy[others, 0], centres[:, 0], offset[0], dx)
        dy, at_y = _catch(geometry.xy[others, 1], centres[:, 1], offset[1], dy)
        moved = origin + np.array((dx, dy))
        if at_x is not None:
            ys = [*_along(geometry, others, 0, at_x), *moved[np.abs(moved[:, 0] - at_x) < 0.5, 1]]
            lines.append(((at_x, min(ys)), (at_x, max(ys))))
        if at_y is not None:
            xs = [*_along(geometry, others, 1, at_y), *moved[np.abs(moved[:, 1] - at_y) < 0.5, 0]]
            lines.append(((min(xs), at_y), (max(xs), at_y)))
    return (dx, dy), lines


def _catch(
    fixed: np.ndarray, moving: np.ndarray, free: float, grid: float
) -> tuple[float, float | None]:
    """(offset, line) on one axis: the nearest line within reach, else the grid's offset."""
    gaps = fixed[:, None] - moving[None, :]
    nearest = np.unravel_index(np.abs(gaps).argmin(), gaps.shape)
    gap = float(gaps[nearest])
    if abs(gap) > CATCH:
        return grid, None
    return free + gap, float(fixed[nearest[0]])


def _along(geometry: Geometry, others: np.ndarray, axis: int, at: float) -> list[float]:
    """Where on the line the nodes stand that make it."""
    on = np.abs(geometry.xy[others, axis] - at) < 0.5
    return geometry.xy[others][on, 1 - axis].tolist()
