"""Gradient rules as short plain text, such as ∂(a·b)/∂a = b, read from the op table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from engine.graph.notation import backward_latex, readable
from engine.numerals import number
from engine.ops import OPS
from engine.ops.bypass import BYPASS
from engine.ops.expr import Call, Const, Expr, Var, as_expr, symbols
from engine.ops.op import ATOM, SUM, Op
from graphviz_app.typeset import plain_text

LONGEST = 60


def expr_text(expr: Expr) -> tuple[str, int]:
    """(text, binding level) of a formula."""
    if isinstance(expr, Var):
        return expr.name, ATOM
    if isinstance(expr, Const):
        return number(expr.value), SUM if expr.value < 0 else ATOM
    assert isinstance(expr, Call)
    op, arguments = OPS[expr.op], expr.args
    if op.name == "mul" and isinstance(arguments[0], Var) and arguments[0] is arguments[1]:
        op, arguments = OPS["square"], arguments[:1]  # rules multiply, people write y²
    parts = [expr_text(argument) for argument in arguments]
    return readable(op, parts, expr.attrs), op.level


Attrs = tuple[tuple[str, Any], ...]


@lru_cache(maxsize=256)
def _rules(op_name: str, attrs: Attrs) -> tuple[str, ...]:
    op = OPS[op_name]
    names = [op.input_name(k) for k in range(len(op.inputs))]
    if op.local is None:
        typeset = backward_latex(op, "y", names, dict(attrs))
        return tuple(plain_text(latex.replace(r"^{\top}", r"\top")) for latex in typeset)
    try:
        slopes = op.local(symbols, Var("y"), *map(Var, names), **op.with_defaults(dict(attrs)))
        texts = [expr_text(as_expr(slope))[0] for slope in slopes]
    except Exception:  # a rule that only runs on numbers
        return ()
    return tuple(texts)


@lru_cache(maxsize=256)
def _forward(op_name: str, attrs: Attrs) -> str:
    op = OPS[op_name]
    names = [(op.input_name(k), ATOM) for k in range(len(op.inputs))]
    if op.variadic:
        names = [("a", ATOM), ("b", ATOM)]
    return readable(op, names, dict(attrs))


@lru_cache(maxsize=256)
def _backward(op_name: str, attrs: Attrs) -> str:
    op, found = OPS[op_name], _rules(op_name, attrs)
    if not found:
        return op.gradient_says
    whole = _forward(op_name, attrs).replace(" ", "")
    whole = f"({whole})" if op.level != ATOM or len(whole) > 8 else whole
    if op.local is None:
        return ", ".join(f"∂f/∂{op.input_name(k)} = {r}" for k, r in enumerate(found) if r)
    parts = [
        f"∂{whole}/∂{op.input_name(k)} = {rule}"
        for k, rule in enumerate(found)
        if len(rule) <= LONGEST
    ]
    return ", ".join(parts) or op.gradient_says


def _key(attrs: Mapping[str, Any]) -> Attrs:
    """``attrs`` as a key; a list becomes a tuple."""
    plain = {k: tuple(v) if isinstance(v, list) else v for k, v in attrs.items()}
    return tuple(sorted(plain.items()))


def _passed_name(attrs: Mapping[str, Any]) -> str:
    return OPS[attrs["of"]].input_name(attrs["port"])


def forward_text(op: Op, attrs: Mapping[str, Any]) -> str:
    """The op over its own port names: a·b, exp(x)."""
    if op is BYPASS:
        return f"passes {_passed_name(attrs)} on"
    return _forward(op.name, _key(attrs))


def backward_text(op: Op, attrs: Mapping[str, Any]) -> str:
    """∂(a·b)/∂a = b, ∂(a·b)/∂b = a; a sentence where there is no short form."""
    if op is BYPASS:
        return f"∂f/∂{_passed_name(attrs)} = G"
    return _backward(op.name, _key(attrs))
