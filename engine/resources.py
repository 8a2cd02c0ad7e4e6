"""Where the files are that ship with the app: fonts, icons, data sets, example graphs.

In a checkout they lie in ``assets/`` and ``examples/`` beside this package; in an installed wheel
they lie inside it (pyproject.toml puts them there). Nobody else needs to know the difference.
"""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def asset(relative: str) -> Path:
    """The shipped file or folder at `relative`, such as ``"icons/play.svg"``."""
    return existing(folder("assets") / relative)


def folder(name: str) -> Path:
    """The shipped folder ``"assets"`` or ``"examples"``."""
    installed = _PACKAGE / f"_{name}"
    return installed if installed.is_dir() else _PACKAGE.parent / name


def existing(path: Path) -> Path:
    """`path`, if something is there; FileNotFoundError names what is not shipped."""
    if not path.exists():
        raise FileNotFoundError(f'graphviz-app does not ship "{path.name}" (looked for {path})')
    return path
