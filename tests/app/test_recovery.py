"""Unsaved changes outlive whatever ends the app, and nothing else of them does."""

import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QThreadPool, QTimer

from engine.errors import FileError
from engine.files.records import MAX_NODES
from engine.graph.formula import parse
from engine.graph.graph import Graph
from graphviz_app import recovery
from graphviz_app.recovery import Autosave, LeftBehind, find_left_behind

ROOT = Path(__file__).parents[2]
DYING = Path(__file__).parents[1] / "dying.py"
MINE = Path("/home/me/mine.graph.json").absolute()
CIRCUIT = "f = sigmoid(w0*x0 + w1*x1 + w2)"

# A window in another process: makes two edits, says that both are in the copy, and stays open
# until its input ends; then it closes as its argument says.
ANOTHER_WINDOW = f"""
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QEventLoop
from engine.graph.formula import parse
from graphviz_app import recovery
app = QCoreApplication([])
recovery.PAUSE_MS = 1
autosave = recovery.Autosave(Path(sys.argv[1]))
autosave.changed(parse("f = a"), None)
autosave.changed(parse("{CIRCUIT}", w0=2.5), Path("{MINE.as_posix()}"))
until = QEventLoop()
autosave.written.connect(until.quit)
until.exec()
print("written", flush=True)
sys.stdin.read()
if sys.argv[2] == "clean":
    autosave.forget()
"""


def another_window(folder: Path, end: str) -> subprocess.Popen:
    """A process with unsaved changes, which are in its copy by now."""
    process = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_WINDOW, str(folder), end],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where copies go; it is made when it is needed."""
    return tmp_path / "recovery"


@pytest.fixture
def autosave(qtbot, folder: Path):
    """The autosave of one open document."""
    made = Autosave(folder)
    yield made
    QThreadPool.globalInstance().waitForDone()
    made.forget()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies are written as soon as the user pauses at all."""
    monkeypatch.setattr(recovery, "PAUSE_MS", 1)


def leave_behind(folder: Path, graph: Graph, original: Path | None = None) -> LeftBehind:
    """What a window leaves that ends without saving."""
    before = {left.path for left in find_left_behind(folder)}
    autosave = Autosave(folder)
    autosave.changed(graph, original)
    autosave.flush()
    del autosave
    (left,) = [left for left in find_left_behind(folder) if left.path not in before]
    return left


def copies(folder: Path) -> list[Path]:
    """The copies, left behind or not."""
    return list(folder.glob("*.graph.json"))


def about_of(left: LeftBehind) -> Path:
    """The file that says what it is a copy of."""
    return left.path.with_name(left.path.name.replace(".graph.json", ".about.json"))


# a crash --------------------------------------------------------------------------------------


def test_a_killed_process_leaves_its_changes_to_the_next(folder: Path) -> None:
    began = datetime.now(UTC)
    with another_window(folder, "killed") as window:
        assert find_left_behind(folder) == [], "the window is still open"
        window.kill()
    (left,) = find_left_behind(folder)
    assert left.graph() == parse(CIRCUIT, w0=2.5)
    assert (left.original, left.title, left.nodes) == (MINE, "mine", len(left.graph().nodes))
    assert began <= left.saved_at <= datetime.now(UTC)
    left.discard()
    assert list(folder.iterdir()) == []


def test_a_process_that_ends_without_giving_changes_up_leaves_them(folder: Path) -> None:
    with another_window(folder, "careless"):
        pass
    (left,) = find_left_behind(folder)
    assert left.graph() == parse(CIRCUIT, w0=2.5)


def test_a_clean_exit_leaves_nothing(folder: Path) -> None:
    with another_window(folder, "clean") as window:
        pass
    assert window.returncode == 0
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the moments of death are made by forking")
def test_a_process_killed_at_any_line_of_a_backup_leaves_a_whole_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DYING), "autosave", str(tmp_path)], check=True, timeout=90)
    states = []
    for n in range(len(list(tmp_path.iterdir()))):
        left = find_left_behind(tmp_path / str(n))
        values = [{node.value for node in each.graph().nodes.values()} for each in left]
        states.append(values[0] if values else set())
        assert len(left) <= 1
        assert states[-1] in (set(), {1.0}, {2.0})
    runs = [state for k, state in enumerate(states) if k == 0 or state != states[k - 1]]
    assert runs == [set(), {1.0}, {2.0}, set()], "before, the first, the second, given up"
    assert list((tmp_path / str(len(states) - 1)).iterdir()) == [], "this one lived"


# when a copy is written -----------------------------------------------------------------------


def test_a_document_without_changes_touches_no_disk(folder: Path, autosave: Autosave) -> None:
    autosave.flush()
    autosave.forget()
    assert not folder.exists()


def test_a_pause_writes_the_last_change_once(
    qtbot, folder: Path, autosave: Autosave, hurried: None
) -> None:
    written = []
    autosave.written.connect(lambda: written.append(1))
    with qtbot.waitSignal(autosave.written):
        for k in range(50):
            autosave.changed(parse("f = a*b", a=k), None)
    (copy,) = copies(folder)
    assert recovery.load(copy).nodes["a"].value == 49
    assert written == [1]


def test_work_without_a_pause_is_backed_up_too(
    qtbot, folder: Path, autosave: Autosave, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "PAUSE_MS", 60_000)
    monkeypatch.setattr(recovery, "LONGEST_MS", 100)
    changes = iter(range(1_000_000))
    ticking = QTimer()
    ticking.timeout.connect(lambda: autosave.changed(parse("f = a", a=next(changes)), None))
    ticking.start(5)
    qtbot.waitUntil(lambda: bool(copies(folder)))
    ticking.stop()
    assert next(changes) > 3, "it was written at the first change"


def test_it_waits_for_a_pause_but_not_for_ever() -> None:
    assert (recovery.PAUSE_MS, recovery.LONGEST_MS) == (3_000, 15_000)


def test_the_window_does_not_wait_for_the_disk(
    qtbot, autosave: Autosave, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    replace = recovery.replace_file

    def noting(path: Path, data: bytes) -> None:
        threads.append(threading.current_thread())
        replace(path, data)

    monkeypatch.setattr(recovery, "replace_file", noting)
    with qtbot.waitSignal(autosave.written):
        autosave.changed(parse("f = a"), None)
    assert threads
    assert threading.main_thread() not in threads


@pytest.fixture
def slow_first_copy(monkeypatch: pytest.MonkeyPatch):
    """The first copy is not ready before the test says so; two events: begun, may go on."""
    begun, may_go_on = threading.Event(), threading.Event()
    encode = recovery.graph_bytes

    def slow(graph: Graph) -> bytes:
        if not begun.is_set():
            begun.set()
            assert may_go_on.wait(30)
        return encode(graph)

    monkeypatch.setattr(recovery, "graph_bytes", slow)
    yield begun, may_go_on
    may_go_on.set()


def test_a_slow_copy_never_replaces_a_later_one(
    qtbot, folder: Path, autosave: Autosave, hurried: None, slow_first_copy
) -> None:
    begun, may_go_on = slow_first_copy
    autosave.changed(parse("f = a", a=1), None)
    qtbot.waitUntil(begun.is_set)
    autosave.changed(parse("f = a", a=2), None)
    autosave.flush()
    may_go_on.set()
    QThreadPool.globalInstance().waitForDone()
    (copy,) = copies(folder)
    assert recovery.load(copy).nodes["a"].value == 2


def test_a_slow_copy_of_what_was_given_up_is_not_written(
    qtbot, folder: Path, autosave: Autosave, hurried: None, slow_first_copy
) -> None:
    begun, may_go_on = slow_first_copy
    autosave.changed(parse("f = a", a=1), None)
    qtbot.waitUntil(begun.is_set)
    autosave.forget()
    may_go_on.set()
    QThreadPool.globalInstance().waitForDone()
    assert not folder.exists()


def test_a_window_may_close_while_its_copy_is_written(
    qtbot, folder: Path, hurried: None, slow_first_copy
) -> None:
    begun, may_go_on = slow_first_copy
    autosave = Autosave(folder)
    autosave.changed(parse("f = a", a=1), None)
    qtbot.waitUntil(begun.is_set)
    del autosave
    may_go_on.set()
    QThreadPool.globalInstance().waitForDone()
    (left,) = find_left_behind(folder)
    assert left.graph() == parse("f = a", a=1)


def test_what_is_given_up_is_gone_and_what_comes_after_is_kept(
    folder: Path, autosave: Autosave
) -> None:
    autosave.changed(parse("f = a", a=1), None)
    autosave.flush()
    autosave.forget()
    assert list(folder.iterdir()) == []
    autosave.changed(parse("f = a", a=2), None)
    autosave.flush()
    assert find_left_behind(folder) == [], "the document is open"
    (copy,) = copies(folder)
    assert recovery.load(copy).nodes["a"].value == 2


def test_two_documents_keep_copies_of_their_own(folder: Path, autosave: Autosave) -> None:
    other = leave_behind(folder, parse("f = b"))
    autosave.changed(parse("f = a"), None)
    autosave.flush()
    assert len(copies(folder)) == 2
    assert find_left_behind(folder) == [other]
    autosave.forget()
    assert find_left_behind(folder) == [other]


# a disk that will not -------------------------------------------------------------------------


def test_a_full_disk_is_told_once_until_it_works_again(
    qtbot, folder: Path, autosave: Autosave, full_disk
) -> None:
    told = []
    autosave.failed.connect(told.append)
    autosave.changed(parse(CIRCUIT, w0=1), MINE)
    autosave.flush()
    for size in (500, 100):
        with full_disk(size):
            for value in (2, 3):
                autosave.changed(parse(CIRCUIT, w0=value), MINE)
                autosave.flush()
            (copy,) = copies(folder)
            assert recovery.load(copy).nodes["w0"].value == 1, "the copy before is lost"
    assert told == ["Your changes cannot be backed up: file too large. Save the file to keep them."]
    with qtbot.waitSignal(autosave.written):
        autosave.flush()
    assert recovery.load(copy).nodes["w0"].value == 3
    with full_disk(500):
        autosave.changed(parse(CIRCUIT, w0=4), MINE)
        autosave.flush()
    assert len(told) == 2


def test_a_disk_that_was_full_from_the_start_is_told(
    folder: Path, autosave: Autosave, full_disk
) -> None:
    told = []
    autosave.failed.connect(told.append)
    with full_disk(0):
        autosave.changed(parse(CIRCUIT), None)
        autosave.flush()
    assert len(told) == 1
    assert "the disk may be full" in told[0]
    assert list(folder.iterdir()) == []


def test_a_failure_in_a_thread_is_told(
    qtbot, tmp_path: Path, hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("")
    autosave = Autosave(tmp_path / "a file" / "recovery")
    with qtbot.waitSignal(autosave.failed) as told:
        autosave.changed(parse("f = a"), None)
    assert told.args == [
        "Your changes cannot be backed up: not a directory. Save the file to keep them."
    ]


def test_a_read_only_folder_is_told_and_the_copy_in_it_stays(
    folder: Path, autosave: Autosave
) -> None:
    told = []
    autosave.failed.connect(told.append)
    autosave.changed(parse("f = a", a=1), None)
    autosave.flush()
    folder.chmod(0o500)
    try:
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
        autosave.changed(parse("f = a", a=2), None)
        autosave.flush()
        (copy,) = copies(folder)
        assert recovery.load(copy).nodes["a"].value == 1
        fresh = Autosave(folder)
        fresh.failed.connect(told.append)
        fresh.changed(parse("f = b"), None)
        fresh.flush()
        assert find_left_behind(folder) == []
    finally:
        folder.chmod(0o700)
    reason = "Your changes cannot be backed up: permission denied. Save the file to keep them."
    assert told == [reason, reason]


def test_a_graph_that_no_file_can_hold_is_told(autosave: Autosave) -> None:
    told = []
    autosave.failed.connect(told.append)
    graph = Graph()
    for k in range(MAX_NODES + 1):
        graph.leaf("input", f"x{k}", 0.0)
    autosave.changed(graph, None)
    autosave.flush()
    assert len(told) == 1
    assert told[0].startswith("Your changes cannot be backed up. The graph cannot be written: ")


# what is found --------------------------------------------------------------------------------


def test_without_a_folder_nothing_was_left_behind(folder: Path) -> None:
    assert find_left_behind(folder) == []
    assert find_left_behind() == []
    assert not folder.exists()


def test_the_newest_comes_first(folder: Path) -> None:
    names = [leave_behind(folder, parse(f"{name} = a")).path for name in "fgh"]
    assert [left.path for left in find_left_behind(folder)] == names[::-1]


def test_a_title_is_the_graphs_name_or_its_files_or_untitled(folder: Path) -> None:
    named = parse("f = a")
    named.name = "Lecture 3"
    assert leave_behind(folder, named, MINE).title == "Lecture 3"
    assert leave_behind(folder, parse("f = a"), MINE).title == "mine"
    assert leave_behind(folder, parse("f = a")).title == "untitled"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_file_whose_name_is_no_text_is_found_again(folder: Path) -> None:
    original = Path(os.fsdecode(b"/home/me/caf\xe9.graph.json"))
    left = leave_behind(folder, parse("f = a"), original)
    assert (left.original, left.title) == (original, "caf?")


def test_a_copy_speaks_for_itself_where_nothing_is_said_about_it(folder: Path) -> None:
    graph = parse("f = a*b")
    graph.name = "mine"
    left = leave_behind(folder, graph, MINE)
    about_of(left).unlink()
    (found,) = find_left_behind(folder)
    assert found.graph() == graph
    assert (found.original, found.title, found.nodes) == (None, "mine", 3)
    assert abs(found.saved_at - left.saved_at) < timedelta(seconds=5)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 400), st.binary(max_size=6), st.booleans(), st.booleans())
def test_damaged_leftovers_are_unreadable_or_skipped(
    folder: Path, size: int, rubbish: bytes, harm_copy: bool, harm_about: bool
) -> None:
    left = leave_behind(folder, parse("f = a*b", a=1, b=2))
    for path, harmed in ((left.path, harm_copy), (about_of(left), harm_about)):
        if harmed:
            path.write_bytes(path.read_bytes()[:size] + rubbish)
    for found in find_left_behind(folder):
        try:
            graph = found.graph()
        except FileError:
            assert harm_copy
        else:
            assert harm_copy or graph == parse("f = a*b", a=1, b=2)
    left.discard()
    assert find_left_behind(folder) == []


def test_other_things_in_the_folder_do_no_harm(folder: Path) -> None:
    left = leave_behind(folder, parse("f = a"))
    (folder / "x.graph.json").mkdir()
    (folder / "y.about.json").mkdir()
    (folder / ".graph.json").write_text("")
    (folder / "notes.txt").write_text("mine")
    assert find_left_behind(folder) == [left]
    assert (folder / "notes.txt").exists()


def test_a_leftover_that_is_discarded_twice_is_gone(folder: Path) -> None:
    left = leave_behind(folder, parse("f = a"))
    left.discard()
    left.discard()
    with pytest.raises(FileError, match="There is no file"):
        left.graph()


def age(path: Path, days: float) -> None:
    """Make a file look as if it was last written so long ago."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then))


def test_leftovers_are_kept_for_thirty_days(folder: Path) -> None:
    old, older = (leave_behind(folder, parse("f = a")) for _ in range(2))
    age(old.path, 29.9)
    age(older.path, 30.1)
    assert find_left_behind(folder) == [old]
    assert not about_of(older).exists()
    assert not older.path.exists()


def test_the_copy_of_an_open_document_is_kept_however_old(folder: Path, autosave: Autosave) -> None:
    autosave.changed(parse("f = a"), None)
    autosave.flush()
    for path in folder.iterdir():
        age(path, 400)
    assert find_left_behind(folder) == []
    assert len(copies(folder)) == 1


def test_what_a_dead_process_never_finished_is_cleared_away(folder: Path) -> None:
    folder.mkdir()
    for name in (".0123456789abcdef.tmp", ".fedcba9876543210.tmp", "gone.about.json", "gone.lock"):
        (folder / name).write_text("half a")
    age(folder / ".0123456789abcdef.tmp", 2)
    age(folder / "gone.lock", 2)
    assert find_left_behind(folder) == []
    assert [path.name for path in folder.iterdir()] == [".fedcba9876543210.tmp"], "may be alive"
