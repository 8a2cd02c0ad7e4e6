"""What stands on a node: names with real subscripts, signs of ops, numbers of constants.

A label is a tuple of runs, so that a painter can set each in its own font.  Knows no Qt.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum
from typing import NamedTuple

import numpy as np

from engine.graph.bypass import own_op
from engine.graph.graph import Node
from engine.graph.names import GREEK_SYMBOLS
from engine.numerals import number
from engine.ops import OPS


class RunStyle(Enum):
    """How a run of characters is set."""

    NAME = "italic"  # a variable
    SIGN = "upright"  # an op's sign, a number
    LOWERED = "subscript"
    RAISED = "superscript"


class Run(NamedTuple):
    """Characters of one style."""

    text: str
    style: RunStyle


Label = tuple[Run, ...]

_INDEXED = re.compile(r"^([^\W\d_]+)_?\{?(\w+)\}?$")
_SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "greater": ">", "neg": "× −1"}
_POWERS = {"square": "2", "transpose": "T"}  # as x with a raised sign, like other powers
_COMMUTES = {"add", "mul", "max", "min"}
LONGEST_NAME = 14  # characters of a name that fit on a node


def name_label(name: str) -> Label:
    """``w0``, ``w_0`` and ``w₀`` as w with a lowered 0; other names as they are."""
    plain = unicodedata.normalize("NFKC", name)
    found = None if plain in GREEK_SYMBOLS else _INDEXED.match(plain)  # "mu" is no m with a u
    split = found and (found[2].isdigit() or "_" in plain or len(found[1]) == 1)
    # "_" alone must not cut words apart: hidden_layer stays one word.
    if found and split and (found[2].isdigit() or len(found[2]) <= 3):
        stem = GREEK_SYMBOLS.get(found[1], found[1])
        return (Run(stem, RunStyle.NAME), Run(found[2], RunStyle.LOWERED))
    return (Run(short_name(GREEK_SYMBOLS.get(plain, plain)), RunStyle.NAME),)


def short_name(text: str, most: int = LONGEST_NAME) -> str:
    """``text`` with at most as many characters as there is room for, on a node if not said."""
    return text if len(text) <= most else text[: most - 1] + "…"


def leaf_label(node: Node) -> Label:
    """A variable's name; a constant's number."""
    if node.name:
        return name_label(node.name)
    if node.op == "constant":
        return (Run(number(node.value), RunStyle.SIGN),)
    return name_label(node.id)


def op_label(node: Node, constant: object = None, port: int = -1) -> Label:
    """An op's sign, together with the ``constant`` on its input ``port`` if there is one."""
    if "body" in node.attrs and node.op in OPS.internal:  # a folded group, or a unit of a layer
        return (Run(short_name(node.attrs["body"].title), RunStyle.SIGN),)
    op = own_op(node)
    if op == "entry":
        index = node.attrs["index"][
            int(not node.attrs["batched"] and len(node.attrs["index"]) > 1) :
        ]
        return (Run(f"[{','.join(map(str, index))}]", RunStyle.SIGN),)
    sign = _SIGNS.get(op) or (OPS[op].symbol if op in OPS else op)
    if op in _POWERS:
        return (Run("x", RunStyle.NAME), Run(_POWERS[op], RunStyle.RAISED))
    if constant is None:
        return (Run(sign, RunStyle.SIGN),)
    digits = number(constant)
    if op == "pow":
        if port == 1:
            return (Run("x", RunStyle.NAME), Run(digits, RunStyle.RAISED))
        return (Run(digits, RunStyle.SIGN), Run("x", RunStyle.RAISED))
    if port == 0 and op not in _COMMUTES:
        return (Run(f"{digits} {sign}", RunStyle.SIGN),)
    return (Run(f"{sign} {digits}", RunStyle.SIGN),)


def plain_text(label: Label) -> str:
    """The label as one string, for tooltips and screen readers."""
    return "".join(run.text for run in label)


def width_estimate(label: Label) -> float:
    """About how many pixels the label takes in 16 px type, without asking a font."""
    small = (RunStyle.LOWERED, RunStyle.RAISED)
    return sum(len(r.text) * (6.0 if r.style in small else 9.0) for r in label)


def inlinable(node: Node) -> bool:
    """Whether a leaf is a single unnamed number that may stand in its user's label."""
    return (
        node.op == "constant"
        and not node.name
        and np.ndim(0.0 if node.value is None else node.value) == 0
    )
