"""Images: digits enlarged from the shipped ones, and MNIST files of the learner, read with care."""

import gzip
import struct

import numpy as np
import pytest

from engine.data import load_data
from engine.data.images import read_idx, read_mnist
from engine.errors import DataError


def idx(array: np.ndarray) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


@pytest.fixture
def mnist(tmp_path):
    """A folder like MNIST's: 400 images of 28×28 with 40 of each digit, one file of them packed."""
    random = np.random.RandomState(0)
    images = random.randint(0, 256, (400, 28, 28)).astype(np.uint8)
    images[0, 0, :2] = 0, 255
    labels = np.arange(400) % 10
    (tmp_path / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(labels))
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=labels)
    return tmp_path, images, labels


@pytest.mark.parametrize("source", [".", "mnist.npz"])
def test_the_learners_own_mnist_is_read(mnist, source):
    folder, images, labels = mnist
    data = read_mnist(folder / source)
    assert np.array_equal(data.x, images / 255)
    assert np.array_equal(data.y, labels)
    assert data.classes == tuple("0123456789")
    assert data.notes == ("Pixels were divided by 255, so that they go from 0 to 1.",)


def test_a_part_of_mnist_has_the_same_share_of_each_digit(mnist):
    folder, images, _ = mnist
    data = read_mnist(folder, count=100, seed=4)
    assert np.bincount(data.y).tolist() == [10] * 10
    assert "100 of 400 images were taken" in data.notes[0]
    everything = {image.tobytes() for image in images / 255}
    taken = {image.tobytes() for image in data.x}
    assert len(taken) == 100
    assert taken <= everything
    most = read_mnist(folder, count=399)
    assert most.count == 399
    assert "drawn at random" in most.notes[0]
    with pytest.raises(DataError, match="At least one image"):
        read_mnist(folder, count=0)


def test_damaged_image_files_are_refused(tmp_path, mnist):
    whole = idx(mnist[1][:3])
    damaged = {
        "short": (whole[:-1], "its head promises 2352 numbers, and 2351 follow"),
        "long": (whole + b"x", "and more follow"),
        "other": (b"GIF89a", "is not an IDX file"),
        "empty": (b"", "is not an IDX file"),
        "headless": (whole[:6], "cannot be read"),
        "floats": (b"\0\0\x0d" + whole[3:], "is not an IDX file of bytes"),
        "huge": (struct.pack(">HBB3I", 0, 8, 3, 2**32 - 1, 28, 28), "which is too many"),
        "torn": (gzip.compress(whole)[:-40], "cannot be read"),
    }
    for name, (content, message) in damaged.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_idx(path)


def test_what_is_no_mnist_is_refused(tmp_path, mnist):
    folder, images, labels = mnist
    with pytest.raises(DataError, match="has no file t10k-images"):
        read_mnist(folder, "test")
    with pytest.raises(DataError, match="parts train and test"):
        read_mnist(folder, "dev")
    with pytest.raises(DataError, match="holds no arrays x_test"):
        read_mnist(folder / "mnist.npz", "test")
    with pytest.raises(DataError, match="cannot be read"):
        read_mnist(tmp_path / "none.npz")
    np.savez(tmp_path / "odd.npz", x_train=images, y_train=labels[:5])
    with pytest.raises(DataError, match="images are"):
        read_mnist(tmp_path / "odd.npz")
    np.savez(tmp_path / "minus.npz", x_train=images, y_train=labels - 1)
    with pytest.raises(DataError, match="whole numbers from 0"):
        read_mnist(tmp_path / "minus.npz")


def test_a_pickle_in_an_npz_is_never_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = tmp_path / "trap.npz"
    np.savez(path, x_train=np.array([Trap()], dtype=object), y_train=[0])
    with pytest.raises(DataError, match="cannot be read"):
        read_mnist(path)
    assert not (tmp_path / "sprung").exists()


def test_enlarged_digits_are_honest_about_their_making():
    data = load_data("digits28", 1, count=300)
    assert data.x.shape == (300, 28, 28)
    assert 0 <= data.x.min() < data.x.max() <= 1
    assert "This is not MNIST." in data.notes[0]
    assert len(set(data.groups)) == 300
    assert load_data("digits28", count=20, flat=True).x.shape == (20, 784)


def test_an_enlarged_digit_is_its_original_seen_nearer():
    """Shrunk again by means over a grid, it is nearer to its own original than to most others."""
    small = load_data("digits").x
    data = load_data("digits28", 2, count=100)
    inner = data.x[:, 4:24, 4:24]
    blocks = inner.reshape(100, 4, 5, 4, 5).mean(axis=(2, 4))
    others = small.reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4))
    away = ((blocks[:, None] - others[None]) ** 2).sum(axis=(2, 3))
    own = away[np.arange(100), data.groups]
    assert np.median((away < own[:, None]).mean(axis=1)) < 0.05
    assert np.array_equal(data.y, load_data("digits").y[data.groups])
