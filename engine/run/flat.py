"""Walks a plan forward op by op, layers opened into the ops that define them, and back.

What a value is (an array on a tape, a tensor on a device) is the business of the function that
applies an op: every executor walks here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.ops import OPS
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.op import Op
from engine.run.plan import Plan

Apply = Callable[[Op, Mapping[str, Any], Sequence[Any]], Any]
FlatStep = tuple[int, Op, Mapping[str, Any], tuple[int, ...]]  # slot, op, attributes, input slots

# Attributes by which a layer behaves differently while it learns.
TRAINING = "training"


class FlatRun:
    """One pass over a plan: ``values`` by slot and the ``steps`` that made them.

    The first slots are those of the plan; what is inside layers comes behind them.
    """

    def __init__(
        self,
        plan: Plan,
        leaves: Mapping[int, Any],
        apply: Apply,
        ends: Iterable[int],
        training: bool | None = None,
    ) -> None:
        """Run what the slots ``ends`` of ``plan`` depend on, with these ``leaves`` (by slot).

        ``training`` overrides what layers that know that attribute were told.
        """
        needed = set(ends)
        for slot, _, _, *inputs in reversed(plan.steps):
            if slot in needed:
                needed.update(inputs)
        self.values: list[Any] = [leaves.get(slot) for slot in range(len(plan.nodes))]
        self.steps: list[FlatStep] = []
        self._apply = apply
        self._slot_of: dict[int, int] = {}
        for slot, op, attrs, *inputs in plan.steps:
            if slot not in needed:
                continue
            full = op.with_defaults(attrs)
            if training is not None and TRAINING in full:
                full[TRAINING] = training
            sources = tuple(self.slot(i) for i in inputs)
            self._slot_of[slot] = made = self._run(op, full, sources)
            self.values[slot] = self.values[made]

    def slot(self, slot: int) -> int:
        """Where the value of the plan's ``slot`` was made."""
        return self._slot_of.get(slot, slot)

    def _run(self, op: Op, attrs: Mapping[str, Any], sources: tuple[int, ...]) -> int:
        if op.kind == "layer" and op.formula is not None:
            shapes = (tuple(self.values[i].shape) for i in sources)
            formula = op.expand(*shapes, **attrs)
            ports = {op.input_name(k): source for k, source in enumerate(sources)}
            return self._expanded(formula, ports, {})
        value = self._apply(op, attrs, [self.values[i] for i in sources])
        self.values.append(value)
        made = len(self.values) - 1
        self.steps.append((made, op, attrs, sources))
        return made

    def _expanded(self, part: Expr, ports: Mapping[str, int], known: dict[int, int]) -> int:
        """The slot of a formula's value."""
        if isinstance(part, Var):
            return ports[part.name]
        if id(part) in known:
            return known[id(part)]
        if isinstance(part, Const):
            self.values.append(part.value)
            known[id(part)] = len(self.values) - 1
        else:
            assert isinstance(part, Call)
            sources = tuple(self._expanded(arg, ports, known) for arg in part.args)
            op = OPS[part.op]
            known[id(part)] = self._run(op, op.with_defaults(part.attrs), sources)
        return known[id(part)]
