"""Formula text cut into tokens, line by line.

Two passes: the first finds signs, numbers, words, brackets and lines; the second, knowing every
name that the text defines, decides what each word means (``words.py``), where a | opens, and what
a list holds.  Multiplication without a sign is left to the grammar.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from engine.errors import FormulaError, said
from engine.graph.names import canonical
from engine.graph.words import PIECE, Token, Words

LONGEST = 100_000  # characters
DEEPEST = 200  # brackets within brackets, signs in a row
DEEPEST_ARRAY = 8

_RAW = re.compile(
    rf"""(?P<SPACE>[^\S\n]+|[\u200b\ufeff\u00ad]+)|(?P<COMMENT>\#[^\n]*)|(?P<NEWLINE>\n)
    |(?P<NUMBER>(?:[0-9]+(?:\.(?!T\b)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|∞)
    |(?P<WORD>{PIECE})
    |(?P<QUOTED>`[^`\n]+`)|(?P<STRING>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    |(?P<_TRANSPOSE>ᵀ|⊤|\.T(?![A-Za-z0-9_]))
    |(?P<SUP>[⁺⁻]?[⁰¹²³⁴-⁹]+)
    |(?P<_CARET>\^|\*\*)|(?P<_TIMES>[*·×⋅∙∗⊙])|(?P<_DIV>[/÷∕])|(?P<_PLUS>\+)|(?P<_MINUS>[-−–])
    |(?P<_AT>@)|(?P<_GT>>(?!=))|(?P<_LT><(?!=))|(?P<EQUALS>=(?!=))|(?P<_ROOT>√)
    |(?P<OPEN>[(\[{{])|(?P<CLOSE>[)\]}}])|(?P<BAR>\|)|(?P<_COMMA>,)|(?P<SEMICOLON>;)""",
    re.VERBOSE,
)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
# After one of these a value begins, so a sign is a sign and a bar opens.
_BEFORE_VALUE = {
    "", "_CARET", "_TIMES", "_DIV", "_PLUS", "_MINUS", "_AT", "_GT", "_LT", "_ROOT", "_LPAR",
    "_BAR", "_COMMA", "ATTR",
}  # fmt: skip


class Line:
    """One line: ``name`` = ``tokens``; ``named`` is where the name stands (None without one)."""

    __slots__ = ("end", "name", "named", "tokens")

    def __init__(self, name: str, named: Token | None, tokens: list[Token], end: int) -> None:
        self.name = name
        self.named = named
        self.tokens = tokens
        self.end = end


class Source:
    """The text of a formula, its lines, and the way to say what is wrong where."""

    def __init__(self, text: str, known: Iterable[str] = ()) -> None:
        if not isinstance(text, str):
            raise FormulaError(f'A formula is text such as "f = x*y", not {said(text)}.')
        self.text = text
        self.words = Words(text, known, self.fail)
        if len(text) > LONGEST:
            self.fail(
                f"The formula has {len(text):,} characters; at most {LONGEST:,} can be read.",
                LONGEST,
                LONGEST + 1,
                place=False,
            )
        self.lines = [self._line(tokens, end) for tokens, end in self._raw_lines()]

    def fail(
        self,
        message: str,
        start: int,
        end: int = -1,
        *,
        found: str = "",
        expected: tuple[str, ...] = (),
        nearest: str = "",
        place: bool = True,
    ) -> NoReturn:
        """Raise a FormulaError for the text from ``start`` to ``end``."""
        line = self.text.count("\n", 0, start) + 1
        column = start - (self.text.rfind("\n", 0, start) + 1) + 1
        where = f"In line {line}, column {column}: " if "\n" in self.text.strip() else ""
        where = where or f"In column {column}: "
        raise FormulaError(
            where + message if place else message,
            line=line,
            column=column,
            length=max(1, end - start),
            found=found or self.text[start : max(end, start + 1)].strip(),
            expected=expected,
            nearest=nearest,
        )

    # first pass -------------------------------------------------------------------------------

    def _raw_lines(self) -> list[tuple[list[Token], int]]:
        """The tokens of each line that is not empty, and where it ends; brackets are balanced."""
        text, match = self.text, _RAW.match
        lines: list[tuple[list[Token], int]] = []
        line: list[Token] = []
        open_: list[Token] = []
        at, size = 0, len(text)
        while at < size:
            found = match(text, at)
            if found is None:
                self._unreadable(at)
            kind, start, at = found.lastgroup or "", at, found.end()
            if kind == "SPACE" or kind == "COMMENT":
                continue
            if kind == "NEWLINE" or kind == "SEMICOLON":
                if not open_:
                    if line:
                        lines.append((line, start))
                        line = []
                    continue
                if kind == "NEWLINE":
                    continue
            token = Token(kind, found[0], start, at)
            if kind == "OPEN":
                open_.append(token)
                if len(open_) > DEEPEST:
                    self.fail(
                        f"more than {DEEPEST} brackets are open here, which is too deep to read; "
                        "give the inner parts names on lines of their own.",
                        start,
                    )
            elif kind == "CLOSE":
                if not open_:
                    self.fail(
                        f'this "{token.value}" closes a bracket that was never opened.',
                        start,
                        expected=("an operator", "the end of the formula"),
                    )
                opened = open_.pop()
                if _PAIRS[opened.value] != token.value:
                    self.fail(
                        f'found "{token.value}", but "{_PAIRS[opened.value]}" is needed to close '
                        f'the "{opened.value}" of column {self._column(opened.start)}.',
                        start,
                        expected=(_PAIRS[opened.value],),
                    )
            line.append(token)
        if open_:
            opened = open_[-1]
            self.fail(
                f'this "{opened.value}" is never closed; "{_PAIRS[opened.value]}" is missing.',
                opened.start,
                expected=(_PAIRS[opened.value],),
            )
        if line:
            lines.append((line, size))
        if not lines:
            self.fail(
                "The formula is empty; type something like f = x*y.",
                0,
                found="the end of the formula",
                expected=("a number", "a name", "("),
                place=False,
            )
        return lines

    def _column(self, at: int) -> int:
        return at - (self.text.rfind("\n", 0, at) + 1) + 1

    def _unreadable(self, at: int) -> NoReturn:
        sign = self.text[at : at + 2] if self.text[at : at + 2] in ("==", ">=", "<=") else ""
        sign = sign or self.text[at]
        if sign in ('"', "'", "`"):
            self.fail(f"the {sign} is never closed.", at, found=sign, expected=(sign,))
        self.fail(f'"{sign}" is not a sign of the formula language.', at, at + len(sign))

    def _line(self, tokens: list[Token], end: int) -> Line:
        """Take off what stands left of ``=``; the names there are known from now on."""
        depth, equals = 0, -1
        for k, token in enumerate(tokens):
            if token.type == "OPEN":
                depth += 1
            elif token.type == "CLOSE":
                depth -= 1
            elif token.type == "EQUALS" and not depth:
                if equals >= 0:
                    self.fail(
                        'a second "=" in one line; start a new line for another name.',
                        token.start,
                        token.end,
                        expected=("an operator", "a new line"),
                    )
                equals = k
        if equals < 0:
            return Line("", None, tokens, end)
        left, right = tokens[:equals], tokens[equals + 1 :]
        if not right:
            self._missing(tokens[equals].end)
        name, used = self._name_at(left, 0)
        good = bool(name)
        if used < len(left):
            inside, good = left[used + 1 : -1], good and left[used].value == "(" and len(left) > 2
            good = good and left[-1].value == ")"
            k = 0
            while good and k < len(inside):
                argument, k = self._name_at(inside, k)
                good = bool(argument) and (k == len(inside) or inside[k].value in (",", ";"))
                self.words.known.add(argument)
                k += 1
        if not good:
            start = left[0].start if left else tokens[equals].start
            stop = left[-1].end if left else tokens[equals].end
            self.fail(
                'on the left of "=" stands one name, such as f or f(w, x).',
                start,
                stop,
                expected=("a name",),
            )
        self.words.known.add(name)
        self.words.names.add(name)
        return Line(name, Token("NAME", name, left[0].start, left[used - 1].end), right, end)

    def _name_at(self, tokens: list[Token], k: int) -> tuple[str, int]:
        """The one name that adjacent words from place ``k`` spell, and the place after it."""
        if k < len(tokens) and tokens[k].type == "QUOTED":
            return tokens[k].value[1:-1], k + 1
        first = k
        while k < len(tokens) and tokens[k].type == "WORD":
            if k > first and tokens[k].start != tokens[k - 1].end:
                break
            self.words.check_subscript(tokens[k])
            k += 1
        if k == first:
            return "", first
        return canonical(self.text[tokens[first].start : tokens[k - 1].end]), k

    def _missing(self, at: int) -> NoReturn:
        self.fail(
            "the formula ends here, but a number, a name or a bracket should follow.",
            at,
            found="the end of the formula",
            expected=("a number", "a name", "("),
        )

    # second pass ------------------------------------------------------------------------------

    def terminals(self, line: Line) -> list[Token]:
        """The tokens of ``line`` as the grammar wants them."""
        raw, out = line.tokens, []
        bars: list[int] = []  # for each open bracket, how many | wait to be closed
        waiting, depth, signs = 0, 0, 0
        k, count = 0, len(raw)
        while k < count:
            token = raw[k]
            kind = token.type
            last = out[-1].type if out else ""
            fresh = last in _BEFORE_VALUE
            if kind == "WORD":
                k = self.words.spell(raw, k, out, depth > 0)
                signs = 0
                continue
            if kind == "OPEN" and token.value == "[":
                token, k = self._array(raw, k)
                token.type = "ARRAY" if fresh else "MISPLACED"
                out.append(token)
                continue
            if kind == "NUMBER":
                token = self._number(token) if fresh else self._misplaced(token)
            elif kind == "QUOTED":
                name = token.value[1:-1]
                self.words.names.add(name)
                token = Token("NAME", name, token.start, token.end)
            elif kind == "OPEN":
                depth += 1
                bars.append(waiting)
                waiting = 0
                token = Token("_LPAR", token.value, token.start, token.end)
            elif kind == "CLOSE":
                depth -= 1
                if waiting:
                    self._open_bar(out, token.start)
                waiting = bars.pop()
                token = Token("_RPAR", token.value, token.start, token.end)
            elif kind == "BAR":
                closes = waiting and not fresh
                waiting += -1 if closes else 1
                token = Token("_ENDBAR" if closes else "_BAR", "|", token.start, token.end)
            elif kind == "SUP":
                power = int(token.value.translate(_SUPERSCRIPTS)[:300])
                token = Token("SUP", float(power), token.start, token.end)
            elif kind == "_CARET" and self._turned(raw, k):
                token = Token("_TRANSPOSE", "ᵀ", token.start, raw[k + 1].end)
                k += 1
            if token.type in ("_MINUS", "_ROOT", "_PLUS") and fresh:
                signs += 1
                if signs > DEEPEST:
                    self.fail(
                        f"more than {DEEPEST} signs in a row are too many to read.", token.start
                    )
            else:
                signs = 0
            out.append(token)
            k += 1
        if waiting:
            self._open_bar(out, line.end)
        return out

    def _open_bar(self, out: list[Token], at: int) -> NoReturn:
        bar = next(t for t in reversed(out) if t.type == "_BAR")
        self.fail('this "|" is never closed; another "|" is missing.', bar.start, expected=("|",))

    def _turned(self, raw: list[Token], k: int) -> bool:
        """Whether the caret at ``k`` is followed by the T of a transpose."""
        if k + 1 >= len(raw) or raw[k + 1].value != "T" or "T" in self.words.known:
            return False
        after = raw[k + 2] if k + 2 < len(raw) else None
        return not (after and after.type in ("WORD", "NUMBER") and after.start == raw[k + 1].end)

    def _misplaced(self, token: Token) -> Token:
        return Token("MISPLACED", token.value, token.start, token.end)

    def _number(self, token: Token) -> Token:
        """The number with its exact value; whole ones stay int for attributes."""
        text = token.value
        value: float = math.inf if text == "∞" else float(text)
        if math.isinf(value) and text != "∞":
            self.fail("this number is too large for a computer's double.", token.start, token.end)
        whole = text.isdecimal() and len(text) < 16
        return Token("NUMBER", int(text) if whole else value, token.start, token.end)

    # arrays -----------------------------------------------------------------------------------

    def _array(self, raw: list[Token], k: int) -> tuple[Token, int]:
        """The literal that opens at ``k`` as nested lists of numbers, and the place after it."""
        start = raw[k].start
        stack: list[list[Any]] = []  # open lists; each is the list of its rows
        while True:
            token = raw[k]
            sign = 1
            if token.type in ("_MINUS", "_PLUS") and raw[k + 1].type == "NUMBER":
                sign = -1 if token.type == "_MINUS" else 1
                k += 1
                token = raw[k]
            if token.type == "NUMBER" or (token.type == "WORD" and token.value in ("inf", "nan")):
                word = token.type == "WORD"
                value = float(token.value) if word else self._number(token).value
                stack[-1][-1].append(sign * value)
            elif token.value == "[":
                stack.append([[]])
                if len(stack) > DEEPEST_ARRAY:
                    self.fail(f"a list nests at most {DEEPEST_ARRAY} deep.", token.start)
            elif token.value == "]":
                rows = stack.pop()
                if len(rows) > 1 and not rows[-1]:
                    rows.pop()
                done = rows if len(rows) > 1 else rows[0]
                if not stack:
                    return Token("ARRAY", done, start, token.end), k + 1
                stack[-1][-1].append(done)
            elif token.type == "SEMICOLON":
                stack[-1].append([])
            elif token.type != "_COMMA":
                self.fail(
                    f'found "{token.value}", but a list holds numbers only; join variables with '
                    "concat(a, b).",
                    token.start,
                    token.end,
                    expected=("a number", "]"),
                )
            k += 1

    def array(self, token: Token) -> np.ndarray:
        """The value of an ARRAY token; raises where its rows differ in length or it is empty."""
        try:
            value = np.array(token.value, dtype=np.float64)
        except (ValueError, TypeError, OverflowError):
            self.fail("the rows of this matrix differ in length.", token.start, token.end)
        if not value.size:
            self.fail("this list is empty.", token.start, token.end, expected=("a number",))
        return value
