"""Sentences become numbers by words that the training rows know, and by no others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text import (
    FIRST_WORD,
    UNKNOWN,
    Vocabulary,
    as_bag,
    read_rated_sentences,
    words_of,
)
from engine.errors import DataError


def test_words_are_small_and_without_punctuation():
    assert words_of("It’s NOT bad -- a 10/10, don't miss!") == [
        "it's", "not", "bad", "a", "don't", "miss",
    ]  # fmt: skip
    assert words_of("Schöne Grüße, été") == ["schöne", "grüße", "été"]
    assert words_of("42 !!!") == []


def test_a_vocabulary_is_the_most_frequent_words_in_a_fixed_order():
    vocabulary = Vocabulary.fit(["b a c", "c b", "c d"], 3)
    assert vocabulary.words == ("c", "b", "a")
    assert vocabulary.numbers(["a zebra c b"]).tolist() == [[4, UNKNOWN, 2, 3]]
    assert vocabulary.numbers(["a", "c b a c"]).tolist() == [[4, 0, 0, 0], [2, 3, 4, 2]]
    assert vocabulary.numbers(["c b a"], longest=2).tolist() == [[2, 3]]
    with pytest.raises(DataError, match="no words in the training"):
        Vocabulary.fit(["1 2 3"])
    with pytest.raises(DataError, match="at least one word"):
        Vocabulary.fit(["a"], 0)


@given(st.lists(st.lists(st.sampled_from("abcdefg"), max_size=8), min_size=1, max_size=10))
def test_a_bag_counts_the_known_words(sentences):
    vocabulary = Vocabulary(("a", "c", "e"))
    bag = as_bag(vocabulary.numbers([" ".join(words) for words in sentences]), 3)
    assert bag.tolist() == [[words.count(one) for one in "ace"] for words in sentences]


@pytest.fixture
def reviews(tmp_path):
    """Sixty rated sentences; each has a word of its own."""
    path = tmp_path / "reviews.tsv"
    own = ["".join(chr(97 + int(digit)) for digit in f"{n:03}") * 2 for n in range(60)]
    lines = [f"{'a good film' if n % 3 else 'a bad film'} {own[n]}\t{n % 3}" for n in range(60)]
    path.write_text("sentence\trating\n" + "\n".join(lines) + "\n")
    return path, own


@pytest.mark.parametrize("form", ["bag", "numbers"])
def test_the_vocabulary_is_fitted_on_training_rows_alone(reviews, form):
    path, own = reviews
    texts = read_rated_sentences(path)
    parts, vocabulary = texts.split(0.25, 0.25, seed=1, size=800, form=form)
    assert (parts.train.count, parts.validation.count, parts.test.count) == (30, 15, 15)
    assert len(set(own) & set(vocabulary.words)) == 30
    assert parts.train.classes == ("0", "1", "2")
    for part in (parts.train, parts.validation, parts.test):
        assert np.bincount(part.y).tolist() == [part.count / 3] * 3
    assert "34 most frequent words of 30 training sentences" in " ".join(parts.train.notes)
    assert "15 of 60 words here are unknown." in parts.test.notes
    assert "0 of 120 words here are unknown." in parts.train.notes
    if form == "bag":
        assert parts.test.x.shape == (15, 34)
        assert (parts.test.x.sum(axis=1) == 3).all()
        assert parts.test.mask is None
    else:
        assert parts.test.x.shape == (15, 4)
        assert parts.test.mask.shape == (15, 4, 1)
        assert (parts.test.x[:, 3] == UNKNOWN).all()
        assert parts.train.x.max() == len(vocabulary.words) + FIRST_WORD - 1
        assert "an embedding needs 36 rows" in " ".join(parts.train.notes)


def test_a_vocabulary_may_be_smaller(reviews):
    parts, vocabulary = read_rated_sentences(reviews[0]).split(size=2)
    assert vocabulary.words == ("a", "film")
    assert parts.train.x.tolist() == [[1, 1]] * 60


def test_the_longer_column_is_the_sentence_and_rows_without_one_are_left_out(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('stars,review\n5,"good, very good"\n1,\n2,quite bad\n')
    texts = read_rated_sentences(path)
    assert texts.sentences == ("good, very good", "quite bad")
    assert texts.ratings == ("5", "2")
    assert "“review” is the sentence." in texts.notes
    assert "1 rows without a sentence or rating were left out." in texts.notes
    parts, _ = texts.split()
    assert parts.train.classes == ("2", "5")
    assert parts.train.y.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b,c\n1,2,3\n", "has 3 columns; rated sentences are in two"),
        ("s,r\nx y,\n,2\n", "no row with both"),
        ("s,r\nx y,1\nz w,1\n", "all ratings are the same"),
    ],
)
def test_what_are_no_rated_sentences_is_refused(tmp_path, content, message):
    path = tmp_path / "r.csv"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_rated_sentences(path).split()


def test_a_form_that_there_is_not_is_refused(reviews):
    with pytest.raises(DataError, match="no form of text called “tree”: bag or numbers"):
        read_rated_sentences(reviews[0]).split(form="tree")
