"""Formula text to graph: ``f = σ(w₀x₀ + w₁x₁ + w₂)``; and back (``writer.py``).

The language, in short.  ``+ − * · × / ÷ @`` and ``^`` (or ``**``, or ²) as usual; powers group to
the right and bind tighter than a sign, so −x² is −(x²).  Values side by side multiply, exactly as
``*`` would: 1/2x is (1/2)·x.  ``xᵀ``, ``x^T``, ``√x``, ``|x|``, ``a > b``; every op of the table is
a function, with its attributes as keywords: ``softmax(z, axis=0)``.  ``[1, 2]`` and ``[1 2; 3 4]``
are constant arrays.  e and π are numbers.  Lines (or ``;``) define names, in any order; the last
line is the output.  ``x = 3`` gives the leaf x a value; ``x = parameter(3)`` also says its kind.
Names that would be read otherwise stand in backticks.  Nothing is ever evaluated as Python.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import FormulaError
from engine.graph.graph import CONSTANT, LEAF_KINDS, Graph, Node, Value
from engine.graph.lexer import Line, Source
from engine.graph.names import canonical, leaf_kind
from engine.graph.values import leaf_value
from engine.graph.words import CONSTANTS, Token, function
from engine.graph.writer import to_text
from engine.ops import OPS, Op

__all__ = ["parse", "to_text"]

# With a single value these ops of many mean "over all its numbers".
REDUCED = {"max": "reduce_max", "min": "reduce_min"}

# What to call the terminals of the grammar, where a value stands and where one may begin.
AFTER_VALUE = {
    "_TIMES": "an operator", "_RPAR": ")", "_ENDBAR": "|", "_COMMA": ",",
    "$END": "the end of the formula",
}  # fmt: skip
BEFORE_VALUE = {
    "NUMBER": "a number", "NAME": "a name", "_LPAR": "(", "_RPAR": ")", "_COMMA": ",",
    "ARRAY": "a list", "STRING": "a text in quotes", "WORD": "true or false",
    "$END": "the end of the formula",
}  # fmt: skip


HINTS = {
    "[": "; entries are picked with take(x, 0)",
    ">": "; put the first comparison in brackets",
    "<": "; put the first comparison in brackets",
}


def parse(text: str, name: str = "", /, **values: Any) -> Graph:
    """The graph that ``text`` describes, called ``name``.

    ``values`` gives leaves their numbers by name: floats, lists or arrays (kept as float64); a
    leaf without one is *unset* and counts as 1.  A variable is one node however often it is used;
    its id is its name.  Names like w, θ and (beside them) b are parameters, all others inputs.
    Nodes come in reading order.  Raises FormulaError with the place of whatever cannot be read,
    and for values of leaves that do not exist.
    """
    source = Source(text, map(canonical, values))
    read = _reader()
    assembly = _Assembly(source, [(line, read(source, line)) for line in source.lines], values)
    graph = assembly.graph()
    graph.name = name
    return graph


# reading ------------------------------------------------------------------------------------


class Term:
    """A part of the formula: an op (or "number", "name", "leaf") applied to ``args``.

    ``form`` tells how a number was written: plain (3), signed (−3), word (π) or bracket.
    """

    __slots__ = ("args", "attrs", "form", "op", "token", "value")

    def __init__(
        self,
        op: str,
        args: list[Term] | None = None,
        value: Any = None,
        token: Token | None = None,
        form: str = "",
        attrs: dict[str, Any] | None = None,
    ) -> None:
        self.op = op
        self.args = args or []
        self.value = value
        self.token = token
        self.form = form
        self.attrs = attrs or {}


class _Fault(Exception):
    """Something wrong with what a token begins; becomes a FormulaError with its place."""

    def __init__(self, token: Token, message: str, **facts: Any) -> None:
        super().__init__(message)
        self.token = token
        self.facts = facts


class _Builder:
    """What the grammar's rules make of their parts; called by lark from the leaves up."""

    def number(self, parts: list) -> Term:
        return Term("number", None, float(parts[0].value), parts[0], "plain")

    def constant(self, parts: list) -> Term:
        return Term("number", None, CONSTANTS[parts[0].value], parts[0], "word")

    def array(self, parts: list) -> Term:
        return Term("array", None, parts[0], parts[0])

    def name(self, parts: list) -> Term:
        return Term("name", None, parts[0].value, parts[0])

    def bracket(self, parts: list) -> Term:
        (inner,) = parts
        if inner.op == "number" and inner.form == "plain":
            return Term("number", None, inner.value, inner.token, "bracket")
        return inner

    def neg(self, parts: list) -> Term:
        (inner,) = parts
        if inner.op == "number" and inner.form == "plain":
            return Term("number", None, -inner.value, inner.token, "signed")
        return Term("neg", [inner])

    def div(self, parts: list) -> Term:
        over, under = parts
        if over.op == "number" and over.form == "plain" and over.value == 1:
            return Term("reciprocal", [under])
        return Term("div", [over, under])

    def pow(self, parts: list) -> Term:
        base, exponent = parts
        if base.op == "number" and base.form == "word" and base.value == math.e:
            return Term("exp", [exponent])
        if exponent.op == "number":
            short = {2.0: "square", -1.0: "reciprocal"}.get(exponent.value, "")
            if short in OPS:
                return Term(short, [base])
        return Term("pow", [base, exponent])

    def superscript(self, parts: list) -> Term:
        base, power = parts
        return self.pow([base, Term("number", None, power.value, power, "plain")])

    def less(self, parts: list) -> Term:
        return Term("greater", parts, form="swapped")

    def bars(self, parts: list) -> Term:
        return Term("abs", parts)

    # Rules that are called like their op.
    def __getattr__(self, name: str) -> Any:
        if name in ("add", "sub", "mul", "matmul", "greater", "sqrt", "transpose"):
            return lambda parts: Term(name, parts)
        raise AttributeError(name)

    # calls

    def literal(self, parts: list) -> Any:
        return parts[0].value

    def negative(self, parts: list) -> Any:
        return -parts[0].value

    def attribute(self, parts: list) -> tuple[Token, Any]:
        token, value = parts
        return token, value

    def arguments(self, parts: list) -> list:
        if len(parts) == 1:
            return parts
        before, one = parts
        before.append(one)
        return before

    def call_each(self, parts: list) -> Term:
        return self.call(parts, each=True)

    def call(self, parts: list, each: bool = False) -> Term:
        token, arguments = parts[0], parts[1] if len(parts) > 1 else []
        args = [a for a in arguments if isinstance(a, Term)]
        keywords = [a for a in arguments if not isinstance(a, Term)]
        if any(not isinstance(a, Term) for a in arguments[: len(args)]):
            raise _Fault(keywords[0][0], "an attribute stands before a value; values come first.")
        called = function(token.value)
        if called in LEAF_KINDS:
            return self._leaf(token, called, args, keywords)
        op = OPS[called]
        if len(args) == 1 and not each and REDUCED.get(called) in OPS:
            op = OPS[REDUCED[called]]
        if not op.accepts(len(args)):
            wants = "one or more values" if op.variadic else _count(op)
            hint = f"; attributes are written {next(iter(op.attrs))}=…" if op.attrs else ""
            raise _Fault(
                token,
                f"{op.name} takes {wants}, but {len(args)} {'is' if len(args) == 1 else 'are'} "
                f"given{hint}.",
                expected=("," if len(args) < len(op.inputs) else ")",),
            )
        return Term(op.name, args, token=token, attrs=_attributes(op, keywords))

    def _leaf(self, token: Token, kind: str, args: list[Term], keywords: list) -> Term:
        if keywords or len(args) > 1 or any(a.op not in ("number", "array") for a in args):
            raise _Fault(token, f"{kind}(…) takes one number or list, or nothing.")
        return Term("leaf", args, kind, token)


def _count(op: Op) -> str:
    count = len(op.inputs)
    return f"{count} value{'s' if count > 1 else ''} ({', '.join(op.inputs)})"


def _attributes(op: Op, keywords: list[tuple[Token, Any]]) -> dict[str, Any]:
    """Keywords under the table's names, those equal to their default left out."""
    attrs: dict[str, Any] = {}
    seen: set[str] = set()
    for token, value in keywords:
        name = op.attr_aliases.get(token.value, token.value)
        if name not in op.attrs:
            known = [*op.attrs, *op.attr_aliases]
            near = difflib.get_close_matches(token.value, known, 1, 0.4)
            have = f"it has {', '.join(op.attrs)}" if op.attrs else "it has none"
            raise _Fault(
                token,
                f'{op.name} has no attribute "{token.value}"; {have}.',
                expected=tuple(op.attrs),
                nearest=near[0] if near else "",
            )
        if name in seen:
            raise _Fault(token, f'the attribute "{token.value}" is given twice.')
        seen.add(name)
        default = op.attrs[name]
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        if type(value) is not type(default) or value != default:
            attrs[name] = value
    return attrs


@cache
def _reader() -> Any:
    """The function that reads one line; lark is imported and its tables made on first use."""
    from lark import Lark, UnexpectedToken

    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    parser = Lark(
        grammar, parser="lalr", lexer="basic", transformer=_Builder(), maybe_placeholders=False
    )

    def read(source: Source, line: Line) -> Term:
        tokens = source.terminals(line)
        tokens.append(Token("$END", "", line.end, line.end))
        feed: Any = parser.parse_interactive("").parser_state.feed_token
        done = 0
        try:
            for token in tokens[:-1]:
                feed(token)
                done += 1
            return feed(tokens[-1], True)
        except UnexpectedToken:
            again = parser.parse_interactive("")
            feed = again.parser_state.feed_token
            for token in tokens[:done]:
                feed(token)
            _refuse(source, tokens[done], again.accepts())
        except _Fault as fault:
            at = fault.token
            source.fail(str(fault), at.start, at.end, **fault.facts)

    return read


def _refuse(source: Source, token: Token, accepted: set[str]) -> NoReturn:
    """Say what was found at ``token`` and what would have fitted there."""
    wanted = AFTER_VALUE if "_TIMES" in accepted else BEFORE_VALUE
    if "NAME" in accepted:
        accepted = accepted - {"ARRAY"}  # goes without saying
    expected = tuple(word for terminal, word in wanted.items() if terminal in accepted)
    end = token.type == "$END"
    found = AFTER_VALUE["$END"] if end else source.text[token.start : token.end]
    shown = found if end else f'"{found}"'
    if token.type == "MISPLACED":
        shown += " right after a value"
    fits = [f'"{word}"' if len(word) == 1 else word for word in expected] or ["nothing more"]
    choice = f"{', '.join(fits[:-1])} or {fits[-1]}" if len(fits) > 1 else fits[0]
    start = len(source.text[: token.start].rstrip()) if end else token.start
    hint = HINTS.get(found[:1], "") if "_TIMES" in accepted else ""
    source.fail(
        f"found {shown}, but {choice} would fit here{hint}.",
        start,
        max(token.end, start + 1),
        found=found,
        expected=expected,
    )


# building -----------------------------------------------------------------------------------

VISIT, APPLY, DEFINED = range(3)


class _Assembly:
    """Makes nodes of the terms of all lines, in reading order, without recursion."""

    def __init__(
        self, source: Source, lines: list[tuple[Line, Term]], given: dict[str, Any]
    ) -> None:
        self._source = source
        self._lines = lines
        self._defined: dict[str, Term] = {}
        for k, (line, term) in enumerate(lines):
            if line.named is not None:
                if line.name in self._defined:
                    self._fail(line.named, f'"{line.name}" is defined twice; rename one of them.')
                if term.op == "name":  # a second name for the same value: a node that passes it on
                    term = Term("identity", [term])
                    lines[k] = line, term
                self._defined[line.name] = term
        self._values = {}
        self._names = set(source.words.names)
        self._leaves = {n for n in self._names if n not in self._defined or self._valued(n)}
        self._values = dict(self._check_values(given))
        self._graph = Graph()
        self._made: dict[str, str] = {}  # name -> id
        self._open: dict[str, None] = {}  # names whose definitions are being built, in order
        self._next: dict[str, int] = {}

    def _fail(self, token: Token, message: str, **facts: Any) -> NoReturn:
        self._source.fail(message, token.start, token.end, **facts)

    def _valued(self, name: str) -> bool:
        return self._defined[name].op in ("number", "array", "leaf")

    def _check_values(self, given: dict[str, Any]) -> Iterator[tuple[str, Value | None]]:
        spelled: dict[str, str] = {}
        for key, value in given.items():
            name = key if key in self._names else canonical(key)
            if name in spelled:
                raise FormulaError(f'"{spelled[name]}" and "{key}" are the same name.', found=key)
            spelled[name] = key
            term = self._defined.get(name)
            if term is not None and not (term.op == "leaf" and not term.args):
                raise FormulaError(
                    f'A value is given for "{name}", but the formula itself defines {name}.'
                )
            if name not in self._leaves:
                known = ", ".join(sorted(self._leaves)) or "none"
                near = difflib.get_close_matches(name, sorted(self._leaves), 1, 0.5)
                raise FormulaError(
                    f'A value is given for "{name}", but the leaves of this formula are: {known}.',
                    found=name,
                    expected=tuple(sorted(self._leaves)),
                    nearest=near[0] if near else "",
                )
            yield name, as_value(name, value)

    def graph(self) -> Graph:
        """Build every line; the last is the output."""
        graph = self._graph
        for place, (line, term) in enumerate(self._lines):
            if line.named is not None:
                if line.name not in self._made:
                    self._build([(DEFINED, line.name), (VISIT, term, line.name)], line.name)
                graph.output = self._made[line.name]
            elif place < len(self._lines) - 1:
                first, last = line.tokens[0], line.tokens[-1]
                self._source.fail(
                    "this line has no name; only the last line may do without: write q = … here.",
                    first.start,
                    last.end,
                    expected=("a name",),
                )
            else:
                free = "f" not in self._names and term.op not in ("number", "array", "name")
                if free:
                    self._names.add("f")
                (graph.output,) = self._build([(VISIT, term, "f" if free else "")])
        return graph

    def _build(self, work: list[tuple], opening: str = "") -> list[str]:
        """Do ``work`` from its end; the ids of what was built and not yet used."""
        ids: list[str] = []
        if opening:
            self._open[opening] = None
        while work:
            task = work.pop()
            if task[0] == VISIT:
                self._visit(task[1], task[2], work, ids)
            elif task[0] == APPLY:
                _, term, name = task
                count = len(term.args)
                inputs = tuple(ids[-count:])
                del ids[-count:]
                if term.form == "swapped":
                    inputs = inputs[::-1]
                ids.append(self._add(term.op, inputs, name, term.attrs))
            else:
                self._made[task[1]] = ids.pop()
                del self._open[task[1]]
        return ids

    def _visit(self, term: Term, name: str, work: list[tuple], ids: list[str]) -> None:
        """Build ``term``, called ``name`` ("" without one), or put off what must come first."""
        kind = term.op
        if kind == "name":
            self._visit_name(term, work, ids)
        elif kind in ("number", "array"):
            if name:
                ids.append(self._leaf(name, leaf_kind(name, self._leaves), self._literal(term)))
            else:
                ids.append(self._add(CONSTANT, (), "", {}, self._literal(term)))
        elif kind == "leaf":
            if not name or not any(t is term and n.named for n, t in self._lines):
                assert term.token is not None
                self._fail(
                    term.token, f"{term.value}(…) stands alone on the right of a name and =."
                )
            value = self._literal(term.args[0]) if term.args else self._values.get(name)
            ids.append(self._leaf(name, term.value, value))
        else:
            work.append((APPLY, term, name))
            work.extend((VISIT, arg, "") for arg in reversed(term.args))

    def _visit_name(self, term: Term, work: list[tuple], ids: list[str]) -> None:
        name = term.value
        made = self._made.get(name)
        if made is not None:
            ids.append(made)
        elif name not in self._defined:
            made = self._leaf(name, leaf_kind(name, self._leaves), self._values.get(name))
            self._made[name] = made
            ids.append(made)
        elif name in self._open:
            path = list(self._open)
            path = [*path[path.index(name) :], name]
            assert term.token is not None
            way = f" ({' → '.join(path)})" if 2 < len(path) < 12 else ""
            self._fail(term.token, f'"{name}" is defined in terms of itself{way}.')
        else:
            self._open[name] = None
            work.append((VISIT, term, ""))
            work.append((DEFINED, name))
            work.append((VISIT, self._defined[name], name))

    def _literal(self, term: Term) -> Value:
        return self._source.array(term.token) if term.op == "array" else term.value  # type: ignore[arg-type]

    def _leaf(self, name: str, kind: str, value: Value | None) -> str:
        self._graph.nodes[name] = Node(name, kind, (), value, name)
        return name

    def _add(
        self, op: str, inputs: tuple[str, ...], name: str, attrs: dict, value: Any = None
    ) -> str:
        node_id = name or self._free_id("c" if op == CONSTANT else op)
        node = Node(node_id, op, inputs, value, name)
        if attrs:
            node.attrs = attrs
        self._graph.nodes[node_id] = node
        return node_id

    def _free_id(self, stem: str) -> str:
        """``stem``, ``stem_2`` … whichever neither a node nor a name of the text has."""
        k = self._next.get(stem, 1)
        while (free := stem if k == 1 else f"{stem}_{k}") in self._names:
            k += 1
        self._next[stem] = k + 1
        return free


def as_value(name: str, value: Any) -> Value | None:
    """``value`` as a leaf keeps it: a float, or a float64 array; raises FormulaError otherwise."""
    try:
        return leaf_value(value)
    except ValueError as error:
        raise FormulaError(f'The value of "{name}" {error}.') from None
