"""What of a walk stands on the canvas at one step: the numbers at the wires and what is lit."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from engine.graph.graph import CONSTANT, Value, Wire
from engine.numerals import fixed
from engine.run.walk import Phase, Walk

MOST_ENTRIES = 8  # of a vector; the canvas leaves out those that do not fit


def wire_text(value: Any) -> str:
    """As on wires: two decimals; a vector entry by entry, without closing zeros; 4×2 of a matrix.

    A vector with more entries than could ever be read ends in ….
    """
    if np.ndim(value) != 1:
        return fixed(value)
    entries = [_entry(v) for v in value[:MOST_ENTRIES]]
    return "[" + ", ".join(entries + ["…"] * (len(value) > MOST_ENTRIES)) + "]"


def _entry(value: float) -> str:
    text = fixed(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def numbers_at(
    walk: Walk,
    ids: Sequence[str],
    index: int,
    examples: Container[str] = (),
    example: int = 0,
) -> tuple[list[str], list[str]]:
    """(values, gradients) as texts for the nodes ``ids`` after step ``index``; "" is not yet.

    Of the nodes ``examples``, which hold one number for each example, that of ``example`` counts.
    """
    values, gradients = walk.seen_at(index)
    shown_values, shown_gradients = [], []
    for node_id in ids:
        value, gradient = values.get(node_id), gradients.get(node_id)
        if node_id in examples:
            value, gradient = _of_example(value, example), _of_example(gradient, example)
        carries = gradient is not None and walk.nodes[node_id].op != CONSTANT
        shown_values.append("" if value is None else wire_text(value))
        shown_gradients.append(wire_text(gradient) if carries else "")
    return shown_values, shown_gradients


def _of_example(value: Any, example: int) -> Any:
    return value[min(example, len(value) - 1)] if np.ndim(value) == 1 and len(value) else value


def tensors_at(walk: Walk, ids: Iterable[str], index: int) -> dict[str, tuple[Any, Any]]:
    """(value, gradient) of the nodes ``ids`` after step ``index``; None is not yet."""
    values, gradients = walk.seen_at(index)
    return {
        i: (values.get(i), None if walk.nodes[i].op == CONSTANT else gradients.get(i)) for i in ids
    }


def numbers_without_walk(
    known: Mapping[str, Value], ids: Sequence[str]
) -> tuple[list[str], list[str]]:
    """(values, gradients) as texts where a graph has no walk: what is ``known``, no gradients."""
    return [wire_text(known[i]) if i in known else "" for i in ids], [""] * len(ids)


def lit_at(walk: Walk, index: int) -> tuple[str | None, Phase, list[Wire]]:
    """(active node, pass, its wires) at step ``index``; no node before the first and at the end.

    An op lights the wires of its inputs, a leaf in the backward pass those its gradient came by.
    """
    if not 0 <= index < len(walk):
        return None, Phase.FORWARD, []
    step = walk.steps[index]
    wires = [Wire(source, step.node, port) for port, source in enumerate(step.inputs)]
    if step.phase is Phase.BACKWARD and not wires:
        wires = [Wire(step.node, term.user, term.port) for term in step.terms]
    return step.node, step.phase, wires
