"""Work in threads: one piece at a time, the latest counts, and what goes wrong is heard."""

import gc
import threading

from pytestqt.exceptions import capture_exceptions

from graphviz_app.background import LatestWork


def test_of_what_is_asked_meanwhile_only_the_last_is_run(qtbot):
    work, go, taken = LatestWork(), threading.Event(), []

    def first():
        assert go.wait(10)
        return 1

    work.ask(first, taken.append)
    work.ask(lambda: 2, taken.append)
    work.ask(lambda: 3, taken.append)
    go.set()
    qtbot.waitUntil(lambda: taken[-1:] == [3])
    assert taken == [1, 3]


def test_what_has_not_begun_can_be_forgotten(qtbot):
    work, go, taken = LatestWork(), threading.Event(), []
    work.ask(lambda: go.wait(10), taken.append)
    work.ask(lambda: 2, taken.append)
    work.forget()
    go.set()
    qtbot.waitUntil(lambda: bool(taken))
    work.ask(lambda: 3, taken.append)
    qtbot.waitUntil(lambda: len(taken) == 2)
    assert taken == [True, 3]


def test_what_is_raised_is_raised_where_it_is_heard_and_the_next_piece_runs(qtbot):
    work, taken = LatestWork(), []
    with capture_exceptions() as caught:
        work.ask(lambda: 1 / 0, taken.append)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
    work.ask(lambda: 2, taken.append)
    qtbot.waitUntil(lambda: taken == [2])


def test_no_garbage_is_collected_in_a_thread(qtbot):
    """Qt objects among it would be destroyed in the wrong thread."""
    work, go, seen = LatestWork(), threading.Event(), []

    def piece():
        assert go.wait(10)
        return gc.isenabled()

    work.ask(piece, seen.append)
    assert not gc.isenabled()
    go.set()
    qtbot.waitUntil(lambda: seen == [False])
    assert gc.isenabled()


def test_who_is_gone_is_not_told(qtbot):
    import shiboken6

    work, go, ended = LatestWork(), threading.Event(), threading.Event()

    def piece():
        assert go.wait(10)
        ended.set()

    work.ask(piece, lambda result: None)
    shiboken6.delete(work)
    go.set()
    assert ended.wait(10)
