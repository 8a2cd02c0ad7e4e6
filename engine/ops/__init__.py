"""The op table: importing this package declares every op."""

from engine.ops import elementwise
from engine.ops.op import OPS, Op

__all__ = ["OPS", "Op", "elementwise"]
