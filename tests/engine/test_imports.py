"""The engine knows no screen: importing all of it loads no Qt, no torch and nothing of the window.

Also a script, so that ``./dev lint`` says so before any test runs.
"""

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

FORBIDDEN = ("PySide6", "shiboken6", "pyqtgraph", "torch", "graphviz_app")


def import_whole_engine() -> list[str]:
    """Imports each module of the engine and returns those loaded that it may not know."""
    import engine

    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        importlib.import_module(module.name)
    return sorted({name.partition(".")[0] for name in sys.modules} & set(FORBIDDEN))


def test_importing_the_whole_engine_loads_neither_qt_nor_torch_nor_the_window():
    fresh = subprocess.run([sys.executable, __file__], capture_output=True, text=True)
    assert fresh.returncode == 0, fresh.stderr


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[2])  # the checkout, not this folder
    loaded = import_whole_engine()
    sys.exit(f"importing engine also loads {', '.join(loaded)}" if loaded else 0)
