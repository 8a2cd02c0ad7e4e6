"""LaTeX for names, numbers, op applications and whole graphs.

What is printed here is what tylax and Typst can read back (``graphviz_app/typeset.py``); terms
are wrapped in ``\\href{node:ID}{…}`` on request, so that a term and its node can light each other.
It reads the op table's templates and knows no op by name but ``mul``, whose sign comes and goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from engine.errors import FormulaError
from engine.graph.graph import Graph, Node
from engine.graph.names import GREEK_SYMBOLS
from engine.graph.outline import Outline, outline
from engine.graph.templates import attr_text, level_of, pieces, places, shown_attrs
from engine.numerals import MINUS, latex_numerals, number
from engine.ops import OPS
from engine.ops.bypass import BYPASS, passed_on
from engine.ops.expr import Call, Const, Expr, Var
from engine.ops.group import Body
from engine.ops.op import ATOM, PRODUCT, SIGN, Op

LARGEST = 300  # op nodes; above it a typeset formula is no longer read
LONGEST = 12_000  # characters of LaTeX without links
MATRIX_SIDE = 4  # larger matrices are elided

Operand = tuple[str, int]  # what is printed, and how tightly it binds

# names and numbers --------------------------------------------------------------------------

_NAME = re.compile(r"([^\W\d_]+)([0-9]*)((?:_[^\W_]+)*)\Z")
_ACCENTS = {"hat": "hat", "bar": "bar", "tilde": "tilde"}

_ELEMENT = re.compile(r"^([^\[\]]+)\[(\d+(?:,\d+)*)\]$")


def latex_name(name: str) -> str:
    """A variable's name: w0 → ``w_{0}``, y_hat → ``\\hat{y}``, loss → ``\\mathrm{loss}``.

    An element of a tensor has its place behind it: W1[0,2] → ``W_{1}[0,2]``.
    """
    element = _ELEMENT.match(name)
    if element:
        return rf"{latex_name(element[1])}\left[{element[2]}\right]"
    match = _NAME.match(name)
    if not match:
        return rf"\text{{{_plain_words(name)}}}" if name.strip() else r"\ldots"
    letters, digits, subscript = match.groups()
    parts = [part for part in subscript.split("_") if part]
    accent = ""
    if parts and _accent(parts[0])[0]:
        accent, late = _accent(parts.pop(0))
        digits = ", ".join(d for d in (digits, late) if d)
    elif letters[1:] in ("hat", "bar") and letters[0] in "xyzwp":
        letters, accent = letters[0], letters[1:]
    base = _word(letters)
    if accent:
        base = rf"\{_ACCENTS[accent]}{{{base}}}"
    below = ", ".join(p for p in (digits, *map(_subscript, parts)) if p)
    return f"{base}_{{{below}}}" if below else base


def _accent(part: str) -> tuple[str, str]:
    """("hat", "1") of hat1; empty strings where ``part`` is no accent."""
    word = part.rstrip("0123456789")
    return (word, part[len(word) :]) if word in _ACCENTS else ("", "")


def _word(letters: str) -> str:
    if letters in GREEK_SYMBOLS:
        return rf"\{letters}"
    if letters == "ℓ":
        return r"\ell"
    return letters if len(letters) == 1 else rf"\mathrm{{{letters}}}"


def _subscript(part: str) -> str:
    return _word(part) if part in GREEK_SYMBOLS or len(part) > 2 else part


def _plain_words(text: str) -> str:
    """Letters, digits and harmless signs of ``text``: the rest means something to Typst."""
    kept = "".join(c if c.isalnum() or c in " .,+-'()" else " " for c in text.replace("_", "-"))
    return " ".join(kept.split()) or "unnamed"


def latex_number(value: Any, digits: int = 4) -> str:
    """A number to ``digits`` significant digits, 1.2e−7 as ``1.2 \\cdot 10^{-7}``; or an array."""
    if value is None:
        return "?"
    if np.ndim(value):
        return _latex_array(np.asarray(value), digits)
    return latex_numerals(number(value, digits))


def _latex_array(value: np.ndarray, digits: int) -> str:
    if value.ndim > 2 or 0 in value.shape:
        sides = r" \times ".join(map(str, value.shape))
        return rf"\left[{sides}\right]"
    table = np.atleast_2d(value)
    columns = _some(table.shape[1])
    rows = []
    for r in _some(table.shape[0]):
        if r is None:
            cells = [r"\vdots" if c is not None else r"\ddots" for c in columns]
        else:
            cells = [r"\cdots" if c is None else latex_number(table[r, c], digits) for c in columns]
        rows.append(" & ".join(cells))
    return r"\begin{bmatrix}" + r" \\ ".join(rows) + r"\end{bmatrix}"


def _some(count: int) -> list[int | None]:
    """The places to show of ``count``: all, or the first ones, a gap (None) and the last."""
    if count <= MATRIX_SIDE:
        return list(range(count))
    return [*range(MATRIX_SIDE - 2), None, count - 1]


# one op -------------------------------------------------------------------------------------


def fill(
    op: Op, form: str, operands: Sequence[Operand], attrs: Mapping[str, Any] | None = None
) -> str:
    """The op's "text" or "latex" with ``operands``, each a pair of print and binding level.

    With attributes that differ from their defaults it is a call that names them, such as
    ``leaky_relu(x, slope=0.2)``.  A bypassed op is the operand that it passes on.
    """
    if op is BYPASS:
        return passed_on(operands, attrs or {})[0]
    body = attrs.get("body") if attrs else None
    if isinstance(body, Body):  # a folded group is called by its title
        title = body.title
        op = replace(op, text=title + "({a:0})", latex=_group_latex(title))
        attrs = None
    extra = shown_attrs(op, attrs) if attrs else {}
    if form == "text" and extra:
        given = [text for text, _ in operands]
        return f"{op.name}({', '.join([*given, *(f'{k}={_shown(v)}' for k, v in extra.items())])})"
    if extra:
        return _latex_call(op, [text for text, _ in operands], extra)
    out: list[str] = []
    last = ""
    for literal, name, level in pieces(op.text if form == "text" else op.latex):
        if not name:
            out.append(literal)
            break
        exposed = form == "latex" and (_exposed(literal) or (bool(out) and not literal.strip()))
        wanted = [
            _operand(op, form, operands[k], level, exposed, not out and not literal)
            for k in places(op, len(operands), name)
            if k < len(operands)
        ]
        put = (", " if form == "text" else r",\, ").join(wanted)
        if op.name == "mul" and form == "latex" and last:
            literal = _times(last, put)
        out += (literal, put)
        last = put
    return "".join(out)


def _group_latex(title: str) -> str:
    return rf"\operatorname{{{_plain_words(title)}}}\left({{a:0}}\right)"


def readable(op: Op, operands: Sequence[Operand], attrs: Mapping[str, Any] | None = None) -> str:
    """The op's text with ``operands`` as a person writes it, · for * and − for -; not to parse."""
    return fill(op, "text", operands, attrs).replace("*", "·").replace("-", MINUS)


def backward_latex(
    op: Op, output: str, operands: Sequence[str], attrs: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """The rule of an array op typeset, for each of ``operands`` (LaTeX, like ``output``).

    Empty for an elementwise op, whose rule is its local gradient.
    """
    if op is BYPASS:
        ports = range(len(operands))
        return tuple("G" if k == passed_on(ports, attrs or {}) else "0" for k in ports)
    given = dict(zip(op.inputs, operands, strict=False)) | {"y": output}
    rules = op.rules(attrs or {})
    made = tuple("".join(_filled(template, given)) for template in rules)
    return made * len(operands) if op.variadic else made


def _filled(template: str, given: Mapping[str, str]) -> Iterator[str]:
    """The parts of ``template`` with names and numbers put in, in brackets where they need them."""
    for literal, name, level in pieces(template):
        yield literal
        if name:
            bare = number_level(given[name]) >= level
            yield given[name] if bare else rf"\left({given[name]}\right)"


def _latex_call(op: Op, operands: list[str], extra: Mapping[str, Any]) -> str:
    named = [rf"\mathrm{{{k}}} = \text{{{_plain_words(_shown(v))}}}" for k, v in extra.items()]
    head, bracket, _ = op.latex.partition(r"\left(")
    if not bracket or not re.fullmatch(r"(?:\\[a-z]+(?:\{\w+\})?)+", head):
        head = rf"\operatorname{{{_plain_words(op.name)}}}"
    inside = r",\, ".join([*operands, *named])
    return rf"{head}\left({inside}\right)"


def _shown(value: Any) -> str:
    try:
        return attr_text(value)
    except FormulaError:
        return "…"


_LINKS = re.compile(r"(?:\\href\{[^{}]*\}\{)*")
_SIGNED = re.compile(r"\\left\((?:\\href\{[^{}]*\}\{)*(?:-|[\d.]+ \\cdot 10\^)")
UNKNOWN = r"\mathord{?}"  # what is not wired; a bare ? is punctuation and stands too close
_ROMAN = re.compile(r"\\(?:mathrm|text)\{")


def _head(latex: str) -> str:
    """``latex`` without the links that open in front of it."""
    match = _LINKS.match(latex)
    return latex[match.end() :] if match else latex


def _exposed(literal: str) -> bool:
    """Whether a sign after ``literal`` would stand beside another sign."""
    return bool(literal.strip()) and literal.rstrip()[-1] not in "{(["


def _operand(op: Op, form: str, operand: Operand, level: int, exposed: bool, leading: bool) -> str:
    """One operand, in brackets where it binds less tightly than the place asks for."""
    text, own = operand
    bare = own >= level
    if bare and exposed:
        bare = not _head(text).startswith("-")
    if bare and form == "latex" and leading and level == PRODUCT and op.arity == 2:
        bare = not _head(text).startswith((r"\sum ", r"\max "))  # would reach over the product
    if bare:
        return text
    return f"({text})" if form == "text" else rf"\left({text}\right)"


def _times(left: str, right: str) -> str:
    """What stands between two typeset factors: nothing much, or a dot where that would mislead."""
    head, tail = _head(right), left.rstrip("}")
    number_before = bool(re.match(r"-?[\d.]+(?: \\cdot 10\^\{-?\d+\})?\Z", _head(left).rstrip("}")))
    dot = bool(
        head[:1].isdigit()
        or head[:1] in ("-", ".")
        or head.startswith(UNKNOWN)
        or _SIGNED.match(head)
        or _ROMAN.match(head)
        or _ROMAN.match(_head(left))
        or (head.startswith(r"\frac") and number_before)
        or (head.startswith((r"\left(", r"\left[")) and not number_before
            and not tail.endswith(r"\right)"))
    )  # fmt: skip
    return r" \cdot " if dot else " "


def number_level(text: str) -> int:
    """How tightly a typeset or plain number binds."""
    if text.startswith(("-", MINUS)):
        return SIGN
    return PRODUCT if r"\cdot" in text and "matrix" not in text else ATOM


# formulas of the op table -------------------------------------------------------------------


def latex_expr(expr: Expr, names: Mapping[str, str]) -> str:
    """A formula of ``engine.ops.expr`` such as y(1 − y); ``names`` gives the LaTeX of variables."""
    return _expr(expr, names, 0)[0]


def _expr(expr: Expr, names: Mapping[str, str], depth: int) -> Operand:
    if isinstance(expr, Const):
        text = latex_number(expr.value)
        return text, number_level(text)
    if isinstance(expr, Var):
        return names.get(expr.name) or latex_name(expr.name), ATOM
    if not isinstance(expr, Call) or depth > 40:
        return r"\ldots", ATOM
    operands = [_expr(arg, names, depth + 1) for arg in expr.args]
    return _application(expr.op, operands, expr.attrs)


def _application(name: str, operands: list[Operand], attrs: Mapping[str, Any]) -> Operand:
    op = OPS.get(OPS.resolve(name) or name)
    if op is None or not op.accepts(len(operands)):
        inside = r",\, ".join(text for text, _ in operands)
        return rf"\operatorname{{{_plain_words(name)}}}\left({inside}\right)", ATOM
    if op is BYPASS:
        return passed_on(operands, attrs)
    level = ATOM if attrs and shown_attrs(op, attrs) else level_of(op, "latex")
    return fill(op, "latex", operands, attrs), level


# graphs -------------------------------------------------------------------------------------


def latex_graph(graph: Graph, *, link: bool = False) -> str:
    """The whole graph typeset: ``f = \\sigma\\left(w_{0} x_{0} + w_{1}\\right)``.

    Named and forking intermediates are lines of their own, set under each other.  With ``link``
    every term is wrapped in ``\\href{node:ID}{…}``, outer terms around inner ones.  Works on broken
    graphs too: a port without a wire is shown as ``?``.  A graph of more than LARGEST ops is only
    hinted at.
    """
    lines = _sides(graph, link)
    if len(lines) == 1:
        return _joined(*lines[0])
    # a line without a name stands below the right sides of the others
    rows = (f"{left} &= {right}" if left else f"& {right}" for left, right in lines)
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def latex_lines(graph: Graph, *, link: bool = False) -> list[str]:
    """The lines of ``latex_graph``, the output last; see there."""
    return [_joined(left, right) for left, right in _sides(graph, link)]


def _joined(left: str, right: str) -> str:
    return f"{left} = {right}" if left else right


def _sides(graph: Graph, link: bool) -> list[tuple[str, str]]:
    """The lines as pairs: what stands left of the sign ("" without a name), and right of it."""
    if not graph.nodes:
        return [("", r"\ldots")]
    plan = outline(graph)
    output = graph.nodes[plan.output]
    name = latex_name(plan.names.get(plan.output) or "f")
    count = sum(not node.leaf for node in graph.nodes.values())
    if count > LARGEST:
        return [(name, rf"\ldots \quad \text{{({count} operations: too many to typeset)}}")]
    printer = _Printer(graph, plan, link)
    lines = [printer.line(node_id) for node_id in plan.lines]
    if output.leaf or not plan.lines:
        lines.append(("", printer.operand(plan.output)[0]))
    if sum(len(re.sub(r"\\href\{[^{}]*\}", "", "".join(line))) for line in lines) > LONGEST:
        return [(name, r"\ldots \quad \text{(too long to typeset)}")]
    return lines


class _Printer:
    """Prints the nodes of one graph, inputs before users, each once."""

    def __init__(self, graph: Graph, plan: Outline, link: bool) -> None:
        self._graph, self._plan, self._link = graph, plan, link
        self._printed: dict[str, Operand] = {}
        for node_id in plan.order:
            node = graph.nodes[node_id]
            if not node.leaf:
                self._printed[node_id] = self._op(node)

    def line(self, node_id: str) -> tuple[str, str]:
        right = self._linked(node_id, self._printed[node_id][0])
        name = self._plan.names.get(node_id)
        return (self._linked(node_id, latex_name(name)) if name else ""), right

    def operand(self, node_id: str) -> Operand:
        """What stands for a node where it is used."""
        node = self._graph.nodes.get(node_id)
        if node is None:
            return UNKNOWN, ATOM
        if node_id in self._plan.names:
            return self._linked(node_id, latex_name(self._plan.names[node_id] or "f")), ATOM
        if node.leaf:
            text = constant_latex(node)
            return self._linked(node_id, text), number_level(text)
        text, level = self._printed.pop(node_id, (r"\ldots", ATOM))
        return self._linked(node_id, text), level

    def _op(self, node: Node) -> Operand:
        return _application(node.op, [self.operand(i) for i in node.inputs], node.attrs)

    def _linked(self, node_id: str, latex: str) -> str:
        if not self._link or any(c in node_id for c in "{}\\#%"):
            return latex
        return rf"\href{{node:{node_id}}}{{{latex}}}"


def constant_latex(node: Node) -> str:
    """A constant's value, e and π by name."""
    value = 1.0 if node.value is None else node.value
    named = {np.e: "e", np.pi: r"\pi"}.get(value, "") if isinstance(value, float) else ""
    return named or latex_number(value, 6)
