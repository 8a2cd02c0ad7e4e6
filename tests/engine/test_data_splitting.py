"""A split is a partition, fair to each class; scaling knows nothing of validation rows."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data import Dataset, load_data, split
from engine.data.scaling import Scaling, ScalingKind, scale_split
from engine.data.splitting import by_column
from engine.errors import DataError


def numbered(labels, classes=4):
    """A set whose x tells the row."""
    x = np.arange(len(labels), dtype=float)[:, None]
    return Dataset("rows", x, np.array(labels), ("row",), tuple("abcdefgh"[:classes]))


def rows(part):
    return part.x[:, 0].astype(int).tolist()


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 3), min_size=1, max_size=80),
    st.floats(0, 0.95),
    st.floats(0, 0.95),
    st.integers(0, 2**32 - 1),
    st.booleans(),
)
def test_a_split_is_a_partition(labels, validation, test, seed, stratified):
    data = numbered(labels)
    asked = sum(math.floor(share * len(labels) + 0.5) for share in (validation, test))
    if asked > len(labels) - (len(set(labels)) if stratified else 1):
        with pytest.raises(DataError, match="learn from"):
            split(data, validation, test, seed, stratified)
        return
    parts = split(data, validation, test, seed, stratified)
    everything = rows(parts.train) + rows(parts.validation) + rows(parts.test)
    assert sorted(everything) == list(range(len(labels)))
    assert parts.train.count > 0
    assert parts.validation.count == math.floor(validation * len(labels) + 0.5)
    assert parts.test.count == math.floor(test * len(labels) + 0.5)
    assert rows(parts.train) == sorted(rows(parts.train))
    for part in (parts.train, parts.validation, parts.test):
        assert part.y.tolist() == [labels[row] for row in rows(part)]


@settings(max_examples=100)
@given(
    st.lists(st.integers(5, 60), min_size=2, max_size=5),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
    st.integers(0, 1000),
)
def test_each_class_has_its_share_in_each_part(sizes, validation, test, seed):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    parts = split(numbered(labels, len(sizes)), validation, test, seed)
    count = len(labels)
    for part in (parts.validation, parts.test):
        for label, size in enumerate(sizes):
            fair = part.count * size / count
            assert abs((part.y == label).sum() - fair) <= 1
    assert set(parts.train.y) == set(labels)


def test_without_validation_and_test_the_set_stays_as_it_is():
    data = load_data("moons", 2)
    parts = split(data)
    assert np.array_equal(parts.train.x, data.x)
    assert parts.train.notes == data.notes
    assert parts.validation.count == parts.test.count == 0


def test_a_split_is_drawn_from_its_seed_and_said():
    data = load_data("moons")
    one, same, other = (split(data, 0.2, 30, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.test.x, same.test.x)
    assert not np.array_equal(one.test.x, other.test.x)
    assert one.validation.notes[-1] == (
        "The validation part: 40 of 200 rows, drawn with seed 1, the same share of each class."
    )


def test_images_of_one_original_stay_in_one_part():
    parts = split(load_data("digits28", count=3000), 0.2, 0.2)
    groups = [set(part.groups) for part in (parts.train, parts.validation, parts.test)]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    assert parts.train.count + parts.validation.count + parts.test.count == 3000
    assert abs(parts.test.count - 600) < 60


def test_a_column_may_tell_the_split():
    words = ["train", "Test", " validation ", "train", "VAL", "training"]
    parts = by_column(numbered([0, 1, 0, 1, 0, 1]), words)
    assert rows(parts.train) == [0, 3, 5]
    assert rows(parts.validation) == [2, 4]
    assert rows(parts.test) == [1]
    with pytest.raises(DataError, match="“tset” in row 2"):
        by_column(numbered([0, 1]), ["train", "tset"])
    with pytest.raises(DataError, match="names no row train"):
        by_column(numbered([0, 1]), ["test", "test"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"validation": 0.6, "test": 0.4}, "would take 10 of 10 rows and leave none"),
        ({"validation": 10}, "would take 10 of 10 rows"),
        ({"validation": -1}, "cannot have -1 rows"),
        ({"test": 1.0}, "from 0 to below 1; 1.0 was given"),
        ({"test": float("nan")}, "from 0 to below 1"),
        ({"test": "half"}, "a share such as 0.2 or a count"),
        ({"validation": 9}, "cannot give 9 rows to one part and keep one each"),
    ],
)
def test_a_split_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(DataError, match=message):
        split(numbered([0, 1] * 5), **arguments)


def test_numbers_cannot_be_stratified():
    with pytest.raises(DataError, match="only a set of classes can be stratified"):
        split(load_data("plane"), 0.2, stratified=True)


# ---------------------------------------------------------------------------- scaling

tables = st.integers(2, 30).flatmap(
    lambda count: st.lists(
        st.lists(st.floats(-1e6, 1e6).map(lambda cell: round(cell, 6)), min_size=3, max_size=3),
        min_size=count,
        max_size=count,
    )
)


def table(cells):
    x = np.array(cells)
    return Dataset("t", x, np.zeros((len(x), 1)), ("a", "b", "c"), targets=("y",))


@settings(max_examples=100)
@given(tables, st.sampled_from([ScalingKind.STANDARD, ScalingKind.MIN_MAX]))
def test_scaled_training_rows_are_on_one_scale_and_can_be_brought_back(cells, kind):
    data = table(cells)
    scaling = Scaling.fit(data, kind)
    x = scaling.apply(data).x
    spread = np.ptp(data.x, axis=0)
    size = np.abs(data.x).max(axis=0) + 1e-300
    calm = spread > 1e-6 * size  # where rounding does not decide
    if kind is ScalingKind.STANDARD:
        assert np.abs(x.mean(axis=0)[calm]).max(initial=0) < 1e-8
        assert np.abs(x.std(axis=0)[calm] - 1).max(initial=0) < 1e-8
    else:
        assert np.array_equal(x.min(axis=0), [0, 0, 0])
        assert np.abs(x.max(axis=0)[spread > 0] - 1).max(initial=0) < 1e-12
    assert (x[:, spread == 0] == 0).all()
    assert np.allclose(scaling.unscale(x), data.x, rtol=1e-9, atol=1e-9 * size.max())


@settings(max_examples=50)
@given(st.floats(-1e9, 1e9), st.sampled_from(list(ScalingKind)))
def test_scaling_uses_no_number_of_validation_and_test_rows(poison, kind):
    data = load_data("iris")
    clean = split(data, 0.2, 0.2)
    dirty = split(data, 0.2, 0.2)
    dirty.validation.x[:] = poison
    dirty.test.x[:] = poison
    one, fitted = scale_split(clean, kind)
    two, same = scale_split(dirty, kind)
    assert fitted == same
    assert np.array_equal(one.train.x, two.train.x)
    assert np.allclose(fitted.unscale(one.test.x), clean.test.x)
    assert fitted.says in one.test.notes


def test_scaling_says_what_it_did_with_numbers():
    scaling = Scaling.fit(table([[1, 5, 10], [3, 5, 30]]), "standard")
    assert scaling.says == (
        "The features were standardised with the mean and standard deviation of 2 training rows: "
        "a 2 ± 1, c 20 ± 10. In training rows b never changes, and became 0."
    )
    assert scaling.scale([[1, 7, 40]]).tolist() == [[-1, 2, 2]]
    scaling = Scaling.fit(table([[1, 5, 10], [3, 5, 30]]), "min-max")
    assert "a 1…3, c 10…30" in scaling.says
    assert Scaling.fit(table([[1, 5, 10]]), "none").says == "The features were not scaled."


def test_images_share_one_scale_and_padding_stays_padding():
    image = load_data("digits")
    scaling = Scaling.fit(image, "standard")
    assert len(scaling.offset) == 1
    assert abs(scaling.apply(image).x.mean()) < 1e-12
    words = load_data("flagged_word", shorter=0.5)
    scaling = Scaling.fit(words, "standard")
    scaled = scaling.apply(words).x
    real = words.mask[:, :, 0] > 0
    assert (scaled[~real] == 0).all()
    assert np.abs(scaled[real].mean(axis=0)).max() < 1e-12
    assert np.abs(scaled[real].std(axis=0) - 1).max() < 1e-12


def test_names_are_not_scaled():
    reviews = load_data("film_reviews", count=50, form="numbers")
    scaling = Scaling.fit(reviews, "standard")
    assert np.array_equal(scaling.apply(reviews).x, reviews.x)
    assert "names of words" in scaling.says
    with pytest.raises(DataError, match="predicts classes"):
        Scaling.fit(reviews, "standard", targets=True)


def test_targets_can_be_scaled_and_predictions_brought_back():
    data = load_data("diabetes")
    scaling = Scaling.fit(data, "standard", targets=True)
    scaled = scaling.apply(data)
    assert abs(scaled.y.mean()) < 1e-12
    assert np.array_equal(scaled.x, data.x)
    assert np.allclose(scaling.unscale(scaled.y), data.y)


def test_scaling_survives_a_file():
    scaling = Scaling.fit(load_data("wine"), "min-max")
    assert Scaling.from_plain(json.loads(json.dumps(scaling.to_plain()))) == scaling


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": "odd"},
        {"offset": [1.0]},
        {"offset": None},
        {"factor": [0.0] * 13},
        {"factor": [float("nan")] * 13},
    ],
)
def test_a_damaged_scaling_is_refused(damage):
    plain = Scaling.fit(load_data("wine"), "standard").to_plain()
    with pytest.raises(DataError, match="The scaling in the file is damaged"):
        Scaling.from_plain({**plain, **damage})


def test_a_scaling_that_cannot_be_is_refused():
    wine = load_data("wine")
    with pytest.raises(DataError, match="no scaling called “log”"):
        Scaling.fit(wine, "log")
    with pytest.raises(DataError, match="no training rows"):
        Scaling.fit(wine.rows([]), "standard")
    with pytest.raises(DataError, match="too large"):
        Scaling.fit(table([[1e308, 0, 0], [-1e308, 0, 0]]), "standard")
    with pytest.raises(DataError, match="fitted on 13 columns"):
        Scaling.fit(wine, "standard").scale([1.0, 2.0])
