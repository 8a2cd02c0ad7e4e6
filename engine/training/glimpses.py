"""What a row of data is, at a glance: a small picture, the words in it, or its first numbers."""

from __future__ import annotations

import math

import numpy as np

from engine.data.dataset import Dataset
from engine.numerals import number

MOST_NUMBERS, MOST_WORDS = 4, 12  # that are written
BRIGHT = 255

Glimpses = np.ndarray | tuple[str, ...]


def glimpses(data: Dataset) -> Glimpses:
    """For every row a picture, bytes (rows, height, width), or for all a text."""
    side = picture_side(data.features)
    if data.x.ndim == 3 and not data.features:
        return _bytes(data.x)
    if side:
        return _bytes(data.x.reshape(data.count, side, side))
    if data.x.ndim > 2:
        return tuple("" for _ in range(data.count))
    if counts_words(data):
        return tuple(_words(row, data.features) for row in data.x)
    return tuple(_numbers(row) for row in data.x)


def picture_side(features: tuple[str, ...]) -> int:
    """How many pixels wide the square pictures are that come as one row of features; else 0."""
    side = math.isqrt(len(features))
    pixels = features and features[0].startswith("pixel")
    return side if pixels and side * side == len(features) else 0


def counts_words(data: Dataset) -> bool:
    """Whether the columns say how often words occur: whole numbers, most of them 0."""
    x = data.x
    whole = x.ndim == 2 and len(data.features) > MOST_WORDS and bool((x >= 0).all())
    return whole and bool((x == np.rint(x)).all()) and float(np.mean(x == 0)) > 0.5


def _bytes(pictures: np.ndarray) -> np.ndarray:
    low = pictures.min(axis=(1, 2), keepdims=True)
    high = pictures.max(axis=(1, 2), keepdims=True)
    span = np.where(high > low, high - low, 1.0)
    return np.rint((pictures - low) / span * BRIGHT).astype(np.uint8)


def _words(row: np.ndarray, features: tuple[str, ...]) -> str:
    found = np.flatnonzero(row)
    words = ", ".join(features[k] for k in found[:MOST_WORDS].tolist())
    return f"{words}, …" if len(found) > MOST_WORDS else words


def _numbers(row: np.ndarray) -> str:
    text = ", ".join(number(x, 3) for x in row[:MOST_NUMBERS].tolist())
    return f"{text}, …" if len(row) > MOST_NUMBERS else text
