"""The open document: the graph, its undo stack, its file, and what follows from it.

The document alone changes a graph.  A graph that has been set is never written into: every edit
makes a new one, so undo holds the graphs before and after, and a worker can read one in peace.
How a graph is shown follows at once.  The walk of a large one follows from a thread and carries
the revision that it belongs to; one of a graph of another structure comes too late and is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine import edits
from engine.errors import FileError
from engine.files.project import Session, Training, load_project, save
from engine.graph.formula import parse
from engine.graph.graph import CONSTANT, Graph, Node, Value, same_value
from engine.graph.levels import as_shown, can_open
from engine.graph.problems import Problem
from engine.run.gradcheck import GradCheck
from engine.run.walk import Walk
from graphviz_app import deriving
from graphviz_app.background import LatestWork
from graphviz_app.deriving import Derived

CHECK_PAUSE_MS = 150  # a check in a thread waits until values rest


class Sight(NamedTuple):
    """What is selected, the current one of it, and whether the view shows everything."""

    things: frozenset[str]
    current: str
    fitted: bool


class Edit(QUndoCommand):
    """One step of undo: the graph before and after.  Edits with the same ``key`` merge."""

    def __init__(self, document: Document, text: str, after: Graph, key: tuple | None) -> None:
        super().__init__(text)
        self._document = document
        self._before, self._after, self._key = document.graph, after, key
        self.sights: tuple[Sight, Sight] | None = None  # before and after, if it changes that

    def redo(self) -> None:
        self._document._install(self._after)
        if self.sights is not None:
            self._document.sight_returned.emit(self.sights[1])

    def undo(self) -> None:
        self._document._install(self._before)
        if self.sights is not None:
            self._document.sight_returned.emit(self.sights[0])

    def id(self) -> int:
        return -1 if self._key is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Edit) or other._key != self._key:
            return False
        self._after = other._after
        return True


class TrainingEdit(QUndoCommand):
    """One step of undo of what the graph is trained with.  Edits with the same ``key`` merge."""

    def __init__(
        self, document: Document, text: str, after: Training | None, key: str | None
    ) -> None:
        super().__init__(text)
        self._document = document
        self._before, self._after, self._key = document.training, after, key

    def redo(self) -> None:
        self._document._install_training(self._after)

    def undo(self) -> None:
        self._document._install_training(self._before)

    def id(self) -> int:
        return -1 if self._key is None else 2

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, TrainingEdit) or other._key != self._key:
            return False
        self._after = other._after
        return True


class Document(QObject):
    """The graph being looked at.

    Signals: ``structure_changed`` (nodes, wires or opened composites; walk included),
    ``values_changed`` (leaf values only, or the walk of a large graph is there), ``checked`` (the
    gradients, where that took a while), ``moved`` (positions only), ``training_changed`` (data and
    settings that it is trained with),
    ``sight_returned(Sight)`` (an edit that changed what one looks at was undone or redone),
    ``file_changed`` (path, name or modified mark), ``replaced`` (another document is about to take
    the place of this one).
    """

    structure_changed = Signal()
    values_changed = Signal()
    checked = Signal()
    moved = Signal()
    training_changed = Signal()
    sight_returned = Signal(object)
    file_changed = Signal()
    replaced = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.graph = Graph()
        self.path: Path | None = None
        self.training: Training | None = None  # data, settings and runs, as files hold them
        self.revision = 0
        self.derived = Derived(0, as_shown(self.graph))
        self.stack = QUndoStack(self)
        self._scrub = 0
        self._structure = 0  # the revision that began the structure as it stands
        self._walker, self._checker = LatestWork(self), LatestWork(self)
        self._check_pause = QTimer(self)
        self._check_pause.setSingleShot(True)
        self._check_pause.setInterval(CHECK_PAUSE_MS)
        self._check_pause.timeout.connect(self._check)
        self.stack.cleanChanged.connect(self.file_changed)

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

    def _install(self, graph: Graph, fresh: bool = False) -> None:
        """Make ``graph`` the document's graph, of which nothing is known if it is ``fresh``."""
        before, self.graph = self.graph, graph
        opened = as_shown(graph)
        if not fresh and only_places(before, graph):
            self.derived.opened = opened
            self.moved.emit()
            return
        structural = fresh or not only_values(before, graph)
        changed = self.structure_changed if structural else self.values_changed
        self.revision += 1
        self._structure = self.revision if structural else self._structure
        self.derived.opened = opened
        begin = partial(deriving.begin, graph, self.revision, opened)
        self._walker.forget()
        self._check_pause.stop()
        if deriving.walks_at_once(graph):
            self._show(changed, deriving.walked(begin()))
            return
        if structural:
            self._show(changed, begin())
        self._walker.ask(lambda: deriving.walked(begin()), partial(self._show, self.values_changed))

    def _show(self, changed: SignalInstance, derived: Derived) -> None:
        """Take what was derived, unless it comes too late, and tell of it."""
        if derived.revision < max(self._structure, self.derived.revision):
            return
        derived.opened = self.derived.opened  # that of the latest values and places
        self.derived = derived
        if derived.walk is not None and derived.revision == self.revision:
            cost = deriving.check_cost(self.graph)
            if cost <= deriving.CHECK_AT_ONCE:
                derived.check = deriving.check(self.graph)
            elif cost <= deriving.CHECK_IN_THREAD:
                self._check_pause.start()
        changed.emit()

    @Slot()
    def _check(self) -> None:
        check = partial(deriving.check, self.graph)
        self._checker.ask(check, partial(self._take_check, self.revision))

    def _take_check(self, revision: int, check: GradCheck | None) -> None:
        if revision == self.revision:
            self.derived.check = check
            self.checked.emit()

    # files --------------------------------------------------------------------------------------

    def load(self, path: Path) -> Session:
        """Open a file; raises FileError and leaves the document untouched if it cannot."""
        project = load_project(path)
        self._replace(project.graph, path, project.training)
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

    def load_graph(self, graph: Graph) -> None:
        """Start a new, unsaved document from a graph."""
        self._replace(graph, None)

    def _replace(self, graph: Graph, path: Path | None, training: Training | None = None) -> None:
        self.replaced.emit()
        self.path, self.training = path, training
        self.stack.clear()
        self._install(graph, fresh=True)
        self.file_changed.emit()

    def save(self, path: Path, session: Session) -> None:
        """Write the file; raises FileError, and then nothing is lost."""
        save(self.graph, path, session=session, training=self.training)
        self.path = path
        self.stack.setClean()
        self.file_changed.emit()

    # edits --------------------------------------------------------------------------------------

    def edit(self, text: str, after: Graph, key: tuple | None = None) -> None:
        """Make ``after`` the graph, as one step of undo; those with equal keys in a row merge."""
        if after != self.graph:
            self.stack.push(Edit(self, text, after, key))

    def edit_training(self, text: str, after: Training, key: str | None = None) -> None:
        """Make ``after`` what the graph is trained with, as one step of undo."""
        if after != self.training:
            self.stack.push(TrainingEdit(self, text, after, key))

    def keep_training(self, after: Training) -> None:
        """Note how a run went: it goes into the file, and is no step of undo of its own."""
        self.training = after

    def _install_training(self, training: Training | None) -> None:
        self.training = training
        self.training_changed.emit()

    def remember_sight(self, before: Sight, after: Sight) -> None:
        """Undo and redo of the last edit look at the same again."""
        command = self.stack.command(self.stack.index() - 1)
        if isinstance(command, Edit):
            command.sights = before, after

    def set_value(self, node_id: str, value: Value | None, committed: bool = True) -> None:
        """Give a leaf a value; the changes of one drag (until ``committed``) are one undo step."""
        entry = self.derived.opened.entry(node_id)
        if entry is not None and isinstance(value, float):
            self.set_entry(*entry, value, committed)
            return
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

    def set_opened(
        self, node_id: str, level: str, arranged: Callable[[Graph], Graph] = Graph.like
    ) -> None:
        """Show what is inside a composite at ``level``, or fold it again (LAYERS).

        ``arranged`` gives things other places, as part of the same step of undo.
        """
        node = self.graph.nodes.get(node_id)
        if node is None or node.opened == level or not can_open(node):
            return
        after = replace_node(self.graph, msgspec.structs.replace(node, opened=level))
        self.edit(f"{'Open' if level else 'Fold'} {node.op}", arranged(after))


def replace_node(graph: Graph, node: Node) -> Graph:
    """A graph like ``graph`` with one node exchanged for another of the same id."""
    return graph.like({**graph.nodes, node.id: node})


def _outline(graph: Graph) -> tuple[Any, ...]:
    """Everything but values and places."""
    nodes = [(n.id, n.op, n.inputs, n.name, n.opened, n.attrs) for n in graph.nodes.values()]
    notes = [(note.id, note.text, note.color, note.target) for note in graph.notes.values()]
    return graph.output, nodes, graph.groups, notes


def _places(graph: Graph) -> tuple[Any, ...]:
    return graph.positions, graph.bends, [note.at for note in graph.notes.values()]


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
