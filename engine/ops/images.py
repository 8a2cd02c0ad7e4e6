"""Convolution and pooling over small images: batch × height × width × channels, as in Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from engine.errors import OpError, ShapeError
from engine.ops.linalg import one_whole
from engine.ops.op import Shape, declare, shape_text

PADDINGS = ("valid", "same")


def _step(name: str, stride: Any) -> int:
    step = one_whole(name, "stride", stride)
    if step < 1:
        raise OpError(f"{name} needs a stride of at least 1, not {step}.")
    return step


def _margins(size: int, window: int, step: int, padding: str) -> tuple[int, int]:
    """Rows of zeros before and after an axis; "same" keeps size/step places, rounded up."""
    if padding == "valid":
        return 0, 0
    wanted = max((-(-size // step) - 1) * step + window - size, 0)
    return wanted // 2, wanted - wanted // 2


def _places(
    name: str, x: Shape, windows: tuple[int, int], stride: Any, padding: str
) -> tuple[int, int]:
    """How many windows fit along the height and the width."""
    step = _step(name, stride)
    counts = []
    for size, window in zip(x[1:3], windows, strict=True):
        before, after = _margins(size, window, step, padding)
        if window < 1 or size + before + after < window:
            raise ShapeError(
                f"{name} needs images at least as large as its {shape_text(windows)} window: "
                f"x is {shape_text(x)}."
            )
        counts.append((size + before + after - window) // step + 1)
    return counts[0], counts[1]


def _padded(x: Any, windows: tuple[int, int], step: int, padding: str, fill: float) -> Any:
    margins = [_margins(n, k, step, padding) for n, k in zip(x.shape[1:3], windows, strict=True)]
    return np.pad(x, ((0, 0), *margins, (0, 0)), constant_values=fill)


def _windows(x: Any, windows: tuple[int, int], step: int) -> Any:
    """Every window: batch × places down × places across × channels × window height × width."""
    return sliding_window_view(x, windows, axis=(1, 2))[:, ::step, ::step]


def _unpadded(gradient: Any, x: Any, windows: tuple[int, int], step: int, padding: str) -> Any:
    (top, _), (left, _) = (
        _margins(n, k, step, padding) for n, k in zip(x.shape[1:3], windows, strict=True)
    )
    return gradient[:, top : top + x.shape[1], left : left + x.shape[2]]


# convolution --------------------------------------------------------------------------------


def _conv_shape(x: Shape, kernel: Shape, stride: Any, padding: str) -> Shape:
    if len(x) != 4 or len(kernel) != 4 or x[3] != kernel[2]:
        raise ShapeError(
            "conv2d needs images as batch×height×width×channels and a kernel as "
            f"height×width×channels×filters: x is {shape_text(x)}, kernel is {shape_text(kernel)}."
        )
    return (x[0], *_places("conv2d", x, (kernel[0], kernel[1]), stride, padding), kernel[3])


def _conv(xp: Any, x: Any, kernel: Any, stride: Any, padding: str) -> Any:
    step, size = _step("conv2d", stride), kernel.shape[:2]
    windows = _windows(_padded(x, size, step, padding, 0.0), size, step)
    return np.einsum("bijchw,hwcf->bijf", windows, kernel, optimize=True)


def _conv_pullback(
    xp: Any, g: Any, y: Any, x: Any, kernel: Any, stride: Any, padding: str
) -> tuple:
    step, size = _step("conv2d", stride), kernel.shape[:2]
    wide = _padded(x, size, step, padding, 0.0)
    of_kernel = np.einsum("bijchw,bijf->hwcf", _windows(wide, size, step), g, optimize=True)
    of_x = np.zeros(wide.shape, g.dtype)
    down, across = step * g.shape[1], step * g.shape[2]
    for row in range(size[0]):
        for column in range(size[1]):
            of_x[:, row : row + down : step, column : column + across : step] += (
                g @ kernel[row, column].T
            )
    return _unpadded(of_x, x, size, step, padding), of_kernel


_IMAGE = np.linspace(-1.0, 1.0, 50).reshape(1, 5, 5, 2) ** 3
_KERNEL = np.cos(np.arange(54.0)).reshape(3, 3, 2, 3)

declare(
    "conv2d",
    "x kernel",
    attrs={"stride": 1, "padding": "valid"},
    choices={"padding": PADDINGS},
    value=_conv,
    pullback=_conv_pullback,
    rule=(
        r"G\text{, spread over each window by }{kernel:0}",
        r"\textstyle\sum_{\text{windows}} {x:5}\,G",
    ),
    shape_rule=_conv_shape,
    says="Slides a small window over each image: at every place, the sum of pixels times weights.",
    gradient_says="Every pixel receives G times each weight that met it; every weight receives G "
    "times each pixel that it met.",
    symbol="∗",
    latex=r"{x:5} * {kernel:5}",
    kind="array",
    group="Arrays",
    onnx="Conv",
    samples=(
        (_IMAGE, _KERNEL),
        (_IMAGE, _KERNEL, {"padding": "same"}),
        (_IMAGE, _KERNEL, {"stride": 2, "padding": "same"}),
        (np.vstack([_IMAGE, -_IMAGE]), _KERNEL[:2, :1], {"stride": 2}),
    ),
    errors=(
        (_IMAGE[0], _KERNEL),
        (_IMAGE, _KERNEL[:, :, :1]),
        (_IMAGE[:, :2], _KERNEL, {"stride": 1}),
        (_IMAGE, _KERNEL, {"stride": 0}),
    ),
)

# pooling ------------------------------------------------------------------------------------


def _pool_sizes(size: Any, stride: Any) -> tuple[int, int]:
    width = one_whole("max_pool", "size", size)
    return width, width if stride is None else _step("max_pool", stride)


def _pool_shape(x: Shape, size: Any, stride: Any) -> Shape:
    if len(x) != 4:
        raise ShapeError(
            f"max_pool needs images as batch×height×width×channels: x is {shape_text(x)}."
        )
    width, step = _pool_sizes(size, stride)
    return (x[0], *_places("max_pool", x, (width, width), step, "valid"), x[3])


def _pool(xp: Any, x: Any, size: Any, stride: Any) -> Any:
    width, step = _pool_sizes(size, stride)
    return _windows(x, (width, width), step).max(axis=(-2, -1))


def _pool_pullback(xp: Any, g: Any, y: Any, x: Any, size: Any, stride: Any) -> tuple:
    """Each window's gradient goes to its largest pixel, shared evenly by those that tie."""
    width, step = _pool_sizes(size, stride)
    wins = _windows(x, (width, width), step) == y[..., None, None]
    share = wins * (g / wins.sum(axis=(-2, -1)))[..., None, None]
    gradient = np.zeros(x.shape, g.dtype)
    down, across = step * g.shape[1], step * g.shape[2]
    for row in range(width):
        for column in range(width):
            gradient[:, row : row + down : step, column : column + across : step] += share[
                ..., row, column
            ]
    return (gradient,)


declare(
    "max_pool",
    "x",
    attrs={"size": 2, "stride": None},
    value=_pool,
    pullback=_pool_pullback,
    rule=(r"G\text{ for the largest of its window, 0 for the others}",),
    shape_rule=_pool_shape,
    says="Keeps the largest number of each window of the image.",
    gradient_says="The largest pixel of each window receives its whole upstream gradient, the "
    "others nothing.",
    symbol="pool",
    latex=r"\operatorname{maxpool}\left({x:0}\right)",
    kind="array",
    group="Arrays",
    tie="pixels that tie for the largest share the gradient evenly",
    onnx="MaxPool",
    samples=(
        (np.sin(np.arange(32.0)).reshape(1, 4, 4, 2),),
        (np.sin(np.arange(50.0)).reshape(1, 5, 5, 2), {"size": 3, "stride": 2}),
    ),
    errors=(([[1.0]],), (_IMAGE, {"size": 6}), (_IMAGE, {"size": 2, "stride": 0})),
)
