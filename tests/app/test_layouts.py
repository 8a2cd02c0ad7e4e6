"""Layouts from a process of their own: asked for, superseded, broken, shut down; no mocks."""

import os
import random
import signal

import pytest

from graphviz_app import child
from graphviz_app.canvas.layout import LayoutTask
from graphviz_app.canvas.layouts import Layouts

WAIT_MS = 10_000


def tangle(count: int, seed: int = 7) -> LayoutTask:
    """A random graph that a quick layout leaves with crossings."""
    chance = random.Random(seed)
    nodes = [str(k) for k in range(count)]
    wires = [(str(chance.randrange(k)), str(k)) for k in range(1, count) for _ in range(2)]
    return LayoutTask(nodes, wires, dict.fromkeys(nodes, (60.0, 44.0)), {}, [])


@pytest.fixture
def layouts(qtbot):
    """Layouts whose process is ended after the test."""
    made = Layouts()
    yield made
    made.shutdown()


def answer(qtbot, layouts, task):
    """The layout that is handed over for ``task``."""
    taken = []
    layouts.ask(task, taken.append)
    qtbot.waitUntil(lambda: bool(taken), timeout=WAIT_MS)
    return taken[0]


def process_of(layouts):
    return layouts._process


def test_the_process_finds_what_a_full_layout_here_would(qtbot, layouts):
    task = tangle(60)
    assert answer(qtbot, layouts, task) == task.arranged()


def test_what_is_there_at_once_has_no_overlaps_and_says_that_it_is_not_final(layouts):
    task = tangle(60)
    quick = layouts.at_once(task)
    assert not quick.final
    assert len(set(quick.centres.values())) == 60


def test_a_layout_that_is_known_is_there_at_once(qtbot, layouts):
    task = tangle(60)
    full = answer(qtbot, layouts, task)
    assert layouts.at_once(task) == full
    taken = []
    layouts.ask(task, taken.append)
    assert taken == [full]


def test_a_small_graph_needs_no_process(layouts):
    taken = []
    layouts.ask(tangle(20), taken.append)
    assert taken == [tangle(20).arranged()]
    assert process_of(layouts) is None


def test_of_layouts_asked_for_in_a_row_the_latest_comes(qtbot, layouts):
    early = []
    for seed in (3, 5, 11):
        layouts.ask(tangle(80, seed), early.append)
    assert answer(qtbot, layouts, tangle(80, 13)) == tangle(80, 13).arranged()
    assert early == []


def test_nobody_is_told_of_a_layout_that_was_given_up(qtbot, layouts):
    taken = []
    layouts.ask(tangle(60), taken.append)
    layouts.forget()
    answer(qtbot, layouts, tangle(60, 11))
    assert taken == []


@pytest.mark.skipif(os.name != "posix", reason="processes are killed otherwise elsewhere")
def test_a_process_that_is_killed_is_started_once_more_then_done_without(qtbot, layouts):
    answer(qtbot, layouts, tangle(40))
    for again in (True, False):
        taken = []
        task = tangle(150, seed=again)
        layouts.ask(task, taken.append)
        os.kill(process_of(layouts).processId(), signal.SIGKILL)
        qtbot.waitUntil(lambda taken=taken: bool(taken), timeout=WAIT_MS)
        assert taken == [task.arranged(quick=not again)]
    assert process_of(layouts) is None


def test_where_no_process_can_be_had_a_quick_layout_has_to_do(qtbot, layouts, monkeypatch):
    monkeypatch.setattr(child, "command", lambda module, verb: ("/no/such/program", []))
    task = tangle(60)
    assert answer(qtbot, layouts, task) == task.arranged(quick=True)


def test_nothing_runs_on_after_the_shutdown(qtbot, layouts):
    answer(qtbot, layouts, tangle(60))
    process = process_of(layouts).processId()
    layouts.shutdown()
    assert process_of(layouts) is None
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


@pytest.mark.skipif(os.name != "posix", reason="ends by itself where its input does")
def test_the_process_ends_with_the_program_that_asks(qtbot, layouts):
    answer(qtbot, layouts, tangle(60))
    process = process_of(layouts)
    process.closeWriteChannel()
    assert process.state() is process.ProcessState.NotRunning or process.waitForFinished(WAIT_MS)
