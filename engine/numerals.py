"""How numbers are written: a few significant digits for the eye, a true minus sign.

Only for showing; nothing is ever computed from these texts.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

MINUS = "\N{MINUS SIGN}"
LEAST_BESIDE_ONE = 5  # decimals of a number that would read as 1 with fewer
LONGEST_VECTOR = 4  # one with more entries is cut short


def number(value: Any, digits: int = 4) -> str:
    """``value`` to ``digits`` significant digits, as a reader writes it: −0.1966, 2, 1.2e−7.

    Only 1 itself is written as 1: what is close to it has as many digits as tell them apart.
    Vectors show their first entries, larger arrays their shape.
    """
    if value is None:
        return "?"
    if np.ndim(value):
        return array_text(np.asarray(value), digits)
    x = float(value) + 0.0  # -0 is 0
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else MINUS + "∞"
    if x == 0:
        return "0"
    size = abs(x)
    if size >= 10.0 ** max(digits + 2, 6) or size < 1e-4:
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa}e{int(exponent)}"
    else:
        decimals = max(0, digits - 1 - math.floor(math.log10(size)))
        text = f"{x:.{max(decimals, _decimals_beside_one(x, decimals))}f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    return text.replace("-", MINUS)


def fixed(value: Any, decimals: int = 2) -> str:
    """``value`` with a fixed number of decimals, as on wires: −0.20, 1.00.

    Numbers too small or too large to be told apart that way are written with a power of ten, and
    those that would be taken for 1 with more decimals: 0.99505.
    """
    if value is None:
        return "?"
    if np.ndim(value):
        return array_text(np.asarray(value), decimals + 1)
    x = float(value) + 0.0  # -0 is 0
    if not math.isfinite(x) or (x != 0 and abs(x) < 0.5 * 10.0**-decimals) or abs(x) >= 1e5:
        return number(x, 2)
    more = _decimals_beside_one(x, decimals)
    text = f"{x:.{more}f}".rstrip("0") if more else f"{x:.{decimals}f}"
    return text.replace("-", MINUS)


def _decimals_beside_one(x: float, decimals: int) -> int:
    """How many decimals keep ``x`` apart from 1 and −1, 0 where ``decimals`` do.

    A saturated activation is not at its limit: a gradient still passes through it.
    """
    distance = abs(abs(x) - 1)
    if distance == 0 or abs(round(x, decimals)) != 1:
        return 0
    return max(LEAST_BESIDE_ONE, -math.floor(math.log10(distance)))


def array_text(value: np.ndarray, digits: int = 3) -> str:
    """``[0.1, −2]`` for a vector, ``[1, 2, 3, …]`` for a longer one, ``2×3`` for other shapes."""
    if value.ndim != 1:
        return "×".join(map(str, value.shape))
    # a bare length would read as a number
    kept = value if value.size <= LONGEST_VECTOR else value[: LONGEST_VECTOR - 1]
    entries = [number(v, digits) for v in kept]
    return "[" + ", ".join(entries + ["…"] * (value.size > LONGEST_VECTOR)) + "]"


_TYPESET = {
    MINUS: "-",
    "∞": r"\infty ",
    "×": r" \times ",
    "NaN": r"\mathrm{NaN}",
    "…": r"\ldots ",
}
_EXPONENT = re.compile(r"e(-?\d+)")


def latex_numerals(text: str) -> str:
    """What the functions above write, as LaTeX: −0.20, 1.2e−7, [1, −2], 2×3, NaN."""
    for written, latex in _TYPESET.items():
        text = text.replace(written, latex)
    return _EXPONENT.sub(r" \\cdot 10^{\1}", text).strip()


def percent(share: float) -> str:
    """A share in whole percents."""
    return f"{round(100 * share)} %"
