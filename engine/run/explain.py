"""The words of a step: one sentence and one typeset line, from the op table and the numbers.

Inside a step an unnamed node is called q, and an unnamed input by the name of its port.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from engine.graph.bypass import own_op
from engine.graph.graph import CONSTANT, INPUT, PARAMETER, Value
from engine.graph.notation import fill, latex_name, latex_number, readable
from engine.numerals import number
from engine.ops import OPS
from engine.ops.op import ATOM, SUM, shape_text

if TYPE_CHECKING:
    from engine.run.walk import Step, Walk

ARTICLE = {INPUT: "an input", PARAMETER: "a parameter"}


PLACEHOLDERS = "quvprst"
NO_PRODUCT = "0 × ∞ has no value, so it is NaN, and so is every gradient that it flows into."


def names_in_step(step: Step, walk: Walk) -> tuple[str, tuple[str, ...]]:
    """What the node and its inputs are called within this step: no two things alike.

    A constant is called by its number.
    """
    taken = set(walk.names)
    free = (n for n in itertools.chain(PLACEHOLDERS, itertools.count()) if str(n) not in taken)
    inputs: list[str] = []
    met: dict[str, str] = {}
    for port, source in enumerate(step.inputs):
        node = walk.nodes[source]
        name = node.name or met.get(source, "")
        if node.op == CONSTANT and not name:
            name = number(step.input_values[port])
        elif not name:
            port_name = OPS[own_op(step)].input_name(port)
            name = port_name if port_name not in taken else str(next(free))
            taken.add(name)
            met[source] = name
        inputs.append(name)
    own = step.name
    if not own:
        wanted = "f" if step.node == walk.output else "q"
        own = wanted if wanted not in taken else next(str(n) for n in free if str(n) not in taken)
    return own, tuple(inputs)


def typeset_name(name: str) -> str:
    """LaTeX of a name from ``names_in_step``, which may be a constant's number."""
    return name.replace("−", "-") if name[:1] in "−0123456789∞" else latex_name(name)


def output_name(walk: Walk) -> str:
    """What the output is called: its name, else f."""
    return walk.nodes[walk.output].name or "f"


def explain(step: Step, walk: Walk) -> tuple[str, str]:
    """(sentence, LaTeX) of a step."""
    backward = step.upstream is not None
    if step.op in OPS:
        return _backward_op(step, walk) if backward else _forward_op(step, walk)
    return _backward_leaf(step, walk) if backward else _forward_leaf(step)


def _value_text(value: Value) -> str:
    shape = np.shape(value)
    if not shape:
        return number(value)
    if len(shape) == 1:
        return f"a vector of {shape[0]} {'number' if shape[0] == 1 else 'numbers'}"
    return f"a {shape_text(shape)} matrix" if len(shape) == 2 else f"a {shape_text(shape)} array"


def _gradient_latex(walk: Walk, name: str) -> str:
    return rf"\frac{{\partial {typeset_name(output_name(walk))}}}{{\partial {typeset_name(name)}}}"


def _forward_leaf(step: Step) -> tuple[str, str]:
    kind = ARTICLE.get(step.op, "a constant")
    name = step.name or step.node
    link = "," if np.ndim(step.output) else " with the value"
    sentence = f"{name} is {kind}{link} {_value_text(step.output)}."
    if step.unset:
        sentence = f"{name} is {kind} without a value yet: it counts as 1."
    return sentence, f"{typeset_name(name)} = {latex_number(step.output)}"


def _backward_leaf(step: Step, walk: Walk) -> tuple[str, str]:
    name, f = step.name or step.node, output_name(walk)
    total = step.upstream
    assert total is not None
    left = _gradient_latex(walk, name)
    if len(step.terms) > 1 and np.ndim(total) == 0:
        parts = " + ".join(_bracketed(t.value) for t in step.terms)
        sentence = (
            f"{name} is used {len(step.terms)} times, so its gradients add up: "
            f"∂{f}/∂{name} = {parts} = {number(total)}."
        )
        sum_ = " + ".join(_latex_bracketed(t.value) for t in step.terms)
        return sentence, f"{left} = {sum_} = {latex_number(total)}"
    if np.ndim(total):
        sentence = f"The gradient of {name} is complete: {_value_text(total)}, like {name} itself."
    else:
        assert isinstance(total, float)
        if not math.isfinite(total):
            effect = f"it says nothing of how {f} changes with {name}"
        elif total:
            way = "raises" if total > 0 else "lowers"
            effect = f"raising {name} a little {way} {f} {number(abs(total))} times as much"
        else:
            effect = f"{f} does not change when {name} changes a little"
        sentence = f"The gradient of {name} is complete: {number(total)}; {effect}."
    return sentence, f"{left} = {latex_number(total)}"


def _bracketed(value: Value) -> str:
    text = number(value)
    return f"({text})" if text.startswith("−") else text


def _latex_bracketed(value: Value) -> str:
    text = latex_number(value)
    return rf"\left({text}\right)" if text.startswith("-") else text


def _level(value: Value) -> int:
    return SUM if np.ndim(value) == 0 and float(value) < 0 else ATOM


def _forward_op(step: Step, walk: Walk) -> tuple[str, str]:
    op = OPS[step.op]
    own, inputs = names_in_step(step, walk)
    said = readable(op, [(name, ATOM) for name in inputs], step.attrs)
    typeset = fill(op, "latex", [(typeset_name(name), ATOM) for name in inputs], step.attrs)
    parts, latex = [own, said], [typeset_name(own), typeset]
    if all(np.ndim(v) == 0 for v in step.input_values):
        numbers = [(number(v), _level(v)) for v in step.input_values]
        parts.append(readable(op, numbers, step.attrs))
        numbers = [(latex_number(v), _level(v)) for v in step.input_values]
        latex.append(fill(op, "latex", numbers, step.attrs))
    result = number(step.output) if np.ndim(step.output) == 0 else ""
    if result:
        parts += [result] * (parts[-1] != result)  # what a bypassed op passes on is said once
        latex += [latex_number(step.output)] * (latex[-1] != latex_number(step.output))
    elif np.size(step.output) <= 16:
        latex.append(latex_number(step.output))
    tail = "" if result else f" It is {_value_text(step.output)}."
    return f"{' = '.join(parts)}.{tail} {op.says}", " = ".join(latex)


def _backward_op(step: Step, walk: Walk) -> tuple[str, str]:
    op = OPS[step.op]
    own, inputs = names_in_step(step, walk)
    f = output_name(walk)
    upstream = step.upstream
    assert upstream is not None
    said, latex = [], []
    if step.node == walk.output:
        everywhere = " everywhere" if np.ndim(upstream) else ""
        said.append(f"The backward pass starts here: ∂{f}/∂{f} = 1{everywhere}.")
    elif len(step.terms) > 1 and np.ndim(upstream) == 0:
        parts = " + ".join(_bracketed(t.value) for t in step.terms)
        said.append(
            f"{own} is used {len(step.terms)} times, so its gradients add up: "
            f"{parts} = {number(upstream)}."
        )
    said.append(op.gradient_says)
    seen: set[str] = set()
    undefined = False
    for port, (source, name) in enumerate(zip(step.inputs, inputs, strict=True)):
        product = step.products[port]
        if product is None:
            continue
        left = _gradient_latex(walk, name)
        local = step.locals[port] if step.locals is not None else None
        undefined = undefined or (local is not None and _no_product(local, upstream, product))
        if local is None or np.ndim(product) or np.ndim(local) or np.ndim(upstream):
            said.append(f"{name} receives {_value_text(product)}.")
            size = np.size(product)
            latex.append(f"{left} = {latex_number(product)}" if size <= 16 else left)
            continue
        total = step.accumulated[port]
        assert total is not None
        work = f"{_bracketed(local)} × {_bracketed(upstream)} = {number(product)}"
        alone = np.array_equal(total, product, equal_nan=True) and source not in seen
        again = "" if alone else f", {number(total)} in all so far"
        seen.add(source)
        said.append(f"{name} receives {work}{again}.")
        chain = (
            rf"\frac{{\partial {typeset_name(own)}}}{{\partial {typeset_name(name)}}} \cdot "
            rf"\frac{{\partial {typeset_name(f)}}}{{\partial {typeset_name(own)}}}"
        )
        numbers = f"{_latex_bracketed(local)} \\cdot {_latex_bracketed(upstream)}"
        latex.append(f"{left} = {chain} = {numbers} = {latex_number(product)}")
    if undefined:
        said.append(NO_PRODUCT)
    return " ".join(said), r" \qquad ".join(latex)


def _no_product(local: Value, upstream: Value, product: Value) -> bool:
    """Whether a gradient becomes NaN here: 0 × ∞, of two numbers that are not NaN themselves."""
    if not np.isnan(product).any():
        return False
    either = ((local, upstream), (upstream, local))
    return any(bool(np.any(np.equal(a, 0) & np.isinf(b))) for a, b in either)
