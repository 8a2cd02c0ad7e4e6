"""How variables are spelled: one canonical name for each, and what it says about a leaf.

``w0``, ``w_0``, ``w₀`` and ``w_{0}`` are all ``w0``; ``w_{hidden}`` is ``w_hidden``; ``θ₁`` is
``theta1``; ``ŷ`` is ``y_hat``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from engine.graph.graph import INPUT, PARAMETER

GREEK_WORDS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi",
    "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
    "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ς": "sigma", "µ": "mu",
}  # fmt: skip
GREEK_SYMBOLS = {word: symbol for symbol, word in reversed(GREEK_WORDS.items())}
HATS = {"\u0302": "_hat", "\u0304": "_bar", "\u0303": "_tilde"}
SUBSCRIPT_DIGITS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")

_SEPARATORS = re.compile(r"[_{},\s]+")
_CHARACTERS = {**GREEK_WORDS, **HATS}
_PLAIN = re.compile(r"[A-Za-z]+[0-9]*\Z")  # what is canonical as it stands


def _unfold(letter: str) -> str:
    """``ŷ`` as y and its hat; any other letter as it is."""
    parts = unicodedata.normalize("NFD", letter)
    return parts if len(parts) == 2 and parts[1] in HATS else letter


def canonical(name: str) -> str:
    """The one spelling of a variable's name; see the module."""
    if _PLAIN.match(name):
        return name
    name = "".join(map(_unfold, name.translate(SUBSCRIPT_DIGITS)))
    name = "".join(_CHARACTERS.get(c, c) for c in name)
    base, *subscripts = [part for part in _SEPARATORS.split(name) if part] or [""]
    for place, part in enumerate(subscripts):
        joins = place == 0 and part.isdecimal() and not base[-1:].isdecimal()
        base += part if joins else f"_{part}"
    return base


def _weight(stem: str) -> bool:
    return stem in ("w", "W", "theta", "Theta") or stem.lower().startswith("weight")


def leaf_kind(name: str, names: Collection[str]) -> str:
    """Whether a leaf called ``name`` is a parameter or an input, among leaves called ``names``.

    Weights (w, W, θ, weight…) are parameters; beside a weight, b, β and bias are too.
    """
    stem = stem_of(name)
    if _weight(stem):
        return PARAMETER
    if stem in ("b", "B", "beta") or stem.lower().startswith("bias"):
        return PARAMETER if any(_weight(stem_of(n)) for n in names) else INPUT
    return INPUT


def stem_of(name: str) -> str:
    """A name without its digits and subscripts: w of w0 and of w_hidden."""
    return re.split(r"[0-9_]", name, maxsplit=1)[0]
