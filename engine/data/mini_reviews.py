"""Reviews of eight words and more, as counts of 41 words, with negation where it is asked for.

The draws are those of the course, one after the other: a word decides which draw comes next, so
they cannot be made all at once. A call of NumPy for each would take most of the time; so its random
bits are fetched in blocks and turned into numbers as ``RandomState``, which is frozen, turns them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

import numpy as np

from engine.data.dataset import Dataset

CLASSES = ("very bad", "bad", "neutral", "good", "very good")

# The groups of the course, in its order: it is the order of the columns. Numbers are polarities.
_GROUPS = (
    (2, "fantastic perfect superb best"),
    (1, "good nice fun enjoyable excitement solid"),
    (
        0,
        "movie action plot actor scene film story the a it was with music camera ending dialogue "
        "today seen two hours",
    ),
    (-1, "dull weak bumpy shame slow flat"),
    (-2, "awful terrible worst boring"),
    (0, "not"),
)
WORDS = tuple(word for _, words in _GROUPS for word in words.split())
_POLARITY = tuple(polarity for polarity, words in _GROUPS for _ in words.split())
_POLAR = tuple(number for number, polarity in enumerate(_POLARITY) if polarity)
_PLAIN = tuple(number for number in range(len(WORDS) - 1) if not _POLARITY[number])
_NOT = len(WORDS) - 1
_MASKS = tuple((1 << most.bit_length()) - 1 for most in range(len(WORDS)))
_SHORTEST = 8  # words; a negation can make it one more


def mini_reviews(seed: int, count: int, negation: float) -> Dataset:
    """x counts the words (count, 41); y has five classes from the summed polarity of a review.

    ``negation`` is the chance that "not" stands before a polar word and turns it round.
    """
    draw = chain.from_iterable(_blocks(seed)).__next__
    reviews = [_review(draw, negation) for _ in range(count)]
    columns = np.fromiter(chain.from_iterable(words for words, _ in reviews), np.int64)
    rows = np.repeat(np.arange(count), [len(words) for words, _ in reviews])
    places = rows * len(WORDS) + columns
    x = np.bincount(places, minlength=count * len(WORDS)).reshape(count, -1)
    y = np.searchsorted([-2, 0, 1, 3], [polarity for _, polarity in reviews], side="right")
    return Dataset("mini_reviews", x, y, WORDS, CLASSES)


def _review(draw: Callable[[], int], negation: float) -> tuple[list[int], int]:
    """The words of one review and its summed polarity. The words' order is drawn and not needed."""
    words: list[int] = []
    phrases = polarity = 0
    tries = 1 + _up_to(2, draw)
    leaning = _up_to(2, draw) - 1
    for _ in range(tries):
        word = _POLAR[_up_to(len(_POLAR) - 1, draw)]
        value = _POLARITY[word]
        if leaning and value * leaning < 0 and _share(draw) < 0.8:
            continue
        phrases += 1
        if _share(draw) < negation:
            words += (_NOT, word)
            polarity -= value
        else:
            words.append(word)
            polarity += value
    while len(words) < _SHORTEST:
        phrases += 1
        words.append(_PLAIN[_up_to(len(_PLAIN) - 1, draw)])
    for last in range(phrases - 1, 0, -1):  # the course shuffles its phrases here
        _up_to(last, draw)
    return words, polarity


def _blocks(seed: int) -> Iterator[list[int]]:
    """The random bits of a seed, 32 at a time."""
    random = np.random.RandomState(seed)
    while True:
        yield random.randint(0, 2**32, 4096, dtype=np.uint32).tolist()


def _up_to(most: int, draw: Callable[[], int]) -> int:
    """0 to ``most``, as ``randint`` and ``permutation`` draw: what is too large is drawn again."""
    mask = _MASKS[most]
    while (number := draw() & mask) > most:
        pass
    return number


def _share(draw: Callable[[], int]) -> float:
    """From 0 to below 1, as ``rand`` draws: 27 bits and 26 bits."""
    return ((draw() >> 5) * 67108864 + (draw() >> 6)) / 9007199254740992
