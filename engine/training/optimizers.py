"""The optimisers, one table: how a gradient changes a weight, quantity by quantity.

A rule is a list of quantities in order, each a formula over those before it.  Run with symbols it
prints itself, with numbers it is shown step by step, with arrays or tensors it updates weights
(``update.py``).  Presets follow Keras 3 and torch 2 to the letter: they differ in their defaults
and in where ε stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from engine.errors import TrainingError
from engine.graph.notation import latex_expr
from engine.ops.expr import Expr, Var, symbols

Formula = Callable[[Any], Any]
OUTSIDE, INSIDE, HAT = "outside", "inside", "hat"  # √v + ε, √(v + ε), ε over the corrected root
VELOCITY, BUFFER = "velocity", "buffer"
FUNCTIONS = ("sqrt", "square", "power")  # what formulas may use besides + − · /
BEFORE = "_before"  # behind the name of a state: its value at the update before


@dataclass(frozen=True)
class Parameter:
    """A number or a choice that an optimiser is set by; ``low`` ≤ a number < ``high``."""

    symbol: str  # LaTeX
    says: str
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quantity:
    """One line of a rule, or, without a ``latex`` sign, part of those below.

    ``kind`` "state" is kept for the next update, "scalar" is one number for all weights, "kept
    scalar" is both; "shown" is neither; "weight" is the result.
    """

    name: str
    latex: str
    formula: Formula
    kind: str = "shown"
    start: float | str = 0.0  # of what is kept; a name means that parameter

    @property
    def kept(self) -> bool:
        """Whether the next update reads it."""
        return self.kind in ("state", "kept scalar")

    @property
    def single(self) -> bool:
        """Whether it is one number for all weights."""
        return self.kind in ("scalar", "kept scalar")


@dataclass(frozen=True)
class Optimizer:
    """One optimiser: a rule of quantities, and presets of its parameters by library.

    ``rule(parameters)`` gives the quantities in order; the last is the new weight.  Formulas read
    ``q.w``, ``q.g``, ``q.rate`` (η), ``q.t`` (the number of the update, from 1), the parameters,
    states as they were (``q.m_before``) and every quantity above.
    """

    name: str
    title: str
    says: str
    source: str
    parameters: Mapping[str, Parameter]
    presets: Mapping[str, Mapping[str, Any]]
    rule: Callable[[Mapping[str, Any]], list[Quantity]] = field(repr=False)

    def settings(self, preset: str = "keras", **given: Any) -> dict[str, Any]:
        """The preset's parameters (``rate`` among them) with ``given`` over them.

        Raises TrainingError for a preset or parameter that does not exist, or a value outside its
        range.
        """
        if preset not in self.presets:
            known = ", ".join(self.presets)
            raise TrainingError(f'{self.title} has no preset "{preset}"; it has: {known}.')
        found = dict(self.presets[preset])
        for name, value in given.items():
            if name not in found:
                known = ", ".join(found)
                raise TrainingError(f'{self.title} has no parameter "{name}"; it has: {known}.')
            self._check(name, value)
            found[name] = value
        return found

    def _check(self, name: str, value: Any) -> None:
        if name == "rate":
            parameter = Parameter(r"\eta", "", 0.0, float("inf"))
        else:
            parameter = self.parameters[name]
        if parameter.choices:
            if value not in parameter.choices:
                known = ", ".join(parameter.choices)
                raise TrainingError(f"{self.title}: {name} is one of {known}, not {value!r}.")
            return
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not parameter.low <= value < parameter.high:
            raise TrainingError(
                f"{self.title}: {name} must be a number from {parameter.low:g} to below "
                f"{parameter.high:g}, not {value!r}."
            )

    def formulas(self, settings: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The rule in LaTeX: for each quantity that has a sign its name and its line."""
        names = {"w": "w_{t-1}", "g": "g_t", "rate": r"\eta", "t": "t"}
        names |= {name: p.symbol for name, p in self.parameters.items()}
        scope = {name: Var(name) for name in ("w", "g", "rate", "t", *self.parameters)}
        chosen = {n: settings[n] for n, p in self.parameters.items() if p.choices}
        functions = {name: getattr(symbols, name) for name in FUNCTIONS}
        q = SimpleNamespace(**{**scope, **chosen, **functions})
        lines = []
        rule = self.rule(settings)
        for quantity in rule:
            if quantity.kept:
                names[quantity.name + BEFORE] = quantity.latex.replace("_t", "_{t-1}")
                setattr(q, quantity.name + BEFORE, Var(quantity.name + BEFORE))
        for quantity in rule:
            formula: Expr = quantity.formula(q)
            if not quantity.latex:  # is written out where it is used
                setattr(q, quantity.name, formula)
                continue
            lines.append((quantity.name, f"{quantity.latex} = {latex_expr(formula, names)}"))
            names[quantity.name] = quantity.latex
            setattr(q, quantity.name, Var(quantity.name))
        return lines


def _below(root: Any, epsilon: Any, q: Any, place: str) -> Any:
    """The denominator √v with ε where ``place`` says; ``root`` is v."""
    return q.sqrt(root + epsilon) if place == INSIDE else q.sqrt(root) + epsilon


W = "w_t"
RHO = Parameter(r"\rho", "How much of the running mean is kept at an update.")
EPSILON = Parameter(r"\epsilon", "Keeps the division from exploding where gradients are 0.")
PLACE = Parameter("", "Where ε stands: under the root, or beside it.", choices=(OUTSIDE, INSIDE))
BETA1 = Parameter(r"\beta_1", "How much of the mean gradient is kept at an update.")
BETA2 = Parameter(r"\beta_2", "How much of the mean squared gradient is kept at an update.")
MU = Parameter(r"\mu", "How much of the speed is kept at an update.")
DECAY = Parameter(r"\lambda", "The share of each weight, times η, that is taken off.")
OPTIMIZERS: dict[str, Optimizer] = {}


def _optimizer(name: str, title: str, says: str, source: str, **fields: Any) -> None:
    OPTIMIZERS[name] = Optimizer(name, title, says, source, **fields)


def optimizer_called(name: str) -> Optimizer:
    """The optimiser of that name; raises TrainingError."""
    if name not in OPTIMIZERS:
        known = ", ".join(OPTIMIZERS)
        raise TrainingError(f'There is no optimiser "{name}"; there are: {known}.')
    return OPTIMIZERS[name]


_optimizer(
    "sgd", "SGD", "Goes downhill: the weight loses the learning rate times its gradient.",
    "Robbins & Monro 1951, A Stochastic Approximation Method",
    parameters={},
    presets={"keras": {"rate": 0.01}, "torch": {"rate": 0.001}, "course": {"rate": 0.01}},
    rule=lambda p: [Quantity("weight", W, lambda q: q.w - q.rate * q.g, "weight")],
)  # fmt: skip


def _momentum(p: Mapping[str, Any]) -> list[Quantity]:
    if p["form"] == VELOCITY:
        return [
            Quantity("v", "v_t", lambda q: q.mu * q.v_before - q.rate * q.g, "state"),
            Quantity("weight", W, lambda q: q.w + q.v, "weight"),
        ]
    return [
        Quantity("b", "b_t", lambda q: q.mu * q.b_before + q.g, "state"),
        Quantity("weight", W, lambda q: q.w - q.rate * q.b, "weight"),
    ]


def _nesterov(p: Mapping[str, Any]) -> list[Quantity]:
    if p["form"] == VELOCITY:
        return [
            Quantity("v", "v_t", lambda q: q.mu * q.v_before - q.rate * q.g, "state"),
            Quantity("change", r"\Delta_t", lambda q: q.mu * q.v - q.rate * q.g),
            Quantity("weight", W, lambda q: q.w + q.change, "weight"),
        ]
    return [
        Quantity("b", "b_t", lambda q: q.mu * q.b_before + q.g, "state"),
        Quantity("change", r"\Delta_t", lambda q: q.rate * (q.g + q.mu * q.b)),
        Quantity("weight", W, lambda q: q.w - q.change, "weight"),
    ]


FORM = Parameter(
    "",
    "Whether the learning rate is part of what is remembered (velocity) or not (buffer): they "
    "differ when it changes.",
    choices=(VELOCITY, BUFFER),
)
_WITH_SPEED = {
    "parameters": {"mu": MU, "form": FORM},
    "presets": {
        "keras": {"rate": 0.01, "mu": 0.9, "form": VELOCITY},
        "torch": {"rate": 0.001, "mu": 0.9, "form": BUFFER},
        "course": {"rate": 0.01, "mu": 0.9, "form": VELOCITY},
    },
}
_optimizer(
    "momentum", "Momentum", "A ball that keeps part of its speed: it rolls through small dents.",
    "Polyak 1964, Some methods of speeding up the convergence of iteration methods",
    rule=_momentum, **_WITH_SPEED,
)  # fmt: skip
_optimizer(
    "nesterov", "Nesterov", "Momentum that looks ahead to where its speed will carry it.",
    "Sutskever, Martens, Dahl & Hinton 2013, after Nesterov 1983",
    rule=_nesterov, **_WITH_SPEED,
)  # fmt: skip


def _adagrad(p: Mapping[str, Any]) -> list[Quantity]:
    return [
        Quantity("a", "a_t", lambda q: q.a_before + q.square(q.g), "state", "accumulator"),
        Quantity(
            "change", r"\Delta_t", lambda q: q.rate * q.g / _below(q.a, q.epsilon, q, p["place"])
        ),
        Quantity("weight", W, lambda q: q.w - q.change, "weight"),
    ]


_optimizer(
    "adagrad", "Adagrad", "Each weight slows down by all the gradients that it has had.",
    "Duchi, Hazan & Singer 2011",
    parameters={
        "accumulator": Parameter("a_0", "What the sum of squares begins with.", 0.0, 1e9),
        "epsilon": EPSILON,
        "place": PLACE,
    },
    presets={
        "keras": {"rate": 0.001, "accumulator": 0.1, "epsilon": 1e-7, "place": INSIDE},
        "torch": {"rate": 0.01, "accumulator": 0.0, "epsilon": 1e-10, "place": OUTSIDE},
        "course": {"rate": 0.01, "accumulator": 0.1, "epsilon": 1e-7, "place": INSIDE},
    },
    rule=_adagrad,
)  # fmt: skip
_optimizer(
    "adadelta", "Adadelta", "Steps as long as earlier steps were, measured by earlier gradients.",
    "Zeiler 2012",
    parameters={"rho": RHO, "epsilon": EPSILON},
    presets={
        "keras": {"rate": 0.001, "rho": 0.95, "epsilon": 1e-7},
        "torch": {"rate": 1.0, "rho": 0.9, "epsilon": 1e-6},
        "course": {"rate": 0.001, "rho": 0.95, "epsilon": 1e-7},
    },
    rule=lambda p: [
        Quantity("a", "a_t", lambda q: q.rho * q.a_before + (1 - q.rho) * q.square(q.g), "state"),
        Quantity(
            "step", "s_t", lambda q: (
                q.sqrt(q.d_before + q.epsilon) / q.sqrt(q.a + q.epsilon) * q.g
            ),
        ),
        Quantity(
            "d", "d_t", lambda q: q.rho * q.d_before + (1 - q.rho) * q.square(q.step), "state"
        ),
        Quantity("weight", W, lambda q: q.w - q.rate * q.step, "weight"),
    ],
)  # fmt: skip


def _rmsprop(p: Mapping[str, Any]) -> list[Quantity]:
    return [
        Quantity("v", "v_t", lambda q: q.rho * q.v_before + (1 - q.rho) * q.square(q.g), "state"),
        Quantity(
            "change", r"\Delta_t", lambda q: q.rate * q.g / _below(q.v, q.epsilon, q, p["place"])
        ),
        Quantity("weight", W, lambda q: q.w - q.change, "weight"),
    ]


_optimizer(
    "rmsprop", "RMSprop", "Divides each gradient by its usual size in recent updates.",
    "Tieleman & Hinton 2012, lecture 6.5",
    parameters={"rho": RHO, "epsilon": EPSILON, "place": PLACE},
    presets={
        "keras": {"rate": 0.001, "rho": 0.9, "epsilon": 1e-7, "place": INSIDE},
        "torch": {"rate": 0.01, "rho": 0.99, "epsilon": 1e-8, "place": OUTSIDE},
        "course": {"rate": 0.001, "rho": 0.9, "epsilon": 1e-7, "place": INSIDE},
    },
    rule=_rmsprop,
)  # fmt: skip


def _moments() -> list[Quantity]:
    """The mean gradient m and mean squared gradient v, and how far they are from warmed up."""
    return [
        Quantity("c2", "", lambda q: 1 - q.power(q.beta2, q.t), "scalar"),
        Quantity("m", "m_t", lambda q: q.beta1 * q.m_before + (1 - q.beta1) * q.g, "state"),
        Quantity(
            "v", "v_t", lambda q: q.beta2 * q.v_before + (1 - q.beta2) * q.square(q.g), "state"
        ),
    ]


def _adam(p: Mapping[str, Any]) -> list[Quantity]:
    # Keras' ε is added before the correction of v: the same as ε/√(1 − β₂ᵗ) after it
    hat = p["place"] == HAT
    return [
        Quantity("c1", "", lambda q: 1 - q.power(q.beta1, q.t), "scalar"),
        *_moments(),
        Quantity("e", "", lambda q: q.epsilon / q.sqrt(q.c2) if hat else q.epsilon, "scalar"),
        Quantity("m_hat", r"\hat{m}_t", lambda q: q.m / q.c1),
        Quantity("v_hat", r"\hat{v}_t", lambda q: q.v / q.c2),
        Quantity("change", r"\Delta_t", lambda q: q.rate * q.m_hat / (q.sqrt(q.v_hat) + q.e)),
    ]


ADAM_PLACE = Parameter(
    "", "Whether ε is added after the correction of v (outside) or before it (hat).",
    choices=(OUTSIDE, HAT),
)  # fmt: skip
_ADAM = {"beta1": BETA1, "beta2": BETA2, "epsilon": EPSILON, "place": ADAM_PLACE}
_KERAS_ADAM = {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "place": HAT}
_TORCH_ADAM = {"rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "place": OUTSIDE}
_COURSE_ADAM = {**_KERAS_ADAM, "place": OUTSIDE}
_optimizer(
    "adam", "Adam", "Momentum over RMSprop, both corrected for having begun at 0.",
    "Kingma & Ba 2015",
    parameters=_ADAM,
    presets={"keras": _KERAS_ADAM, "torch": _TORCH_ADAM, "course": _COURSE_ADAM},
    rule=lambda p: [
        *_adam(p),
        Quantity("weight", W, lambda q: q.w - q.change, "weight"),
    ],
)  # fmt: skip
_optimizer(
    "adamw", "AdamW", "Adam that also takes a share off every weight at each update.",
    "Loshchilov & Hutter 2019",
    parameters={**_ADAM, "decay": DECAY},
    presets={
        "keras": {**_KERAS_ADAM, "decay": 0.004},
        "torch": {**_TORCH_ADAM, "decay": 0.01},
        "course": {**_COURSE_ADAM, "decay": 0.004},
    },
    rule=lambda p: [
        *_adam(p),
        Quantity("keep", "", lambda q: 1 - q.rate * q.decay, "scalar"),
        Quantity("weight", W, lambda q: q.keep * q.w - q.change, "weight"),
    ],
)  # fmt: skip
_NADAM = {
    "warm": Parameter("h", "How much smaller the momentum is at first.", 0.0, 1.0),
    "momentum_decay": Parameter(r"\psi", "How fast the momentum grows to β₁.", 0.0, 1e3),
}


def _mu_at(q: Any, t: Any) -> Any:
    return q.beta1 * (1 - q.warm * q.power(0.96, q.momentum_decay * t))


_optimizer(
    "nadam", "Nadam", "Adam that looks ahead as Nesterov does.",
    "Dozat 2016",
    parameters={**{k: v for k, v in _ADAM.items() if k != "place"}, **_NADAM},
    presets={
        "keras": {
            "rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "warm": 0.5,
            "momentum_decay": 1.0,
        },
        "torch": {
            "rate": 0.002, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "warm": 0.5,
            "momentum_decay": 0.004,
        },
        "course": {
            "rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-7, "warm": 0.0,
            "momentum_decay": 1.0,
        },
    },
    rule=lambda p: [
        Quantity("mu", r"\mu_t", lambda q: _mu_at(q, q.t), "scalar"),
        Quantity("mu_next", r"\mu_{t+1}", lambda q: _mu_at(q, q.t + 1), "scalar"),
        Quantity("product", r"\Pi_t", lambda q: q.product_before * q.mu, "kept scalar", 1.0),
        *_moments(),
        Quantity(
            "m_hat", r"\hat{m}_t", lambda q: (
                q.mu_next / (1 - q.product * q.mu_next) * q.m
                + (1 - q.mu) / (1 - q.product) * q.g
            ),
        ),
        Quantity("v_hat", r"\hat{v}_t", lambda q: q.v / q.c2),
        Quantity("change", r"\Delta_t", lambda q: q.rate * q.m_hat / (q.sqrt(q.v_hat) + q.epsilon)),
        Quantity("weight", W, lambda q: q.w - q.change, "weight"),
    ],
)  # fmt: skip
