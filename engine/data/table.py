"""THE table of data sets: a name, what it teaches, its settings with ranges, and who makes it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from engine.data import toys
from engine.data.dataset import Dataset, flip_labels
from engine.data.film_reviews import film_reviews
from engine.data.images import digits, digits28, fashion
from engine.data.mini_reviews import mini_reviews
from engine.data.shipped import shipped
from engine.errors import DataError


class Kind(StrEnum):
    """What is to be predicted."""

    CLASSES = "classes"
    NUMBERS = "numbers"


class Group(StrEnum):
    """Where a set stands in a menu."""

    TOY = "toy"
    LOGIC = "logic"
    TABLE = "table"
    IMAGES = "images"
    TEXT = "text"


@dataclass(frozen=True)
class Setting:
    """A number from ``low`` to ``high``, whole if the default is, or one of ``choices``."""

    default: float | int | str | bool
    low: float = 0
    high: float = 0
    choices: tuple[str | bool, ...] = ()
    says: str = ""

    def checked(self, name: str, given: object) -> float | int | str | bool:
        """``given`` as this setting takes it; DataError says what it would take."""
        if isinstance(given, np.generic):
            given = given.item()
        if self.choices:
            if not any(given == choice and type(given) is type(choice) for choice in self.choices):
                raise DataError(f"{name} is one of {', '.join(map(str, self.choices))}.")
            return given  # pyright: ignore[reportReturnType]
        whole = isinstance(self.default, int)
        what = "a whole number" if whole else "a number"
        number = isinstance(given, int) or (isinstance(given, float) and not whole)
        if isinstance(given, bool) or not number or not self.low <= given <= self.high:  # pyright: ignore
            raise DataError(f"{name} is {what} from {self.low:g} to {self.high:g}, not {given!r}.")
        return int(given) if whole else float(given)  # pyright: ignore


@dataclass(frozen=True)
class Source:
    """An entry of the table. ``make(seed, **settings)`` gives the set; use ``load_data``."""

    name: str
    title: str
    says: str
    kind: Kind
    group: Group
    make: Callable[..., Dataset]
    settings: Mapping[str, Setting] = field(default_factory=dict)
    is_random: bool = True  # whether the seed changes anything but flipped labels


DATASETS: dict[str, Source] = {}

FLIP = Setting(0.0, 0, 1, says="share of labels that are exchanged for another")
_FLAT = Setting(False, choices=(False, True), says="pixels in one row, for a dense layer")


def _count(default: int, low: int = 2, high: int = 100_000) -> Setting:
    return Setting(default, low, high, says="rows")


def _noise(default: float, high: float = 3.0) -> Setting:
    return Setting(default, 0, high, says="standard deviation of the noise")


def _declare(
    name: str,
    title: str,
    says: str,
    make: Callable[..., Dataset],
    kind: Kind = Kind.CLASSES,
    group: Group = Group.TOY,
    is_random: bool = True,
    **settings: Setting,
) -> None:
    if kind is Kind.CLASSES:
        settings["flip"] = FLIP
    DATASETS[name] = Source(name, title, says, kind, group, make, settings, is_random)


def _table(name: str, title: str, says: str, kind: Kind = Kind.CLASSES) -> None:
    _declare(name, title, says, lambda seed: shipped(name), kind, Group.TABLE, is_random=False)


_declare(
    "circle",
    "Circle",
    "A ring around another; a line cannot part them.",
    toys.circle,
    count=_count(200),
    noise=_noise(0.15),
)
_declare(
    "xor_clouds",
    "XOR clouds",
    "Four clouds, classes crosswise; a line is right half the time.",
    toys.xor_clouds,
    count=_count(200, 4),
    noise=_noise(0.35),
)
_declare(
    "gaussians",
    "Gaussians",
    "Two round clouds; one neuron is enough.",
    toys.gaussians,
    count=_count(100),
    distance=Setting(3.0, 0, 20, says="between the centres, along each axis"),
    noise=_noise(1.0),
)
_declare(
    "spiral",
    "Spiral",
    "Two arms wound about each other; this takes layers or features.",
    toys.spiral,
    count=_count(250),
    noise=_noise(0.08),
)
_declare(
    "moons",
    "Moons",
    "Two half moons that reach into each other.",
    toys.moons,
    count=_count(200),
    noise=_noise(0.15),
)
_declare(
    "blobs",
    "Blobs",
    "Round clouds on a circle, one a class.",
    toys.blobs,
    count=_count(200),
    classes=Setting(4, 2, 20, says="clouds, each of its own class"),
    noise=_noise(0.3),
)
_declare(
    "blobs3",
    "Three blobs",
    "Three clouds, for softmax with three classes.",
    toys.blobs3,
    count=_count(150),
    noise=_noise(0.5),
)
_declare(
    "plane",
    "Plane",
    "A tilted plane: one linear neuron fits it.",
    toys.plane,
    Kind.NUMBERS,
    count=_count(300),
    noise=_noise(0.0),
)
_declare(
    "multi_gaussian",
    "Multi-Gaussian",
    "Six hills and hollows in two rows.",
    toys.multi_gaussian,
    Kind.NUMBERS,
    count=_count(500),
    noise=_noise(0.0),
)
_declare(
    "sine",
    "Sine",
    "A wave and a half of a sine, for one input and one output.",
    toys.sine,
    Kind.NUMBERS,
    count=_count(61),
    noise=_noise(0.0),
    placed=Setting("even", choices=("even", "random"), says="where the points lie along x"),
)
_declare(
    "linreg",
    "Line",
    "y = 2x + 1 with noise; x is standardised.",
    toys.linreg,
    Kind.NUMBERS,
    count=_count(60),
    noise=_noise(0.3),
)
_declare(
    "line_outlier",
    "Line with an outlier",
    "Ten points of a line, the last one far off it.",
    toys.line_outlier,
    Kind.NUMBERS,
    count=_count(10),
    outlier=Setting(40.0, -1000, 1000, says="added to the last y"),
    noise=_noise(0.0),
)
_declare(
    "or",
    "OR",
    "True where a bit is; one neuron is enough.",
    toys.truth_table("or", lambda a, b: a | b),
    group=Group.LOGIC,
    count=_count(4, 4),
    noise=_noise(0.0),
)
_declare(
    "and",
    "AND",
    "True where both bits are; one neuron is enough.",
    toys.truth_table("and", lambda a, b: a & b),
    group=Group.LOGIC,
    count=_count(4, 4),
    noise=_noise(0.0),
)
_declare(
    "xor",
    "XOR",
    "True where the bits differ; no single neuron can.",
    toys.truth_table("xor", lambda a, b: a ^ b),
    group=Group.LOGIC,
    count=_count(4, 4),
    noise=_noise(0.0),
)
_table("iris", "Iris", "Three species of iris from the sizes of their leaves; 150 flowers.")
_table("wine", "Wine", "Three kinds of wine from 13 chemical measurements; 178 wines.")
_table(
    "breast_cancer",
    "Breast cancer",
    "Malignant or benign, from 30 measures of nuclei; 569 samples.",
)
_table("diabetes", "Diabetes", "How far the disease went in a year, of 442 patients.", Kind.NUMBERS)
_declare(
    "digits",
    "Digits 8×8",
    "1,797 handwritten digits of 13 people, 8×8 pixels each.",
    digits,
    group=Group.IMAGES,
    is_random=False,
    flat=_FLAT,
)
_declare(
    "fashion",
    "Fashion-MNIST, 5,000 images",
    "Ten kinds of clothes, 28×28 pixels; made to stand in for MNIST, and harder.",
    fashion,
    group=Group.IMAGES,
    is_random=False,
    flat=_FLAT,
)
_declare(
    "digits28",
    "Digits 28×28 (made from the 8×8 digits)",
    "Handwritten digits, enlarged, turned and shifted; the size of MNIST, but not MNIST.",
    digits28,
    group=Group.IMAGES,
    count=_count(5000, 10, 20_000),
    flat=_FLAT,
)
_declare(
    "mini_reviews",
    "Mini-reviews",
    "Generated reviews of 41 words, with or without negation.",
    mini_reviews,
    group=Group.TEXT,
    count=_count(1000),
    negation=Setting(0.0, 0, 1, says="chance that “not” turns a word round"),
)
_declare(
    "film_reviews",
    "Film reviews (generated, 800 words)",
    "Five ratings from 800 words, with negation and intensifiers.",
    film_reviews,
    group=Group.TEXT,
    count=_count(5000, 5, 50_000),
    words=Setting(24, 12, 100, says="longest review"),
    negation=Setting(0.2, 0, 1, says="chance that an opinion is negated"),
    form=Setting("bag", choices=("bag", "numbers"), says="counts of words, or their numbers"),
)
_declare(
    "flagged_word",
    "Flagged word",
    "One word of each sentence counts: a task for attention.",
    toys.flagged_word,
    group=Group.TEXT,
    count=_count(300),
    words=Setting(6, 1, 100, says="words a sentence"),
    noise=_noise(0.3),
    shorter=Setting(0.0, 0, 1, says="share of sentences that end earlier and are padded"),
)


def load_data(name: str, seed: int = 0, **settings: float | int | str | bool) -> Dataset:
    """The set called ``name``, the same for the same seed and settings, for ever.

    Raises DataError for a name, setting or seed that there is not, with what there is.
    """
    source = DATASETS.get(name)
    if source is None:
        near = difflib.get_close_matches(str(name), DATASETS, 1)
        hint = f"did you mean “{near[0]}”?" if near else f"there are {', '.join(DATASETS)}."
        raise DataError(f"There is no data set called “{name}”; {hint}")
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise DataError(f"A seed is a whole number from 0 to {2**32 - 1}, not {seed!r}.")
    for setting in settings:
        if setting not in source.settings:
            there_are = ", ".join(source.settings) or "none"
            raise DataError(f"{name} has no setting called “{setting}”; there are {there_are}.")
    chosen = {
        setting: entry.checked(f"{name}: {setting}", settings.get(setting, entry.default))
        for setting, entry in source.settings.items()
    }
    seed = int(seed)
    share = float(chosen.pop("flip", 0.0))
    data = source.make(seed, **chosen)
    # The course draws its flips from another seed than its points.
    return flip_labels(data, share, (seed + 7) % 2**32) if share else data
