"""Plain values as a listing writes them: numbers, words, tuples, names given to these, and
arithmetic of numbers such as ``16 * 5 * 5``.
"""

from __future__ import annotations

import ast
import copy
import difflib
import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from engine.errors import EngineError
from engine.layers.forms import KERAS_NAMED_SLOPE, KERAS_SLOPE, Bend

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_LARGEST = 10**15  # no number of a listing is larger


class ListingError(EngineError):
    """What of a listing was not understood; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"Line {line}: {message}")
        self.line = line


class Literals:
    """Reads values and knows the names that were given to plain ones."""

    def __init__(self) -> None:
        self._named: dict[str, Any] = {}

    def remember(self, node: ast.Assign) -> bool:
        """Keep ``units = 64`` or ``ins, outs = 8, 2``; says whether the statement is such a one."""
        try:
            value = self.value(node.value)
        except ListingError:
            return False
        named: dict[str, Any] = {}
        for target in node.targets:
            names, values = [target], [value]
            if isinstance(target, (ast.Tuple, ast.List)) and isinstance(value, (tuple, list)):
                names, values = target.elts, list(value)
            if len(names) != len(values):
                return False
            for name, one in zip(names, values, strict=True):
                if not isinstance(name, ast.Name):
                    return False
                named[name.id] = one
        self._named |= named
        return True

    def value(self, node: ast.expr) -> Any:
        """The plain value that is written; raises ListingError."""
        try:
            return ast.literal_eval(_Filled(self._named).visit(copy.deepcopy(node)))
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError, ArithmeticError):
            raise ListingError(self._not_plain(node), node.lineno) from None

    def _not_plain(self, node: ast.expr) -> str:
        parts = list(ast.walk(node))
        unknown = [n.id for n in parts if isinstance(n, ast.Name) and n.id not in self._named]
        if unknown and not any(isinstance(n, (ast.Call, ast.Attribute)) for n in parts):
            return f"“{unknown[0]}” has no value here: write one above, such as {unknown[0]} = 8."
        return "only plain numbers and words are read here, and + - * / // of numbers."

    def argument(self, key: str, node: ast.expr) -> Any:
        """The value of an argument; activations and initialisers may be classes and functions."""
        named = isinstance(node, ast.Name) and node.id in self._named
        if named or not isinstance(node, (ast.Call, ast.Attribute, ast.Name)):
            return self.value(node)
        if key == "activation":
            return self._bend(node)
        if key.endswith("_initializer"):
            name = called_name(node.func if isinstance(node, ast.Call) else node)
            return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()  # HeNormal is he_normal
        return self.value(node)

    def _bend(self, node: ast.expr) -> Bend:
        if not isinstance(node, ast.Call):
            return Bend(called_name(node), KERAS_NAMED_SLOPE)
        slopes = [*node.args, *(keyword.value for keyword in node.keywords)]
        slope = self.value(slopes[0]) if slopes else KERAS_SLOPE
        if not isinstance(slope, (int, float)):
            raise ListingError(f"a slope is a number, not {slope!r}.", node.lineno)
        return Bend(called_name(node.func), float(slope))


class _Filled(ast.NodeTransformer):
    """Puts known values in the place of their names."""

    def __init__(self, named: dict[str, Any]) -> None:
        self._named = named

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._named:
            return node
        return ast.parse(repr(self._named[node.id]), mode="eval").body

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        compute = _ARITHMETIC.get(type(node.op))
        if compute is None:
            return node
        numbers = [ast.literal_eval(self.visit(side)) for side in (node.left, node.right)]
        if not all(type(n) in (int, float) and abs(n) <= _LARGEST for n in numbers):
            raise ValueError
        return ast.Constant(compute(*numbers))


def called_name(node: ast.expr) -> str:
    """The last name of what is called: Dense of keras.layers.Dense."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else "this"


def root_name(node: ast.expr) -> str:
    """The first name of what is called: keras of keras.layers.Dense."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def near(name: str, known: Iterable[str]) -> str:
    """``did you mean Dense?``, where something is called nearly so, else ""."""
    found = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {found[0]}?" if found else ""


def sentence(error: Exception, name: str) -> str:
    """What went wrong in reading the arguments of ``name``."""
    if isinstance(error, EngineError):
        return str(error)
    return f"{name} is given something of another type than it takes."
