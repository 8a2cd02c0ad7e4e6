"""Which titles a typed text means, best first.  Pure text in, places out; knows no Qt.

Case, accents and typographic signs do not count: ``cafe`` finds “Café”, ``x2`` finds “x²”.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

# What keyboards have in place of the signs of mathematics.
_TYPED = {"−": "-", "×": "*", "·": "*", "÷": "/", "’": "'", "…": ""}


class Grade(IntEnum):
    """How well a text fits, best first."""

    EXACT = 0
    PREFIX = 1
    WORD_PREFIX = 2
    SUBSTRING = 3
    KEYWORD = 4  # each word typed is a keyword or begins a word of the title
    KEYWORD_PART = 5  # each word typed is somewhere in title or keywords
    SUBSEQUENCE = 6  # the letters typed follow each other in the title, from a word's beginning


class Match(NamedTuple):
    """A title that fits: its place in what was searched, how well, and the letters that fit."""

    index: int
    grade: Grade
    letters: tuple[int, ...]  # positions in the title


class _Folded(NamedTuple):
    text: str
    origins: tuple[int, ...]  # for each letter of ``text`` its position in the original


def rank(query: str, texts: Sequence[tuple[str, str]]) -> list[Match]:
    """The places of the ``(title, keywords)`` that fit ``query``, best first.

    Equally good ones keep their order.  A blank query fits all, without letters.
    """
    typed = _fold(query).text
    if not typed:
        return [Match(k, Grade.EXACT, ()) for k in range(len(texts))]
    found: list[tuple[int, int, Match]] = []
    for k, (title, keywords) in enumerate(texts):
        folded = _fold(title)
        grade, places = _grade(typed, folded.text, _fold(keywords).text)
        if grade is None:
            continue
        letters = tuple(sorted({folded.origins[p] for p in places}))
        # Letters that lie close together are more likely what was meant.
        looseness = places[-1] - places[0] if grade is Grade.SUBSEQUENCE else 0
        found.append((grade, looseness, Match(k, grade, letters)))
    return [match for _, _, match in sorted(found, key=lambda entry: entry[:2])]


def _grade(typed: str, title: str, keywords: str) -> tuple[Grade | None, Sequence[int]]:
    """How well ``typed`` fits, and the places in ``title`` that it fits at; None if not at all."""
    starts = _word_starts(title)
    if title == typed:
        return Grade.EXACT, range(len(title))
    if title.startswith(typed):
        return Grade.PREFIX, range(len(typed))
    for start in starts:
        if title.startswith(typed, start):
            return Grade.WORD_PREFIX, range(start, start + len(typed))
    if (at := title.find(typed)) >= 0:
        return Grade.SUBSTRING, range(at, at + len(typed))
    words, names = typed.split(), set(keywords.split())
    if all(w in names or any(title.startswith(w, s) for s in starts) for w in words):
        return Grade.KEYWORD, _places(words, title)
    if all(w in keywords or w in title for w in words):
        return Grade.KEYWORD_PART, _places(words, title)
    tries = (_subsequence("".join(words), title, start) for start in starts)
    fits = [places for places in tries if places]
    if fits:
        return Grade.SUBSEQUENCE, min(fits, key=lambda places: places[-1] - places[0])
    return None, ()


def _places(words: Iterable[str], title: str) -> list[int]:
    """Where the words stand that are in the title."""
    found = ((title.find(word), len(word)) for word in words)
    return [place for at, length in found if at >= 0 for place in range(at, at + length)]


def _subsequence(typed: str, title: str, start: int) -> list[int]:
    """The places of the letters of ``typed``, the first at ``start``; empty if they are not."""
    if title[start] != typed[0]:
        return []
    places = [start]
    for letter in typed[1:]:
        at = title.find(letter, places[-1] + 1)
        if at < 0:
            return []
        places.append(at)
    return places


def _word_starts(text: str) -> list[int]:
    return [k for k, c in enumerate(text) if c.isalnum() and (k == 0 or not text[k - 1].isalnum())]


@lru_cache(maxsize=4096)
def _fold(text: str) -> _Folded:
    """``text`` as it is compared: small letters, no accents, signs as typed, no space around."""
    letters: list[str] = []
    origins: list[int] = []
    for k, char in enumerate(text):
        plain = unicodedata.normalize("NFKD", _TYPED.get(char, char)).casefold()
        for part in unicodedata.normalize("NFKD", plain):
            if not unicodedata.combining(part):
                letters.append(part)
                origins.append(k)
    whole = "".join(letters)
    first, last = len(whole) - len(whole.lstrip()), len(whole.rstrip())
    return _Folded(whole[first:last], tuple(origins[first:last]))
