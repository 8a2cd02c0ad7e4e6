"""Writes down what a rule of the op table does to arrays, so that it can be done again in place.

A rule that is run with ``Recorded`` arrays computes as always, on real numbers; meanwhile every
call of NumPy is put on a ``Tape``.  ``program.py`` turns the tape into the same calls on arrays
that were set aside beforehand.  Whatever is not plain array arithmetic (a branch that looks at
the numbers, a write into an array) raises ``NotRecordable``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

PLAIN = (bool, int, float)


class NotRecordable(Exception):
    """The rule does something that is not a fixed sequence of array calls."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The place on the tape whose result is meant."""

    index: int


@dataclass(slots=True)
class Entry:
    """One result on the tape: an array from outside, a view of another result, or a call.

    ``shape`` and ``dtype`` are those of the result.  ``args`` hold ``Ref`` where a result goes in.
    """

    kind: str  # "given", "view", "ufunc", "reduce", "dot", "where", "concatenate", "cast", "part"
    function: Any
    args: tuple[Any, ...]
    shape: tuple[int, ...]
    dtype: np.dtype
    options: dict[str, Any] = field(default_factory=dict)


def _sample(value: Any) -> Any:
    return value.array if isinstance(value, Recorded) else value


class Tape:
    """Every array call of a computation, in order; ``dtype`` is the type of its numbers."""

    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = np.dtype(dtype)
        self.entries: list[Entry] = []

    def given(self, array: np.ndarray) -> Recorded:
        """An array that comes from outside; each run may find other numbers in it."""
        return self._put("given", array, (), array)

    def put(
        self, kind: str, function: Any, args: Sequence[Any], result: Any, **options: Any
    ) -> Recorded:
        """A call that gave ``result`` for these arguments."""
        return self._put(kind, function, args, result, options)

    def opaque(
        self, function: Callable[..., tuple[Any, ...]], args: Sequence[Any]
    ) -> tuple[Recorded, ...]:
        """A function of arrays that is called as it is, and what it returns: a tuple of arrays."""
        results = function(*map(_sample, args))
        whole = self._put("opaque", function, args, np.empty(()))
        return tuple(
            self._put("part", None, (whole,), np.asarray(result), {"place": place})
            for place, result in enumerate(results)
        )

    def _put(
        self,
        kind: str,
        function: Any,
        args: Sequence[Any],
        result: Any,
        options: dict[str, Any] | None = None,
    ) -> Recorded:
        array = np.asarray(result)
        refs = tuple(Ref(a.index) if isinstance(a, Recorded) else a for a in args)
        self.entries.append(Entry(kind, function, refs, array.shape, array.dtype, options or {}))
        return Recorded(self, len(self.entries) - 1, array)


class Recorded(np.lib.mixins.NDArrayOperatorsMixin):
    """An array whose every use is put on a tape."""

    __slots__ = ("array", "index", "scaled", "straight", "tape")

    def __init__(self, tape: Tape, index: int, array: np.ndarray) -> None:
        self.tape, self.index, self.array = tape, index, array
        self.straight: Recorded = self  # what this is a reshaped view of
        self.scaled: tuple[Any, Recorded] | None = None  # the number and the array it is made of

    # what rules ask of an array -----------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def ndim(self) -> int:
        return self.array.ndim

    @property
    def size(self) -> int:
        return self.array.size

    @property
    def dtype(self) -> np.dtype:
        return self.array.dtype

    @property
    def T(self) -> Recorded:  # NumPy's name
        return self.transpose(tuple(range(self.ndim))[::-1])

    def _view(self, look: Callable[[np.ndarray], np.ndarray]) -> Recorded:
        return self.tape.put("view", look, (self,), look(self.array))

    def reshape(self, *shape: Any) -> Recorded:
        wanted = self.array.reshape(*shape).shape
        for same in (self, self.straight):
            if same.shape == wanted:
                return same
        view = self._view(lambda a: a.reshape(wanted))
        view.straight = self.straight
        return view

    def transpose(self, axes: tuple[int, ...]) -> Recorded:
        return self._view(lambda a: a.transpose(axes))

    def swapaxes(self, first: int, second: int) -> Recorded:
        return self._view(lambda a: a.swapaxes(first, second))

    def __getitem__(self, index: Any) -> Recorded:
        parts = index if isinstance(index, tuple) else (index,)
        if not all(p is None or p is Ellipsis or isinstance(p, (int, slice)) for p in parts):
            raise NotRecordable("an index that depends on numbers")
        return self._view(lambda a: a[index])

    def astype(self, dtype: Any, copy: bool = True) -> Recorded:
        if np.dtype(dtype) == self.dtype:
            return self
        return self.tape.put("cast", None, (self,), self.array.astype(dtype))

    def sum(
        self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False
    ) -> Recorded:
        return np.add.reduce(self, axis=axis, dtype=dtype, keepdims=keepdims)  # type: ignore[return-value]

    def max(
        self, axis: Any = None, out: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Recorded:
        return np.maximum.reduce(self, axis=axis, keepdims=keepdims, initial=initial)  # type: ignore[return-value]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotRecordable(name)

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray:
        raise NotRecordable("a rule asked for the numbers themselves")

    def __bool__(self) -> bool:
        raise NotRecordable("a branch that depends on numbers")

    def __len__(self) -> int:
        return len(self.array)

    def __iter__(self) -> Any:
        raise NotRecordable("a loop over numbers")

    # NumPy's two protocols ----------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if options.get("out") is not None:
            raise NotRecordable("a write into an array")
        if method == "__call__" and not options:
            return self._called(ufunc, inputs)
        if method == "reduce":
            return self._reduced(ufunc, inputs[0], **options)
        raise NotRecordable(f"{ufunc.__name__}.{method}")

    def _called(self, ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Recorded:
        if ufunc is np.multiply:
            for this, other in (inputs, inputs[::-1]):
                if isinstance(this, Recorded) and _changes_nothing(other, this):
                    return this
        if ufunc is np.multiply or ufunc is np.divide:
            return self._scaled(ufunc, inputs)
        result = ufunc(*map(_sample, inputs))
        kind = "ufunc"
        if ufunc is np.matmul:
            # dot is the same product of two matrices, with less to look up before it begins
            kind = "dot" if all(_sample(x).ndim == 2 for x in inputs) else kind
        return self.tape.put(kind, ufunc, inputs, result)

    def _scaled(self, ufunc: np.ufunc, inputs: tuple[Any, ...]) -> Recorded:
        """A product or quotient; of a number times a number times an array the numbers meet first,
        which saves going through the array twice.
        """
        first, second = inputs
        if ufunc is np.multiply and np.ndim(_sample(second)) == 0:
            first, second = second, first
        array, number = (second, first) if ufunc is np.multiply else (first, second)
        if not isinstance(array, Recorded) or not array.ndim or np.ndim(_sample(number)):
            return self.tape.put("ufunc", ufunc, inputs, ufunc(*map(_sample, inputs)))
        factor = number if ufunc is np.multiply else 1.0 / number
        if array.scaled is None:
            made = self.tape.put("ufunc", ufunc, inputs, ufunc(*map(_sample, inputs)))
            made.scaled = factor, array
            return made
        before, whole = array.scaled
        both = before * factor
        made = self.tape.put("ufunc", np.multiply, (both, whole), _sample(both) * whole.array)
        made.scaled = both, whole
        return made

    def _reduced(
        self,
        ufunc: np.ufunc,
        x: Any,
        axis: Any = 0,
        dtype: Any = None,
        out: Any = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Recorded:
        if where is not True or not isinstance(x, Recorded):
            raise NotRecordable("a reduction of some numbers only")
        axes = tuple(range(x.ndim)) if axis is None else axis
        axes = axes if isinstance(axes, tuple) else (axes,)
        if not x.ndim or not axes:
            return x
        extra = {} if initial is None else {"initial": initial}
        result = ufunc.reduce(x.array, axis=axes, dtype=dtype, keepdims=keepdims, **extra)
        options = {"axis": axes, "dtype": dtype, "keepdims": keepdims, **extra}
        if ufunc is np.add and axes == (0,) and x.ndim == 2 and x.dtype.kind == "f":
            # BLAS adds up the rows faster than NumPy
            ones = np.ones(x.shape[0], x.dtype)
            total = self.tape.put("dot", np.dot, (ones, x), result.reshape(-1))
            return total.reshape(result.shape)
        return self.tape.put("reduce", ufunc, (x,), result, **options)

    def __array_function__(
        self, function: Any, types: Any, args: tuple[Any, ...], options: dict[str, Any]
    ) -> Any:
        rule = _FUNCTIONS.get(function)
        if rule is None:
            raise NotRecordable(function.__name__)
        return rule(self.tape, *args, **options)


def _changes_nothing(factor: Any, x: Recorded) -> bool:
    """Whether ``factor`` is a plain 1 that leaves the shape and the type of ``x`` alone."""
    if isinstance(factor, Recorded):
        return False
    if isinstance(factor, PLAIN):
        return factor == 1 and x.dtype.kind == "f"
    array = np.asarray(factor)
    return array.ndim == 0 and array == 1 and np.result_type(array, x.dtype) == x.dtype


def _where(tape: Tape, condition: Any, a: Any, b: Any) -> Recorded:
    result = np.where(_sample(condition), _sample(a), _sample(b))
    if isinstance(a, PLAIN) and isinstance(b, PLAIN):  # NumPy would make doubles of them
        result = result.astype(tape.dtype)
    if isinstance(condition, Recorded) and condition.dtype != np.bool_:
        condition = condition.astype(np.bool_)
    return tape.put("where", None, (condition, a, b), result)


def _concatenate(tape: Tape, parts: Sequence[Any], axis: int = 0) -> Recorded:
    result = np.concatenate([_sample(p) for p in parts], axis)
    return tape.put("concatenate", np.concatenate, tuple(parts), result, axis=axis)


def _split(tape: Tape, x: Recorded, places: Any, axis: int = 0) -> list[Recorded]:
    edges = [0, *np.asarray(places).tolist(), x.shape[axis]]
    before = (slice(None),) * (axis % x.ndim)
    return [x[(*before, slice(a, b))] for a, b in itertools.pairwise(edges)]


def _zeros_like(tape: Tape, x: Recorded, dtype: Any = None) -> np.ndarray:
    return np.zeros(x.shape, dtype or x.dtype)


def _broadcast_to(tape: Tape, x: Recorded, shape: tuple[int, ...]) -> Recorded:
    return x if shape == x.shape else x._view(lambda a: np.broadcast_to(a, shape))


_FUNCTIONS: dict[Any, Any] = {
    np.shape: lambda tape, x: x.shape,
    np.ndim: lambda tape, x: x.ndim,
    np.broadcast_to: _broadcast_to,
    np.where: _where,
    np.concatenate: _concatenate,
    np.split: _split,
    np.zeros_like: _zeros_like,
    np.sum: lambda tape, x, **options: x.sum(**options),
}
