"""Shapes, values and attributes as a person reads and types them in the inspector."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from engine.errors import EngineError, FormulaError
from engine.graph.formula import parse
from engine.graph.graph import Value
from engine.graph.templates import attr_text, number_text
from engine.numerals import MINUS
from engine.ops.op import Shape

MOST_NUMBERS = 200  # that are written out; nobody edits more of them in one line
_INTEGERS = re.compile(r"-?\d+(?:[\s,×x]+-?\d+)*")
_NO_SHAPE = "is no shape: type one such as 2×3, 4 or scalar."


def read_shape(text: str) -> Shape:
    """A shape: 2×3, 2x3, (2, 3), 4 of a vector, scalar; raises EngineError for anything else."""
    plain = text.strip().lower()
    if plain in ("scalar", "()", ""):
        return ()
    sides = _integers(plain)
    if sides is None:
        raise EngineError(f"“{text.strip()}” {_NO_SHAPE}")
    return tuple(sides)


def _integers(text: str) -> list[int] | None:
    """The whole numbers in ``text``, in brackets or not; None if there is anything else."""
    plain = text.replace(MINUS, "-").strip().strip("[]()").strip()
    if not _INTEGERS.fullmatch(plain) or len(plain) > 200:
        return None
    return [int(part) for part in re.findall(r"-?\d+", plain)]


def read_value(text: str) -> Value | None:
    """A number or array as a person types it; "" is unset.  Raises FormulaError."""
    if not text.strip():
        return None
    graph = parse(f"value = {text.strip()}")
    node = graph.nodes["value"]
    if not node.leaf or node.value is None:
        raise FormulaError(f"“{text.strip()}” is not a number or a list of numbers.")
    return node.value


def value_text(value: Value) -> str:
    """An array as one types it, with every digit: ``[1 2; 3 4]``; "" of one with many numbers."""
    array = np.asarray(value)
    if array.size > MOST_NUMBERS:
        return ""
    if array.ndim == 1 and array.size:
        return f"[{_row(array)}]"
    if array.ndim == 2 and array.size and len(array) > 1:
        return f"[{'; '.join(map(_row, array))}]"
    return attr_text(array.tolist())


def _row(numbers: np.ndarray) -> str:
    return " ".join(map(number_text, numbers))


def read_attribute(text: str, default: Any) -> Any:
    """What ``text`` says of an axis, axes or a shape: a whole number, a list of them, or none.

    No text is the default; what cannot be read is given back as it is, for the engine to refuse.
    """
    plain = text.strip()
    if not plain:
        return default
    if plain.lower() == "none":
        return None
    numbers = _integers(plain)
    if numbers is None:
        return plain
    return numbers[0] if len(numbers) == 1 and plain[0] not in "[(" else numbers


def attribute_text(value: Any) -> str:
    """An attribute as ``read_attribute`` reads it."""
    text = attr_text(value)
    several = isinstance(value, (list, tuple)) and len(value) > 1
    return text.strip("[]") if several else text
