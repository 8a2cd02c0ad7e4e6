"""Guards against PySide6 releases that cannot be used; pyproject.toml excludes the known ones."""

import subprocess
import sys

MANY_VOID_CALLS = """
from PySide6.QtGui import QPainterPath

path = QPainterPath()
for _ in range(20_000):
    path.lineTo(1.0, 1.0)
print("alive")
"""


def test_qt_survives_many_calls_that_return_nothing():
    """PySide6 6.12.0 on Python 3.11 drops one reference to None each, until the process aborts."""
    run = subprocess.run([sys.executable, "-c", MANY_VOID_CALLS], capture_output=True, text=True)
    assert run.stdout == "alive\n", run.stderr
