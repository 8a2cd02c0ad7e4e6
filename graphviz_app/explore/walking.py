"""The place in the walk, shown: numbers and lights on the canvas, the step in words, its curve."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot

from engine.graph.graph import CONSTANT, Value, Wire
from engine.graph.labels import text_label
from engine.graph.levels import Opened
from engine.graph.notation import latex_name
from engine.graph.owned import owned_leaves
from engine.numerals import number
from engine.run.explain import names_in_step, typeset_name
from engine.run.walk import Phase, Step, Walk
from graphviz_app.canvas.view import GraphView
from graphviz_app.document import Document
from graphviz_app.explore.curve import CurvePlot
from graphviz_app.explore.selection import Selection
from graphviz_app.explore.step_panel import StepPanel
from graphviz_app.explore.tape import TapeTable
from graphviz_app.explore.timeline import Timeline
from graphviz_app.player import Player
from graphviz_app.walk_view import lit_at, numbers_at, numbers_without_walk, tensors_at


class Walking(QObject):
    """Shows the document's walk, as far as the player has come, in the panels it is given.

    Signals: ``example_changed()``, another example of the batch is shown; ``numbers_shown()``,
    values or the place in the walk have changed.
    """

    example_changed = Signal()
    numbers_shown = Signal()

    def __init__(
        self,
        document: Document,
        player: Player,
        selection: Selection,
        view: GraphView,
        timeline: Timeline,
        tape: TapeTable,
        step_panel: StepPanel,
        curve: CurvePlot,
    ) -> None:
        super().__init__(view)
        self._document, self._player, self._selection = document, player, selection
        self._view, self._timeline, self._tape = view, timeline, tape
        self._step_panel, self._curve = step_panel, curve
        self.follows = True  # whether the view keeps the active op in sight
        self.example = 0  # the one of a batch whose numbers are shown
        self._stood: tuple[Walk, int, Opened] | None = (
            None  # the last walk, and where in it one was
        )
        self._wanted: int | None = None  # the place to go to in a walk that is being computed
        player.moved.connect(self.show_place)
        player.playing_changed.connect(timeline.set_playing)
        player.speed_changed.connect(timeline.set_speed)
        timeline.index_requested.connect(player.seek)
        timeline.step_requested.connect(self._step_by)
        timeline.play_toggled.connect(player.toggle)
        timeline.first_requested.connect(player.first)
        timeline.last_requested.connect(player.last)
        timeline.speed_changed.connect(player.set_speed)
        tape.row_chosen.connect(player.seek)
        view.set_reader(self.numbers_of, self.flow_along)
        view.space_tapped.connect(player.step)

    def forget(self) -> None:
        """The next walk is another document's."""
        self._stood = self._wanted = None

    def go(self, index: int) -> None:
        """Show the walk up to step ``index``, as soon as there is one."""
        if self._document.walk is None:
            self._wanted = index
        else:
            self._player.seek(index)

    def show_walk(self) -> None:
        """Show a new walk, at the place where an edit left the last one."""
        walk = self._document.walk
        self._tape.set_walk(walk)
        self._timeline.set_walk(walk.forward_count if walk else 0, len(walk) if walk else 0)
        self._player.set_total(len(walk) if walk else 0, self._same_place(walk))

    def _same_place(self, walk: Walk | None) -> int | None:
        """Where an edit leaves the walk: at the same node, else as far in; None is its end."""
        if walk is None or self._stood is None:
            wanted, self._wanted = self._wanted, None if walk else self._wanted
            return wanted
        before, index, seen = self._stood
        if not 0 <= index < len(before):
            return index if index < 0 else None
        phase, node = before.where(index)
        found = walk.index_of(phase, node)
        if found is None:
            found = self._at_other_level(walk, phase, seen.owner(node))
        return min(index, len(walk) - 1) if found is None else found

    def _at_other_level(self, walk: Walk, phase: Phase, owner: str) -> int | None:
        """The place of what a node of the document is now: where it has its value, in the
        backward pass where its gradient arrives.
        """
        opened = self._document.derived.opened
        places = (walk.index_of(phase, i) for i in walk.nodes if opened.owner(i) == owner)
        found = [place for place in places if place is not None]
        if not found:
            return None
        return max(found) if phase is Phase.FORWARD else min(found)

    @Slot(int)
    def show_place(self, index: int) -> None:
        """Show the walk up to step ``index``."""
        walk = self._document.walk
        if walk is None:
            self._view.set_active(None, Phase.FORWARD, [])
            self._curve.show_step(None, [])
            self.show_numbers()
            return
        self._stood = walk, index, self._document.derived.opened
        active, phase, wires = lit_at(walk, index)
        self._view.set_active(active, phase, wires)
        if active is not None and self.follows:
            self._view.follow(active)
        self._timeline.set_index(min(index, len(walk) - 1))
        self._timeline.set_caption(self._caption(index))
        self._tape.set_index(min(index, len(walk) - 1))
        self.show_numbers()

    @Slot(int)
    def show_example(self, example: int) -> None:
        """Show the numbers of another example of the batch."""
        self.example = example
        self.show_numbers()
        self.example_changed.emit()

    def show_numbers(self) -> None:
        """All that changes while a value is dragged and the place in the walk stays."""
        self._show_numbers()
        self.numbers_shown.emit()

    def _show_numbers(self) -> None:
        walk, index = self._document.walk, self._player.index
        if walk is None:
            derived = self._document.derived
            self._view.set_texts(*numbers_without_walk(derived.known, self._view.model.ids))
            self._view.set_tensors({i: (v, None) for i, v in derived.known.items()})
            self._step_panel.show_missing(derived.missing)
            return
        model, opened = self._view.model, self._document.derived.opened
        examples = opened.apart if opened.batch > 1 else ()
        tiles = [model.ids[k] for k in model.tiles]
        self._view.set_tensors(tensors_at(walk, tiles, index))
        self._view.set_texts(*numbers_at(walk, model.ids, index, examples, self.example))
        self._explain(walk.steps[index] if 0 <= index < len(walk) else None)

    def numbers_of(self, node_id: str) -> tuple[Value | None, Value | None] | None:
        """A shown node's (value, gradient) as far as the walk has come."""
        walk = self._document.walk
        if walk is None:
            return self._document.derived.known.get(node_id), None
        if node_id not in walk.nodes:
            return None
        values, gradients = walk.seen_at(self._player.index)
        if walk.nodes[node_id].op == CONSTANT:
            return values.get(node_id), None
        # 0 is the gradient of what the output does not depend on, but only the end can tell
        done = self._player.done
        return values.get(node_id), walk.gradient(node_id) if done else gradients.get(node_id)

    def flow_along(self, wire: Wire) -> Value | None:
        """What has flowed back along a shown wire as far as the walk has come."""
        walk = self._document.walk
        return None if walk is None else walk.terms_at(self._player.index).get(wire)

    def reached(self, phase: Phase, node_id: str) -> bool:
        """Whether the walk has taken the node's step of a pass."""
        walk = self._document.walk
        place = walk.index_of(phase, node_id) if walk else None
        return place is not None and place <= self._player.index

    def _caption(self, index: int) -> str:
        walk = self._document.walk
        assert walk is not None
        if index < 0:
            return "Press Space for the first step"
        if index >= len(walk):
            return "Done · Space starts again"
        _, node = walk.where(index)
        return text_label(self._document.shown, node)

    def _explain(self, step: Step | None) -> None:
        walk = self._document.walk
        assert walk is not None
        if step is None:
            self._step_panel.show_step(None, latex_name, self._summary())
            self.show_curve()
            return
        own, inputs = names_in_step(step, walk)
        names = {step.node: own, **dict(zip(step.inputs, inputs, strict=True))}
        names[walk.output] = walk.nodes[walk.output].name or "f"
        self._step_panel.show_step(
            step,
            lambda i: typeset_name(names.get(i, i)),
            text_label(self._document.shown, step.node),
        )
        self.show_curve()

    def _summary(self) -> str:
        walk = self._document.walk
        if walk is None or not self._player.done:
            return ""
        name = walk.nodes[walk.output].name or "f"
        return f"{name} = {number(walk.value(walk.output))}"

    def _curve_step(self) -> Step | None:
        """Whose curve is shown: the active op's, else the selection's, in the end the output's.

        None where the walk has not come to it.
        """
        walk, index = self._document.walk, self._player.index
        if walk is None or index < 0:
            return None
        if index < len(walk) and walk.steps[index].inputs:
            return walk.steps[index]
        for node in (self._selection.current, walk.output if self._player.done else ""):
            place = walk.index_of(Phase.BACKWARD, node) if node else None
            if place is not None and self.reached(Phase.FORWARD, node) and walk[place].inputs:
                return walk[place]
        return None

    def show_curve(self) -> None:
        """The curve of the step, or of what is selected."""
        walk, step = self._document.walk, self._curve_step()
        if step is None or walk is None:
            self._curve.show_step(None, [])
            return
        _, inputs = names_in_step(step, walk)
        constants = [k for k, i in enumerate(step.inputs) if walk.nodes[i].op == CONSTANT]
        self._curve.show_step(step, list(inputs), constants)

    def step_layer(self, way: int) -> None:
        """To the last step of the next layer (1), or back to the first of this one (−1)."""
        walk = self._document.walk
        if walk is None:
            return
        index = -1 if way > 0 and self._player.done else min(self._player.index, len(walk))
        at = index + way
        while 0 <= at + way < len(walk) and self._layer_at(walk, at + way) == self._layer_at(
            walk, at
        ):
            at += way
        self._player.seek(max(-1, min(at, len(walk))))

    def _layer_at(self, walk: Walk, index: int) -> tuple[Phase, str]:
        """The pass, and the node of the document whose weights count as its own."""
        phase, node = walk.where(index)
        owner = self._document.derived.opened.owner(node)
        return phase, owned_leaves(self._document.graph).get(owner, owner)

    def step_pass(self) -> None:
        """To the end of the forward pass, from there to the end of the walk."""
        walk = self._document.walk
        if walk is not None:
            last = walk.forward_count - 1
            self._player.seek(last if self._player.done or self._player.index < last else len(walk))

    @Slot(int)
    def _step_by(self, steps: int) -> None:
        self._player.step() if steps > 0 else self._player.back()
