"""What an op is, and the table ``OPS`` of all of them.

An entry states everything that the rest of the program needs to know about an operation; the
parser, the walk, the step panel, the palette, the exporters and the tests are loops over it.
Rules are small programs over a number kind ``xp`` (``kinds.py``), so one rule serves Python
floats, NumPy arrays and formulas.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import OpError, ShapeError
from engine.ops.expr import Expr, Var, symbols
from engine.ops.kinds import arrays

Shape = tuple[int, ...]
PLAIN = (bool, int, float)

# How tightly the notation of an op binds, for parentheses: a template asks of an operand the
# least level that may stand there bare ("{a:1} + {b:2}").
COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(6)


@dataclass(frozen=True, slots=True)
class Op:
    """One operation.

    ``value(xp, *inputs, **attrs)`` computes it.  Elementwise ops have ``local(xp, y, *inputs,
    **attrs)``, the tuple of local gradients ∂y/∂input; array ops have ``pullback(xp, g, y,
    *inputs, **attrs)``, the tuple of gradients for an upstream gradient ``g`` shaped like ``y``,
    and ``shape_rule(*shapes, **attrs)``; ``rule`` says in LaTeX what the pullback does: for each
    input a template over the inputs and y, G being the upstream gradient and n how many numbers
    or rows are averaged ("" where nothing flows; a function of the attributes where it depends on
    them).  ``formula`` defines a composite by other ops; where ``value`` is a different rule it
    is the better conditioned one, and a test holds both together.
    """

    name: str
    inputs: tuple[str, ...]
    value: Callable[..., Any]
    says: str  # one sentence for a learner: what it does
    symbol: str  # what stands on the node
    text: str  # formula text, as a template over input names with binding levels; the port of
    # a variadic op stands for all of its operands, separated by commas
    latex: str  # typeset form, likewise
    level: int = ATOM  # how tightly text and latex bind
    kind: str = "plain"  # plain | activation | array | loss: the colour on the canvas
    group: str = "Arithmetic"  # the palette's heading
    gradient_says: str = ""  # one sentence: what the backward pass does here
    formula: Callable[..., Any] | None = None
    local: Callable[..., tuple] | None = None
    pullback: Callable[..., tuple] | None = None
    rule: tuple[str, ...] | Callable[..., tuple[str, ...]] = ()
    shape_rule: Callable[..., Shape] | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)  # name -> default
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of attributes in words
    attr_aliases: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str, ...] = ()  # other names that the parser and OPS accept
    variadic: bool = False  # takes one or more inputs, all like the first
    differentiable: tuple[bool, ...] | None = None  # which inputs carry a gradient; None: all
    tie: str = ""  # the rule at kinks and ties, in words
    domain: str = "all real numbers"
    torch: str = ""  # dotted name below ``torch``
    onnx: str = ""  # ONNX operator, where one fits
    samples: tuple[tuple, ...] = ()  # input tuples for tests; a dict at the end holds attributes
    errors: tuple[tuple, ...] = ()  # input tuples that must raise ShapeError or OpError
    arity: int = field(init=False)  # how many inputs; -1 for a variadic op

    def __post_init__(self) -> None:
        object.__setattr__(self, "arity", -1 if self.variadic else len(self.inputs))

    @property
    def elementwise(self) -> bool:
        """Whether shapes broadcast and the gradient is local × upstream, number by number."""
        return self.local is not None

    @property
    def composite(self) -> bool:
        """Whether the op is defined by other ops and can be opened."""
        return self.formula is not None

    def accepts(self, count: int) -> bool:
        """Whether ``count`` inputs fit."""
        return count >= 1 if self.variadic else count == self.arity

    def with_defaults(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """``attrs`` completed by the defaults; raises OpError for one that does not exist."""
        full = dict(self.attrs)
        for name, value in attrs.items():
            known = self.attr_aliases.get(name, name)
            if known not in full:
                have = ", ".join(full) or "none"
                raise OpError(f"{self.name} has no attribute {name!r}; it has: {have}.")
            full[known] = value
        return full

    def input_name(self, position: int) -> str:
        """The port's name; the ports of a variadic op are numbered from 1."""
        return f"{self.inputs[0]}{position + 1}" if self.variadic else self.inputs[position]

    def _arrays(self, inputs: tuple) -> list[np.ndarray]:
        if not self.accepts(len(inputs)):
            want = "one or more inputs" if self.variadic else ", ".join(self.inputs)
            raise OpError(f"{self.name} takes {want}; it was given {len(inputs)} input(s).")
        if self.local is None:
            return [np.asarray(x) for x in inputs]
        # As in NumPy, a plain number takes the type of the arrays that it meets.
        solid = [x if type(x) in PLAIN else np.asarray(x) for x in inputs]
        return [np.asarray(x, np.result_type(*solid)) if type(x) in PLAIN else x for x in solid]

    def forward(self, *inputs: Any, **attrs: Any) -> np.ndarray:
        """The value, NumPy in and out; the dtype of floating inputs is kept.

        Raises ShapeError where shapes do not meet and OpError for a wrong call.  Infinities and
        NaNs follow IEEE 754 without warnings.
        """
        xs = self._arrays(inputs)
        full = self.with_defaults(attrs)
        self.shape(*(x.shape for x in xs), **full)
        with np.errstate(all="ignore"):
            return np.asarray(self.value(arrays, *xs, **full))

    def vjp(self, g: Any, y: Any, *inputs: Any, **attrs: Any) -> tuple[np.ndarray, ...]:
        """Gradients for each input, given the upstream ``g`` (shaped like the output ``y``).

        Broadcasting is undone and the type kept: each gradient looks like its input.  An input
        that carries no gradient (a condition, an index) receives zeros.
        """
        xs = self._arrays(inputs)
        full = self.with_defaults(attrs)
        self.shape(*(x.shape for x in xs), **full)
        g, y = np.asarray(g), np.asarray(y)
        try:
            g = np.broadcast_to(g, y.shape)
        except ValueError:
            raise ShapeError(
                f"{self.name} needs an upstream gradient shaped like its output: "
                f"g is {shape_text(g.shape)}, the output is {shape_text(y.shape)}."
            ) from None
        with np.errstate(all="ignore"):
            if self.local is not None:
                raw: tuple = tuple(g * part for part in self.local(arrays, y, *xs, **full))
            else:
                assert self.pullback is not None
                raw = self.pullback(arrays, g, y, *xs, **full)
        return tuple(
            _like(unbroadcast(np.asarray(r), x.shape), x) if carries else np.zeros(x.shape, g.dtype)
            for r, x, carries in zip(raw, xs, self.carries(len(xs)), strict=True)
        )

    def carries(self, count: int) -> tuple[bool, ...]:
        """For each of ``count`` inputs whether a gradient flows through it."""
        return self.differentiable or (True,) * count

    def shape(self, *shapes: Shape, **attrs: Any) -> Shape:
        """The output's shape; raises ShapeError with both shapes where they do not meet."""
        if self.shape_rule is not None:
            return self.shape_rule(*shapes, **self.with_defaults(attrs))
        return broadcast_shape(self, *shapes)

    def rules(self, attrs: Mapping[str, Any]) -> tuple[str, ...]:
        """The templates of ``rule``, one for each port, as they are with these attributes."""
        return self.rule(**self.with_defaults(attrs)) if callable(self.rule) else self.rule

    def expand(self, *shapes: Shape, **attrs: Any) -> Expr:
        """The defining formula over ``Var`` inputs named as the ports; raises if a primitive."""
        if self.formula is None:
            raise OpError(f"{self.name} is a primitive: there is nothing inside to open.")
        inputs = [
            Var(self.input_name(k), shapes[k] if k < len(shapes) else ())
            for k in range(len(self.inputs))
        ]
        return self.formula(symbols, *inputs, **self.with_defaults(attrs))


def shape_text(shape: Shape) -> str:
    """``2×3`` for a matrix, ``4`` for a vector, ``scalar`` for a number."""
    return "×".join(map(str, shape)) if shape else "scalar"


def shape_words(shape: Shape) -> str:
    """``a matrix of 4 rows and 2 columns``; more axes count the matrices: ``5 × 3 matrices …``."""
    if len(shape) < 2:
        return f"a vector of {_counted(shape[0], 'number')}" if shape else "a single number"
    *leading, rows, columns = shape
    size = f"{_counted(rows, 'row')} and {_counted(columns, 'column')}"
    if not leading:
        return f"a matrix of {size}"
    plural = "matrix" if leading == [1] else "matrices"
    return f"{' × '.join(map(str, leading))} {plural} of {size}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def broadcast_shape(op: Op, *shapes: Shape) -> Shape:
    """NumPy's broadcasting of ``shapes``; raises ShapeError naming the inputs."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        parts = ", ".join(f"{op.input_name(k)} is {shape_text(s)}" for k, s in enumerate(shapes))
        raise ShapeError(
            f"{op.name} needs shapes that are equal or can be stretched from 1: {parts}."
        ) from None


def _like(gradient: np.ndarray, x: np.ndarray) -> np.ndarray:
    """``gradient`` in the type of ``x``; integers cannot hold one and are left alone."""
    return gradient.astype(x.dtype, copy=False) if x.dtype.kind == "f" else gradient


def unbroadcast(gradient: np.ndarray, shape: Shape) -> np.ndarray:
    """Undo broadcasting: sum ``gradient`` over the axes along which ``shape`` was stretched.

    The only place that does it (an input used for many outputs is a fork; gradients add).
    """
    if gradient.shape == shape:
        return gradient
    if gradient.ndim < len(shape) or gradient.size < int(np.prod(shape)):
        gradient = np.broadcast_to(gradient, np.broadcast_shapes(gradient.shape, shape))
    extra = gradient.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + k for k, n in enumerate(shape) if n == 1 and gradient.shape[extra + k] != 1
    )
    summed = gradient.sum(axis=axes, keepdims=True) if axes else gradient
    return summed.reshape(shape)


class OpTable(dict[str, Op]):
    """All ops by name; lookup also understands aliases, and hyphens or spaces for underscores.

    ``find`` is a plain and fast ``get``.  ``internal`` ops can be looked up like all others, but
    are in no list: nobody writes or adds them by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self._aliases: dict[str, str] = {}
        self.internal: dict[str, Op] = {}
        self.find = super().get

    def add(self, op: Op) -> Op:
        for name in (op.name, *op.aliases):
            if self.resolve(name):
                raise ValueError(f"two ops are called {name!r}")
        self[op.name] = op
        self._aliases.update(dict.fromkeys(op.aliases, op.name))
        return op

    def resolve(self, name: object) -> str:
        """The table's own name for ``name``, or an empty string."""
        if not isinstance(name, str):
            return ""
        plain = name.replace("-", "_").replace(" ", "_")
        for known in (name, self._aliases.get(name, ""), plain, self._aliases.get(plain, "")):
            if dict.__contains__(self, known):
                return known
        return ""

    def get(self, name: str, default: Any = None) -> Any:
        found = self.find(name)
        return self.internal.get(name, default) if found is None else found

    def __missing__(self, name: str) -> Op:
        if name in self.internal:
            return self.internal[name]
        known = self.resolve(name)
        if not known:
            raise KeyError(name)
        return self[known]

    def __contains__(self, name: object) -> bool:
        return name in self.internal or bool(self.resolve(name))

    def names(self) -> list[str]:
        """Every name and alias."""
        return [*self, *self._aliases]

    def nearest(self, name: str) -> str:
        """The known name most like ``name``, or an empty string."""
        return next(iter(difflib.get_close_matches(name, self.names(), 1, 0.6)), "")


OPS = OpTable()


def declare(name: str, inputs: str, **fields: Any) -> Op:
    """Put one entry into the table; ``inputs`` are port names separated by spaces.

    A composite computes by its formula unless a better conditioned ``value`` is given.
    """
    fields.setdefault("value", fields.get("formula"))
    variadic = inputs.endswith("…")
    ports = tuple(inputs.rstrip("…").split())
    fields.setdefault("text", f"{name}({', '.join('{' + p + ':0}' for p in ports)})")
    return OPS.add(Op(name=name, inputs=ports, variadic=variadic, **fields))
