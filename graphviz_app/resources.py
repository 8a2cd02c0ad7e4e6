"""Where the files are that ship with the app: fonts, icons, example graphs.

In a checkout they lie in ``assets/`` and ``examples/`` beside this package; in an installed wheel
they lie inside it. Nobody else needs to know the difference. Knows no Qt.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_EXAMPLE_SUFFIX = ".graph.json"


def asset(relative: str) -> Path:
    """The shipped file or folder at `relative`, such as ``"icons/play.svg"``."""
    return _existing(_folder("assets") / relative)


def example(name: str) -> Path:
    """The example graph called `name`, with or without its ``.graph.json``."""
    return _existing(_folder("examples") / (name.removesuffix(_EXAMPLE_SUFFIX) + _EXAMPLE_SUFFIX))


def examples() -> list[Path]:
    """Every example graph, by name."""
    return sorted(_folder("examples").glob(f"*{_EXAMPLE_SUFFIX}"))


def _folder(name: str) -> Path:
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def _existing(path: Path) -> Path:
    if not path.exists():
        raise FileNotFoundError(f'graphviz-app does not ship "{path.name}" (looked for {path})')
    return path
