"""Which blocks tell a step: the formula with its numbers forward, local × upstream backward."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from engine.graph.graph import Value
from engine.graph.notation import backward_latex, fill
from engine.numerals import fixed
from engine.ops import OPS
from engine.ops.op import ATOM, SUM, Op, shape_text
from engine.run.walk import Phase, Step
from graphviz_app.explore.blocks import Block, Chain, Formula, Heads, Note, Number

LARGEST_MATRIX = 4  # rows and columns that are written out
MOST_TERMS = 5
MOST_INPUTS = 6

Names = Callable[[str], str]


def full(value: Any) -> str:
    """Every digit: what tooltips and copies hold."""
    if value is None:
        return "none"
    if np.ndim(value) == 0:
        return repr(float(value))
    array = np.asarray(value)
    return np.array2string(array, threshold=200, floatmode="unique", separator=", ")


def shown(value: Any) -> Number:
    """A number to two decimals, with all its digits behind it."""
    return Number(fixed(value, 2), full(value))


def number_latex(value: float) -> str:
    """A number to two decimals in LaTeX; a tiny or huge one with a power of ten."""
    mantissa, e, exponent = fixed(value, 2).replace("−", "-").replace("∞", r"\infty").partition("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}" if e else mantissa


def value_latex(value: Value) -> str:
    """A number or a small matrix in LaTeX; of a long vector the ends, a larger array by its shape.

    A vector's shape alone, 8, would read as its value.
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return number_latex(float(array))
    if array.ndim == 1 and array.size > LARGEST_MATRIX:
        ends = [*map(number_latex, array[:2]), r"\cdots", number_latex(array[-1])]
        return rf"\begin{{bmatrix}} {' & '.join(ends)} \end{{bmatrix}}"
    if array.ndim > 2 or max(array.shape, default=0) > LARGEST_MATRIX:
        return rf"\text{{{shape_text(array.shape)}}}"
    rows = np.atleast_2d(array)
    body = r" \\ ".join(" & ".join(map(number_latex, row)) for row in rows)
    return rf"\begin{{bmatrix}} {body} \end{{bmatrix}}"


def operation_latex(step: Step, names: Names) -> str:
    """The op applied to its inputs' names, such as w₀ x₀."""
    op = OPS[step.op]
    return fill(op, "latex", [(names(i), ATOM) for i in step.inputs], step.attrs)


def output_latex(step: Step, names: Names) -> str:
    """What the output of the graph is called, read from the step's own line."""
    name = re.search(r"\\frac\{\\partial ((?:[^{}]|\{[^{}]*\})*)\}", step.latex)
    return name[1] if name else "f"


def blocks(step: Step, names: Names) -> list[Block]:
    """The card's content for ``step``."""
    if step.phase is Phase.FORWARD:
        return _forward(step, names)
    f = output_latex(step, names)
    found = _terms(step, names, f)
    if step.op not in OPS:
        if len(step.terms) <= 1:
            found.append(_total(rf"\partial {f}/\partial {names(step.node)}", step.upstream))
        return found
    return found + _backward(step, names, f)


# forward ----------------------------------------------------------------------------------------


def _forward(step: Step, names: Names) -> list[Block]:
    own = names(step.node)
    if step.op not in OPS:
        return [_result(own, step.output)]
    op = OPS[step.op]
    shapes = [np.shape(v) for v in step.input_values]
    if any(shapes) or np.shape(step.output):
        return [
            Formula(f"{own} = {operation_latex(step, names)}"),
            *_shapes_note(step),
            _result(own, step.output),
        ]
    first = Formula(f"{own} = {operation_latex(step, names)}")
    if len(step.inputs) > MOST_INPUTS:
        return [first, _result(own, step.output)]
    numbers = [(value_latex(v), SUM if v < 0 else ATOM) for v in step.input_values]
    put_in = fill(op, "latex", _with_dots(op, numbers), step.attrs)
    tip = ", ".join(full(v) for v in step.input_values)
    return [first, Formula(rf"{own} = {put_in} =", shown(step.output), tip=tip)]


def _with_dots(op: Op, numbers: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Numbers side by side would read as one number: put a sign between factors."""
    if op.name != "mul":
        return numbers
    (a, level_a), (b, level_b) = numbers
    if level_b == SUM:
        b, level_b = rf"\left({b}\right)", ATOM
    return [(a, level_a), (rf"\times {b}", level_b)]


def _result(name: str, value: Value) -> Block:
    if np.ndim(value) == 0:
        return Formula(f"{name} =", shown(value))
    return Formula(f"{name} = {value_latex(value)}", tip=full(value))


def _shapes_note(step: Step) -> list[Block]:
    """What goes in and what comes out, where the shapes differ."""
    op = OPS[step.op]
    shapes = [np.shape(v) for v in step.input_values]
    if len({*shapes, np.shape(step.output)}) == 1:
        return []
    if len(shapes) > MOST_INPUTS:
        return [Note(f"{len(shapes)} inputs; the output is {_shape_words(np.shape(step.output))}.")]
    parts = [f"{op.input_name(k)} is {_shape_words(shape)}" for k, shape in enumerate(shapes)]
    return [Note(f"{', '.join(parts)}; the output is {_shape_words(np.shape(step.output))}.")]


def _shape_words(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a scalar"
    return f"of length {shape[0]}" if len(shape) == 1 else shape_text(shape)


# backward ---------------------------------------------------------------------------------------


def _total(left: str, value: Value | None) -> Block:
    if value is None or np.ndim(value) == 0:
        return Formula(f"{left} =", shown(value), forward=False)
    return Formula(f"{left} = {value_latex(value)}", forward=False, tip=full(value))


def _terms(step: Step, names: Names, f: str) -> list[Block]:
    """At a fork, the branches that add up to the gradient of the node's output."""
    if len(step.terms) <= 1:
        return []
    left = rf"\partial {f}/\partial {names(step.node)}"
    tip = "\n".join(f"through {t.user}: {full(t.value)}" for t in step.terms)
    said = step.op not in OPS  # a leaf's sentence tells it
    note = Note(f"Used {len(step.terms)} times: the gradients of all branches add up.", tip)
    found: list[Block] = [] if said else [note]
    if step.upstream is not None and np.ndim(step.upstream):
        return [*found, _total(left, step.upstream)]
    written = [_bracketed(t.value) for t in step.terms[:MOST_TERMS]]
    if len(step.terms) > MOST_TERMS:
        written.append(r"\dots")
    latex = f"{left} = {' + '.join(written)} ="
    return [*found, Formula(latex, shown(step.upstream), forward=False, tip=tip)]


def _bracketed(value: Value) -> str:
    text = value_latex(value)
    return rf"\left({text}\right)" if text.startswith("-") else text


def _backward(step: Step, names: Names, f: str) -> list[Block]:
    own = names(step.node)
    upstream = rf"\partial {f}/\partial {own}"
    found: list[Block] = []
    scalar = np.ndim(step.output) == 0 and all(np.ndim(v) == 0 for v in step.input_values)
    ports = [k for k, product in enumerate(step.products) if product is not None]
    if step.locals is not None and ports:
        found.append(Heads())
    elif ports:
        found += _shapes_note(step)
        found.append(_total(rf"G = {upstream}", step.upstream))
    rules = backward_latex(OPS[step.op], own, [names(i) for i in step.inputs], step.attrs)
    for k in ports[:MOST_INPUTS]:
        name = names(step.inputs[k])
        result = rf"\partial {f}/\partial {name}"
        product = step.products[k]
        assert product is not None  # one of ``ports``
        if step.locals is not None:
            local = rf"\partial {own}/\partial {name}"
            parts = (step.locals[k], step.upstream, product)
            numbers = None
            if scalar:
                first, second, third = map(shown, parts)
                numbers = (first, second, third)
            found.append(Chain((local, upstream, result), numbers, "·" if scalar else "⊙"))
            if not scalar:
                found.append(_total(result, product))
            if np.shape(product) != np.shape(step.output):
                found.append(Note("Added up along the axes over which this input was stretched."))
        else:
            found.append(_total(f"{result} = {rules[k]}", product))
        found += _so_far(step, k, result)
    if len(ports) > MOST_INPUTS:
        found.append(Note(f"… and {len(ports) - MOST_INPUTS} more inputs: see the tape."))
    if not ports:
        found.append(Note("No gradient flows further from here: all inputs are constants."))
    return found


def _so_far(step: Step, port: int, left: str) -> list[Block]:
    """What has arrived at the input in all, where it is more than this step's share."""
    total, product = step.accumulated[port], step.products[port]
    if total is None or product is None or np.array_equal(total, product, equal_nan=True):
        return []
    if np.ndim(total):
        return [Note("Added to what this input has received before.")]
    before = shown(float(total) - float(product)).text
    tip = f"{full(total)} in all so far"
    return [Note(f"It had {before} already, so it stands at {shown(total).text} now.", tip)]
