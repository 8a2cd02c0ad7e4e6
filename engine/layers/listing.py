"""Listings of networks as Keras and PyTorch write them: read, never run.

A listing is parsed as Python (``ast``); layers, their settings and what is said of the data, the
loss and the training are taken from it.  Imports, comments and what only looks at the network are
passed over; anything else is named with its line.
"""

from __future__ import annotations

import ast
import contextlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.graph.graph import INPUT, Graph, Node
from engine.graph.problems import infer_shapes
from engine.layers.forms import (
    CLASS_LOSSES,
    FROM_SCORES,
    KERAS,
    KERAS_LOSS_CLASSES,
    KERAS_LOSSES,
    OPTIMISERS,
    OUR_SLOPE,
    TORCH,
    TORCH_LOSSES,
    Form,
)
from engine.layers.layer import check_whole
from engine.layers.literals import ListingError, Literals, called_name, near, root_name, sentence
from engine.layers.network import Fill, Spec, add_layer, begun, initial_value, leaves_of, unfilled
from engine.layers.table import ONE_HOT
from engine.ops.op import Shape

__all__ = ["Listing", "ListingError", "looks_like_listing", "read_listing"]

WORDS, MOST_WORDS = 4, 513  # of a sentence where nothing says how many; that are tried
USUAL_SIDES, MOST_SIDE = (28, 32, 64, 224), 129  # of images, in pixels: tried first; all below
LONGEST = 20_000  # characters; no network that one reads is longer
# What is passed over: it looks at a network, and makes it no other.
PASSED_OVER = (
    "summary", "build", "evaluate", "predict", "print", "seed", "set_seed", "manual_seed", "train",
    "eval",
)  # fmt: skip
DATA_MADE_BY = ("randn", "rand", "zeros", "ones", "randint")  # of torch, with the sizes
INPUT_WORDS = ("input_dim", "input_shape", "input_length", "name", "shape")
_NOT_LAYERS = {
    ast.ClassDef: "a class: write its layers as nn.Sequential(...)",
    ast.FunctionDef: "a function: write its layers one below the other",
    ast.For: "a for loop: write every layer on a line of its own",
    ast.While: "a while loop: write every layer on a line of its own",
    ast.If: "an if: leave out what does not hold",
    ast.With: "a with block: write the layers without it",
    ast.Try: "a try block: write the layers without it",
}


@dataclass(slots=True)
class Listing:
    """The layers of a listing, each with its line, and what it says of the data and the training.

    ``shape`` is that of one example (None where the listing does not say), ``loss`` a layer of
    ours with its settings, if any, on the line ``loss_line``.  ``features`` holds, by place, how
    many features a layer says it is given.  ``epochs`` and ``batch_size`` are 0 where nothing is
    said.
    """

    layers: list[tuple[Spec, int]] = field(default_factory=list)
    shape: Shape | None = None
    loss: Spec | None = None
    loss_line: int = 1
    optimiser: str = ""
    epochs: int = 0
    batch_size: int = 0
    features: dict[int, int] = field(default_factory=dict)

    def graph(self, batch: int = 0, seed: int = 0) -> Graph:
        """The network, for a batch of examples; raises ListingError at the layer that cannot be.

        Without a ``batch`` it is the listing's, else a single example.  Nothing is drawn before
        all of it is known to fit.
        """
        first = self.layers[0][1] if self.layers else 1
        if self.shape is None:
            images = bool(self.layers) and self.layers[0][0][0] == "Conv2D"
            remedy = "x = torch.randn(1, 3, 32, 32)" if self.features else "input_shape=(32, 32, 3)"
            raise ListingError(
                f"nothing says how large the images are: add {remedy}."
                if images
                else "the first layer does not say how many inputs it has: add input_dim.",
                first,
            )
        if not self.shape or not all(isinstance(n, int) and n > 0 for n in self.shape):
            raise ListingError(
                f"the shape of the inputs needs whole numbers of at least 1, not {self.shape!r}.",
                first,
            )
        shape = (batch or self.batch_size or 1, *self.shape)
        try:
            check_whole(math.prod(shape), shape[0])
        except EngineError as error:
            raise ListingError(str(error), first) from error
        tried = Graph([Node("x", INPUT, (), np.broadcast_to(0.0, shape), "x")], output="x")
        self._behind(tried, seed, unfilled)
        return self._behind(begun(shape, seed, self._words()), seed, initial_value)

    def guessed_shape(self) -> Shape | None:
        """The shape of an example where only a later layer tells it, as with PyTorch, whose
        convolutions take images, and embeddings sentences, of any size: the first one with which
        that layer gets as many features as it expects.  None where no such is found.
        """
        if not self.layers:
            return None
        (name, _), _ = self.layers[0]
        if name == "Embedding":
            usual, tried = (WORDS,), [(n,) for n in range(1, MOST_WORDS)]
        elif name == "Conv2D" and 0 in self.features:
            sides = dict.fromkeys([*USUAL_SIDES, *range(1, MOST_SIDE)])
            usual, tried = None, [(side, side, self.features[0]) for side in sides]
        else:
            return None
        dense = [k for k in self.features if self.layers[k][0][0] == "Dense"]
        if not dense:
            return usual
        front = Listing(self.layers[: dense[0] + 1], features=self.features)
        for shape in tried:
            x = Node("x", INPUT, (), np.broadcast_to(0.0, (1, *shape)), "x")
            with contextlib.suppress(ListingError):
                front._behind(Graph([x], output="x"), 0, unfilled)
                return shape
        return usual

    def _words(self) -> int:
        """How many words the first layer knows; 0 if it takes numbers."""
        name, settings = self.layers[0][0] if self.layers else ("", {})
        return settings["words"] if name == "Embedding" else 0

    def _behind(self, graph: Graph, seed: int, fill: Fill) -> Graph:
        """``graph`` with the layers and the loss behind its input."""
        steps = [*self.layers, *([(self.loss, self.loss_line)] if self.loss else [])]
        shape = np.shape(graph.nodes["x"].value)
        numbers = math.prod(shape)
        for place, ((name, settings), line) in enumerate(steps):
            try:
                self._check_features(place, shape)
                seed_here = seed + 1000 * (place + 1)
                graph, node = add_layer(graph, name, settings, seed=seed_here, fill=fill)
                shape = infer_shapes(graph)[node]
                weights = sum(np.size(graph.nodes[i].value) for i in leaves_of(graph, node))
                numbers += weights + math.prod(shape)
                check_whole(numbers, len(graph.nodes["x"].value))
            except EngineError as error:
                raise ListingError(str(error), line) from error
        return graph

    def _check_features(self, place: int, shape: Shape) -> None:
        said, given = self.features.get(place), shape[-1] if shape else 1
        if said is not None and said != given:
            raise EngineError(f"this layer expects {said:,} features and is given {given:,}.")


def read_listing(text: str) -> Listing:
    """The network that a Keras ``Sequential`` or PyTorch ``nn.Sequential`` listing describes.

    Raises ListingError with the line of what was not understood.
    """
    if len(text) > LONGEST:
        raise ListingError(f"the listing is longer than {LONGEST:,} characters.", 1)
    try:
        body = ast.parse(text).body
    except SyntaxError as error:
        raise ListingError(
            f"this is not Python: {error.msg}; look for a missing bracket, quote or comma.",
            error.lineno or 1,
        ) from None
    except (ValueError, RecursionError, MemoryError):
        raise ListingError("this is not Python that can be read.", 1) from None
    listing = Listing()
    reader = _Reader(listing)
    for statement in body:
        reader.statement(statement)
    if listing.shape is None:
        listing.shape = listing.guessed_shape()
    if not listing.layers:
        raise ListingError("there are no layers: begin with model = Sequential().", 1)
    return listing


def looks_like_listing(text: str) -> bool:
    """Whether a text means to be a listing, not a formula."""
    return bool(re.search(r"\bSequential\b|\bmodel\s*\.\s*add\b|\bnn\.[A-Z]", text))


class _Reader:
    def __init__(self, listing: Listing) -> None:
        self._listing = listing
        self._literals = Literals()
        self._begun = False
        self._may_join = False  # whether an activation becomes part of the layer before it

    def statement(self, node: ast.stmt) -> None:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.Expr)) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return  # a comment in quotes
        if isinstance(value, ast.Call):
            self._call(value)
        elif not (isinstance(node, ast.Assign) and self._literals.remember(node)):
            what = _NOT_LAYERS.get(type(node), "something else: leave this line out")
            raise ListingError(f"a listing holds only layers, and this is {what}.", node.lineno)

    def _call(self, call: ast.Call) -> None:
        name = called_name(call.func)
        if isinstance(call.func, ast.Call):
            self._call_of_call(call, called_name(call.func.func))
        elif name == "Sequential":
            if self._begun:
                raise ListingError("this begins a second network: keep one.", call.lineno)
            self._begun = True
            self._sequence(call)
        elif name == "add":
            if len(call.args) != 1 or call.keywords:
                raise ListingError("add takes one layer.", call.lineno)
            self._layer(call.args[0])
        elif name == "compile":
            self._compile(call)
        elif name == "fit":
            self._fit(call)
        elif name in TORCH_LOSSES:
            self._torch_loss(name, (), call.lineno)
        elif name in OPTIMISERS:
            self._listing.optimiser = name.lower()
        elif name in DATA_MADE_BY and root_name(call.func) == "torch":
            self._data(call)
        elif name not in PASSED_OVER:
            raise ListingError(
                f"“{name}” is not understood here: a listing holds Sequential, add, compile "
                "and fit.",
                call.lineno,
            )

    def _call_of_call(self, call: ast.Call, name: str) -> None:
        """``nn.MSELoss()(model(x), y)``; the other such form, layers of layers, is not known."""
        if name not in TORCH_LOSSES:
            raise ListingError(
                "a layer called with another layer is not understood: "
                "write model = Sequential() and add the layers one after the other.",
                call.lineno,
            )
        self._torch_loss(name, call.args, call.lineno)

    # layers -------------------------------------------------------------------------------------

    def _sequence(self, call: ast.Call) -> None:
        parts: Sequence[ast.expr] = call.args
        for keyword in call.keywords:
            if keyword.arg == "layers":
                parts = [keyword.value]
        if len(parts) == 1 and isinstance(parts[0], ast.Call) and _is_ordered(parts[0]):
            parts = parts[0].args
        if len(parts) == 1 and isinstance(parts[0], (ast.List, ast.Tuple)):
            parts = parts[0].elts
        for part in parts:
            named = isinstance(part, ast.Tuple) and len(part.elts) == 2
            self._layer(part.elts[1] if named else part)  # type: ignore[attr-defined]

    def _layer(self, node: ast.expr) -> None:
        if not isinstance(node, ast.Call):
            raise ListingError("here should be a layer, such as Dense(8).", node.lineno)
        name = called_name(node.func)
        if name == "Sequential":
            self._sequence(node)
            return
        if name in ("Input", "InputLayer"):
            self._take_shape(self._arguments(node, Form(("shape",), lambda a: [])), "", node.lineno)
            return
        torch = isinstance(node.func, ast.Attribute) and root_name(node.func) in ("nn", "torch")
        form = (TORCH if torch else KERAS).get(name) or KERAS.get(name) or TORCH.get(name)
        if form is None:
            known = f"there are: {', '.join(TORCH if torch else KERAS)}."
            hint = near(name, [*KERAS, *TORCH]) or known
            raise ListingError(f"there is no layer “{name}”; {hint}", node.lineno)
        arguments = self._arguments(node, form)
        if name == "Embedding" and "input_dim" in arguments:  # the words, not the inputs
            arguments["words"] = arguments.pop("input_dim")
        self._take_shape(arguments, name, node.lineno)
        try:
            specs = form.means(arguments)
        except (EngineError, TypeError, ValueError) as error:
            raise ListingError(sentence(error, name), node.lineno) from None
        if not (form.joins and self._may_join and self._joined(specs)):
            self._listing.layers += [(spec, node.lineno) for spec in specs]
            self._note_features(arguments.get(form.features))
        self._may_join = form in (TORCH["Linear"], TORCH["Conv2d"])

    def _joined(self, specs: list[Spec]) -> bool:
        """Make an activation part of the neurons before it, as Keras does, where that is the same.

        Says whether it was.
        """
        ((name, settings),) = specs
        plain = settings.get("function", "softmax")
        same_slope = plain != "leaky_relu" or settings["slope"] == OUR_SLOPE
        if not same_slope or (name == "Softmax" and settings["axis"] != -1):
            return False
        (before, own), line = self._listing.layers[-1]
        self._listing.layers[-1] = ((before, {**own, "activation": plain}), line)
        return True

    def _note_features(self, said: Any) -> None:
        if isinstance(said, (tuple, list)) and len(said) == 1:
            said = said[0]
        if isinstance(said, int):
            self._listing.features[len(self._listing.layers) - 1] = said

    def _take_shape(self, arguments: dict[str, Any], name: str, line: int) -> None:
        """The inputs' shape, where the first layer says it."""
        listing = self._listing
        if listing.layers or listing.shape is not None:
            return
        shape = arguments.get("input_shape", arguments.get("shape"))
        if name == "Embedding":
            shape = arguments.get("input_length")
        for key in ("input_dim", "in_features"):
            if key in arguments:
                shape = (arguments[key],)
        if shape is None:
            return
        shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
        if not all(isinstance(n, int) and not isinstance(n, bool) for n in shape):
            raise ListingError(f"the shape of the inputs needs whole numbers, not {shape!r}.", line)
        listing.shape = shape

    def _arguments(self, call: ast.Call, form: Form) -> dict[str, Any]:
        """The arguments by name, as plain values."""
        name = called_name(call.func)
        if len(call.args) > len(form.arguments):
            raise ListingError(
                f"{name} takes {len(form.arguments)} argument(s) in order.", call.lineno
            )
        known = (*form.arguments, *form.named, *INPUT_WORDS)
        found = dict(zip(form.arguments, call.args, strict=False))
        for keyword in call.keywords:
            if keyword.arg not in known:
                hint = near(keyword.arg or "", known)
                raise ListingError(
                    f"{name} has no “{keyword.arg or '**'}” that is known here"
                    f"{f'; {hint}' if hint else '.'}",
                    call.lineno,
                )
            found[keyword.arg] = keyword.value
        return {key: self._literals.argument(key, value) for key, value in found.items()}

    # data, loss and training --------------------------------------------------------------------

    def _data(self, call: ast.Call) -> None:
        """``x = torch.randn(128, 1, 28, 28)``: a batch of examples, of images channels first."""
        sizes = [self._literals.value(arg) for arg in call.args]
        if sizes and isinstance(sizes[-1], (tuple, list)):
            sizes = list(sizes[-1])
        if len(sizes) < 2 or not all(isinstance(n, int) and n > 0 for n in sizes):
            raise ListingError("the data need a batch and the sizes of an example.", call.lineno)
        batch, *one = sizes
        self._listing.batch_size = batch
        self._listing.shape = (*one[1:], one[0]) if len(one) == 3 else tuple(one)

    def _compile(self, call: ast.Call) -> None:
        given = dict(zip(("optimizer", "loss"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if "loss" in given:
            self._set_loss(self._keras_loss(given["loss"]), call.lineno)
        optimiser = given.get("optimizer")
        if isinstance(optimiser, ast.Call):
            self._listing.optimiser = called_name(optimiser.func).lower()
        elif isinstance(optimiser, ast.Constant):
            self._listing.optimiser = str(optimiser.value).lower()

    def _keras_loss(self, node: ast.expr) -> Spec:
        if isinstance(node, ast.Call):
            name = called_name(node.func)
            ours = KERAS_LOSSES.get(KERAS_LOSS_CLASSES.get(name, ""))
            scores = any(
                k.arg == "from_logits" and self._literals.value(k.value) is True
                for k in node.keywords
            )
            if ours and scores:
                ours = (FROM_SCORES.get(ours[0], ours[0]), ours[1])
        else:
            attribute = isinstance(node, ast.Attribute)
            name = called_name(node) if attribute else self._literals.value(node)
            ours = KERAS_LOSSES.get(name.lower()) if isinstance(name, str) else None
        if not ours:
            known = ", ".join(KERAS_LOSSES)
            raise ListingError(f"there is no loss {name!r}; there are: {known}.", node.lineno)
        return ours

    def _torch_loss(self, name: str, given: Sequence[ast.expr], line: int) -> None:
        logarithm = bool(given) and isinstance(given[0], ast.Call)
        if name == "NLLLoss" and not (logarithm and called_name(given[0].func) == "log"):  # type: ignore[attr-defined]
            raise ListingError(
                "NLLLoss takes the logarithms of probabilities: "
                "write nn.NLLLoss()(model(x).log(), y).",
                line,
            )
        one_hot = len(given) > 1 and isinstance(given[1], ast.Call)
        settings = {"target": ONE_HOT} if one_hot and name in CLASS_LOSSES else {}
        self._set_loss((TORCH_LOSSES[name], settings), line)

    def _set_loss(self, ours: Spec, line: int) -> None:
        self._listing.loss, self._listing.loss_line = ours, line

    def _fit(self, call: ast.Call) -> None:
        given = dict(zip(("x", "y", "batch_size", "epochs"), call.args, strict=False))
        given |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        for name in ("epochs", "batch_size"):
            if name not in given:
                continue
            value = self._literals.value(given[name])
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ListingError(
                    f"{name} needs a whole number of at least 1, not {value!r}.", call.lineno
                )
            setattr(self._listing, name, value)


def _is_ordered(call: ast.Call) -> bool:
    return called_name(call.func) == "OrderedDict" and len(call.args) == 1
