"""Locks in the app's folder: they end with the process that took them, and never before."""

import os
import subprocess
import sys
from pathlib import Path

from graphviz_app.app_data import app_data, held_by_another, make_private, take_lock

ROOT = Path(__file__).parents[2]
LONG_AGO = 1_000_000_000.0

# Takes the lock, says so, and keeps it until its input ends.
HOLDS_A_LOCK = """
import sys
from pathlib import Path
from graphviz_app.app_data import take_lock
lock = take_lock(Path(sys.argv[1]))
print("held" if lock.isLocked() else "not held", flush=True)
sys.stdin.read()
"""


def holder(path: Path) -> subprocess.Popen:
    """Another process that holds the lock ``path``."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_LOCK, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_what_tests_keep_is_not_the_users() -> None:
    assert app_data().name == "graphviz-app"
    if sys.platform == "linux":
        assert app_data().parent == Path(os.environ["XDG_DATA_HOME"])


def test_others_cannot_look_into_a_private_folder(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_private(folder)
    make_private(folder)
    if os.name == "posix":
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    first = take_lock(tmp_path / "one.lock")
    os.utime(tmp_path / "one.lock", (LONG_AGO, LONG_AGO))  # and it may be held for years
    second = take_lock(tmp_path / "one.lock")
    assert first.isLocked()
    assert held_by_another(second)
    first.unlock()
    assert take_lock(tmp_path / "one.lock").isLocked()


def test_a_lock_of_another_process_ends_when_that_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "one.lock"
    with holder(path) as process:
        os.utime(path, (LONG_AGO, LONG_AGO))
        assert held_by_another(take_lock(path))
        process.kill()
    assert path.exists()
    assert take_lock(path).isLocked()


def test_a_lock_of_the_dead_is_free_though_their_process_number_is_in_use_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "one.lock"
    lock = take_lock(path)
    text = path.read_text()  # names this process, which lives
    lock.unlock()
    path.write_text(text)
    os.utime(path, (LONG_AGO, LONG_AGO))
    assert take_lock(path).isLocked()


def test_where_no_lock_can_be_written_nobody_holds_it(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "no such folder" / "one.lock")
    assert not lock.isLocked()
    assert not held_by_another(lock)
