"""The open document: the graph, its undo stack, its file, and what follows from it.

The document alone changes a graph.  A graph that has been set is never written into: every edit
makes a new one, so undo holds the graphs before and after, and a worker can read one in peace.
What is derived (the opened graph, problems, the walk) carries the revision it belongs to; a late
result is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

import engine
from engine import edits
from engine.errors import EngineError, FileError, GraphError
from engine.files.project import Session, load_project, save
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, Graph, Node, Value, same_value
from engine.graph.levels import Opened, as_shown
from engine.graph.problems import Problem, find_problems
from engine.run.gradcheck import GradCheck, gradcheck
from engine.run.known import known_values
from engine.run.walk import Walk

# Up to this many nodes a run takes less than a frame and is done at once; beyond, in a thread.
AT_ONCE = 150
# A gradient check runs much of the graph twice for every number of a leaf: its cost is counted in
# numbers × nodes.  Within a frame, and in a thread:
CHECK_AT_ONCE, CHECK_IN_THREAD = 2_000, 100_000


@dataclass
class Derived:
    """What follows from a graph: the opened graph, its problems and, if it runs, its walk.

    Of one that does not run, ``missing`` says why in a sentence, and ``known`` holds the values
    that can be computed all the same, by node id.
    """

    revision: int
    opened: Opened
    problems: list[Problem] = field(default_factory=list)
    walk: Walk | None = None
    check: GradCheck | None = None
    known: dict[str, Value] = field(default_factory=dict)
    missing: str = ""


def check_cost(graph: Graph) -> int:
    """What a gradient check of ``graph`` costs, in numbers × nodes."""
    numbers = sum(np.size(n.value) for n in graph.leaves() if n.op != CONSTANT)
    return int(numbers) * len(graph.nodes)


def derive(graph: Graph, revision: int, most_check: int) -> Derived:
    """Open, examine, walk and (if it costs no more than ``most_check``) check ``graph``.

    Never raises for a bad graph.
    """
    opened = as_shown(graph)
    derived = Derived(revision, opened, find_problems(graph))
    try:
        derived.walk = engine.trace(opened.graph)
        derived.problems = derived.problems + [
            p
            for p in derived.walk.problems
            if p.sentence not in {q.sentence for q in derived.problems}
        ]
        if check_cost(graph) <= most_check:
            derived.check = gradcheck(graph)
    except EngineError as error:
        said = {p.sentence for p in derived.problems}
        more = error.problems if isinstance(error, GraphError) else ()
        derived.problems = derived.problems + [p for p in more if p.sentence not in said]
        if derived.walk is None:
            derived.known, derived.missing = known_values(opened.graph), str(error)
    return derived


class _DeriveJob(QRunnable):
    """``derive`` off the GUI thread; the result is sent with its revision."""

    def __init__(self, graph: Graph, revision: int, send: Callable[[object], None]) -> None:
        super().__init__()
        self._graph, self._revision, self._send = graph, revision, send

    def run(self) -> None:
        derived = derive(self._graph, self._revision, CHECK_IN_THREAD)
        try:
            self._send(derived)
        except RuntimeError:  # the document is gone
            return


class Edit(QUndoCommand):
    """One step of undo: the graph before and after.  Edits with the same ``key`` merge."""

    def __init__(self, document: Document, text: str, after: Graph, key: tuple | None) -> None:
        super().__init__(text)
        self._document = document
        self._before, self._after, self._key = document.graph, after, key

    def redo(self) -> None:
        self._document._install(self._after)

    def undo(self) -> None:
        self._document._install(self._before)

    def id(self) -> int:
        return -1 if self._key is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other._key != self._key:
            return False
        self._after = other._after
        return True


class Document(QObject):
    """The graph being looked at.

    Signals: ``structure_changed`` (nodes, wires or opened composites; walk included),
    ``values_changed`` (leaf values only; walk included), ``moved`` (positions only),
    ``file_changed`` (path, name or modified mark), ``replaced`` (another document is about to take
    the place of this one).
    """

    structure_changed = Signal()
    values_changed = Signal()
    moved = Signal()
    file_changed = Signal()
    replaced = Signal()
    _derived_ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.graph = Graph()
        self.path: Path | None = None
        self.revision = 0
        self.derived = Derived(0, as_shown(self.graph))
        self.stack = QUndoStack(self)
        self._scrub = 0
        self._structural = True
        self.stack.cleanChanged.connect(self.file_changed)
        self._derived_ready.connect(self._take)

    # what follows from the graph ----------------------------------------------------------------

    @property
    def walk(self) -> Walk | None:
        """The walk of the graph as it stands, or None while it has none."""
        return self.derived.walk

    @property
    def shown(self) -> Graph:
        """The graph with its opened composites replaced by their ops: what is drawn and walked."""
        return self.derived.opened.graph

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, each at its node."""
        return self.derived.problems

    @property
    def modified(self) -> bool:
        """Whether there are changes that are not in the file."""
        return not self.stack.isClean()

    @property
    def title(self) -> str:
        """The document's name, else its file's, else "untitled"."""
        if self.graph.name:
            return self.graph.name
        return self.path.name.removesuffix(".graph.json") if self.path else "untitled"

    def _install(self, graph: Graph) -> None:
        """Make ``graph`` the document's graph and derive what follows from it."""
        before, self.graph = self.graph, graph
        # what is being derived would come with the old places
        if self.derived.revision == self.revision and only_places(before, graph):
            self.derived.opened = as_shown(graph)
            self.moved.emit()
            return
        self.revision += 1
        self._structural = self._structural or not only_values(before, graph)
        if len(graph.nodes) <= AT_ONCE:
            self._take(derive(graph, self.revision, CHECK_AT_ONCE))
        else:
            job = _DeriveJob(graph, self.revision, self._derived_ready.emit)
            QThreadPool.globalInstance().start(job)

    @Slot(object)
    def _take(self, derived: Derived) -> None:
        if derived.revision != self.revision:
            return
        self.derived = derived
        structural, self._structural = self._structural, False
        (self.structure_changed if structural else self.values_changed).emit()

    # files --------------------------------------------------------------------------------------

    def load(self, path: Path) -> Session:
        """Open a file; raises FileError and leaves the document untouched if it cannot."""
        project = load_project(path)
        self._replace(project.graph, path)
        return project.session

    def clear(self) -> None:
        """Start a new, unsaved and empty document."""
        self._replace(Graph(), None)

    def recover(self, graph: Graph, path: Path | None) -> None:
        """Go on with work that was not saved: ``graph``, which belongs into the file ``path``.

        What that file holds is one step of undo away; without a file there is nothing before.
        """
        try:
            before = load_project(path).graph if path is not None else Graph()
        except FileError:
            before, path = Graph(), None
        self._replace(before, path)
        self.edit("Recover", graph)

    def revert(self) -> None:
        """Make the graph what its file holds, as a step of undo; raises FileError."""
        if self.path is not None:
            self.edit("Revert", load_project(self.path).graph)

    def load_formula(self, text: str) -> None:
        """Start a new, unsaved document from a formula; raises FormulaError."""
        self._replace(parse(text), None)

    def _replace(self, graph: Graph, path: Path | None) -> None:
        self.replaced.emit()
        self.path = path
        self.stack.clear()
        self._structural = True
        self._install(graph)
        self.file_changed.emit()

    def save(self, path: Path, session: Session) -> None:
        """Write the file; raises FileError, and then nothing is lost."""
        save(self.graph, path, session=session)
        self.path = path
        self.stack.setClean()
        self.file_changed.emit()

    # edits --------------------------------------------------------------------------------------

    def edit(self, text: str, after: Graph, key: tuple | None = None) -> None:
        """Make ``after`` the graph, as one step of undo; those with equal keys in a row merge."""
        if after != self.graph:
            self.stack.push(Edit(self, text, after, key))

    def set_value(self, node_id: str, value: Value | None, committed: bool = True) -> None:
        """Give a leaf a value; the changes of one drag (until ``committed``) are one undo step."""
        node = self.graph.nodes.get(node_id)
        if node is None or not node.leaf:
            return
        if not same_value(node.value, value):
            after = replace_node(self.graph, msgspec.structs.replace(node, value=value))
            title = f"Set {node.name or node.id}"
            self.edit(title, after, ("value", node_id, self._scrub))
        if committed:
            self._scrub += 1

    def set_entry(
        self, node_id: str, index: tuple[int, ...], number: float, committed: bool
    ) -> None:
        """Change one number of a leaf's array."""
        node = self.graph.nodes.get(node_id)
        if node is None or not isinstance(node.value, np.ndarray):
            return
        array = node.value.astype(float)
        array[index] = number
        self.set_value(node_id, array, committed)

    def set_formula(self, text: str) -> None:
        """Replace the graph by what ``text`` says; values and kinds of kept names stay.

        Raises FormulaError and changes nothing if the text cannot be read.
        """
        self.edit("Edit formula", edits.keep_what_fits(parse(text, self.graph.name), self.graph))

    def tidy(self) -> None:
        """Forget where nodes were put, so that the layout places them all."""
        after = self.graph.like()
        after.positions = {}
        self.edit("Tidy up", after)

    def set_opened(self, node_id: str, opened: bool) -> None:
        """Open a composite into the ops that define it, or fold it again."""
        node = self.graph.nodes.get(node_id)
        if node is None or node.opened == opened:
            return
        verb = "Open" if opened else "Fold"
        after = replace_node(self.graph, msgspec.structs.replace(node, opened=opened))
        after.positions = {}
        self.edit(f"{verb} {node.op}", after)


def replace_node(graph: Graph, node: Node) -> Graph:
    """A graph like ``graph`` with one node exchanged for another of the same id."""
    return graph.like({**graph.nodes, node.id: node})


def _outline(graph: Graph) -> tuple[Any, ...]:
    """Everything but values and places."""
    nodes = [(n.id, n.op, n.inputs, n.name, n.opened, n.attrs) for n in graph.nodes.values()]
    notes = [(note.id, note.text, note.color) for note in graph.notes.values()]
    return graph.output, nodes, graph.groups, notes


def _places(graph: Graph) -> tuple[Any, ...]:
    return graph.positions, [note.at for note in graph.notes.values()]


def only_values(before: Graph, after: Graph) -> bool:
    """Whether the two graphs differ in leaf values of the same shape at most.

    The value of a constant is more than that: it is written on a node, and how wide that is.
    """
    return _outline(before) == _outline(after) and all(
        same_value(n.value, after.nodes[i].value)
        if n.op == CONSTANT
        else np.shape(n.value) == np.shape(after.nodes[i].value)
        for i, n in before.nodes.items()
    )


def only_places(before: Graph, after: Graph) -> bool:
    """Whether the two graphs differ in where things stand, and in nothing else."""
    return (
        _places(before) != _places(after)
        and only_values(before, after)
        and all(same_value(n.value, after.nodes[i].value) for i, n in before.nodes.items())
    )
