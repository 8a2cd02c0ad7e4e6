"""The shipped files that the window asks for: fonts and icons, and the example graphs.

Where they lie is known to ``engine.resources`` alone. Knows no Qt.
"""

from pathlib import Path

from engine.resources import asset, existing, folder

__all__ = ["asset", "example", "examples"]

_EXAMPLE_SUFFIX = ".graph.json"


def example(name: str) -> Path:
    """The example graph called `name`, with or without its ``.graph.json``."""
    return existing(folder("examples") / (name.removesuffix(_EXAMPLE_SUFFIX) + _EXAMPLE_SUFFIX))


def examples() -> list[Path]:
    """Every example graph, by name."""
    return sorted(folder("examples").glob(f"*{_EXAMPLE_SUFFIX}"))
