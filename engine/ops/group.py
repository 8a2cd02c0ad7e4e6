"""A folded group: ops that the user framed and shows as one node.

It is a composite like those of the table, but its definition is the user's and travels in the
attribute ``body``.  It is made when a graph is shown (``engine/graph/levels.py``) and never saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.ops.kinds import arrays
from engine.ops.op import OPS, Op, Shape, unbroadcast

NO_ATTRS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)  # constants are arrays, which == compares one by one
class Body:
    """What is inside a group, over numbered slots: first its ports, then ``constants``, then the
    result of each of ``steps`` (op, attributes, input slots).  The last step is the result.
    """

    title: str
    ports: tuple[str, ...]
    constants: tuple[Any, ...]
    steps: tuple[tuple[Op, Mapping[str, Any], tuple[int, ...]], ...]

    def values(self, xp: Any, inputs: tuple) -> list[Any]:
        """What every slot holds, by the rules of the number kind ``xp``."""
        slots = [_held(xp, value) for value in (*inputs, *self.constants)]
        for op, attrs, sources in self.steps:
            value = op.value(xp, *(slots[i] for i in sources), **op.with_defaults(attrs))
            slots.append(_held(xp, value))
        return slots

    def shape(self, *shapes: Shape) -> Shape:
        """The result's shape; raises as the ops inside do."""
        slots = [*shapes, *map(np.shape, self.constants)]
        for op, attrs, sources in self.steps:
            slots.append(op.shape(*(slots[i] for i in sources), **attrs))
        return slots[-1]

    def pullback(self, xp: Any, g: Any, inputs: tuple) -> tuple:
        """The gradients at the ports: every op inside passes its upstream gradient back."""
        slots = self.values(xp, inputs)
        gradients: list[Any] = [None] * len(slots)
        gradients[-1] = g
        first = len(slots) - len(self.steps)
        for slot in range(len(slots) - 1, first - 1, -1):
            op, attrs, sources = self.steps[slot - first]
            upstream = gradients[slot]
            if upstream is None:
                continue
            products = op.vjp(upstream, slots[slot], *(slots[i] for i in sources), **attrs)
            for source, product in zip(sources, products, strict=True):
                before = gradients[source]
                gradients[source] = product if before is None else before + product
        return tuple(
            np.zeros(np.shape(x)) if gradient is None else unbroadcast(gradient, np.shape(x))
            for gradient, x in zip(gradients, inputs, strict=False)
        )


def _held(xp: Any, value: Any) -> Any:
    """``value`` as a walk hands it on: arrays are of floats, so that two truths add up to 2."""
    if xp is not arrays:
        return value
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _sample() -> Body:
    """a·b + 1, as a group that a test can run."""
    steps = ((OPS["mul"], NO_ATTRS, (0, 1)), (OPS["add"], NO_ATTRS, (3, 2)))
    return Body("neuron", ("a", "b"), (1.0,), steps)


GROUP = Op(
    name="group",
    inputs=("a",),
    variadic=True,
    text="group({a:0})",
    attrs={"body": _sample()},
    value=lambda xp, *inputs, body: body.values(xp, inputs)[-1],
    pullback=lambda xp, g, y, *inputs, body: body.pullback(xp, g, inputs),
    rule=(r"G\text{ back through every op inside}",),
    shape_rule=lambda *shapes, body: body.shape(*shapes),
    says="Computes what is inside this group.",
    gradient_says="The gradient went back through every op inside; open the group to see how.",
    symbol="group",
    latex=r"\mathrm{group}\left({a:0}\right)",
    kind="array",
    group="Groups",
    domain="what the ops inside accept",
    samples=((1.5, -2.0), ([1.0, 2.0, 3.0], 2.0)),
)

# What only one element of a layer needs, folded (``engine/graph/units.py``): a neuron, or other.
UNIT = replace(
    GROUP,
    name="unit",
    says="Computes one number of its layer.",
    gradient_says="The gradient went back through every op inside; see the level of primitives.",
    symbol="unit",
    text="unit({a:0})",
    latex=r"\mathrm{unit}\left({a:0}\right)",
)
NEURON = replace(
    UNIT,
    name="neuron",
    rule=(r"G' \cdot \text{partner}",),
    says="Adds up its inputs times their weights and its bias, then bends the sum.",
    gradient_says="G times the slope of the activation is G′: every weight receives it times its "
    "input, every input times its weight, the bias as it is.",
    symbol="Σ",
    text="neuron({a:0})",
    latex=r"\mathrm{neuron}\left({a:0}\right)",
)
for _op in (GROUP, UNIT, NEURON):
    OPS.internal[_op.name] = _op
