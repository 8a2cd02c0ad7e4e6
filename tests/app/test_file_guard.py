"""The guard of open files: other windows are seen, and versions that others saved."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.files.project import save
from engine.graph.formula import parse
from graphviz_app.file_guard import FileGuard

ROOT = Path(__file__).parents[2]

# A window in another process: claims the file, says whether it could, and stays open.
ANOTHER_WINDOW = """
import sys
from pathlib import Path
from graphviz_app.file_guard import FileGuard
guard = FileGuard(Path(sys.argv[1]))
print(guard.claim(Path(sys.argv[2])), flush=True)
sys.stdin.read()
guard.release()
"""


def another_window(folder: Path, path: Path) -> subprocess.Popen:
    """A process that claimed ``path``, or was told that it is open elsewhere."""
    return subprocess.Popen(
        [sys.executable, "-c", ANOTHER_WINDOW, str(folder), str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def could_claim(window: subprocess.Popen) -> str:
    """What it says."""
    assert window.stdout is not None
    return window.stdout.readline().strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the claims are written down."""
    return tmp_path / "open-files"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A saved file."""
    save(parse("f = a*b", a=1, b=2), tmp_path / "mine.graph.json")
    return tmp_path / "mine.graph.json"


def test_of_two_windows_of_one_process_the_first_has_the_file(folder: Path, path: Path) -> None:
    first, second = FileGuard(folder), FileGuard(folder)
    assert first.claim(path)
    assert first.claim(path), "a window is in its own way"
    assert not second.claim(path)
    assert second.claim(path.with_name("other.graph.json"))
    first.release()
    assert second.claim(path)


def test_of_two_processes_the_first_has_the_file(folder: Path, path: Path) -> None:
    with another_window(folder, path) as window:
        assert could_claim(window) == "True"
        assert not FileGuard(folder).claim(path)
        with another_window(folder, path) as third:
            assert could_claim(third) == "False"
        assert not FileGuard(folder).claim(path), "the one that was refused let it go"
    assert window.returncode == 0
    assert FileGuard(folder).claim(path)


def test_of_many_processes_that_open_a_file_at_once_one_has_it(folder: Path, path: Path) -> None:
    windows = [another_window(folder, path) for _ in range(6)]
    answers = [could_claim(window) for window in windows]
    for window in windows:
        window.communicate()
    assert sorted(answers) == ["False"] * 5 + ["True"]


def test_a_file_of_a_killed_process_is_free(folder: Path, path: Path) -> None:
    with another_window(folder, path) as window:
        assert could_claim(window) == "True"
        window.kill()
    assert FileGuard(folder).claim(path)


def test_a_file_is_the_same_by_each_of_its_names(
    folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard, other = FileGuard(folder), FileGuard(folder)
    assert guard.claim(path)
    monkeypatch.chdir(path.parent)
    assert not other.claim(Path(path.name))
    assert not other.claim(path.parent / "open-files" / ".." / path.name)
    link = path.with_name("link.graph.json")
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("this system makes no links")
    assert not other.claim(link)


def test_the_next_file_takes_the_place_of_the_one_before(folder: Path, path: Path) -> None:
    guard, other = FileGuard(folder), FileGuard(folder)
    after = path.with_name("after.graph.json")
    assert guard.claim(path)
    assert guard.claim(after)
    assert other.claim(path)
    assert not other.claim(after)
    assert not guard.claim(path)
    assert not FileGuard(folder).claim(after), "what cannot be had costs what one has"


def test_nothing_is_left_of_a_claim(folder: Path, path: Path) -> None:
    guard = FileGuard(folder)
    guard.claim(path)
    guard.release()
    guard.release()
    forgotten = FileGuard(folder)
    forgotten.claim(path)
    del forgotten
    assert list(folder.iterdir()) == []


def test_where_claims_cannot_be_written_every_file_is_free(tmp_path: Path, path: Path) -> None:
    folder = tmp_path / "a file" / "open-files"
    folder.parent.write_text("")
    assert FileGuard(folder).claim(path)
    assert FileGuard(folder).claim(path)


def test_where_claims_may_not_be_written_every_file_is_free(folder: Path, path: Path) -> None:
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):
        pytest.skip("this user may write everywhere")
    assert FileGuard(folder).claim(path)
    assert FileGuard(folder).claim(path)


def test_a_version_that_another_saved_is_noticed(folder: Path, path: Path) -> None:
    guard = FileGuard(folder)
    guard.note(path)
    assert not guard.changed_on_disk(path)
    save(parse("f = a+b", a=1, b=2), path)  # of the same size
    assert guard.changed_on_disk(path)
    guard.note(path)
    assert not guard.changed_on_disk(path)


def test_a_version_written_in_place_is_noticed(folder: Path, path: Path) -> None:
    guard = FileGuard(folder)
    guard.note(path)
    found = path.stat()
    path.write_text(path.read_text().replace("1", "7"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    assert guard.changed_on_disk(path)


def test_a_file_that_appeared_is_noticed_and_one_that_is_gone_is_no_loss(
    folder: Path, path: Path
) -> None:
    guard, absent = FileGuard(folder), path.with_name("absent.graph.json")
    guard.note(absent)
    assert not guard.changed_on_disk(absent)
    save(parse("f = a"), absent)
    assert guard.changed_on_disk(absent)
    guard.note(path)
    path.unlink()
    assert not guard.changed_on_disk(path)


def test_of_a_file_that_was_not_noted_nothing_is_said(folder: Path, path: Path) -> None:
    guard = FileGuard(folder)
    assert not guard.changed_on_disk(path)
    guard.note(path.with_name("other.graph.json"))
    assert not guard.changed_on_disk(path)
