"""Templates of the op table, taken apart: ``{a:1} + {b:2}`` with operands put in.

A template is text in which ``{name:level}`` stands for an operand that needs brackets where its
own notation binds less tightly than ``level``; all other braces mean themselves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from engine.errors import FormulaError
from engine.ops.op import ATOM, POWER, Op

_SLOT = re.compile(r"\{(\w+):(\d)\}")
_CALL = re.compile(r"\w+\(.*\)\Z")


class Piece(NamedTuple):
    """One part of a template: ``literal`` text, then the operand ``name`` ("" at the end)."""

    literal: str
    name: str
    level: int


@lru_cache(maxsize=1024)
def pieces(template: str) -> tuple[Piece, ...]:
    """``template`` as literals and operands in turn."""
    parts = _SLOT.split(template)
    slots = [Piece(parts[k], parts[k + 1], int(parts[k + 2])) for k in range(0, len(parts) - 1, 3)]
    return (*slots, Piece(parts[-1], "", 0))


def places(op: Op, count: int, name: str) -> range | tuple[int, ...]:
    """The positions, of ``count`` operands, that stand where a template of ``op`` says ``name``."""
    if op.variadic:
        return range(count)
    return (op.inputs.index(name),)


def level_of(op: Op, form: str) -> int:
    """How tightly an application of ``op`` binds when it is written as "text" or "latex".

    A call stands by itself in text, and a fraction line holds its parts together when typeset.
    """
    if form == "text":
        return ATOM if _CALL.match(op.text) else op.level
    return max(op.level, POWER) if op.latex.startswith(r"\frac") else op.level


def shown_attrs(op: Op, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that differ from their defaults, under the table's own names."""
    named = {op.attr_aliases.get(k, k): v for k, v in attrs.items()}
    return {k: v for k, v in named.items() if k not in op.attrs or not _same(v, op.attrs[k])}


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, bool) is not isinstance(b, bool) or (a is None) is not (b is None):
        return False
    if isinstance(a, (list, tuple, np.ndarray)) or isinstance(b, (list, tuple, np.ndarray)):
        return np.shape(a) == np.shape(b) and np.asarray(a).tolist() == np.asarray(b).tolist()
    return bool(a == b)


def attr_text(value: Any) -> str:
    """An attribute's value as formula text; raises FormulaError for one that has none."""
    if value is None:
        return "none"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, float, np.integer, np.floating)):
        return number_text(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple, np.ndarray)) and np.ndim(value) <= 8:
        try:
            return "[" + ", ".join(attr_text(v) for v in value) + "]"
        except RecursionError:
            pass
    raise FormulaError(f"The attribute value {str(value)[:40]!r} cannot be written in a formula.")


def number_text(value: Any) -> str:
    """Every digit of a number, as a formula reads it; 3.0 is written 3."""
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    x = float(value)
    return repr(int(x)) if x.is_integer() and abs(x) < 1e15 and str(x) != "-0.0" else repr(x)
