"""How Keras and PyTorch call layers: names, arguments in order, and which layers of ours they mean.

Tables alone; what reads them is ``listing.py``, and ``source.py`` writes what they can read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import EngineError
from engine.layers.initialisers import INITIALISERS
from engine.layers.network import Spec
from engine.layers.table import LAYERS, ONE_HOT
from engine.ops.layers import ACTIVATIONS, LINEAR

Arguments = Mapping[str, Any]
KERAS_EPSILON, TORCH_EPSILON = 1e-3, 1e-5  # of normalisations, where the listing does not say
KERAS_SLOPE, KERAS_NAMED_SLOPE, TORCH_SLOPE = 0.3, 0.2, 0.01  # LeakyReLU(), 'leaky_relu', torch's
OUR_SLOPE = LAYERS["Activation"].settings["slope"]


@dataclass(frozen=True, slots=True)
class Form:
    """How a listing calls a layer: its arguments in order, and the layers of ours that it means.

    ``features`` is the argument, if there is one, that says how many features the layer is given;
    ``joins``: as an activation it becomes part of the neurons before it.
    """

    arguments: tuple[str, ...]
    means: Callable[[Arguments], list[Spec]]
    named: tuple[str, ...] = ()  # arguments that are given by name
    features: str = ""
    joins: bool = False


@dataclass(frozen=True, slots=True)
class Bend:
    """An activation given as an argument: ``activation='relu'``, ``tf.nn.relu``, ``nn.ReLU()``."""

    name: str
    slope: float | None = None


def plain_activation(name: Any) -> str:
    """Our name of an activation; raises EngineError."""
    same = {None: LINEAR, "swish": "silu", "leakyrelu": "leaky_relu", "identity": LINEAR}
    lower = name.lower() if isinstance(name, str) else name
    plain = same.get(lower, lower)
    if plain not in ACTIVATIONS:
        raise EngineError(f"there is no activation {name!r}; there are: {', '.join(ACTIVATIONS)}.")
    return plain


def activation(name: Any, slope: float | None = None, axis: int = -1) -> list[Spec]:
    """An activation as a layer by itself; none at all where it is linear."""
    plain = plain_activation(name)
    if plain == LINEAR:
        return []
    if plain == "softmax":
        return [("Softmax", {"axis": axis})]
    settings: dict[str, Any] = {"function": plain}
    if plain == "leaky_relu" and slope is not None:
        settings["slope"] = float(slope)
    return [("Activation", settings)]


def initialiser(name: Any) -> str:
    """Our name of an initialiser; raises EngineError."""
    plain = {"random_uniform": "uniform", "random_normal": "normal"}.get(name, name)
    if plain not in INITIALISERS:
        raise EngineError(
            f"there is no initialiser {name!r}; there are: {', '.join(INITIALISERS)}."
        )
    return plain


def one_of(value: Any, what: str) -> Any:
    """The one number of a pair such as (3, 3); raises EngineError."""
    if isinstance(value, (tuple, list)) and len(set(value)) == 1:
        return value[0]
    if isinstance(value, (tuple, list)):
        raise EngineError(f"{what} {value!r} is not square, and only square ones are known here.")
    return value


def _neurons(name: str, settings: dict[str, Any], a: Arguments) -> list[Spec]:
    """A layer of neurons and what bends its sums: inside it, or behind it with another slope."""
    bend = a.get("activation")
    bend = bend if isinstance(bend, Bend) else Bend(bend or LINEAR, KERAS_NAMED_SLOPE)
    plain = plain_activation(bend.name)
    if "kernel_initializer" in a:
        settings["init"] = initialiser(a["kernel_initializer"])
    if a.get("bias_initializer", "zeros") != "zeros":
        raise EngineError("biases begin at 0 here: leave bias_initializer out.")
    if plain == "leaky_relu" and bend.slope != OUR_SLOPE:
        return [(name, settings), *activation(plain, bend.slope)]
    return [(name, {**settings, "activation": plain})]


def _keras_dense(a: Arguments) -> list[Spec]:
    return _neurons("Dense", {"units": a.get("units"), "bias": a.get("use_bias", True)}, a)


def _keras_conv(a: Arguments) -> list[Spec]:
    settings: dict[str, Any] = {
        "filters": a.get("filters"),
        "size": one_of(a.get("kernel_size"), "a window"),
        "stride": one_of(a.get("strides", 1), "a stride"),
        "padding": a.get("padding", "valid"),
        "bias": a.get("use_bias", True),
    }
    return _neurons("Conv2D", settings, a)


def _pool(size: str, stride: str) -> Callable[[Arguments], list[Spec]]:
    def means(a: Arguments) -> list[Spec]:
        step = one_of(a.get(stride), "a stride")
        return [("MaxPool", {"size": one_of(a.get(size, 2), "a window"), "stride": step})]

    return means


def _norm(name: str, epsilon: str, default: float) -> Callable[[Arguments], list[Spec]]:
    def means(a: Arguments) -> list[Spec]:
        if a.get("axis", -1) != -1:
            raise EngineError("only the last axis can be normalised here: leave axis out.")
        return [(name, {"epsilon": float(a.get(epsilon, default))})]

    return means


def _bent(name: str) -> Callable[[Arguments], list[Spec]]:
    def means(a: Arguments) -> list[Spec]:
        if a.get("alpha", 1.0) != 1.0:
            raise EngineError("ELU has alpha=1 here: leave alpha out.")
        return activation(name)

    return means


def _embedding(words: str, features: str) -> Callable[[Arguments], list[Spec]]:
    return lambda a: [("Embedding", {"words": a.get(words), "features": a.get(features)})]


KERAS: dict[str, Form] = {
    "Dense": Form(
        ("units", "activation", "use_bias", "kernel_initializer", "bias_initializer"), _keras_dense
    ),
    "Activation": Form(
        ("activation",),
        lambda a: (
            activation(a["activation"].name, a["activation"].slope)
            if isinstance(a.get("activation"), Bend)
            else activation(a.get("activation"), KERAS_NAMED_SLOPE)
        ),
    ),
    "ReLU": Form((), _bent("relu")),
    "ELU": Form(("alpha",), _bent("elu")),
    "LeakyReLU": Form(
        ("negative_slope", "alpha"),
        lambda a: activation("leaky_relu", a.get("negative_slope", a.get("alpha", KERAS_SLOPE))),
    ),
    "Dropout": Form(("rate",), lambda a: [("Dropout", {"rate": a.get("rate")})], ("seed",)),
    "Softmax": Form(("axis",), lambda a: [("Softmax", {"axis": a.get("axis", -1)})]),
    "BatchNormalization": Form(
        ("axis", "momentum", "epsilon"), _norm("BatchNorm", "epsilon", KERAS_EPSILON)
    ),
    "LayerNormalization": Form(("axis", "epsilon"), _norm("LayerNorm", "epsilon", KERAS_EPSILON)),
    "Flatten": Form((), lambda a: [("Flatten", {})]),
    "Embedding": Form(("words", "output_dim"), _embedding("words", "output_dim")),
    "Conv2D": Form(
        ("filters", "kernel_size", "strides", "padding"),
        _keras_conv,
        ("activation", "use_bias", "kernel_initializer", "bias_initializer"),
    ),
    "MaxPooling2D": Form(("pool_size", "strides"), _pool("pool_size", "strides")),
}
KERAS["MaxPool2D"] = KERAS["MaxPooling2D"]


def _torch_conv(a: Arguments) -> list[Spec]:
    size, padding = one_of(a.get("kernel_size"), "a window"), a.get("padding", 0)
    stride = one_of(a.get("stride", 1), "a stride")
    padding = one_of(padding, "a padding")
    known = {0: "valid", "valid": "valid", "same": "same"}
    if isinstance(size, int) and size % 2 and padding == size // 2 and stride == 1:
        known[padding] = "same"
    if padding not in known:
        raise EngineError(f"padding={padding!r} is not known here; there are: 'valid', 'same'.")
    settings = {
        "filters": a.get("out_channels"),
        "size": size,
        "stride": stride,
        "padding": known[padding],
        "bias": a.get("bias", True),
    }
    return [("Conv2D", settings)]


TORCH: dict[str, Form] = {
    "Linear": Form(
        ("in_features", "out_features", "bias"),
        lambda a: [("Dense", {"units": a.get("out_features"), "bias": a.get("bias", True)})],
        features="in_features",
    ),
    "LeakyReLU": Form(
        ("negative_slope",),
        lambda a: activation("leaky_relu", a.get("negative_slope", TORCH_SLOPE)),
        ("inplace",),
        joins=True,
    ),
    "Softmax": Form(("dim",), lambda a: activation("softmax", axis=a.get("dim", -1)), joins=True),
    "Dropout": Form(("p",), lambda a: [("Dropout", {"rate": a.get("p", 0.5)})], ("inplace",)),
    "LayerNorm": Form(
        ("normalized_shape", "eps"),
        _norm("LayerNorm", "eps", TORCH_EPSILON),
        features="normalized_shape",
    ),
    "Flatten": Form((), lambda a: [("Flatten", {})]),
    "Embedding": Form(
        ("num_embeddings", "embedding_dim"), _embedding("num_embeddings", "embedding_dim")
    ),
    "Conv2d": Form(
        ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
        _torch_conv,
        ("bias",),
        features="in_channels",
    ),
    "MaxPool2d": Form(("kernel_size", "stride"), _pool("kernel_size", "stride")),
}
for _norm_name in ("BatchNorm1d", "BatchNorm2d"):
    TORCH[_norm_name] = Form(
        ("num_features", "eps", "momentum"),
        _norm("BatchNorm", "eps", TORCH_EPSILON),
        features="num_features",
    )
TORCH_ACTIVATIONS = {
    "relu": "ReLU",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "softplus": "Softplus",
}
for _ours, _torch_name in TORCH_ACTIVATIONS.items():
    _order = ("alpha",) if _ours == "elu" else ()
    TORCH[_torch_name] = Form(_order, _bent(_ours), ("inplace",), joins=True)

# losses, each with ours ------------------------------------------------------------------------

FROM_SCORES = {"BCE": "BCE from scores", "Cross-entropy": "Cross-entropy from scores"}
KERAS_LOSSES: dict[str, Spec] = {
    "mse": ("MSE", {}),
    "mean_squared_error": ("MSE", {}),
    "mae": ("MAE", {}),
    "mean_absolute_error": ("MAE", {}),
    "binary_crossentropy": ("BCE", {}),
    "categorical_crossentropy": ("Cross-entropy", {"target": ONE_HOT}),
    "sparse_categorical_crossentropy": ("Cross-entropy", {}),
}
KERAS_LOSS_CLASSES = {
    "MeanSquaredError": "mse",
    "MeanAbsoluteError": "mae",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
}
TORCH_LOSSES = {
    "MSELoss": "MSE",
    "L1Loss": "MAE",
    "BCELoss": "BCE",
    "BCEWithLogitsLoss": "BCE from scores",
    "CrossEntropyLoss": "Cross-entropy from scores",
    "NLLLoss": "Cross-entropy",  # of the logarithms of probabilities
}
CLASS_LOSSES = ("NLLLoss", "CrossEntropyLoss")  # with y.argmax(-1) where answers are one-hot
OPTIMISERS = (
    "SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "Nadam", "NAdam", "LBFGS",
)  # fmt: skip
