"""Training from the command line, as real processes: train, evaluate, compare, script."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import engine
from engine.layers.network import sequential
from graphviz_app.resources import example

ROOT = Path(__file__).resolve().parents[2]
FORMULA = "σ(w0x0 + w1x1 + w2)"
ENDLESS = "1000000"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "graphviz_app", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, encoding="utf-8", cwd=folder,
        env=environment(), timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def net(tmp_path) -> Path:
    """A 2-4-1 network in a file."""
    layers = [("Dense", {"units": 4, "activation": "tanh"}), ("Dense", {"units": 1})]
    engine.save(sequential(layers, (4, 2), 0), tmp_path / "net.graph.json")
    return tmp_path


def test_train_writes_a_run_that_evaluate_reads(net):
    done = run(
        net, "train", "net.graph.json", "--data", "circle", "--optimizer", "adam", "--lr", "0.03",
        "--epochs", "40", "--batch", "32", "--device", "auto", "--validation", "0.25",
        "--out", "run.json", "--csv", "history.csv",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len((net / "history.csv").read_text(encoding="utf-8").splitlines()) == 41
    record = json.loads((net / "run.json").read_text(encoding="utf-8"))["training"]
    assert engine.load(net / "run.json").nodes["W1"].value.shape == (2, 4)
    assert record["settings"]["rate"] == 0.03
    assert record["data"]["name"] == "circle"
    assert len(record["history"]["epochs"]["loss"]) == 40
    assert record["result"]["epoch"] == 40
    assert not (net / "run.json.unfinished").exists()
    seen = run(net, "evaluate", "run.json")
    assert seen.returncode == 0, seen.stderr
    training, validation = seen.stdout.splitlines()
    assert f"loss {record['result']['loss']:.6g}" in training
    assert "(150 rows)" in training
    assert f"loss {record['result']['val_loss']:.6g}" in validation
    other = run(net, "evaluate", "run.json", "--data", "moons")
    assert other.returncode == 0, other.stderr
    assert other.stdout != seen.stdout


def test_a_typed_formula_trains_and_says_how_it_went(tmp_path):
    done = run(
        tmp_path, "train", FORMULA, "--data", "gaussians", "--lr", "1", "--epochs", "20",
        "--data-set", "count=50", "noise=0.2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "accuracy 1" in done.stdout


def test_a_csv_file_is_data_too(tmp_path):
    draws = np.random.RandomState(0)
    rows = [
        f"{a:.4f},{b:.4f},{'up' if a + b > 0 else 'down'}" for a, b in draws.normal(size=(60, 2))
    ]
    (tmp_path / "points.csv").write_text("a,b,way\n" + "\n".join(rows) + "\n", encoding="utf-8")
    done = run(tmp_path, "train", FORMULA, "--data", "points.csv", "--lr", "0.5", "--epochs", "100")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout


def test_ctrl_c_keeps_what_was_learned(net):
    process = subprocess.Popen(
        command("train", "net.graph.json", "--data", "moons", "--epochs", ENDLESS, "--out=r.json"),
        cwd=net, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip
    wait_for(net / "r.json.unfinished" / "state", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "what was learned until then is kept" in out
    assert "Traceback" not in err
    record = json.loads((net / "r.json").read_text(encoding="utf-8"))["training"]
    assert record["result"]["epoch"] >= 1
    assert record["ended"] == ""


def wait_for(path: Path, process: subprocess.Popen) -> None:
    """Until a file is there; the process must be alive."""
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        os.sched_yield()


def test_a_run_that_is_killed_goes_on_from_its_last_epoch_as_if_nothing_had_been(net):
    arguments = (
        "train", "net.graph.json", "--data", "moons", "--seed", "5", "--batch", "16",
        "--validation", "0.2", "--out",
    )  # fmt: skip
    process = subprocess.Popen(
        command(*arguments, "killed.json", "--epochs", ENDLESS), cwd=net, env=environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    folder = net / "killed.json.unfinished"
    wait_for(folder / "state", process)
    process.kill()
    process.communicate(timeout=60)
    again = run(net, *arguments, "killed.json", "--epochs", "3")
    assert again.returncode == 2
    assert "--resume" in again.stderr
    from engine.training.snapshots import read_checkpoint

    reached = read_checkpoint(folder)["counts"][0]
    epochs = str(reached + 3)
    resumed = run(net, *arguments, "killed.json", "--epochs", epochs, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert f"Going on after epoch {reached}." in resumed.stdout
    whole = run(net, *arguments, "whole.json", "--epochs", epochs)
    assert whole.returncode == 0, whole.stderr
    records = [
        json.loads((net / name).read_text(encoding="utf-8"))
        for name in ("killed.json", "whole.json")
    ]
    for run_ in (record["training"] for record in records):
        del run_["result"]["seconds"], run_["history"]["epochs"]["seconds"]
        del run_["settings"]["epochs"]
    assert records[0]["nodes"] == records[1]["nodes"]
    assert records[0]["training"]["result"] == records[1]["training"]["result"]
    assert records[0]["training"]["history"] == records[1]["training"]["history"]


def test_divergence_is_told_with_exit_code_1(tmp_path):
    done = run(
        tmp_path, "train", "w0x + w1", "--data", "linreg", "--optimizer", "sgd", "--lr", "1e30",
        "--epochs", "30", "--batch", "0",
    )  # fmt: skip
    assert done.returncode == 1
    assert "diverged" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("train", FORMULA, "--data", "circel"), 'no data set "circel"'),
        (("train", FORMULA, "--data", "iris"), 'has 2 inputs (x0, x1), but "iris" has 4 features'),
        (("train", FORMULA, "--data", "moons", "--optimizer", "adm"), 'no optimiser "adm"'),
        (("train", FORMULA, "--data", "moons", "--lr", "-1"), "rate must be above 0"),
        (("train", FORMULA, "--data", "moons", "--device", "tpu"), 'no device "tpu"'),
        (("train", FORMULA, "--data", "moons", "--resume"), "--resume needs --out"),
        (("train", FORMULA, "--data", "none.csv"), "none.csv"),
        (("train", "σ(", "--data", "moons"), "σ("),
        (("evaluate", "none.json"), "none.json"),
        (("evaluate", str(example("fork"))), "holds a graph, but no run: train it first"),
        (("compare", FORMULA, "--data", "moons", "--vary", "lr=1", "--seeds", "0"), "at least 1"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, arguments, sentence):
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_file_that_is_damaged_is_refused(tmp_path):
    (tmp_path / "bad.json").write_text(
        '{"version": 1, "nodes": [], "training": {"data": {"name": 1}}}', encoding="utf-8"
    )
    done = run(tmp_path, "evaluate", "bad.json")
    assert done.returncode == 2
    assert "holds a run that cannot be read" in done.stderr


def test_compare_trains_with_every_setting_from_the_same_seeds(net):
    done = run(
        net, "compare", "net.graph.json", "--data", "moons", "--vary", "lr=0.01,0.1",
        "optimizer=sgd,adam", "--epochs", "5", "--seeds", "2", "--validation", "0.2",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    assert head.split()[:2] == ["rate", "optimizer"]
    assert [line.split()[:2] for line in lines] == [
        ["0.01", "sgd"], ["0.01", "adam"], ["0.1", "sgd"], ["0.1", "adam"],
    ]  # fmt: skip
    assert all(line.split()[-2:] == ["2", "0"] for line in lines)


def test_compare_tells_of_settings_that_cannot_be_and_goes_on(net):
    done = run(
        net, "compare", "net.graph.json", "--data", "moons", "--vary", "optimizer=sgd,sdg",
        "--epochs", "2", "--seeds", "1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert 'There is no optimiser "sdg"' in done.stdout


def test_the_torch_script_trains_the_same_model(net):
    pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    arguments = (
        "net.graph.json", "--data", "moons", "--optimizer", "adam", "--preset", "torch", "--lr",
        "0.05", "--epochs", "6", "--batch", "0", "--l2", "0.01", "--clip-norm", "0.5",
        "--validation", "0.25", "--schedule", "cosine",
    )  # fmt: skip
    assert run(net, "script", *arguments, "-o", "train.py").returncode == 0
    theirs = subprocess.run(
        [sys.executable, "train.py"], cwd=net, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    assert theirs.returncode == 0, theirs.stderr
    assert run(net, "train", *arguments, "--out", "run.json").returncode == 0
    epochs = json.loads((net / "run.json").read_text(encoding="utf-8"))["training"]["history"][
        "epochs"
    ]
    lines = [line.replace(",", "").split() for line in theirs.stdout.splitlines()]
    np.testing.assert_allclose([float(w[3]) for w in lines], epochs["batch_loss"], rtol=1e-5)
    np.testing.assert_allclose([float(w[6]) for w in lines], epochs["val_loss"], rtol=1e-5)


def test_torchrun_shares_the_work_between_processes(net):
    pytest.importorskip("torch", reason="torch is an extra and is not installed here")
    asked = ("script", "net.graph.json", "--data", "circle", "--epochs", "3", "-o", "t.py")
    assert run(net, *asked).returncode == 0
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2",
         "t.py"],
        cwd=net, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "epoch 1", "epoch 2", "epoch 3",
    ]  # fmt: skip
    assert (net / "t.pt").exists()
