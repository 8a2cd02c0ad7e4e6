"""Sentences as numbers: counts of words, or word numbers in their order. The vocabulary comes from
training rows alone, so that a word that only the test knows is unknown, as it would be in use.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from engine.data.csv_rows import Layout, sniff
from engine.data.dataset import Dataset
from engine.data.splitting import PARTS, Split, partition
from engine.errors import DataError

PADDING, UNKNOWN, FIRST_WORD = 0, 1, 2  # what word numbers mean; words follow from 2 on

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
MOST_SENTENCES = 50_000  # as bags of 800 words these are 320 MB
MOST_CLASSES = 100


class Form(StrEnum):
    """bag: how often each word occurs (rows, words). numbers: word after word (rows, longest)."""

    BAG = "bag"
    NUMBERS = "numbers"


def words_of(sentence: str) -> list[str]:
    """The words in small letters, without digits and punctuation; don't stays one word."""
    return [word.replace("’", "'") for word in _WORD.findall(sentence.lower())]


@dataclass(frozen=True)
class Vocabulary:
    """The words that are known, most frequent first. Word k has number k + 2."""

    words: tuple[str, ...]

    @classmethod
    def fit(cls, sentences: Iterable[str], size: int = 800) -> Vocabulary:
        """The ``size`` most frequent words; equally frequent ones in the order of the alphabet."""
        if size < 1:
            raise DataError(f"A vocabulary has at least one word, not {size}.")
        counts = Counter(word for sentence in sentences for word in words_of(sentence))
        if not counts:
            raise DataError("There are no words in the training sentences.")
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        return cls(tuple(ranked[:size]))

    def numbers(self, sentences: Sequence[str], longest: int | None = None) -> np.ndarray:
        """Word numbers (sentences, longest), padded with 0 behind; what is beyond is cut off."""
        known = {word: number for number, word in enumerate(self.words, FIRST_WORD)}
        found = [[known.get(word, UNKNOWN) for word in words_of(each)] for each in sentences]
        width = max(map(len, found), default=0) if longest is None else longest
        table = np.zeros((len(found), max(width, 1)), dtype=np.int64)
        for row, numbers in enumerate(found):
            table[row, : min(len(numbers), width)] = numbers[:width]
        return table


def as_bag(numbers: np.ndarray, words: int) -> np.ndarray:
    """How often each of ``words`` known words occurs, (rows, words), from word numbers."""
    columns = words + FIRST_WORD
    places = numbers + np.arange(len(numbers))[:, None] * columns
    counts = np.bincount(places.ravel(), minlength=len(numbers) * columns)
    counts = counts.reshape(len(numbers), columns)
    return counts[:, FIRST_WORD:].astype(np.float64)


def text_dataset(
    name: str,
    numbers: np.ndarray,
    y: np.ndarray,
    vocabulary: Vocabulary,
    classes: tuple[str, ...],
    form: Form | str,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """A set of sentences in the ``form`` that is asked for, from their word numbers."""
    size = len(vocabulary.words)
    if form == Form.BAG:
        x = as_bag(numbers, size)
        return Dataset(name, x, y, vocabulary.words, classes, notes=notes)
    mask = (numbers != PADDING).astype(np.float64)[:, :, None]
    said = (
        f"x holds word numbers: {PADDING} is padding, {UNKNOWN} an unknown word, and the {size} "
        f"known words go from {FIRST_WORD} to {size + 1}; an embedding needs {size + 2} rows."
    )
    features = tuple(f"word {place}" for place in range(1, numbers.shape[1] + 1))
    return Dataset(name, numbers, y, features, classes, mask=mask, notes=(*notes, said))


@dataclass(frozen=True)
class RatedSentences:
    """Sentences with a rating each, as a file holds them; numbers come with the split."""

    name: str
    sentences: tuple[str, ...]
    ratings: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def split(
        self,
        validation: float | int = 0.0,
        test: float | int = 0.0,
        seed: int = 0,
        size: int = 800,
        form: Form | str = Form.BAG,
        longest: int | None = None,
    ) -> tuple[Split, Vocabulary]:
        """Three parts with the same share of each rating, in words that the training part knows.

        ``longest`` cuts sentences; without it the longest of the training part does.
        """
        if form not in list(Form):
            raise DataError(f"There is no form of text called “{form}”: bag or numbers.")
        classes = tuple(sorted(set(self.ratings), key=_rating_order))
        if len(classes) < 2:
            raise DataError(f"{self.name}: all ratings are the same; learning needs two.")
        if len(classes) > MOST_CLASSES:
            raise DataError(
                f"{self.name}: {len(classes)} different ratings are more than {MOST_CLASSES}; "
                f"is the right column the rating?"
            )
        label = {rating: number for number, rating in enumerate(classes)}
        y = np.array([label[rating] for rating in self.ratings])
        parts = partition(len(y), validation, test, seed, y)
        of_part = [
            [sentence for sentence, at in zip(self.sentences, parts, strict=True) if at == number]
            for number in range(len(PARTS))
        ]
        vocabulary = Vocabulary.fit(of_part[0], size)
        if longest is None:
            longest = vocabulary.numbers(of_part[0]).shape[1]
        said = (
            f"The vocabulary is the {len(vocabulary.words)} most frequent words of "
            f"{len(of_part[0])} training sentences.",
            f"Ratings in order: {', '.join(classes)}.",
        )
        chosen = []
        for number, sentences in enumerate(of_part):
            numbers = vocabulary.numbers(sentences, longest)
            unknown = int((numbers == UNKNOWN).sum())
            of = int((numbers != PADDING).sum())
            notes = (*self.notes, *said, f"{unknown} of {of} words here are unknown.")
            chosen.append(
                text_dataset(
                    self.name, numbers, y[parts == number], vocabulary, classes, form, notes
                )
            )
        return Split(*chosen), vocabulary


def read_rated_sentences(path: str | Path, layout: Layout | None = None) -> RatedSentences:
    """Sentences and ratings from a table of two columns (CSV, TSV): sentence, rating.

    The column with the longer texts is the sentence. At most 50,000 rows are kept, and said.
    """
    path = Path(path)
    layout = layout or sniff(path)
    if len(layout.names) != 2:
        raise DataError(
            f"{path.name} has {len(layout.names)} columns; rated sentences are in two: "
            f"sentence, rating."
        )
    columns: tuple[list[str], list[str]] = ([], [])
    left_out = empty = 0
    for row in (row for chunk in layout.chunks(path) for row in chunk.rows):
        cells = [cell.strip() for cell in row]
        if not all(cells):
            empty += 1
        elif len(columns[0]) == MOST_SENTENCES:
            left_out += 1
        else:
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
    if not columns[0]:
        raise DataError(f"{path.name} has no row with both a sentence and a rating.")
    lengths = [sum(map(len, column)) for column in columns]
    text, rating = (0, 1) if lengths[0] >= lengths[1] else (1, 0)
    notes = [*layout.notes, f"“{layout.names[text]}” is the sentence."]
    if empty:
        notes.append(f"{empty} rows without a sentence or rating were left out.")
    if left_out:
        notes.append(f"The first {MOST_SENTENCES} rows were kept; {left_out} more were left out.")
    return RatedSentences(path.stem, tuple(columns[text]), tuple(columns[rating]), tuple(notes))


def _rating_order(rating: str) -> tuple[int, float, str]:
    """Numbers by size, then words by alphabet."""
    try:
        return 0, float(rating), rating
    except ValueError:
        return 1, 0.0, rating
