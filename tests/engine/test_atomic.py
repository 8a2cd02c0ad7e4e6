"""Whatever happens while a file is saved, it is there whole: the old one or the new one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import FileError
from engine.files.project import load, save
from engine.graph.graph import Graph

DYING = Path(__file__).parents[1] / "dying.py"


def values(path: Path) -> set[object]:
    """The different numbers in a saved graph: one, unless two versions were mixed."""
    return {node.value for node in load(path).nodes.values()}


def numbered(value: float) -> Graph:
    """A graph of some kilobytes whose every leaf holds ``value``."""
    graph = Graph()
    for k in range(100):
        graph.leaf("input", f"x{k}", value)
    return graph


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the moments of death are made by forking")
def test_a_process_killed_while_saving_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DYING), "save", str(tmp_path)], check=True, timeout=90)
    left = [values(path) for path in tmp_path.glob("*/work.graph.json")]
    assert len(left) == len(list(tmp_path.iterdir())) > 60
    assert all(each in ({1.0}, {2.0}) for each in left)
    assert {1.0} in left
    assert {2.0} in left
    unfinished = [path.stat().st_size for path in tmp_path.glob("*/.*.tmp")]
    assert len({size for size in unfinished if size}) > 15, "none died in the middle of a write"


def test_a_disk_that_fills_up_while_saving_keeps_the_old_file(tmp_path: Path, full_disk) -> None:
    path = tmp_path / "work.graph.json"
    save(numbered(1.0), path)
    for size in (0, 1, 1_000, path.stat().st_size - 1):
        with full_disk(size), pytest.raises(FileError, match=r"was not saved: .*; save it some"):
            save(numbered(2.0), path)
        assert values(path) == {1.0}
        assert list(tmp_path.iterdir()) == [path], "something unfinished was left"
    save(numbered(2.0), path)
    assert values(path) == {2.0}
