"""A tape made ready to run: the same array calls, on arrays that were set aside beforehand.

Results that nobody reads are left out, views are taken once, and a result takes the place of one
that is no longer needed, so that a run allocates nothing and stays in the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from engine.run.recorder import PLAIN, Entry, Recorded, Ref, Tape

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Spare = dict[tuple[tuple[int, ...], np.dtype], list[np.ndarray]]  # by shape and type
LONG, LONG_FOR_ITS_WIDTH = 64, 4  # rows, and rows to a column, from which a table is a long one
NOT_MADE_HERE = ("given", "view", "part")  # results whose memory is not theirs to choose


class Program:
    """Array calls in order.  ``run`` does them; the results lie in ``outputs``.

    ``places`` gives arrays that results are to be written into (by the name of the output); for
    the others arrays are set aside here.  What the tape was ``given`` is read from the arrays
    themselves, which must stay where they are; a place may be one of them.  Programs that run one
    after the other can share the ``spare`` arrays in which they keep what comes between.
    """

    def __init__(
        self,
        tape: Tape,
        given: Mapping[int, np.ndarray],
        outputs: Mapping[str, Recorded],
        places: Mapping[str, np.ndarray],
        spare: Spare | None = None,
    ) -> None:
        self._entries = tape.entries
        self._buffers: dict[int, Any] = dict(given)
        self._free: Spare = {} if spare is None else spare
        self.allocated = 0  # bytes set aside
        self.calls: list[Call] = []
        self.outputs: dict[str, np.ndarray] = {}
        self._live = self._needed([r.index for r in outputs.values()])
        self._last = self._last_uses()
        kept = {self._root(r.index) for r in outputs.values()}
        wanted: dict[int, np.ndarray] = {}
        for name, recorded in outputs.items():
            place = places.get(name)
            kind = self._entries[recorded.index].kind
            if place is None or place.dtype != recorded.dtype or kind in NOT_MADE_HERE:
                continue
            if any(self._last.get(i, -1) > recorded.index for i, a in given.items() if a is place):
                continue  # what is given there is still read after this
            wanted.setdefault(recorded.index, place)
        for index in sorted(self._live):
            self._add(index, wanted.get(index), kept)
        for name, recorded in outputs.items():
            result, place = self._buffers[recorded.index], places.get(name)
            if place is not None and result is not place:
                self.calls.append((np.copyto, (place, result)))
            self.outputs[name] = result if place is None else place
        del self._entries, self._buffers, self._free, self._live, self._last

    def run(self) -> None:
        """Do every call; floating-point warnings are the caller's to silence."""
        for function, args in self.calls:
            function(*args)

    # what is needed, and how long ----------------------------------------------------------------

    def _inputs(self, entry: Entry) -> list[int]:
        return [a.index for a in entry.args if isinstance(a, Ref)]

    def _needed(self, wanted: list[int]) -> set[int]:
        needed: set[int] = set()
        while wanted:
            index = wanted.pop()
            if index not in needed:
                needed.add(index)
                wanted += self._inputs(self._entries[index])
        return needed

    def _root(self, index: int) -> int:
        """The entry in whose memory the result lies."""
        while self._entries[index].kind == "view":
            index = self._inputs(self._entries[index])[0]
        return index

    def _last_uses(self) -> dict[int, int]:
        """For each root the last entry that reads it."""
        last: dict[int, int] = {}
        for index in sorted(self._live):
            entry = self._entries[index]
            if entry.kind != "view":
                last.update((self._root(i), index) for i in self._inputs(entry))
        return last

    # one call -----------------------------------------------------------------------------------

    def _value(self, arg: Any) -> Any:
        return self._buffers[arg.index] if isinstance(arg, Ref) else arg

    def _add(self, index: int, place: np.ndarray | None, kept: set[int]) -> None:
        entry = self._entries[index]
        if entry.kind == "given":
            return
        if entry.kind == "view":
            self._buffers[index] = self._viewed(entry)
            return
        if entry.kind == "opaque":
            self._buffers[index] = results = []
            values = tuple(map(self._value, entry.args))
            self.calls.append((_fill(entry.function, results), values))
            return  # what it returns may lie in its inputs, so these are not given back
        if entry.kind == "part":
            out = self._set_aside(entry)
            results = self._buffers[self._inputs(entry)[0]]
            results += [None] * (entry.options["place"] + 1 - len(results))
            results[entry.options["place"]] = out
            self._buffers[index] = out
            return
        out = place
        if out is None:
            out = self._in_place(index, entry, kept)
        if out is None:
            out = self._set_aside(entry)
        self._buffers[index] = out
        self.calls += _calls(entry, tuple(map(self._value, entry.args)), out)
        self._release(index, kept)

    def _viewed(self, entry: Entry) -> np.ndarray:
        source = self._value(entry.args[0])
        view = entry.function(source)
        if np.may_share_memory(view, source) or not view.size:
            return view
        # The numbers do not lie in an order of which this is a view: they are copied into one.
        straight = np.empty(source.shape, source.dtype)
        self.allocated += straight.nbytes
        self.calls.append((np.copyto, (straight, source)))
        return entry.function(straight)

    def _in_place(self, index: int, entry: Entry, kept: set[int]) -> np.ndarray | None:
        """The array of an input that is read here for the last time and can be written over."""
        if entry.kind != "ufunc" or entry.function is np.matmul:
            return None
        for i in self._inputs(entry):
            source = self._entries[i]
            mine = source.kind not in NOT_MADE_HERE and i not in kept
            alike = (source.shape, source.dtype) == (entry.shape, entry.dtype)
            views = any(
                isinstance(a, Ref) and a.index != i and self._root(a.index) == i for a in entry.args
            )
            if mine and alike and not views and self._last[i] == index:
                self._last[i] = -1  # it goes on under another name
                return self._buffers[i]
        return None

    def _set_aside(self, entry: Entry) -> np.ndarray:
        free = self._free.get((entry.shape, entry.dtype))
        if free:
            return free.pop()
        array = set_aside(entry.shape, entry.dtype)
        self.allocated += array.nbytes
        return array

    def _release(self, index: int, kept: set[int]) -> None:
        """Give back the arrays that were read for the last time by entry ``index``."""
        for root in {self._root(i) for i in self._inputs(self._entries[index])}:
            entry, array = self._entries[root], self._buffers[root]
            if self._last.get(root) != index or root in kept:
                continue
            if entry.kind not in ("given", "opaque", "part"):
                self._free.setdefault((entry.shape, entry.dtype), []).append(array)


def set_aside(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Memory for an array.  A long table of few columns lies column by column, so that adding a
    bias to each or bending each is one long loop, not one short loop for each row.
    """
    if len(shape) == 2 and shape[0] >= LONG and shape[0] >= LONG_FOR_ITS_WIDTH * shape[1]:
        return np.empty(shape[::-1], dtype).T
    return np.empty(shape, dtype)


def _fill(function: Callable[..., Any], results: list[Any]) -> Callable[..., None]:
    """Calls ``function`` and copies what it returns into ``results``, where it is read."""

    def fill(*args: Any) -> None:
        for out, result in zip(results, function(*args), strict=False):
            if out is not None:
                np.copyto(out, result)

    return fill


def _calls(entry: Entry, args: tuple[Any, ...], out: np.ndarray) -> list[Call]:
    """The array calls that write the result of ``entry`` into ``out``."""
    function, options = entry.function, entry.options
    if entry.kind == "ufunc":
        if function in (np.maximum, np.minimum):  # these want ``out`` by name
            return [(partial(function, *_solid(args), out=out), ())]
        return [(function, (*_solid(args), out))]
    if entry.kind == "dot":
        if out.flags.c_contiguous:
            return [(np.dot, (*args, out))]
        a, b = args  # the same product, turned around: BLAS wants to write row by row
        return [(np.dot, (b.T, a.T, out.T))]
    if entry.kind == "reduce":
        reduced = (args[0], options["axis"], options["dtype"], out, options["keepdims"])
        more = (options["initial"],) if "initial" in options else ()
        return [(function.reduce, (*reduced, *more))]
    if entry.kind == "where":
        condition, a, b = args
        return [(np.copyto, (out, b)), (np.copyto, (out, a, "same_kind", condition))]
    if entry.kind == "cast":
        return [(np.copyto, (out, args[0], "unsafe"))]
    assert entry.kind == "concatenate"
    return [(_concatenate, (args, options["axis"], out))]


def _concatenate(parts: tuple[Any, ...], axis: int, out: np.ndarray) -> None:
    np.concatenate(parts, axis, out=out)


def _solid(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Plain numbers as arrays of the type of the others, so that no call has to convert them."""
    kinds = [a.dtype for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    if not kinds:
        return args
    return tuple(np.array(a, kinds[0]) if isinstance(a, PLAIN) else a for a in args)
