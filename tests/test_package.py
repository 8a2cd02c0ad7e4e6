"""The wheel works by itself: built, installed beside nothing of ours, and run outside the checkout.

The clean environment borrows the libraries of the running one through a .pth file. Python does not
follow .pth files found that way, so the editable checkout stays out of reach; a test holds that.
"""

import json
import os
import site
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

import engine

CHECKOUT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]


@dataclass(frozen=True)
class Installed:
    """A virtual environment that holds our wheel, and an empty folder to work in."""

    environment: Path
    folder: Path

    def run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        scripts = "Scripts" if os.name == "nt" else "bin"
        variables = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self.environment / scripts / program, *map(str, arguments)],
            cwd=self.folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def python(self, code: str) -> str:
        ran = self.run("python", "-c", code)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    base = tmp_path_factory.mktemp("wheel")
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", base, CHECKOUT]
    subprocess.run(build, check=True)
    (wheel,) = base.glob("*.whl")

    environment = base / "environment"
    venv.create(environment, with_pip=False)
    clean = Installed(environment, base / "elsewhere")
    clean.folder.mkdir()
    own_packages = Path(clean.python("import site; print(site.getsitepackages()[0])"))
    (own_packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))

    python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    subprocess.run(
        [*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True
    )
    return clean


@pytest.mark.parametrize("package", ["engine", "graphviz_app"])
def test_the_clean_environment_imports_the_wheel_and_not_the_checkout(installed, package):
    home = installed.python(f"import {package}; print({package}.__path__[0])")
    assert Path(home).is_relative_to(installed.environment)
    assert str(CHECKOUT) not in installed.python("import sys; print(*sys.path, sep='\\n')").split()


def test_the_wheel_carries_every_asset_and_example(installed):
    shipped = installed.python(
        "from graphviz_app import resources\n"
        "for root in (resources.asset('.'), resources.examples()[0].parent):\n"
        "    for path in root.rglob('*'):\n"
        "        if path.is_file(): print(root.name.strip('_'), path.relative_to(root).as_posix())"
    )
    ours = {
        f"{name} {path.relative_to(CHECKOUT / name).as_posix()}"
        for name in ("assets", "examples")
        for path in (CHECKOUT / name).rglob("*")
        if path.is_file() and path.name[0] != "."
    }
    assert set(shipped.splitlines()) == ours


def test_the_installed_engine_finds_the_shipped_data_without_the_window(installed):
    told = installed.python(
        "import sys\n"
        "from engine.data import load_data\n"
        "data = load_data('iris')\n"
        "load_data('film_reviews', count=10)\n"
        "print(data.count, data.classes[0], 'graphviz_app' in sys.modules)"
    )
    assert told == "150 setosa False"


def test_the_installed_program_tells_its_version(installed):
    ran = installed.run("graphviz-app", "--version")
    assert ran.returncode == 0, ran.stderr
    assert engine.__version__ in ran.stdout


def test_the_installed_program_walks_a_shipped_example(installed):
    example = installed.python(
        "from graphviz_app import resources; print(resources.example('sigmoid_circuit'))"
    )
    plain = installed.run("graphviz-app", "steps", example)
    assert plain.returncode == 0, plain.stderr
    assert "0.731" in plain.stdout

    as_json = installed.run("graphviz-app", "steps", example, "--json")
    assert as_json.returncode == 0, as_json.stderr
    assert json.loads(as_json.stdout)


@pytest.mark.parametrize(
    ("suffix", "signature"), [("png", b"\x89PNG"), ("svg", b"<svg"), ("pdf", b"%PDF")]
)
def test_the_installed_program_renders_a_typed_formula(installed, suffix, signature):
    picture = installed.folder / f"x.{suffix}"
    ran = installed.run("graphviz-app", "render", "f = a*b", "-o", picture)
    assert ran.returncode == 0, ran.stderr
    assert signature in picture.read_bytes()[:2000]
