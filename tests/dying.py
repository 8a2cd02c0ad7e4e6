"""A script whose children are killed while they write, each at another moment.

``dying.py save|autosave FOLDER`` leaves what each child left in a folder of its own: FOLDER/0,
FOLDER/1, and so on.  It forks, so that Python, NumPy and Qt start only once; it is no test itself.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this checkout, not this folder

from engine.files import atomic
from engine.files.project import save
from engine.graph.graph import Graph

NAME = "work.graph.json"


def numbered(value: float, leaves: int) -> Graph:
    """A graph whose every leaf holds ``value``: a file torn between two would show."""
    graph = Graph(name="work")
    for k in range(leaves):
        graph.leaf("input", f"x{k}", value)
    return graph


def folders(root: Path) -> Iterator[Path]:
    """One new folder after the other."""
    for n in range(10_000):
        (root / str(n)).mkdir()
        yield root / str(n)


# ways to die: no handler runs and nothing is flushed, as in a crash ---------------------------


def die() -> None:
    """End this process at once."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_line(line: int, *files: str) -> None:
    """From now on count the lines that run in ``files``, and die before this one of them."""
    left = line

    def trace(frame, event, _argument):
        nonlocal left
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            if left == 0:
                die()
            left -= 1
        return trace

    sys.settrace(trace)


def die_at_byte(byte: int) -> None:
    """From now on die when a file grows beyond ``byte``, in the middle of the system's write."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (byte, byte))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it


def child(work: Callable[[], object]) -> int:
    """Start ``work`` in a process of its own; its number."""
    number = os.fork()
    if number == 0:
        try:
            work()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return number


def status(number: int) -> int:
    """Wait for a child: 0 if it lived to its end, minus the signal if it was killed."""
    found = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    if found > 0:
        raise SystemExit("a child failed, and did not die")
    return found


# what they do meanwhile -----------------------------------------------------------------------


def kill_saving(root: Path) -> None:
    """Saving over the user's file: killed at each line, within a write, and at any time."""
    old, new = numbered(1.0, 3_000), numbered(2.0, 3_000)
    folder = folders(root)

    def fresh() -> Path:
        path = next(folder) / NAME
        save(old, path)
        return path

    def save_until(death: Callable[[], None], path: Path) -> None:
        death()
        save(new, path)

    def save_on_and_on(path: Path, pipe: int) -> None:
        os.write(pipe, b"!")
        while True:
            save(new, path)
            save(old, path)

    line = 0
    while status(child(partial(save_until, partial(die_at_line, line, atomic.__file__), fresh()))):
        line += 1
    size = fresh().stat().st_size
    for byte in range(0, size, size // 20):
        status(child(partial(save_until, partial(die_at_byte, byte), fresh())))
    began = time.perf_counter()
    save(new, fresh())
    usual_s = time.perf_counter() - began
    for k in range(30):
        reading, writing = os.pipe()
        number = child(partial(save_on_and_on, fresh(), writing))
        os.read(reading, 1)
        select.select([], [], [], 2 * usual_s * k / 30)
        os.kill(number, signal.SIGKILL)
        status(number)
        os.close(reading)
        os.close(writing)


def kill_autosaving(root: Path) -> None:
    """A backup of one state, then of the next, killed at each line on the way."""
    from PySide6.QtCore import QCoreApplication

    from graphviz_app import recovery

    states = numbered(1.0, 30), numbered(2.0, 30)

    def edit(line: int, folder: Path) -> None:
        app = QCoreApplication([])
        autosave = recovery.Autosave(folder, app)
        die_at_line(line, atomic.__file__, recovery.__file__)
        for graph in states:
            autosave.changed(graph, Path(NAME))
            autosave.flush()
        autosave.forget()

    folder = folders(root)
    line = 0
    while status(child(partial(edit, line, next(folder)))):
        line += 1


if __name__ == "__main__":
    {"save": kill_saving, "autosave": kill_autosaving}[sys.argv[1]](Path(sys.argv[2]))
