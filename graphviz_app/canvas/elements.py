"""The elements that heat maps show: which is under a point, and which are lit.  Knows no Qt."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from graphviz_app.canvas.faces import (
    GRADIENT_GAP,
    MOST_CELLS,
    TILE_HEAD,
    TILE_PAD,
    Tile,
)
from graphviz_app.canvas.model import CanvasModel

Box = tuple[float, float, float, float]  # left, top, width, height


class Element(NamedTuple):
    """One number of a node's tensor."""

    node: str
    index: tuple[int, ...]


def value_box(face: Tile) -> Box:
    """Where the heat map of the value is, around the node's centre."""
    width, height = face.size
    return TILE_PAD - width / 2, TILE_HEAD - height / 2, width - 2 * TILE_PAD, face.value_height


def gradient_box(face: Tile) -> Box:
    """Where the heat map of the gradient is."""
    left, top, width, height = value_box(face)
    return left, top + height + GRADIENT_GAP, width, face.gradient_height


def steps_shown(face: Tile) -> tuple[int, int]:
    """Of how many rows, and of how many columns, one is drawn."""
    return -(-face.rows // MOST_CELLS[0]), -(-face.columns // MOST_CELLS[1])


def cells_shown(array: np.ndarray, face: Tile) -> np.ndarray:
    """The rows and columns of a tensor that are drawn: all, or every n-th."""
    down, across = steps_shown(face)
    return np.reshape(array, (face.rows, face.columns))[::down, ::across]


def element_at(model: CanvasModel, x: float, y: float, least: float) -> Element | None:
    """The element of a heat map under a point of the scene."""
    node = model.geometry.node_at(x, y, least)
    face = model.faces[node] if node >= 0 else None
    if not isinstance(face, Tile) or node not in model.tensors:
        return None
    dx, dy = (x, y) - model.geometry.xy[node]
    down, across = steps_shown(face)
    for left, top, width, height in (value_box(face), gradient_box(face)):
        if 0 <= dx - left < width and 0 <= dy - top < height:
            row = int((dy - top) / height * -(-face.rows // down)) * down
            column = int((dx - left) / width * -(-face.columns // across)) * across
            index = np.unravel_index(row * face.columns + column, face.shape)
            return Element(model.ids[node], tuple(map(int, index)))
    return None


def lit_boxes(mask: np.ndarray, face: Tile) -> np.ndarray:
    """The lit elements as boxes within (0, 0, 1, 1): runs of a row in one; n × 4."""
    down, across = steps_shown(face)
    rows, columns = -(-face.rows // down), -(-face.columns // across)
    lit = np.zeros((rows, columns), bool)
    for row, column in np.argwhere(np.reshape(mask, (face.rows, face.columns))):
        lit[row // down, column // across] = True
    found = []
    in_row, in_column = np.asarray(lit.any(axis=1)), np.asarray(lit.any(axis=0))
    if lit.any() and (lit == np.outer(in_row, in_column)).all():
        return _rectangles(in_row, in_column)
    for row in range(rows):
        found += [
            (start / columns, row / rows, (end - start) / columns, 1 / rows)
            for start, end in _runs(lit[row])
        ]
    return np.array(found).reshape(-1, 4)


def _rectangles(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return np.array(
        [
            (left / len(columns), top / len(rows), (right - left) / len(columns),
             (bottom - top) / len(rows))
            for top, bottom in _runs(rows)
            for left, right in _runs(columns)
        ]
    )  # fmt: skip


def _runs(lit: np.ndarray) -> list[tuple[int, int]]:
    """(first, one after the last) of each run of what is true."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], lit.astype(int), [0]))))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]
