"""Made sets draw as the course draws, number for number: its formulas stand here once more."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import RandomState

from engine.data import DATASETS, load_data
from engine.data.dataset import flip_labels
from engine.data.mini_reviews import WORDS
from engine.errors import DataError

SEEDS = (0, 1, 2, 104, 999)


def halves(n):
    return np.r_[np.zeros(n - n // 2), np.ones(n // 2)]


def course_moons(n, sigma, seed):
    r = RandomState(seed)
    a, b = np.pi * r.rand(n - n // 2), np.pi * r.rand(n // 2)
    points = [(math.cos(t), math.sin(t)) for t in a] + [
        (1 - math.cos(t), 0.5 - math.sin(t)) for t in b
    ]
    x = (np.array(points) + sigma * r.randn(n, 2) - np.array([0.5, 0.25])) * 1.5
    p = r.permutation(n)
    return x[p], halves(n)[p]


def course_circle(n, sigma, seed):
    r = RandomState(seed)
    t = 2 * np.pi * r.rand(n)
    rings = [2.0] * (n - n // 2) + [0.8] * (n // 2)
    x = np.array([(q * math.cos(w), q * math.sin(w)) for q, w in zip(rings, t, strict=True)])
    x = x + sigma * r.randn(n, 2)
    p = r.permutation(n)
    return x[p], halves(n)[p]


def course_xor_clouds(n, sigma, seed):
    r = RandomState(seed)
    e = sigma * r.randn(n // 4, 2)
    clouds = [
        [(a + 1, b + 1) for a, b in e],
        [(-a - 1, -b - 1) for a, b in e],
        [(a + 1, -b - 1) for a, b in e],
        [(-a - 1, b + 1) for a, b in e],
    ]
    x, y = np.concatenate(clouds), np.repeat([0, 0, 1, 1], n // 4)
    p = r.permutation(4 * (n // 4))
    return x[p], y[p]


def course_spirals(n, sigma, seed):
    r = RandomState(seed)
    k, x = n // 2, []
    for c in (0, 1):
        t = np.sqrt(r.rand(k)) * 1.75 * 2 * np.pi * 0.7 + 0.3
        q = t / (1.75 * 2 * np.pi * 0.7 + 0.3) * 2.2
        x.append(
            np.c_[q * np.sin(t + np.pi * c), q * np.cos(t + np.pi * c)] + sigma * r.randn(k, 2)
        )
    p = r.permutation(2 * k)
    return np.vstack(x)[p], np.repeat([0, 1], k)[p]


def course_gaussians(n, sep, seed):
    r = RandomState(seed)
    below = r.randn(n - n // 2, 2) - sep / 2
    above = r.randn(n // 2, 2) + sep / 2
    p = r.permutation(n)
    return np.r_[below, above][p], halves(n)[p]


def assert_same(data, x, y):
    assert np.abs(data.x - x).max() < 1e-14
    assert np.array_equal(data.y, y)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [40, 41, 200])
class TestTheCourse:
    def test_moons(self, count, seed):
        data = load_data("moons", seed, count=count, noise=0.35)
        assert_same(data, *course_moons(count, 0.35, seed))

    def test_circle(self, count, seed):
        data = load_data("circle", seed, count=count, noise=0.15)
        assert_same(data, *course_circle(count, 0.15, seed))

    def test_xor_clouds(self, count, seed):
        data = load_data("xor_clouds", seed, count=count, noise=0.35)
        assert_same(data, *course_xor_clouds(count, 0.35, seed))

    def test_spiral(self, count, seed):
        data = load_data("spiral", seed, count=count, noise=0.08)
        assert_same(data, *course_spirals(count, 0.08, seed))

    def test_gaussians(self, count, seed):
        data = load_data("gaussians", seed, count=count, distance=3.0)
        assert_same(data, *course_gaussians(count, 3.0, seed))

    def test_three_blobs(self, count, seed):
        y = np.arange(count) % 3
        centres = np.array([[0, 1.5], [-1.3, -0.75], [1.3, -0.75]])
        x = centres[y] + 0.5 * RandomState(seed).randn(count, 2)
        assert_same(load_data("blobs3", seed, count=count), x, y)

    def test_linreg(self, count, seed):
        r = RandomState(seed)
        x = r.randn(count)
        x = (x - np.mean(x)) / np.std(x)
        y = 2 * x + 1 + 0.3 * r.randn(count)
        assert_same(load_data("linreg", seed, count=count), x[:, None], y[:, None])

    def test_sine_at_random_places(self, count, seed):
        r = RandomState(seed)
        x = np.sort(r.uniform(-3, 3, count))
        y = np.sin(1.5 * x) + 0.25 * r.randn(count)
        data = load_data("sine", seed, count=count, noise=0.25, placed="random")
        assert_same(data, x[:, None], y[:, None])

    def test_flagged_word(self, count, seed):
        r = RandomState(seed)
        flag, sign = r.randint(0, 6, count), r.choice([-1.0, 1], (count, 6))
        noise = 0.3 * r.randn(count, 6, 2)
        data = load_data("flagged_word", seed, count=count)
        assert data.mask is None
        assert np.array_equal(data.x[:, :, 0], np.eye(6)[flag])
        assert np.array_equal(data.x[:, :, 1], sign)
        assert np.array_equal(data.x[:, :, 2:], noise)
        assert data.y.tolist() == [int(row[k] > 0) for row, k in zip(sign, flag, strict=True)]


def test_sine_and_the_line_with_an_outlier_of_the_course():
    data = load_data("sine")
    x = np.linspace(-3, 3, 61)
    assert_same(data, x[:, None], np.sin(1.5 * x)[:, None])
    line = load_data("line_outlier")
    assert line.x[:, 0].tolist() == list(range(10))
    assert line.y[:, 0].tolist() == [1, 3, 5, 7, 9, 11, 13, 15, 17, 59]


def course_reviews(n, seed, neg):
    """Each draw of the course, in its order, over words with their polarity."""
    groups = [
        ("fantastic perfect superb best", 2),
        ("good nice fun enjoyable excitement solid", 1),
        ("movie action plot actor scene film story the a it was with music camera ending", 0),
        ("dialogue today seen two hours", 0),
        ("dull weak bumpy shame slow flat", -1),
        ("awful terrible worst boring", -2),
        ("not", 0),
    ]
    polarity = {word: value for words, value in groups for word in words.split()}
    vocabulary = list(polarity)
    neutral = [word for word in vocabulary if polarity[word] == 0 and word != "not"]
    polar = [word for word in vocabulary if polarity[word]]
    r = RandomState(seed)
    x, y = np.zeros((n, len(vocabulary))), []
    for row in range(n):
        tries, phrases, total = r.randint(1, 4), [], 0
        lean = r.choice([-1, 0, 1])
        for _ in range(tries):
            word = polar[r.randint(len(polar))]
            if lean and np.sign(polarity[word]) != lean and r.rand() < 0.8:
                continue
            if r.rand() < neg:
                phrases.append(["not", word])
                total -= polarity[word]
            else:
                phrases.append([word])
                total += polarity[word]
        while sum(map(len, phrases)) < 8:
            phrases.append([neutral[r.randint(len(neutral))]])
        r.permutation(len(phrases))
        for phrase in phrases:
            for word in phrase:
                x[row, vocabulary.index(word)] += 1
        y.append(
            0 if total <= -3 else 1 if total < 0 else 2 if total == 0 else 3 if total < 3 else 4
        )
    return vocabulary, x, y


@pytest.mark.parametrize("negation", [0.0, 0.35])
@pytest.mark.parametrize("seed", SEEDS)
def test_mini_reviews_of_the_course(seed, negation):
    vocabulary, x, y = course_reviews(150, seed, negation)
    data = load_data("mini_reviews", seed, count=150, negation=negation)
    assert list(WORDS) == vocabulary
    assert np.array_equal(data.x, x)
    assert data.y.tolist() == y


@pytest.mark.parametrize(
    ("name", "labels"), [("or", [0, 1, 1, 1]), ("and", [0, 0, 0, 1]), ("xor", [0, 1, 1, 0])]
)
def test_truth_tables(name, labels):
    data = load_data(name)
    assert data.x.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert data.y.tolist() == labels
    assert load_data(name, count=12).y.tolist() == labels * 3


def test_the_plane_is_a_plane_and_the_hills_are_where_they_should_be():
    plane = load_data("plane")
    assert np.abs(plane.y[:, 0] - 0.1 * plane.x[:, 0] - 0.1 * plane.x[:, 1]).max() < 1e-15
    hills = load_data("multi_gaussian", count=3000)
    centres = {(-4, 2.5): 1, (0, 2.5): -1, (4, 2.5): 1, (-4, -2.5): -1, (0, -2.5): 1, (4, -2.5): -1}
    for (a, b), value in zip(hills.x, hills.y[:, 0], strict=True):
        bumps = [
            sign * (1 - math.dist((a, b), centre) / 2)
            for centre, sign in centres.items()
            if math.dist((a, b), centre) < 2
        ]
        assert len(bumps) <= 1
        assert value == pytest.approx(sum(bumps), abs=1e-12)


def test_no_straight_line_does_better_than_chance_on_mirrored_clouds():
    data = load_data("xor_clouds", 3)
    assert np.bincount(data.y).tolist() == [100, 100]
    signs = 2 * data.y - 1
    # The gradient of any loss of a linear model at 0 vanishes: no direction helps.
    assert np.abs(signs @ data.x).max() < 1e-12
    assert abs(signs.sum()) == 0
    # So it does around each axis: every point has its mirror images with the labels they need.
    points = {(round(a, 9), round(b, 9), int(y)) for (a, b), y in zip(data.x, data.y, strict=True)}
    assert all((-a, -b, y) in points and (a, -b, 1 - y) in points for a, b, y in points)


def test_rows_that_cannot_be_made_are_said():
    assert load_data("xor_clouds", count=250).notes == (
        "248 rows were made in place of 250: four mirrored clouds.",
    )
    assert load_data("spiral", count=251).count == 250


@settings(max_examples=60)
@given(
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from(["moons", "blobs", "blobs3", "mini_reviews"]),
)
def test_flips_change_exactly_the_share_that_was_said(share, seed, name):
    clean = load_data(name, 5, count=97)
    flipped = flip_labels(clean, share, seed)
    assert (flipped.y != clean.y).sum() == math.floor(share * 97 + 0.5)
    assert flipped.y.min() >= 0
    assert flipped.y.max() < len(clean.classes)
    assert np.array_equal(flipped.x, clean.x)


def test_flips_choose_the_rows_that_the_course_chooses_where_the_numbers_agree():
    draws = RandomState(7).rand(100)
    share = (draws < 0.2).mean()
    clean, flipped = load_data("moons", count=100), load_data("moons", count=100, flip=share)
    assert np.array_equal(flipped.y, np.where(draws < 0.2, 1 - clean.y, clean.y))
    assert flipped.notes == (f"{round(share * 100)} of 100 labels were flipped (seed 7).",)


def test_numbers_have_no_labels_to_flip():
    with pytest.raises(DataError, match="plane has no labels to flip"):
        flip_labels(load_data("plane"), 0.1)
    with pytest.raises(DataError, match="no setting called “flip”"):
        load_data("plane", flip=0.1)


def test_shorter_sentences_are_masked_and_keep_their_flag():
    data = load_data("flagged_word", 4, count=200, shorter=0.5)
    assert data.mask.shape == (200, 6, 1)
    lengths = data.mask[:, :, 0].sum(axis=1)
    assert (lengths < 6).sum() == 100
    assert np.array_equal(data.mask[:, :, 0], np.arange(6) < lengths[:, None])
    assert (data.x[data.mask[:, :, 0] == 0] == 0).all()
    assert (data.x[:, :, 0].sum(axis=1) == 1).all()
    flagged = data.x[:, :, 0].argmax(axis=1)
    sentiment = data.x[np.arange(200), flagged, 1]
    assert np.array_equal(data.y, sentiment > 0)
    with pytest.raises(DataError, match="one word cannot be shorter"):
        load_data("flagged_word", words=1, shorter=0.5)


def test_film_reviews_are_words_with_ratings():
    bag = load_data("film_reviews", 1, count=400)
    numbers = load_data("film_reviews", 1, count=400, form="numbers")
    assert len(set(bag.features)) == 800
    assert bag.x.shape == (400, 800)
    assert np.array_equal(bag.y, numbers.y)
    assert np.bincount(bag.y, minlength=5).min() > 20
    # Both forms are the same words: counting the numbers gives the bag.
    for counts, row, mask in zip(bag.x, numbers.x, numbers.mask, strict=True):
        words = row[mask[:, 0] > 0]
        assert (words >= 2).all()
        assert np.array_equal(np.bincount(words.astype(int) - 2, minlength=800), counts)
        assert (row[mask[:, 0] == 0] == 0).all()
    assert bag.x.sum(axis=1).min() >= 2
    assert "generated" in bag.notes[0]


def test_words_of_film_reviews_follow_zipf():
    data = load_data("film_reviews", 0, count=5000)
    names = np.array(data.features)
    totals = data.x.sum(axis=0)
    first = np.flatnonzero(names == "the")[0]
    ranks = np.arange(60)
    expected = 1 / (ranks + 2.7)
    share = totals[first : first + 60] / totals[first : first + 60].sum()
    assert np.abs(share - expected / expected.sum()).max() < 0.01


def test_praise_raises_the_rating_and_negation_turns_it():
    plain = load_data("film_reviews", 0, count=4000, negation=0.0)
    turned = load_data("film_reviews", 0, count=4000, negation=1.0)
    place = plain.features.index("good")
    assert plain.y[plain.x[:, place] > 0].mean() > 2.5
    assert turned.y[turned.x[:, place] > 0].mean() < 1.5


@pytest.mark.parametrize("name", DATASETS)
def test_a_set_is_the_same_for_the_same_seed_and_another_for_another(name):
    count = {"count": 60} if "count" in DATASETS[name].settings else {}
    noise = {"noise": 0.1} if "noise" in DATASETS[name].settings else {}
    one, same, other = (load_data(name, seed, **count, **noise) for seed in (3, 3, 4))
    assert np.array_equal(one.x, same.x)
    assert np.array_equal(one.y, same.y)
    changed = not (np.array_equal(one.x, other.x) and np.array_equal(one.y, other.y))
    assert changed == DATASETS[name].is_random
