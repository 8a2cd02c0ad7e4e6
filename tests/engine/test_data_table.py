"""The table of data sets: every entry can be loaded within its settings, and refuses the rest."""

import numpy as np
import pytest

from engine.data import DATASETS, Dataset, load_data
from engine.data.dataset import troubles
from engine.data.table import Kind
from engine.errors import DataError

SMALL = {name: {"count": 50} if "count" in DATASETS[name].settings else {} for name in DATASETS}


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_is_what_its_entry_says(name):
    source = DATASETS[name]
    data = load_data(name, **SMALL[name])
    assert data.name == source.name == name
    assert source.title
    assert source.says.endswith(".")
    assert data.is_classes == (source.kind is Kind.CLASSES)
    assert data.x.dtype == np.float64
    assert data.count == len(data.x) == len(data.y) > 0
    if data.is_classes:
        assert data.y.dtype == np.int64
        assert set(np.unique(data.y)) <= set(range(len(data.classes)))
        assert data.targets == ()
    else:
        assert data.y.dtype == np.float64
        assert data.y.shape == (data.count, len(data.targets))
    if data.features:
        assert data.x.shape[-1] == len(data.features) == len(set(data.features))
    assert troubles(data, batch=data.count) == ()


@pytest.mark.parametrize("name", DATASETS)
def test_every_setting_works_at_both_ends_of_its_range(name):
    for setting, entry in DATASETS[name].settings.items():
        for value in entry.choices or (entry.low, entry.high):
            if setting == "count":
                value = min(value, 2000)
            settings = {**SMALL[name], setting: value}
            if (name, setting, value) == ("flagged_word", "words", 1):
                settings["shorter"] = 0.0
            assert load_data(name, **settings).count > 0


@pytest.mark.parametrize("name", DATASETS)
def test_every_setting_refuses_what_is_beyond_its_range(name):
    for setting, entry in DATASETS[name].settings.items():
        beyond = (
            ("nonsense",) if entry.choices else (entry.low - 1, entry.high + 1, "3", None, True)
        )
        for value in beyond:
            with pytest.raises(DataError, match=f"{name}: {setting} is "):
                load_data(name, **{setting: value})


def test_what_there_is_not_is_refused_with_what_there_is():
    with pytest.raises(DataError, match="did you mean “circle”"):
        load_data("circel")
    with pytest.raises(DataError, match="there are circle, xor_clouds"):
        load_data("☃")
    with pytest.raises(DataError, match="no setting called “nois”; there are count, noise, flip"):
        load_data("circle", nois=1)
    for seed in (-1, 2**32, 1.5, True, "1"):
        with pytest.raises(DataError, match="A seed is a whole number"):
            load_data("circle", seed)
    with pytest.raises(DataError, match=r"count is a whole number from 2 to 100000, not 2\.5"):
        load_data("circle", count=2.5)


def test_numbers_of_numpy_are_numbers():
    data = load_data("circle", np.int64(3), count=np.int32(30), noise=np.float32(0.5))
    assert np.array_equal(data.x, load_data("circle", 3, count=30, noise=0.5).x)


def test_rows_are_chosen_together():
    data = load_data("flagged_word", count=20, shorter=0.5)
    chosen = data.rows([3, 1])
    assert np.array_equal(chosen.x, data.x[[3, 1]])
    assert np.array_equal(chosen.y, data.y[[3, 1]])
    assert np.array_equal(chosen.mask, data.mask[[3, 1]])
    assert chosen.features == data.features
    assert data.rows(5).x.shape == (1, 6, 4)
    assert data.rows(slice(0, 4)).count == 4
    assert data.rows([]).count == 0
    assert data.rows(data.y == 1).count == data.y.sum()
    with pytest.raises(DataError, match="not among its 20 rows"):
        data.rows([20])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"y": [0, 2]}, "row 1 has label 2, but with 2 classes labels go from 0 to 1"),
        ({"y": [0, -1]}, "row 1 has label -1"),
        ({"y": [0, 0.5]}, "labels are whole numbers"),
        ({"y": [0, np.inf]}, "labels are whole numbers"),
        ({"y": [0, np.nan]}, "labels are whole numbers"),
        ({"y": ["no", "yes"]}, "labels are whole numbers"),
        ({"y": [0]}, "x has 2 rows, but y has 1"),
        ({"x": [[1, np.nan], [0, 0]]}, "row 0 of x holds NaN"),
        ({"x": [[1, 2], [0, np.inf]]}, "row 1 of x holds NaN or an infinity"),
        ({"x": [1, 2]}, "at least two axes"),
        ({"features": ("a",)}, "2 columns, but 1 are named"),
        ({"mask": np.ones((3, 2, 1))}, "the mask has 3"),
        ({"classes": (), "targets": ("a", "b"), "y": [[1.0], [2.0]]}, "a name for each output"),
    ],
)
def test_what_does_not_fit_together_is_no_data_set(fields, message):
    whole = {"name": "d", "x": [[1, 2], [3, 4]], "y": [0, 1], "classes": ("no", "yes")}
    assert Dataset(**whole).count == 2
    with pytest.raises(DataError, match=message):
        Dataset(**{**whole, **fields})


def test_what_a_training_would_stumble_over_is_said():
    moons = load_data("moons", count=20)
    assert troubles(moons, 20) == ()
    assert "batch of 21 is more than the 20 rows" in troubles(moons, 21)[0]
    assert "All rows are of one class, 1" in troubles(moons.rows(moons.y == 1))[0]
    assert "has no rows" in troubles(moons.rows([]))[0]


@pytest.mark.parametrize(
    ("name", "count", "per_class", "means"),
    [
        # Means as scikit-learn's and R's documentation of these sets print them.
        ("iris", 150, [50, 50, 50], {"sepal length (cm)": 5.84, "petal width (cm)": 1.20}),
        ("wine", 178, [59, 71, 48], {"alcohol": 13.0, "proline": 746}),
        ("breast_cancer", 569, [212, 357], {"mean radius": 14.127}),
        ("diabetes", 442, None, {"age (years)": 48.52, "body mass index (kg/m²)": 26.38}),
        ("digits", 1797, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180], {}),
        ("fashion", 5000, [500] * 10, {}),
    ],
)
def test_shipped_tables_are_the_published_ones(name, count, per_class, means):
    data = load_data(name)
    assert data.count == count
    if per_class:
        assert np.bincount(data.y).tolist() == per_class
    for column, mean in means.items():
        found = data.x[:, data.features.index(column)].mean()
        assert found == pytest.approx(mean, rel=2e-3)


def test_diabetes_targets_are_the_published_ones():
    y = load_data("diabetes").y
    assert (y.min(), y.max(), round(y.mean(), 2)) == (25, 346, 152.13)


def test_digits_are_images_or_rows_of_pixels():
    image, flat = load_data("digits"), load_data("digits", flat=True)
    assert image.x.shape == (1797, 8, 8)
    assert flat.x.shape == (1797, 64)
    assert np.array_equal(image.x.reshape(1797, -1), flat.x)
    assert (image.x.min(), image.x.max()) == (0, 1)
    assert flat.features[9] == "pixel 1,1"
