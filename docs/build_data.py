"""Makes the data sets in assets/data/ from the copies inside scikit-learn and from Fashion-MNIST.

    pip install scikit-learn
    python docs/build_data.py [FOLDER with Fashion-MNIST's IDX files, as Debian packs them]

assets/data/README.md tells their origin and licences. Running it again gives the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from sklearn import datasets

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "data"

UNITS = {
    "age": "age (years)",
    "sex": "sex (1 or 2)",
    "bmi": "body mass index (kg/m²)",
    "bp": "mean blood pressure (mmHg)",
    "s1": "total cholesterol",
    "s2": "LDL",
    "s3": "HDL",
    "s4": "total cholesterol / HDL",
    "s5": "log triglycerides",
    "s6": "blood sugar",
}

FASHION = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag"]
FASHION += ["ankle boot"]


def compact(x: np.ndarray) -> np.ndarray:
    """Whole numbers as bytes where they fit; nothing is rounded."""
    small = x.astype(np.uint8, casting="unsafe")
    return small if np.array_equal(small, x) else x.astype(np.float64)


def write(name: str, x, y, features, classes=(), targets=()) -> None:
    path = FOLDER / f"{name}.npz"
    np.savez_compressed(
        path,
        x=compact(np.asarray(x)),
        y=np.asarray(y),
        features=np.array(features, dtype=str),
        classes=np.array(classes, dtype=str),
        targets=np.array(targets, dtype=str),
    )
    print(path.name, np.shape(x), path.stat().st_size, "bytes")


def write_fashion(folder: Path) -> None:
    """The first 500 training images of each of the ten classes, in the order of the file."""
    from engine.data.images import read_idx

    images = read_idx(folder / "train-images-idx3-ubyte.gz")
    labels = read_idx(folder / "train-labels-idx1-ubyte.gz")
    rows = np.sort(np.concatenate([np.flatnonzero(labels == k)[:500] for k in range(10)]))
    write("fashion", images[rows], labels[rows], [], FASHION)


def main() -> None:
    iris = datasets.load_iris()
    names = [name.replace(" (cm)", "") + " (cm)" for name in iris.feature_names]
    write("iris", iris.data, iris.target.astype(np.uint8), names, iris.target_names)

    wine = datasets.load_wine()
    names = [
        name.replace("_", " ").replace("od280/od315", "OD280/OD315") for name in wine.feature_names
    ]
    write("wine", wine.data, wine.target.astype(np.uint8), names, ["class 0", "class 1", "class 2"])

    cancer = datasets.load_breast_cancer()
    write(
        "breast_cancer",
        cancer.data,
        cancer.target.astype(np.uint8),
        cancer.feature_names,
        cancer.target_names,
    )

    digits = datasets.load_digits()
    write(
        "digits",
        digits.images,
        digits.target.astype(np.uint8),
        [],
        [str(digit) for digit in range(10)],
    )

    diabetes = datasets.load_diabetes(scaled=False)
    names = [UNITS[name] for name in diabetes.feature_names]
    write(
        "diabetes",
        diabetes.data,
        diabetes.target[:, None],
        names,
        targets=["progression after a year"],
    )


if __name__ == "__main__":
    main()
    if len(sys.argv) > 1:
        write_fashion(Path(sys.argv[1]))
