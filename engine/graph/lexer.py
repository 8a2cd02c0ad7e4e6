"""Formula text cut into tokens, line by line.

Two passes: the first finds signs, numbers, words, brackets and lines; the second, knowing every
name that the text defines, decides what a word is: ``w0x0`` is w0·x0, ``sin(`` a function, ``out``
one variable if a line defines it.  Multiplication without a sign is left to the grammar.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

import numpy as np

from engine.errors import FormulaError
from engine.graph.graph import LEAF_KINDS
from engine.graph.names import GREEK_SYMBOLS, GREEK_WORDS, canonical, stem_of
from engine.ops import OPS

LONGEST = 100_000  # characters
DEEPEST = 200  # brackets within brackets, signs in a row
DEEPEST_ARRAY = 8

CONSTANTS = {"e": math.e, "pi": math.pi}
# What the table does not call a function; it wins where it has such a name.
OTHER_NAMES = {
    "ln": "log",
    "sigma": "sigmoid",
    "Sigma": "sum",
    "amax": "reduce_max",
    "root": "sqrt",
}
# Not in the table, but not a product either.
FOREIGN = {"asin", "acos", "atan", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "log2"}

_LATIN = r"A-Za-zÀ-ÖØ-öø-ɏЀ-ӿℓ"
_GREEK = "".join(GREEK_WORDS)
_DIGIT = r"[0-9₀-₉]"
_BELOW = rf"(?:_(?:\{{[^{{}}\n]*\}}|[0-9₀-₉]+|[{_LATIN}{_GREEK}]+[0-9₀-₉]*))*"
_PIECE = rf"(?:[{_GREEK}]|[{_LATIN}]+)[\u0302\u0303\u0304]?{_DIGIT}*{_BELOW}"

_RAW = re.compile(
    rf"""(?P<SPACE>[^\S\n]+|[\u200b\ufeff\u00ad]+)|(?P<COMMENT>\#[^\n]*)|(?P<NEWLINE>\n)
    |(?P<NUMBER>(?:[0-9]+(?:\.(?!T\b)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|∞)
    |(?P<WORD>{_PIECE})
    |(?P<QUOTED>`[^`\n]+`)|(?P<STRING>"(?:[^"\\\n]|\\.)*"|'[^'\n]*')
    |(?P<_TRANSPOSE>ᵀ|⊤|\.T(?![A-Za-z0-9_]))
    |(?P<SUP>[⁺⁻]?[⁰¹²³⁴-⁹]+)
    |(?P<_CARET>\^|\*\*)|(?P<_TIMES>[*·×⋅∙∗⊙])|(?P<_DIV>[/÷∕])|(?P<_PLUS>\+)|(?P<_MINUS>[-−–])
    |(?P<_AT>@)|(?P<_GT>>(?!=))|(?P<_LT><(?!=))|(?P<EQUALS>=(?!=))|(?P<_ROOT>√)
    |(?P<OPEN>[(\[{{])|(?P<CLOSE>[)\]}}])|(?P<BAR>\|)|(?P<_COMMA>,)|(?P<SEMICOLON>;)""",
    re.VERBOSE,
)
_PARTS = re.compile(rf"([{_GREEK}]|[{_LATIN}]+)([\u0302\u0303\u0304]?)({_DIGIT}*)({_BELOW})\Z")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
# After one of these a value begins, so a sign is a sign and a bar opens.
_BEFORE_VALUE = {
    "", "_CARET", "_TIMES", "_DIV", "_PLUS", "_MINUS", "_AT", "_GT", "_LT", "_ROOT", "_LPAR",
    "_BAR", "_COMMA", "ATTR",
}  # fmt: skip
_LITERALS = {"true": True, "false": False, "none": None}


class Token:
    """A piece of the text: a terminal of the grammar (``type``) and its place."""

    __slots__ = ("end", "start", "type", "value")

    def __init__(self, type: str, value: Any, start: int, end: int) -> None:
        self.type = type
        self.value = value
        self.start = start
        self.end = end


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
        self.text = text
        self.known: set[str] = set(known)  # names that are one variable wherever they stand
        self.names: set[str] = set()  # every name that was met
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
                self.known.add(argument)
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
        self.known.add(name)
        self.names.add(name)
        return Line(name, Token("NAME", name, left[0].start, left[used - 1].end), right, end)

    def _name_at(self, tokens: list[Token], k: int) -> tuple[str, int]:
        """The one name that adjacent words from place ``k`` spell, and the place after it."""
        if k < len(tokens) and tokens[k].type == "QUOTED":
            return tokens[k].value[1:-1], k + 1
        first = k
        while k < len(tokens) and tokens[k].type == "WORD":
            if k > first and tokens[k].start != tokens[k - 1].end:
                break
            self._check_subscript(tokens[k])
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
                k = self._words(raw, k, out, depth > 0)
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
                self.names.add(name)
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
        if k + 1 >= len(raw) or raw[k + 1].value != "T" or "T" in self.known:
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

    # words ------------------------------------------------------------------------------------

    def _words(self, raw: list[Token], k: int, out: list[Token], inside: bool) -> int:
        """Put the variables or the function that the words from ``k`` spell; the place after."""
        text = self.text
        end = k + 1
        while end < len(raw) and raw[end].type == "WORD" and raw[end].start == raw[end - 1].end:
            end += 1
        follower = raw[end] if end < len(raw) else None
        called = follower is not None and follower.type == "OPEN" and follower.value == "("
        if inside and follower is not None and follower.type == "EQUALS":
            name = text[raw[k].start : raw[end - 1].end]
            out.append(Token("ATTR", name, raw[k].start, raw[end - 1].end))
            return self._attribute_word(raw, end + 1, out)
        while k < end:
            for stop in range(min(end, k + 6), k, -1):
                spelled = text[raw[k].start : raw[stop - 1].end]
                if called and stop == end and function(spelled):
                    out.append(Token("FUNC", spelled, raw[k].start, raw[stop - 1].end))
                    break
                if canonical(spelled) in self.known:
                    self._put(out, canonical(spelled), raw[k].start, raw[stop - 1].end)
                    break
            else:
                stop = k + 1
                self._piece(raw[k], out, called and stop == end)
            k = stop
        return end

    def _attribute_word(self, raw: list[Token], k: int, out: list[Token]) -> int:
        """After ``axis=`` the words true, false and none are values."""
        if k < len(raw) and raw[k].type == "WORD" and raw[k].value.lower() in _LITERALS:
            value = _LITERALS[raw[k].value.lower()]
            out.append(Token("WORD", value, raw[k].start, raw[k].end))
            return k + 1
        if k < len(raw) and raw[k].type == "STRING":
            quoted = raw[k].value
            try:
                value = json.loads(quoted) if quoted[0] == '"' else quoted[1:-1]
            except ValueError:
                value = quoted[1:-1]
            out.append(Token("STRING", value, raw[k].start, raw[k].end))
            return k + 1
        return k

    def _put(self, out: list[Token], name: str, start: int, end: int) -> None:
        self.names.add(name)
        out.append(Token("NAME", name, start, end))

    def _check_subscript(self, token: Token) -> None:
        for inside in re.findall(r"\{([^{}]*)\}", token.value):
            if not re.sub(r"[\s,_]", "", inside).isalnum():
                self.fail("a subscript holds letters and digits.", token.start, token.end)

    def _piece(self, token: Token, out: list[Token], called: bool) -> None:
        """One word of letters, digits and subscripts that is not known as it stands."""
        match = _PARTS.match(token.value)
        assert match is not None
        self._check_subscript(token)
        letters, accent, digits, below = match.groups()
        rest, start, end = accent + digits + below, token.start, token.end
        name = canonical(token.value)
        if name in CONSTANTS:
            out.append(Token("CONSTANT", name, start, end))
        elif name in ("inf", "nan"):
            out.append(Token("NUMBER", float(name), start, end))
        elif len(letters) == 1 or letters in GREEK_SYMBOLS:
            self._put(out, name, start, end)
        elif function(token.value) and name not in LEAF_KINDS:
            self.fail(
                f"{token.value} is a function; write what it works on in brackets: "
                f"{token.value}(x).",
                start,
                end,
                expected=("(",),
            )
        elif called and self._tail_function(letters, rest, start, end, out):
            return
        elif called and len(letters) > 2:
            self._unknown(token, "function", known_functions(), 0.6)
        elif re.search(r"_[^\W\d]|_\{[^\W\d]", below):
            self._whole(token, name, out)
        elif len(letters) <= 3:
            self._split(letters, rest, start, out, self._segments(letters, rest))
        else:
            segments = self._segments(letters, rest)
            known = all(self._meant(s, rest if at + len(s) == len(letters) else "")
                        for at, s in segments)  # fmt: skip
            if known and any(len(s) > 1 for _, s in segments):
                self._split(letters, rest, start, out, segments)
            else:
                self._whole(token, name, out)

    def _meant(self, letters: str, rest: str) -> bool:
        return letters in GREEK_SYMBOLS or canonical(letters + rest) in self.known

    def _segments(self, letters: str, rest: str) -> list[tuple[int, str]]:
        """``letters`` as known names, the longest first, and single letters between them."""
        found, at = [], 0
        while at < len(letters):
            for stop in range(len(letters), at + 1, -1):
                segment = letters[at:stop]
                if self._meant(segment, rest if stop == len(letters) else ""):
                    break
            else:
                segment = letters[at]
            found.append((at, segment))
            at += len(segment)
        return found

    def _split(self, letters: str, rest: str, start: int, out: list[Token], segments: list) -> None:
        for at, segment in segments:
            last = at + len(segment) == len(letters)
            name = canonical(segment + (rest if last else ""))
            place = start + at, start + at + len(segment) + (len(rest) if last else 0)
            if name in CONSTANTS and name not in self.known:
                out.append(Token("CONSTANT", name, *place))
            else:
                self._put(out, name, *place)

    def _tail_function(
        self, letters: str, rest: str, start: int, end: int, out: list[Token]
    ) -> bool:
        """Whether ``letters`` are variables that are known and then a function; puts them."""
        if rest or letters.lower() in FOREIGN:
            return False
        for at in range(1, len(letters) - 1):
            head, tail = letters[:at], letters[at:]
            heads = self._segments(head, "")
            if function(tail) and all(s in self.known | self.names for _, s in heads):
                self._split(head, "", start, out, heads)
                out.append(Token("FUNC", tail, start + at, end))
                return True
        return False

    def _whole(self, token: Token, name: str, out: list[Token]) -> None:
        """A long word is one variable, unless it looks like a slip of the pen."""
        stem = stem_of(name)
        functions = [f for f in known_functions() if len(f) > 3 and abs(len(f) - len(name)) <= 2]
        names = [n for n in sorted(self.known) if len(n) > 3 and stem_of(n) != stem]
        names += [w for w in GREEK_SYMBOLS if len(w) > 3]
        self._unknown(token, "name", functions, 0.75, stop=False)
        self._unknown(token, "name", names, 0.8, stop=False)
        self.known.add(name)
        self._put(out, name, token.start, token.end)

    def _unknown(
        self, token: Token, what: str, known: list[str], cutoff: float, stop: bool = True
    ) -> None:
        word = token.value
        near = difflib.get_close_matches(word.lower(), known, 1, cutoff)
        near = near or difflib.get_close_matches(word, known, 1, cutoff)
        if near or stop:
            hint = f'; did you mean "{near[0]}"?' if near else "."
            self.fail(
                f'unknown {what} "{word}"{hint}',
                token.start,
                token.end,
                expected=(f"a {what}",),
                nearest=near[0] if near else "",
            )


def function(word: str) -> str:
    """The op or leaf kind that ``word`` calls, or an empty string."""
    if word in LEAF_KINDS:
        return word
    plain = canonical(word)
    other = OTHER_NAMES.get(plain, "")
    return next(filter(None, map(OPS.resolve, (word, plain, other, plain.lower()))), "")


def known_functions() -> list[str]:
    """Every name under which a function can be called."""
    return [*OPS.names(), *OTHER_NAMES]
