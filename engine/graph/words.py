"""What a word in a formula means: variables, a function, a number, or a slip of the pen.

A name that is known (some line or value defines it) is one variable.  Otherwise up to three
letters are a product of single letters, each with its digits, and a longer word is one variable.
"""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from engine.graph.graph import LEAF_KINDS
from engine.graph.names import GREEK_SYMBOLS, GREEK_WORDS, canonical
from engine.ops import OPS

USUAL_VARIABLES = "xyztuvw"  # xsin(x) is x·sin(x) even where x was not met before
LONGEST_NAME = 80
MOST_GUESSES = 200  # words looked up for being misspelt; a text with more of them means them

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
PIECE = rf"(?:[{_GREEK}]|[{_LATIN}]+)[\u0302\u0303\u0304]?{_DIGIT}*{_BELOW}"

_PARTS = re.compile(rf"([{_GREEK}]|[{_LATIN}]+)([\u0302\u0303\u0304]?)({_DIGIT}*)({_BELOW})\Z")
_LITERALS = {"true": True, "false": False, "none": None}


class Token:
    """A piece of the text: a terminal of the grammar (``type``) and its place."""

    __slots__ = ("end", "start", "type", "value")

    def __init__(self, type: str, value: Any, start: int, end: int) -> None:
        self.type = type
        self.value = value
        self.start = start
        self.end = end


class Words:
    """Turns words into tokens.

    ``known`` are the names that are one variable wherever they stand, ``names`` all variables
    that were met; ``fail`` raises for a place in the text.
    """

    def __init__(self, text: str, known: Iterable[str], fail: Callable[..., NoReturn]) -> None:
        self.known: set[str] = set(known)
        self.names: set[str] = set()
        self._text = text
        self._fail = fail
        self._given: list[str] = []  # what is defined, as against merely met
        self._guesses = 0

    def spell(self, raw: list[Token], k: int, out: list[Token], inside: bool) -> int:
        """Put the variables or the function that the words from ``k`` spell; the place after."""
        text = self._text
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

    def check_subscript(self, token: Token) -> None:
        for inside in re.findall(r"\{([^{}]*)\}", token.value):
            if not re.sub(r"[\s,_]", "", inside).isalnum():
                self._fail("a subscript holds letters and digits.", token.start, token.end)

    def _piece(self, token: Token, out: list[Token], called: bool) -> None:
        """One word of letters, digits and subscripts that is not known as it stands."""
        match = _PARTS.match(token.value)
        assert match is not None
        self.check_subscript(token)
        if token.end - token.start > LONGEST_NAME:
            self._fail(f"a name has at most {LONGEST_NAME} characters.", token.start, token.end)
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
            self._fail(
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
        """Whether ``letters`` are likely variables and then a function; puts them."""
        if rest or letters.lower() in FOREIGN:
            return False
        for at in range(1, len(letters) - 1):
            head, tail = letters[:at], letters[at:]
            heads = self._segments(head, "")
            usual = all(
                n in self.known or n in self.names or n in USUAL_VARIABLES for _, n in heads
            )
            if function(tail) and usual:
                self._split(head, "", start, out, heads)
                out.append(Token("FUNC", tail, start + at, end))
                return True
        return False

    def _whole(self, token: Token, name: str, out: list[Token]) -> None:
        """A long word is one variable, unless it looks like a slip of the pen."""
        if not self._guesses:
            self._given = sorted(self.known)
        self._guesses += 1
        if self._guesses <= MOST_GUESSES:
            self._suspect(token, name)
        self.known.add(name)
        self._put(out, name, token.start, token.end)

    def _suspect(self, token: Token, name: str) -> None:
        """Raise if a new name is nearly a function's, a Greek letter's or a given variable's."""
        functions = [f for f in known_functions() if _slip(name, f, 0.8)]
        names = [g for g in self._given if _slip(name, g, 0.85)]
        names += [w for w in GREEK_SYMBOLS if _slip(name, w, 0.8)]
        if functions or names:
            self._unknown(token, "name", [*functions, *names], 0.6)

    def _unknown(self, token: Token, what: str, known: list[str], cutoff: float) -> NoReturn:
        word = token.value
        near = difflib.get_close_matches(word.lower(), known, 1, cutoff)
        near = near or difflib.get_close_matches(word, known, 1, cutoff)
        hint = f'; did you mean "{near[0]}"?' if near else "."
        self._fail(
            f'unknown {what} "{word}"{hint}',
            token.start,
            token.end,
            expected=(f"a {what}",),
            nearest=near[0] if near else "",
        )


def _slip(word: str, known: str, likeness: float) -> bool:
    """Whether ``word`` is probably ``known``, misspelt.

    Not so for a plural, a beginning, a number more or less, another first letter: logits, means,
    here and relu1 are names in their own right.
    """
    if len(known) < 4 or word[0].lower() != known[0].lower() or known.startswith(word):
        return False
    if word.count("_") != known.count("_") or re.search("[0-9]", word + known):
        return False
    if word in (known + "s", known + "d", known + "ed") or abs(len(word) - len(known)) > 2:
        return False
    if sorted(word.lower()) == sorted(known.lower()):
        return True
    return difflib.SequenceMatcher(None, known, word.lower()).ratio() >= likeness


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
