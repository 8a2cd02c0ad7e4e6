"""What a layer is: an op whose weights follow from its settings and from the shape it is given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EngineError
from engine.graph.graph import PARAMETER
from engine.ops.op import Shape

Settings = Mapping[str, Any]
MASK, FIRST_CLASS = "mask", "first class"  # what leaves hold that no initialiser draws
MOST_NUMBERS = 20_000_000  # of one layer's weights: 160 MB
MOST_OF_ALL = 50_000_000  # of a whole network, weights and what it computes: 400 MB


@dataclass(frozen=True, slots=True)
class Weight:
    """A leaf that belongs to a layer: the input ``port`` that it feeds, its shape and kind, and the
    initialiser that draws it.

    ``symbol`` is what the user calls it; a number is added.
    """

    port: str
    symbol: str
    shape: Shape
    init: str = "zeros"
    kind: str = PARAMETER


@dataclass(frozen=True, slots=True)
class Layer:
    """One kind of layer.

    ``settings`` maps names to defaults.  ``op(settings)`` names the op, ``attrs`` its attributes,
    and ``weights(settings, shape)`` the leaves for an input of that shape (batch first); it raises
    EngineError where the layer cannot take it.
    """

    name: str
    says: str
    op: Callable[[Settings], str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attrs: Callable[[Settings], dict[str, Any]] = lambda settings: {}
    weights: Callable[[Settings, Shape], tuple[Weight, ...]] = lambda settings, shape: ()
    several: bool = False  # joins more than one input
    kept: tuple[str, ...] = ()  # ports of what it keeps of the data, as Keras counts it: untrained
    example: Shape = (1, 4)  # the input of a network that begins with it

    def with_defaults(self, settings: Settings) -> dict[str, Any]:
        """``settings`` completed; raises EngineError for one that does not exist or cannot be."""
        full = dict(self.settings)
        for name, value in settings.items():
            if name not in full:
                have = ", ".join(full) or "none"
                raise EngineError(f"{self.name} has no setting {name!r}; it has: {have}.")
            if name in self.choices and value not in self.choices[name]:
                have = ", ".join(self.choices[name])
                raise EngineError(f"{self.name} has no {name} {value!r}; there are: {have}.")
            if name not in self.choices and not _like(value, full[name]):
                wants = "True or False" if isinstance(full[name], bool) else "a number"
                raise EngineError(f"{self.name} needs {wants} for {name}, not {value!r}.")
            full[name] = value
        return full


def _like(value: Any, default: Any) -> bool:
    """Whether ``value`` may stand where ``default`` does: a bool, or a finite number."""
    if value is None or isinstance(value, bool) or isinstance(default, bool):
        return type(value) is type(default)
    return isinstance(value, (int, float)) and math.isfinite(value)


def whole_setting(layer: str, name: str, value: Any) -> int:
    """``value`` as a count of at least 1; raises EngineError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise EngineError(f"{layer} needs a whole number of {name}, at least 1, not {value!r}.")
    return value


def count_of(weights: tuple[Weight, ...]) -> int:
    """How many parameters are trained."""
    return sum(math.prod(w.shape) for w in weights if w.kind == PARAMETER)


def arithmetic(weights: tuple[Weight, ...]) -> str:
    """The count as one works it out: ``800·256 + 256``; "" without parameters."""
    return " + ".join("·".join(map(str, w.shape)) or "1" for w in weights if w.kind == PARAMETER)


def check_size(layer: str, weights: tuple[Weight, ...]) -> None:
    """Raises EngineError, with the size, for weights that are too large to hold."""
    numbers = sum(math.prod(w.shape) for w in weights)
    if numbers > MOST_NUMBERS:
        raise EngineError(
            f"{layer} would hold {numbers:,} numbers ({numbers * 8 / 1e6:,.0f} MB); "
            f"the limit is {MOST_NUMBERS:,}: use fewer units."
        )


def check_whole(numbers: int, batch: int) -> None:
    """Raises EngineError where a network so far comes to more numbers than can be held."""
    if numbers > MOST_OF_ALL:
        examples = "1 example" if batch == 1 else f"a batch of {batch:,}"
        raise EngineError(
            f"up to here weights and outputs for {examples} come to {numbers:,} numbers "
            f"({numbers * 8 / 1e6:,.0f} MB); the limit is {MOST_OF_ALL:,}: "
            "use fewer units or a smaller batch."
        )
