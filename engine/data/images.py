"""Images: digits of 8×8, 28×28 made from these, clothes, and MNIST files of the learner's own."""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.data.dataset import Dataset
from engine.data.shipped import shipped
from engine.data.splitting import partition
from engine.errors import DataError

_DIGITS = tuple(map(str, range(10)))
_SIDE = 28
_INNER = 20  # MNIST too has its digits in 20×20 of the 28×28 pixels
_MOST_BYTES = 1 << 30  # an IDX file that unpacks to more is not read


def digits(seed: int, flat: bool) -> Dataset:
    """1,797 handwritten digits of 8×8 pixels, from 0 (paper) to 1 (ink)."""
    data = shipped("digits")
    data = replace(data, x=data.x / 16)
    return _shaped(data.noted("Pixels were divided by 16, so that they go from 0 to 1."), flat)


def fashion(seed: int, flat: bool) -> Dataset:
    """5,000 pictures of clothes, 28×28 pixels from 0 to 1, 500 of each of ten kinds."""
    data = shipped("fashion")
    data = replace(data, x=data.x / 255)
    return _shaped(data.noted("Pixels were divided by 255, so that they go from 0 to 1."), flat)


def digits28(seed: int, count: int, flat: bool) -> Dataset:
    """Digits of 28×28 pixels, each drawn from an 8×8 one: enlarged, turned, shifted, resized.

    All images of one original are one group, so that no split has them on both sides.
    """
    source = shipped("digits")
    random = np.random.RandomState(seed)
    rounds = math.ceil(count / source.count)
    original = np.concatenate([random.permutation(source.count) for _ in range(rounds)])[:count]
    images = np.empty((count, _SIDE, _SIDE))
    for start in range(0, count, 500):  # a few megabytes at a time
        chosen = original[start : start + 500]
        images[start : start + 500] = _drawn_anew(source.x[chosen] / 16, random)
    data = Dataset(
        "digits28",
        images,
        source.y[original],
        classes=_DIGITS,
        notes=(
            f"{count} images were made from {len(np.unique(original))} handwritten digits of 8×8 "
            f"pixels: enlarged, turned by up to 12°, shifted by up to 2 pixels. This is not MNIST.",
        ),
        groups=original,
    )
    return _shaped(data, flat)


def _drawn_anew(images: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """(n, 8, 8) as (n, 28, 28), read between pixels along a turned and shifted grid."""
    count, side = len(images), images.shape[1]
    angle = np.radians(random.uniform(-12, 12, count))[:, None, None]
    size = (_INNER / side * random.uniform(0.9, 1.1, count))[:, None, None]
    shift = random.uniform(-2, 2, (2, count))[:, :, None, None]
    away = np.arange(_SIDE) - (_SIDE - 1) / 2
    down, right = away[:, None] - shift[0], away[None, :] - shift[1]
    row = (np.cos(angle) * down - np.sin(angle) * right) / size + (side - 1) / 2
    column = (np.sin(angle) * down + np.cos(angle) * right) / size + (side - 1) / 2

    paper = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # white around, to read across the border
    row = np.clip(row + 1, 0, side + 1)
    column = np.clip(column + 1, 0, side + 1)
    top = np.minimum(row.astype(np.int64), side)
    left = np.minimum(column.astype(np.int64), side)
    v, u = row - top, column - left
    each = np.arange(count)[:, None, None]
    upper = paper[each, top, left] * (1 - u) + paper[each, top, left + 1] * u
    lower = paper[each, top + 1, left] * (1 - u) + paper[each, top + 1, left + 1] * u
    return upper * (1 - v) + lower * v


def _shaped(data: Dataset, flat: bool) -> Dataset:
    if not flat:
        return data
    height, width = data.x.shape[1:]
    names = tuple(f"pixel {row},{column}" for row in range(height) for column in range(width))
    return replace(data, x=data.x.reshape(data.count, -1), features=names)


def read_mnist(path: str | Path, part: str = "train", count: int = 5000, seed: int = 0) -> Dataset:
    """The learner's own MNIST, or any set in its formats: ``count`` images with shares kept.

    ``path`` is a folder with the IDX files (``train-images…``, ``train-labels…``, packed or not),
    or an .npz file with ``x_train`` and ``y_train``; ``part`` is train or test.
    """
    path = Path(path)
    if part not in ("train", "test"):
        raise DataError(f"MNIST has the parts train and test, not “{part}”.")
    if path.is_dir():
        names = {"train": "train", "test": "t10k"}
        images = read_idx(_one(path, f"{names[part]}-images"))
        labels = read_idx(_one(path, f"{names[part]}-labels"))
    else:
        images, labels = _read_npz(path, part)
    if images.ndim != 3 or labels.ndim != 1 or len(images) != len(labels) or not len(images):
        raise DataError(
            f"{path.name}: images are (n, height, width) and labels (n); "
            f"found {images.shape} and {labels.shape}."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() > 999:
        raise DataError(f"{path.name}: labels are whole numbers from 0; found {labels.dtype}.")
    if images.dtype.kind not in "iuf":
        raise DataError(f"{path.name}: images hold {images.dtype}, not numbers.")
    if count < 1:
        raise DataError(f"At least one image is to be taken, not {count}.")
    notes = []
    if count < len(images):
        # Each class keeps an image that is not taken; where too few are left, shares are by chance.
        fair = len(images) - count >= len(np.unique(labels))
        chosen = partition(len(images), 0, int(count), seed, labels if fair else None) == 2
        shares = "with the same share of each class" if fair else "drawn at random"
        notes.append(f"{count} of {len(images)} images were taken, {shares} (seed {seed}).")
        images, labels = images[chosen], labels[chosen]
    if images.dtype == np.uint8:
        images = images / 255.0
        notes.append("Pixels were divided by 255, so that they go from 0 to 1.")
    classes = tuple(map(str, range(max(10, int(labels.max()) + 1))))
    return Dataset(path.stem, images, labels, classes=classes, notes=tuple(notes))


def read_idx(path: str | Path) -> np.ndarray:
    """An array of bytes from an IDX file, packed with gzip or not; DataError if it is no such."""
    path = Path(path)
    try:
        with open(path, "rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        with gzip.open(path) if packed else open(path, "rb") as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != b"\x00\x00\x08" or not 1 <= head[3] <= 4:
                raise DataError(f"{path.name} is not an IDX file of bytes, as MNIST has them.")
            shape = struct.unpack(f">{head[3]}I", file.read(4 * head[3]))
            size = math.prod(shape)
            if size > _MOST_BYTES:
                raise DataError(f"{path.name} would unpack to {size} bytes, which is too many.")
            numbers = file.read(size + 1)
    except (OSError, EOFError, struct.error) as error:
        raise DataError(f"{path.name} cannot be read: {error}.") from None
    if len(numbers) != size:
        raise DataError(
            f"{path.name} is damaged: its head promises {size} numbers, and "
            f"{'more' if len(numbers) > size else f'{len(numbers)}'} follow. Fetch it again."
        )
    return np.frombuffer(numbers, dtype=np.uint8).reshape(shape)


def _one(folder: Path, start: str) -> Path:
    found = sorted(path for path in folder.iterdir() if path.name.startswith(start))
    if not found:
        raise DataError(f"{folder.name} has no file {start}-idx… of MNIST.")
    return found[0]


def _read_npz(path: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        with zipfile.ZipFile(path) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > _MOST_BYTES:
                raise DataError(f"{path.name} would unpack to more than {_MOST_BYTES} bytes.")
        with np.load(path, allow_pickle=False) as stored:
            return stored[f"x_{part}"], stored[f"y_{part}"]
    except KeyError:
        raise DataError(f"{path.name} holds no arrays x_{part} and y_{part}.") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path.name} cannot be read as .npz: {error}.") from None
