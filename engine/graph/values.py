"""What may be given as the value of a leaf or of an attribute, and how a node keeps it."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import said


def leaf_value(value: Any) -> float | np.ndarray | None:
    """``value`` as a leaf keeps it: a float, or a float64 array of its own; None stays unset.

    Raises ValueError, its message the end of a sentence, for what is no number and no array of
    numbers.  Text is refused even where NumPy would read a number out of it.
    """
    if value is None:
        return None
    try:
        given = np.asarray(value)
        kind = given.dtype.kind
        if kind not in "fiubO" or (kind == "O" and not all(map(_number, given.flat))):
            raise ValueError
        array = np.array(given, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        found = "" if isinstance(value, (list, tuple, np.ndarray)) else f", not {said(value)}"
        raise ValueError(
            f"must be a number or an array of numbers with equal rows{found}"
        ) from None
    return float(array) if array.ndim == 0 else array


def attribute_value(value: Any) -> Any:
    """``value`` with NumPy's numbers as Python's and its arrays as tuples: plain, comparable."""
    if isinstance(value, np.ndarray):
        return attribute_value(tuple(value.tolist()) if value.ndim else value.item())
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        parts = map(attribute_value, value)
        return list(parts) if isinstance(value, list) else tuple(parts)
    return value


def _number(entry: Any) -> bool:
    return hasattr(entry, "__float__")
