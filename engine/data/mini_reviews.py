"""Reviews of eight words and more, as counts of 41 words, with negation where it is asked for.

The draws are those of the course, one after the other: a word decides which draw comes next, so
they cannot be made all at once.
"""

from __future__ import annotations

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
_POLARITY = np.array([polarity for polarity, words in _GROUPS for _ in words.split()])
_POLAR = tuple(np.flatnonzero(_POLARITY).tolist())
_PLAIN = tuple(number for number in range(len(WORDS) - 1) if not _POLARITY[number])
_NOT = len(WORDS) - 1
_SHORTEST = 8  # words; a negation can make it one more


def mini_reviews(seed: int, count: int, negation: float) -> Dataset:
    """x counts the words (count, 41); y has five classes from the summed polarity of a review.

    ``negation`` is the chance that "not" stands before a polar word and turns it round.
    """
    random = np.random.RandomState(seed)
    x = np.zeros((count, len(WORDS)))
    y = np.empty(count, dtype=np.int64)
    for row in range(count):
        words, polarity = _review(random, negation)
        x[row] = np.bincount(words, minlength=len(WORDS))
        y[row] = np.searchsorted([-2, 0, 1, 3], polarity, side="right")
    return Dataset("mini_reviews", x, y, WORDS, CLASSES)


def _review(random: np.random.RandomState, negation: float) -> tuple[list[int], int]:
    """The words of one review and its summed polarity. The words' order is drawn and not needed."""
    words: list[int] = []
    phrases = polarity = 0
    tries = random.randint(1, 4)
    leaning = random.choice([-1, 0, 1])
    for _ in range(tries):
        word = _POLAR[random.randint(len(_POLAR))]
        if leaning and np.sign(_POLARITY[word]) != leaning and random.rand() < 0.8:
            continue
        phrases += 1
        if random.rand() < negation:
            words += (_NOT, word)
            polarity -= _POLARITY[word]
        else:
            words.append(word)
            polarity += _POLARITY[word]
    while len(words) < _SHORTEST:
        phrases += 1
        words.append(_PLAIN[random.randint(len(_PLAIN))])
    random.permutation(phrases)  # the course draws the order of the words here
    return words, polarity
