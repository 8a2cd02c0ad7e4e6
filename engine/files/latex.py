"""LaTeX that compiles: text escaped, characters that TeX's mathematics lacks, whole documents.

``engine.graph.notation`` prints for the window's typesetter, which reads any character; here it is
made fit for pdfLaTeX and, where letters are beyond its fonts, for LuaLaTeX.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np

from engine.files.drawing import op_words
from engine.graph.bypass import bypassed, own_op
from engine.graph.graph import CONSTANT, Graph, Node
from engine.graph.names import GREEK_WORDS
from engine.graph.notation import constant_latex, latex_graph, latex_name
from engine.numerals import latex_numerals, number
from engine.ops import OPS

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{c: "\\" + c for c in "{}$&#%_"},
    **{chr(0x2080 + digit): rf"\textsubscript{{{digit}}}" for digit in range(10)},
}
_GREEK = {letter: rf"\ensuremath{{\{word}}}" for letter, word in GREEK_WORDS.items()}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_LAST_OF_PDFLATEX = "ÿ"  # its fonts hold Latin-1, and not all of what follows
_BEYOND_PDFLATEX = r"""% !TeX program = lualatex
% Some letters are beyond pdfLaTeX; they may need \usepackage{fontspec} \setmainfont{their font}
"""


def escape(text: str) -> str:
    """Any text as LaTeX's, outside of mathematics; control characters become spaces."""
    return "".join(_GREEK.get(c) or _ESCAPED.get(c) or _printable(c) for c in text)


def _printable(character: str) -> str:
    return " " if unicodedata.category(character) in ("Cc", "Cs") else character


def mathematics(latex: str) -> str:
    """Mathematics in which characters beyond ASCII are commands, or text within it."""
    return _BEYOND_ASCII.sub(lambda found: rf"\text{{{escape(found[0])}}}", latex)


# labels of nodes ------------------------------------------------------------------------------

_SIGNS = {
    "−": "{-}",
    "×": r"\times ",
    "∗": "*",
    "÷": r"\div ",
    "√": r"\surd ",
    "σ": r"\sigma ",
    "Σ": r"\sum ",
    "²": "^{2}",
    "ʸ": "^{y}",
    "ᵀ": r"^{\top}",
}
_PARTS_OF_SIGN = re.compile(r"[A-Za-z]{2,}|.")


def latex_sign(sign: str) -> str:
    """The sign of an op, as mathematics: ``\\times``, ``x^{2}``, ``\\mathrm{tanh}``."""
    return mathematics(_PARTS_OF_SIGN.sub(_part_of_sign, sign).strip())


def _part_of_sign(found: re.Match[str]) -> str:
    part = found[0]
    return rf"\mathrm{{{part}}}" if len(part) > 1 else _SIGNS.get(part, part)


def latex_label(node: Node) -> str:
    """What stands on a node, dollars included: a leaf's name or number, an op's sign, in brackets
    where it is bypassed.

    A name that is no variable's, such as ``50%``, and what ``op_words`` says are text.
    """
    if not node.leaf:
        words = op_words(node)
        sign = escape(words) if words else f"${latex_sign(OPS[own_op(node)].symbol)}$"
        return f"({sign})" if bypassed(node) else sign
    if node.op == CONSTANT and not node.name:
        array = latex_numerals(number(node.value)) if np.ndim(node.value) else ""
        return f"${array or constant_latex(node)}$"
    name = node.name or node.id
    typeset = latex_name(name)
    no_variable = typeset.startswith((r"\text", r"\ldots"))
    return escape(name) if no_variable else f"${mathematics(typeset)}$"


# documents ------------------------------------------------------------------------------------


def latex_document(graph: Graph) -> str:
    """A document of its own that shows the formula of ``graph``."""
    return document(rf"\[ {mathematics(latex_graph(graph))} \]", options="preview, border=6pt")


def document(body: str, options: str, preamble: str = "") -> str:
    """A whole file around ``body``: a page as large as what it shows."""
    lines = [
        rf"\documentclass[{options}]{{standalone}}",
        r"\usepackage{amsmath, iftex, lmodern}",
        r"\ifPDFTeX\usepackage[T1]{fontenc}\fi",
        preamble,
        r"\begin{document}",
        body,
        r"\end{document}",
    ]
    hint = _BEYOND_PDFLATEX if max(body) > _LAST_OF_PDFLATEX else ""
    return hint + "\n".join([line for line in lines if line] + [""])
