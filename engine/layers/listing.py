"""Listings of networks as Keras and PyTorch write them: read, never run.

A listing is parsed as Python (``ast``); layers, their settings and what ``compile`` says are taken
from it.  Imports and comments are passed over; anything else is named with its line.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.graph.graph import Graph
from engine.graph.problems import infer_shapes
from engine.layers.initialisers import INITIALISERS
from engine.layers.layer import MOST_NUMBERS
from engine.layers.network import Spec, add_layer, sequential
from engine.layers.table import ONE_HOT
from engine.ops.op import Shape, shape_text

LONGEST = 20_000  # characters; no network that one reads is longer
Arguments = Mapping[str, Any]


class ListingError(EngineError):
    """What of a listing was not understood; ``line`` counts from 1."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"Line {line}: {message}")
        self.line = line


@dataclass(slots=True)
class Listing:
    """The layers of a listing, each with its line, and what it says of the data and the training.

    ``shape`` is that of one example (None where the listing does not say), ``loss`` a layer of
    ours with its settings, if any.  ``batch`` and ``epochs`` are those of ``fit``, 0 without.
    """

    layers: list[tuple[Spec, int]] = field(default_factory=list)
    shape: Shape | None = None
    loss: Spec | None = None
    optimiser: str = ""
    batch: int = 0
    epochs: int = 0
    given: list[int | None] = field(default_factory=list)  # how many inputs each layer says it has

    def graph(self, batch: int = 0, seed: int = 0) -> Graph:
        """The network, for ``batch`` examples (0 is what the listing says, else 1).

        Raises ListingError at the layer that cannot be.
        """
        batch = batch or self.batch or 1
        if self.shape is None:
            raise ListingError(
                "the first layer does not say how many inputs it has: add input_dim.",
                self.layers[0][1] if self.layers else 1,
            )
        first = self.layers[0][0] if self.layers else None
        words = first is not None and first[0] == "Embedding"
        _check_size(batch, self.shape)
        graph = sequential([first] if first and words else [], (batch, *self.shape), seed)
        given = [*self.given, *[None] * len(self.layers)]
        for place, ((name, settings), line) in enumerate(self.layers, 1):
            if place == 1 and words:
                continue
            try:
                _check_inputs(name, given[place - 1], graph)
                graph, _ = add_layer(graph, name, settings, seed=seed + 1000 * place)
                whole = sum(np.size(n.value) for n in graph.leaves())
                if whole > MOST_NUMBERS:
                    raise EngineError(
                        f"up to here the network would hold {whole:,} numbers "
                        f"({whole * 8 / 1e6:,.0f} MB); the limit is {MOST_NUMBERS:,}."
                    )
            except EngineError as error:
                raise ListingError(str(error), line) from error
        if self.loss is not None:
            graph, _ = add_layer(graph, *self.loss)
        return graph


def _check_size(batch: int, shape: Shape) -> None:
    count = batch * math.prod(shape)
    if count > MOST_NUMBERS:
        raise ListingError(
            f"{batch:,} examples of {shape_text(shape)} are {count:,} numbers "
            f"({count * 8 / 1e6:,.0f} MB); the limit is {MOST_NUMBERS:,}: use a smaller batch.",
            1,
        )


def _check_inputs(name: str, given: int | None, graph: Graph) -> None:
    """Raises EngineError where a layer says that it has another number of inputs than it gets."""
    shape = infer_shapes(graph)[graph.output]
    if given is not None and shape and shape[-1] != given:
        raise EngineError(
            f"{name} expects {given} inputs, and what comes before it yields {shape[-1]}."
        )


# what layers are called, and what their arguments mean ----------------------------------------


@dataclass(frozen=True, slots=True)
class _Form:
    """How a listing calls a layer: its arguments in order, and the layers of ours that it means."""

    arguments: tuple[str, ...]
    means: Callable[[Arguments], list[Spec]]
    ignored: tuple[str, ...] = ()  # what says nothing that we need


def _activation(name: Any, slope: Any = None) -> list[Spec]:
    plain = {None: "linear", "swish": "silu"}.get(name, name)
    if plain == "linear":
        return []
    if plain == "softmax":
        return [("Softmax", {})]
    settings: dict[str, Any] = {"function": plain}
    if plain == "leaky_relu" and slope is not None:
        settings["slope"] = float(slope)
    return [("Activation", settings)]


def _initialiser(name: Any) -> str:
    plain = {"random_uniform": "uniform", "random_normal": "normal"}.get(name, name)
    if plain not in INITIALISERS:
        raise EngineError(
            f"there is no initialiser {name!r}; there are: {', '.join(INITIALISERS)}."
        )
    return plain


def _keras_dense(a: Arguments) -> list[Spec]:
    settings: dict[str, Any] = {"units": a.get("units"), "bias": a.get("use_bias", True)}
    activation = a.get("activation")
    settings["activation"] = {None: "linear", "swish": "silu"}.get(activation, activation)
    if "kernel_initializer" in a:
        settings["init"] = _initialiser(a["kernel_initializer"])
    return [("Dense", settings)]


def _one(value: Any, what: str) -> Any:
    """The one number of a pair such as (3, 3)."""
    if isinstance(value, (tuple, list)) and len(set(value)) == 1:
        return value[0]
    if isinstance(value, (tuple, list)):
        raise EngineError(f"{what} {value!r} is not square, and only square ones are known here.")
    return value


def _keras_conv(a: Arguments) -> list[Spec]:
    settings: dict[str, Any] = {
        "filters": a.get("filters"),
        "size": _one(a.get("kernel_size"), "a window"),
        "stride": _one(a.get("strides", 1), "a stride"),
        "padding": a.get("padding", "valid"),
        "activation": a.get("activation") or "linear",
    }
    return [("Conv2D", settings)]


def _pool(a: Arguments, size: str, stride: str) -> list[Spec]:
    step = _one(a.get(stride), "a stride")
    return [("MaxPool", {"size": _one(a.get(size, 2), "a window"), "stride": step})]


def _norm(name: str, epsilon: str, default: float) -> Callable[[Arguments], list[Spec]]:
    return lambda a: [(name, {"epsilon": a.get(epsilon, default)})]


_INPUTS = ("input_dim", "input_shape", "input_length", "name", "shape")
KERAS: dict[str, _Form] = {
    "Dense": _Form(
        ("units", "activation", "use_bias", "kernel_initializer", "bias_initializer"), _keras_dense
    ),
    "Activation": _Form(("activation",), lambda a: _activation(a.get("activation"))),
    "ReLU": _Form((), lambda a: _activation("relu")),
    "LeakyReLU": _Form(
        ("negative_slope", "alpha"),
        lambda a: _activation("leaky_relu", a.get("negative_slope", a.get("alpha", 0.3))),
    ),
    "Dropout": _Form(("rate",), lambda a: [("Dropout", {"rate": a.get("rate")})], ("seed",)),
    "Softmax": _Form(("axis",), lambda a: [("Softmax", {"axis": a.get("axis", -1)})]),
    "BatchNormalization": _Form(
        ("axis", "momentum", "epsilon"), _norm("BatchNorm", "epsilon", 1e-3)
    ),
    "LayerNormalization": _Form(("axis", "epsilon"), _norm("LayerNorm", "epsilon", 1e-3)),
    "Flatten": _Form((), lambda a: [("Flatten", {})]),
    "Embedding": _Form(
        ("words", "output_dim"),
        lambda a: [("Embedding", {"words": a.get("words"), "features": a.get("output_dim")})],
    ),
    "Conv2D": _Form(("filters", "kernel_size", "strides", "padding", "activation"), _keras_conv),
    "MaxPooling2D": _Form(("pool_size", "strides"), lambda a: _pool(a, "pool_size", "strides")),
}
KERAS["MaxPool2D"] = KERAS["MaxPooling2D"]


def _torch_conv(a: Arguments) -> list[Spec]:
    size, padding = _one(a.get("kernel_size"), "a window"), a.get("padding", 0)
    known = {0: "valid", "valid": "valid", "same": "same"}
    if isinstance(size, int) and size % 2 and padding == size // 2 and a.get("stride", 1) == 1:
        known[padding] = "same"
    if padding not in known:
        raise EngineError(f"padding={padding!r} is not known here; there are: 'valid', 'same'.")
    settings = {
        "filters": a.get("out_channels"),
        "size": size,
        "stride": _one(a.get("stride", 1), "a stride"),
        "padding": known[padding],
    }
    return [("Conv2D", settings)]


TORCH: dict[str, _Form] = {
    "Linear": _Form(
        ("in_features", "out_features", "bias"),
        lambda a: [("Dense", {"units": a.get("out_features"), "bias": a.get("bias", True)})],
    ),
    "LeakyReLU": _Form(
        ("negative_slope",), lambda a: _activation("leaky_relu", a.get("negative_slope", 0.01))
    ),
    "Softmax": _Form(("dim",), lambda a: [("Softmax", {"axis": a.get("dim", -1)})]),
    "Dropout": _Form(("p",), lambda a: [("Dropout", {"rate": a.get("p", 0.5)})], ("inplace",)),
    "BatchNorm1d": _Form(("num_features", "eps"), _norm("BatchNorm", "eps", 1e-5)),
    "LayerNorm": _Form(("normalized_shape", "eps"), _norm("LayerNorm", "eps", 1e-5)),
    "Flatten": _Form((), lambda a: [("Flatten", {})]),
    "Embedding": _Form(
        ("num_embeddings", "embedding_dim"),
        lambda a: [
            ("Embedding", {"words": a.get("num_embeddings"), "features": a.get("embedding_dim")})
        ],
    ),
    "Conv2d": _Form(
        ("in_channels", "out_channels", "kernel_size", "stride", "padding"), _torch_conv
    ),
    "MaxPool2d": _Form(("kernel_size", "stride"), lambda a: _pool(a, "kernel_size", "stride")),
}
for _torch_name, _ours in (
    ("ReLU", "relu"),
    ("Sigmoid", "sigmoid"),
    ("Tanh", "tanh"),
    ("ELU", "elu"),
    ("GELU", "gelu"),
    ("SiLU", "silu"),
    ("Softplus", "softplus"),
):
    TORCH[_torch_name] = _Form((), lambda a, name=_ours: _activation(name), ("inplace", "alpha"))

_ONE_HOT = {"target": ONE_HOT}
LOSSES: dict[str, Spec] = {
    "mse": ("MSE", {}),
    "mean_squared_error": ("MSE", {}),
    "mae": ("MAE", {}),
    "mean_absolute_error": ("MAE", {}),
    "binary_crossentropy": ("BCE", {}),
    "categorical_crossentropy": ("Cross-entropy", _ONE_HOT),
    "sparse_categorical_crossentropy": ("Cross-entropy", {}),
}
# Losses as classes, of Keras and then of PyTorch: ours from probabilities, and from scores.
LOSS_CLASSES: dict[str, tuple[Spec, Spec]] = {
    "MeanSquaredError": (("MSE", {}), ("MSE", {})),
    "MeanAbsoluteError": (("MAE", {}), ("MAE", {})),
    "BinaryCrossentropy": (("BCE", {}), ("BCE from scores", {})),
    "CategoricalCrossentropy": (
        ("Cross-entropy", _ONE_HOT),
        ("Cross-entropy from scores", _ONE_HOT),
    ),
    "SparseCategoricalCrossentropy": (("Cross-entropy", {}), ("Cross-entropy from scores", {})),
    "MSELoss": (("MSE", {}), ("MSE", {})),
    "L1Loss": (("MAE", {}), ("MAE", {})),
    "BCELoss": (("BCE", {}), ("BCE", {})),
    "BCEWithLogitsLoss": (("BCE from scores", {}), ("BCE from scores", {})),
    "CrossEntropyLoss": (("Cross-entropy from scores", {}), ("Cross-entropy from scores", {})),
}
PASSED_OVER = ("summary", "build", "evaluate", "predict", "eval", "train")


# reading --------------------------------------------------------------------------------------


def read_listing(text: str) -> Listing:
    """The network that a Keras ``Sequential`` or PyTorch ``nn.Sequential`` listing describes.

    Raises ListingError with the line of what was not understood.
    """
    if len(text) > LONGEST:
        raise ListingError(f"the listing is longer than {LONGEST:,} characters.", 1)
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise ListingError(f"this is not Python: {error.msg}.", error.lineno or 1) from None
    except (ValueError, RecursionError, MemoryError):
        raise ListingError("this is not Python that can be read.", 1) from None
    listing = Listing()
    for statement in body:
        _Reader(listing).statement(statement)
    if not listing.layers:
        raise ListingError("there are no layers: begin with model = Sequential().", 1)
    return listing


class _Reader:
    def __init__(self, listing: Listing) -> None:
        self._listing = listing

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        value = node.value if isinstance(node, (ast.Assign, ast.Expr)) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return  # a comment in quotes
        if not isinstance(value, ast.Call):
            what = type(node).__name__.lower()
            raise ListingError(f"a listing holds only layers, and this is {_a(what)}.", node.lineno)
        called = _called(value.func)
        if called == "Sequential":
            self._sequence(value)
        elif called == "add":
            self._layer(self._only(value))
        elif called == "compile":
            self._compile(value)
        elif called == "fit":
            self._fit(value)
        elif called in LOSS_CLASSES:
            self._listing.loss = self._loss(value)
        elif called not in PASSED_OVER:
            raise ListingError(
                f"“{called}” is not understood here: a listing holds Sequential, add, compile "
                "and fit.",
                node.lineno,
            )

    def _fit(self, call: ast.Call) -> None:
        """How long and in what batches; on what data, the window knows."""
        for keyword in call.keywords:
            if keyword.arg in ("epochs", "batch_size"):
                value = _literal(keyword.value)
                if not isinstance(value, int) or value < 1:
                    raise ListingError(
                        f"{keyword.arg} is a whole number, at least 1, not {value!r}.", call.lineno
                    )
                setattr(self._listing, "batch" if keyword.arg == "batch_size" else "epochs", value)

    def _loss(self, node: ast.expr) -> Spec:
        if isinstance(node, ast.Call):
            name = _called(node.func)
            if name in LOSS_CLASSES:
                settings = {k.arg: _literal(k.value) for k in node.keywords}
                return LOSS_CLASSES[name][bool(settings.get("from_logits", False))]
        else:
            name = _literal(node)
            if isinstance(name, str) and name in LOSSES:
                return LOSSES[name]
        known = ", ".join([*LOSSES, *LOSS_CLASSES])
        raise ListingError(f"there is no loss {name!r}; there are: {known}.", node.lineno)

    def _only(self, call: ast.Call) -> ast.expr:
        if len(call.args) != 1 or call.keywords:
            raise ListingError("add takes one layer.", call.lineno)
        return call.args[0]

    def _sequence(self, call: ast.Call) -> None:
        parts = call.args
        if len(parts) == 1 and isinstance(parts[0], (ast.List, ast.Tuple)):
            parts = parts[0].elts
        for part in parts:
            self._layer(part)

    def _layer(self, node: ast.expr) -> None:
        if not isinstance(node, ast.Call):
            raise ListingError("here should be a layer, such as Dense(8).", node.lineno)
        name = _called(node.func)
        if name in ("Input", "InputLayer"):
            self._take_shape(self._arguments(node, ("shape",), _INPUTS))
            return
        torch = isinstance(node.func, ast.Attribute) and _root(node.func) in ("nn", "torch")
        form = (TORCH if torch else KERAS).get(name) or KERAS.get(name) or TORCH.get(name)
        if form is None:
            known = [*KERAS, *TORCH]
            near = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else "there are: " + ", ".join(KERAS) + "."
            raise ListingError(f"there is no layer “{name}”; {hint}", node.lineno)
        arguments = self._arguments(node, form.arguments, (*form.ignored, *_INPUTS))
        if name == "Embedding" and "input_dim" in arguments:  # the words, not the inputs
            arguments["words"] = arguments.pop("input_dim")
        self._take_shape(arguments, name)
        try:
            specs = form.means(arguments)
        except EngineError as error:
            raise ListingError(str(error), node.lineno) from None
        given = arguments.get("in_features", arguments.get("in_channels"))
        if given is None and name != "Embedding" and self._listing.layers:
            given = arguments.get("input_dim")
        self._listing.given += [given if not k else None for k in range(len(specs))]
        self._listing.layers += [(spec, node.lineno) for spec in specs]

    def _take_shape(self, arguments: Arguments, name: str = "") -> None:
        if self._listing.layers or self._listing.shape is not None:
            return
        if name == "Embedding":
            self._listing.shape = (arguments.get("input_length", 4),)
        for key in ("input_dim", "in_features"):
            if isinstance(arguments.get(key), int):
                self._listing.shape = (arguments[key],)
        shape = arguments.get("input_shape", arguments.get("shape"))
        if isinstance(shape, (tuple, list)) and all(isinstance(n, int) for n in shape):
            self._listing.shape = tuple(shape)

    def _arguments(
        self, call: ast.Call, order: tuple[str, ...], also: tuple[str, ...]
    ) -> dict[str, Any]:
        """The arguments by name, as plain values."""
        name = _called(call.func)
        if len(call.args) > len(order):
            raise ListingError(f"{name} takes {len(order)} argument(s) in order.", call.lineno)
        found = dict(zip(order, call.args, strict=False))
        for keyword in call.keywords:
            if keyword.arg not in (*order, *also):
                near = difflib.get_close_matches(keyword.arg or "", (*order, *also), 1)
                hint = f"; did you mean {near[0]}?" if near else "."
                raise ListingError(
                    f"{name} has no “{keyword.arg or '**'}” that is known here{hint}", call.lineno
                )
            found[keyword.arg] = keyword.value
        return {key: _plain(key, value) for key, value in found.items()}

    def _compile(self, call: ast.Call) -> None:
        for keyword in call.keywords:
            if keyword.arg == "loss":
                self._listing.loss = self._loss(keyword.value)
            elif keyword.arg == "optimizer":
                value = keyword.value
                name = _called(value.func) if isinstance(value, ast.Call) else _literal(value)
                self._listing.optimiser = str(name).lower()


def _called(node: ast.expr) -> str:
    """The last name of what is called: Dense of keras.layers.Dense."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else "this"


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _plain(key: str, node: ast.expr) -> Any:
    """The value of an argument; ``tf.nn.relu`` and ``HeNormal()`` by their names."""
    if key == "activation" and isinstance(node, (ast.Attribute, ast.Name)):
        return _called(node)
    if key.endswith("_initializer") and isinstance(node, ast.Call):
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", _called(node.func)).lower()
    return _literal(node)


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise ListingError(
            "only plain numbers and words are read here; nothing is computed.", node.lineno
        ) from None


def _a(word: str) -> str:
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"
