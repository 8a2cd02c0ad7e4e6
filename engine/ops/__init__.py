"""The op table: importing this package declares every op, in the order of the palette."""

from engine.ops import elementwise, activations, linalg, images, reduce, losses, layers  # isort: skip
from engine.ops import group, bypass, cells  # isort: skip
from engine.ops.op import OPS, Op

__all__ = [
    "OPS",
    "Op",
    "activations",
    "bypass",
    "cells",
    "elementwise",
    "group",
    "images",
    "layers",
    "linalg",
    "losses",
    "reduce",
]
