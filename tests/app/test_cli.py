"""The command line, run as real processes; bad input gives one sentence and exit code 2."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphviz_app.cli import main
from graphviz_app.resources import example, examples

CIRCUIT = str(example("sigmoid_circuit"))


def run(
    *arguments: str, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess:
    """``graphviz-app`` with these arguments, in its own process."""
    root = str(Path(__file__).resolve().parents[2])
    env = {**os.environ, "PYTHONPATH": root, "PYTHONIOENCODING": "utf-8", **environment}
    return subprocess.run(
        [sys.executable, "-m", "graphviz_app", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=env,
        cwd=cwd,
        timeout=90,
        check=False,
    )


def no_display() -> dict[str, str]:
    """An environment without a screen."""
    return {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


def test_steps_prints_every_step() -> None:
    done = run("steps", CIRCUIT)
    assert done.returncode == 0, done.stderr
    numbered = [line for line in done.stdout.splitlines() if line[:5].strip().isdigit()]
    assert len(numbered) == 26
    assert "0.7311" in done.stdout


def test_steps_as_json_holds_the_exact_numbers() -> None:
    done = run("steps", CIRCUIT, "--json")
    data = json.loads(done.stdout)
    assert data["value"] == pytest.approx(0.7310585786300049, abs=1e-15)
    assert data["gradients"]["w0"] == pytest.approx(-0.19661193324148185, abs=1e-15)
    assert [s["phase"] for s in data["steps"]] == ["forward"] * 13 + ["backward"] * 13


def test_steps_takes_a_formula_and_values() -> None:
    done = run("steps", "f = ab + a", "--set", "a=3", "b=-2", "--json")
    data = json.loads(done.stdout)
    assert (data["value"], data["gradients"]) == (-3.0, {"a": -1.0, "b": 3.0})


@pytest.mark.parametrize("path", examples(), ids=lambda path: path.name)
def test_check_passes_on_every_example(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(path)]) == 0, capsys.readouterr()


def test_check_says_when_there_is_nothing_to_check() -> None:
    done = run("check", "f = 2 + 3")
    assert done.returncode == 0
    assert done.stdout == "There is no input or parameter to check.\n"


def test_check_fails_with_exit_code_1() -> None:
    done = run("check", "f = log(x)", "--set", "x=-1")
    assert done.returncode == 1, done.stdout


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("png", b"\x89PNG"),
        ("svg", b"<?xml"),
        ("pdf", b"%PDF"),
        ("dot", b"digraph"),
        ("tex", b"\\documentclass[tikz"),
    ],
)
def test_render_draws(tmp_path: Path, suffix: str, start: bytes) -> None:
    picture = tmp_path / f"x.{suffix}"
    done = run("render", CIRCUIT, "-o", str(picture), "--theme", "dark", "--step", "20")
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("steps", "nowhere.graph.json"), "nowhere.graph.json"),
        (("steps", "f = (x + y"), "column 5"),
        (("steps", "f = sigmod(x)"), "sigmoid"),
        (("steps", "f = a*b", "--set", "q=1"), "q"),
        (("steps", "f = [1,2] + [1,2,3]"), "3"),
        (("steps", "f = a*b", "--set", "a"), "NAME=NUMBER"),
        (("render", "f = a*b", "-o", "x.gif"), ".png, .svg, .pdf, .dot or .tex"),
        (("render", "f = a*b", "-o", "missing/folder/x.tex"), "folder"),
        (("render", "f = a*b", "-o", "x.dot", "--step", "99"), "99"),
        (("render", "f = a*b", "-o", "missing/folder/x.png"), "folder"),
        (("render", "f = a*b", "-o", "x.png", "--step", "99"), "99"),
        (("one.json", "two.json"), "two.json"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_file_names_its_place(tmp_path: Path) -> None:
    broken = tmp_path / "broken.graph.json"
    broken.write_text('{"version": 1, "nodes": [{"id": "a", "op": 5}]}', encoding="utf-8")
    for verb in ("steps", "check"):
        done = run(verb, str(broken))
        assert done.returncode == 2
        assert "$.nodes[0].op" in done.stderr


def test_without_a_display_it_prints_and_draws(tmp_path: Path) -> None:
    done = run(cwd=tmp_path, **no_display())
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("There is no display")
    assert "0.7311" in done.stdout
    assert (tmp_path / "sigmoid_circuit.png").read_bytes().startswith(b"\x89PNG")


def test_a_display_that_does_not_answer_is_no_abort(tmp_path: Path) -> None:
    done = run(CIRCUIT, cwd=tmp_path, **{**no_display(), "DISPLAY": ":987"})
    assert done.returncode == 0, done.stderr
    assert ":987" in done.stdout


def test_without_a_display_a_broken_file_is_still_exit_code_2(tmp_path: Path) -> None:
    assert run("missing.graph.json", cwd=tmp_path, **no_display()).returncode == 2


def test_version_and_help() -> None:
    assert run("--version").stdout.startswith("graphviz-app ")
    told = run("--help").stdout
    assert all(verb in told for verb in ("steps", "render", "check", "FILE"))


def test_a_source_shows_the_numbers_of_its_step(tmp_path: Path) -> None:
    for suffix in ("dot", "tex"):
        source = tmp_path / f"x.{suffix}"
        formula = ("f = 2ab", "--set", "a=3", "b=5")
        assert run("render", *formula, "-o", str(source), "--step", "0").returncode == 0
        before = source.read_text(encoding="utf-8")
        assert run("render", *formula, "-o", str(source)).returncode == 0
        after = source.read_text(encoding="utf-8")
        assert "3.00" in before
        assert "30.00" not in before
        assert "30.00" in after
        assert "10.00" in after, "the gradient of a or b"


def test_what_needs_no_drawing_imports_no_qt(tmp_path: Path) -> None:
    code = (
        "import sys; from graphviz_app.cli import main; main(['steps', 'f = a*b']);"
        "main(['check', 'f = a*b']); main(['render', 'f = a*b', '-o', sys.argv[1]]);"
        "assert not any(m.startswith('PySide6') for m in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "x.tex")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 0, done.stderr
