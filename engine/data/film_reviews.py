"""Generated film reviews in five ratings, over 800 words of our own: numbers, never texts.

No rated sentences of people are shipped; assets/data/README.md says why. Words follow Zipf's law,
negations turn praise into blame, and intensifiers weigh it: what a bag of words cannot see.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass

import numpy as np

from engine.data.dataset import Dataset
from engine.data.mini_reviews import CLASSES
from engine.data.text import FIRST_WORD, Vocabulary, text_dataset
from engine.resources import asset

_PHRASES = 4  # at most, of up to three words each: (negation) (degree) praise or blame
_PRAISE = ("strong praise", "praise")
_BLAME = ("strong blame", "blame")
_DEGREE = ("intensifier", "dampener")
# A review's summed polarity falls into one of five ratings between these.
_BOUNDS = (-2.75, -0.75, 0.75, 2.75)


@dataclass(frozen=True)
class _Words:
    """The numbers, weights and chances of the words of some kinds."""

    numbers: np.ndarray
    weights: np.ndarray
    chances: np.ndarray

    def draw(self, random: np.random.RandomState, shape: tuple[int, ...]) -> np.ndarray:
        """Places in ``numbers``, drawn with Zipf's chances."""
        places = np.searchsorted(np.cumsum(self.chances), random.rand(*shape), side="right")
        return np.minimum(places, len(self.numbers) - 1)  # the chances sum to 1 but for rounding


@functools.cache
def _rows() -> tuple[tuple[str, str, float], ...]:
    with open(asset("data/review_words.csv"), encoding="utf-8", newline="") as file:
        return tuple(
            (row["word"], row["kind"], float(row["weight"])) for row in csv.DictReader(file)
        )


@functools.cache
def _words(*kinds: str) -> _Words:
    chosen = [(place, row[2]) for place, row in enumerate(_rows()) if row[1] in kinds]
    chances = 1 / (np.arange(len(chosen)) + 2.7)  # Zipf's law, as Mandelbrot bent its head
    return _Words(
        np.array([place + FIRST_WORD for place, _ in chosen]),
        np.array([weight for _, weight in chosen]),
        chances / chances.sum(),
    )


def film_reviews(seed: int, count: int, words: int, negation: float, form: str) -> Dataset:
    """Reviews of 4 to ``words`` words. Each has a mood, which most of its one to four opinions
    follow; ``negation`` is the chance that an opinion is negated. Their sum gives the rating.
    """
    random = np.random.RandomState(seed)
    shape = (count, _PHRASES)
    used = np.arange(_PHRASES) < random.randint(1, _PHRASES + 1, count)[:, None]
    mood = random.choice([-2.2, 0.0, 2.2], count)
    praises = random.rand(*shape) < 1 / (1 + np.exp(-mood))[:, None]
    negated = random.rand(*shape) < negation
    weighed = random.rand(*shape) < 0.35

    praise, blame, degree, no = (
        _words(*kinds) for kinds in (_PRAISE, _BLAME, _DEGREE, ("negation",))
    )
    good, bad = praise.draw(random, shape), blame.draw(random, shape)
    opinion = np.where(praises, praise.numbers[good], blame.numbers[bad])
    weight = np.where(praises, praise.weights[good], blame.weights[bad])
    degrees, nos = degree.draw(random, shape), no.draw(random, shape)
    weight = weight * np.where(weighed, degree.weights[degrees], 1.0)
    weight = weight * np.where(negated, no.weights[nos], 1.0)
    y = np.searchsorted(_BOUNDS, (weight * used).sum(axis=1))

    phrases = np.stack(
        [no.numbers[nos] * negated, degree.numbers[degrees] * weighed, opinion], axis=2
    )
    phrases *= used[:, :, None]
    numbers = _arranged(random, phrases, words)
    vocabulary = Vocabulary(tuple(word for word, _, _ in _rows()))
    notes = ("These reviews are generated from a seed; nobody wrote them.",)
    return text_dataset("film_reviews", numbers, y, vocabulary, CLASSES, form, notes)


def _arranged(random: np.random.RandomState, phrases: np.ndarray, words: int) -> np.ndarray:
    """Phrases (rows, phrases, 3) among plain words, in any order: (rows, words), padded with 0."""
    count = len(phrases)
    plain = _words("plain")
    filler = np.zeros((count, words, 3), dtype=np.int64)
    filler[:, :, 0] = plain.numbers[plain.draw(random, (count, words))]
    taken = (phrases > 0).sum(axis=(1, 2))
    # At least one plain word where there is room, and never more than there is.
    room = np.maximum(words - taken, 0)
    plain_words = np.minimum(1 + np.floor(random.rand(count) * room).astype(np.int64), room)
    filler *= (np.arange(words) < plain_words[:, None])[:, :, None]
    units = np.concatenate([phrases, filler], axis=1)
    order = random.rand(*units.shape[:2]).argsort(axis=1)
    line = np.take_along_axis(units, order[:, :, None], axis=1).reshape(count, -1)
    packed = np.take_along_axis(line, (line == 0).argsort(axis=1, kind="stable"), axis=1)
    return packed[:, :words]
