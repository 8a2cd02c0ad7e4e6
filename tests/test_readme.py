"""The README is true: its commands run, its Python runs, and what it points to exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [
    line.split("  #")[0].split(" # ")[0].strip()
    for language, block in BLOCKS
    for line in block.splitlines()
    if language == "sh" and line.startswith("graphviz-app")
]


PYTHON = [block for language, block in BLOCKS if language == "python"]


def environment() -> dict[str, str]:
    """No screen: a command that would open a window prints instead."""
    none = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    return {**os.environ, **none, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def test_there_are_commands_to_test() -> None:
    assert len(COMMANDS) >= 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One folder for all commands: a later one may use what an earlier one wrote."""
    made = tmp_path_factory.mktemp("readme")
    (made / "examples").symlink_to(ROOT / "examples")
    return made


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_runs(command: str, folder: Path) -> None:
    arguments = [sys.executable, "-m", "graphviz_app", *shlex.split(command)[1:]]
    done = subprocess.run(
        arguments, capture_output=True, text=True, encoding="utf-8", cwd=folder,
        env=environment(), timeout=90, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_notebook_lines_give_what_their_comments_say(tmp_path: Path) -> None:
    code = next(block for block in PYTHON if "engine.gradcheck" in block)
    code += "\nassert walk.value('f') == 0.7310585786300049\n"
    code += "assert walk.gradient('w0') == -0.19661193324148185\n"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8",
        cwd=tmp_path, env=environment(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine.graph.json").exists()


@pytest.mark.parametrize("block", PYTHON, ids=lambda block: block.split("\n")[0])
def test_every_block_of_python_runs(block: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", block], capture_output=True, text=True, encoding="utf-8",
        cwd=tmp_path, env=environment(), timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", TEXT))))
def test_what_it_points_to_exists(target: str) -> None:
    assert (ROOT / target).exists()
