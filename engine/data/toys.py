"""Small sets made from a seed, with the draws of the course, so that its numbers hold for ever.

Each maker draws from ``numpy.random.RandomState(seed)``, whose stream is frozen. Changing the order
of draws changes every lesson; tests/engine/test_data_toys.py holds it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from engine.data.dataset import Dataset
from engine.errors import DataError

_PLANE = ("x1", "x2")
_TWO = ("0", "1")


def _shuffled(name: str, x: np.ndarray, y: np.ndarray, classes: tuple[str, ...], random) -> Dataset:
    order = random.permutation(len(y))
    return Dataset(name, x[order], y[order], _PLANE, classes)


def _halves(count: int) -> np.ndarray:
    """Labels of two classes; class 0 has the odd row."""
    return (np.arange(count) >= count - count // 2).astype(np.int64)


def circle(seed: int, count: int, noise: float) -> Dataset:
    """A ring of radius 2 (class 0) around one of radius 0.8 (class 1)."""
    random = np.random.RandomState(seed)
    y = _halves(count)
    angle = 2 * np.pi * random.rand(count)
    radius = np.where(y, 0.8, 2.0)
    x = np.c_[radius * np.cos(angle), radius * np.sin(angle)] + noise * random.randn(count, 2)
    return _shuffled("circle", x, y, _TWO, random)


def moons(seed: int, count: int, noise: float) -> Dataset:
    """Two half circles of radius 1 that reach into each other, centred and enlarged by half."""
    random = np.random.RandomState(seed)
    y = _halves(count)
    upper = np.pi * random.rand(count - count // 2)
    lower = np.pi * random.rand(count // 2)
    x = np.r_[
        np.c_[np.cos(upper), np.sin(upper)],
        np.c_[1 - np.cos(lower), 0.5 - np.sin(lower)],
    ]
    x = (x + noise * random.randn(count, 2) - [0.5, 0.25]) * 1.5
    return _shuffled("moons", x, y, _TWO, random)


def xor_clouds(seed: int, count: int, noise: float) -> Dataset:
    """Clouds at (±1, ±1), class 1 where the signs differ. One cloud is drawn and mirrored three
    times, so that no straight line does better than chance.
    """
    random = np.random.RandomState(seed)
    cloud = noise * random.randn(count // 4, 2)
    signs = np.array([[1, 1], [-1, -1], [1, -1], [-1, 1]])
    x = np.concatenate([cloud * corner + corner for corner in signs])
    data = _shuffled("xor_clouds", x, _halves(len(x)), _TWO, random)
    return _rounded(data, count, "four mirrored clouds")


def gaussians(seed: int, count: int, distance: float, noise: float) -> Dataset:
    """Two round clouds of standard deviation ``noise`` at ±(distance/2, distance/2)."""
    random = np.random.RandomState(seed)
    y = _halves(count)
    x = noise * random.randn(count, 2)  # class 0 first, as two draws one after the other would be
    x += np.where(y[:, None], distance / 2, -distance / 2)
    return _shuffled("gaussians", x, y, _TWO, random)


def spiral(seed: int, count: int, noise: float) -> Dataset:
    """Two arms that wind about each other, out to radius 2.2."""
    random = np.random.RandomState(seed)
    half = count // 2
    longest = 1.75 * 2 * np.pi * 0.7 + 0.3
    arms = []
    for label in (0, 1):
        # In the course's order of operations: the last digit is the same too.
        angle = np.sqrt(random.rand(half)) * 1.75 * 2 * np.pi * 0.7 + 0.3
        radius = angle / longest * 2.2
        phase = angle + np.pi * label
        arm = np.c_[radius * np.sin(phase), radius * np.cos(phase)]
        arms.append(arm + noise * random.randn(half, 2))
    data = _shuffled("spiral", np.vstack(arms), _halves(2 * half), _TWO, random)
    return _rounded(data, count, "two equal arms")


def blobs(seed: int, count: int, classes: int, noise: float) -> Dataset:
    """Round clouds with centres on a circle of radius 1.5, the first at its top."""
    random = np.random.RandomState(seed)
    y = np.arange(count) % classes
    angle = np.pi / 2 + 2 * np.pi * np.arange(classes) / classes
    centres = 1.5 * np.c_[np.cos(angle), np.sin(angle)]
    x = centres[y] + noise * random.randn(count, 2)
    return Dataset("blobs", x, y, _PLANE, tuple(map(str, range(classes))))


def blobs3(seed: int, count: int, noise: float) -> Dataset:
    """The course's three clouds, at (0, 1.5) and (±1.3, −0.75)."""
    random = np.random.RandomState(seed)
    y = np.arange(count) % 3
    centres = np.array([[0, 1.5], [-1.3, -0.75], [1.3, -0.75]])
    x = centres[y] + noise * random.randn(count, 2)
    return Dataset("blobs3", x, y, _PLANE, ("0", "1", "2"))


def truth_table(name: str, rule: Callable[[np.ndarray, np.ndarray], np.ndarray]):
    """The maker of a table of two bits, repeated until there are enough rows."""

    def make(seed: int, count: int, noise: float) -> Dataset:
        bits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[np.arange(count) % 4]
        y = rule(bits[:, 0], bits[:, 1])
        x = bits + noise * np.random.RandomState(seed).randn(count, 2)
        return Dataset(name, x, y, _PLANE, _TWO)

    return make


def plane(seed: int, count: int, noise: float) -> Dataset:
    """y = (x1 + x2) / 10 over the square from −6 to 6, the problem of TensorFlow Playground."""
    random = np.random.RandomState(seed)
    x = random.uniform(-6, 6, (count, 2))
    y = x.sum(axis=1) / 10 + noise * random.randn(count)
    return Dataset("plane", x, y[:, None], _PLANE, targets=("y",))


def multi_gaussian(seed: int, count: int, noise: float) -> Dataset:
    """Six cones of height 1 and radius 2, up and down in turn, as on a chess board; elsewhere 0.

    Centres and height are those of TensorFlow Playground's multi-Gaussian problem.
    """
    random = np.random.RandomState(seed)
    x = random.uniform(-6, 6, (count, 2))
    column, row = np.meshgrid([-4.0, 0.0, 4.0], [2.5, -2.5])
    sign = np.array([1, -1, 1, -1, 1, -1])
    away = np.hypot(x[:, :1] - column.ravel(), x[:, 1:] - row.ravel())
    y = np.maximum(0, 1 - away / 2) @ sign + noise * random.randn(count)
    return Dataset("multi_gaussian", x, y[:, None], _PLANE, targets=("y",))


def sine(seed: int, count: int, noise: float, placed: str) -> Dataset:
    """y = sin(1.5·x) from −3 to 3, at even distances or at random places in order."""
    random = np.random.RandomState(seed)
    x = np.linspace(-3, 3, count) if placed == "even" else np.sort(random.uniform(-3, 3, count))
    y = np.sin(1.5 * x) + noise * random.randn(count)
    return Dataset("sine", x[:, None], y[:, None], ("x",), targets=("y",))


def linreg(seed: int, count: int, noise: float) -> Dataset:
    """y = 2x + 1 with noise; x has mean 0 and standard deviation 1."""
    random = np.random.RandomState(seed)
    x = random.randn(count)
    x = (x - x.mean()) / x.std()
    y = 2 * x + 1 + noise * random.randn(count)
    data = Dataset("linreg", x[:, None], y[:, None], ("x",), targets=("y",))
    return data.noted("x was standardised as it was drawn: mean 0, standard deviation 1.")


def line_outlier(seed: int, count: int, outlier: float, noise: float) -> Dataset:
    """y = 2x + 1 at x = 0, 1, 2, …, where the last y is too large by ``outlier``."""
    x = np.arange(float(count))
    y = 2 * x + 1
    y[-1] += outlier
    y += noise * np.random.RandomState(seed).randn(count)
    data = Dataset("line_outlier", x[:, None], y[:, None], ("x",), targets=("y",))
    return data.noted(f"The last point is an outlier: {outlier:g} was added to its y.")


def flagged_word(seed: int, count: int, words: int, noise: float, shorter: float) -> Dataset:
    """Sentences of words with a flag, a sentiment ±1 and two columns of noise; in each one word
    is flagged, and its sentiment is the label. x is (count, words, 4).

    ``shorter`` is the share of sentences that end earlier, with zeros after their end and a mask.
    """
    random = np.random.RandomState(seed)
    each = np.arange(count)
    flagged = random.randint(0, words, count)
    sentiment = random.choice([-1.0, 1.0], (count, words))
    x = np.zeros((count, words, 4))
    x[:, :, 2:] = random.randn(count, words, 2) * noise
    notes: tuple[str, ...] = ()
    mask = None
    if shorter:
        if words < 2:
            raise DataError("A sentence of one word cannot be shorter; set shorter to 0.")
        length = np.full(count, words)
        ends = random.permutation(count)[: int(np.floor(shorter * count + 0.5))]
        length[ends] = random.randint(1, words, len(ends))
        flagged = flagged % length
        mask = (np.arange(words) < length[:, None]).astype(np.float64)[:, :, None]
        notes = (f"{len(ends)} of {count} sentences are shorter than {words} words and padded.",)
    x[each, flagged, 0] = 1
    x[:, :, 1] = sentiment
    y = (sentiment[each, flagged] > 0).astype(np.int64)
    return Dataset(
        "flagged_word",
        x if mask is None else x * mask,
        y,
        ("flag", "sentiment", "noise 1", "noise 2"),
        ("negative", "positive"),
        mask=mask,
        notes=notes,
    )


def _rounded(data: Dataset, asked: int, why: str) -> Dataset:
    if data.count == asked:
        return data
    return data.noted(f"{data.count} rows were made in place of {asked}: {why}.")
