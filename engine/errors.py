"""The engine's own errors: each message names the thing, the place and the remedy."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything the engine raises on purpose; ``str(error)`` is fit to show a user."""


class OpError(EngineError):
    """An op was called with inputs or attributes that it does not have."""


class ShapeError(OpError):
    """Shapes that do not meet; the message holds both shapes."""


class FormulaError(EngineError):
    """A formula that cannot be read.

    ``line`` and ``column`` count from 1, ``length`` is the number of characters at fault,
    ``found`` what stood there, ``expected`` what would fit and ``nearest`` the nearest known
    name, where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int = 1,
        column: int = 1,
        length: int = 1,
        found: str = "",
        expected: tuple[str, ...] = (),
        nearest: str = "",
    ) -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.length = length
        self.found = found
        self.expected = expected
        self.nearest = nearest


class GraphError(EngineError):
    """A graph that cannot be run; ``problems`` says why, each at its node or wire."""

    def __init__(self, message: str, problems: tuple = ()) -> None:
        super().__init__(message)
        self.problems = problems


def said(given: object) -> str:
    """What was given in place of something else, for a message: None, 3, text, a Graph object."""
    if given is None or isinstance(given, (bool, int, float)):
        return repr(given)
    if isinstance(given, str):
        return "text"
    kind = type(given).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind} object"


def no_graph(function: str, given: object) -> EngineError:
    """The error to raise where ``given`` stands in place of the graph that ``function`` takes."""
    remedy = "make one with engine.parse or engine.load"
    if isinstance(given, str):
        remedy = f"parse the text first: engine.{function}(engine.parse(…))"
    return EngineError(f"{function} takes a graph, not {said(given)}; {remedy}.")


class DataError(EngineError):
    """Data that cannot be read, made or split; names the row and column, or the setting."""


class FileError(EngineError):
    """A file that cannot be read or written; ``path`` is the place in it, ``$.nodes[3].op``."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class TrainingError(EngineError):
    """What cannot be trained, or not with these settings or data."""
