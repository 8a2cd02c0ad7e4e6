"""Programs of our own that run beside the window: started with Qt, so that no thread is needed.

A thread that reads what they say would let Python's garbage collector destroy Qt objects in the
wrong thread, which is a crash.
"""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

STOP_MS = 10_000  # it is killed, so this is reached on a machine that stands still only


def command(module: str, verb: str) -> tuple[str, list[str]]:
    """The program that runs ``module``, and its arguments; a frozen one knows it by ``verb``."""
    if getattr(sys, "frozen", False):
        return sys.executable, [verb]
    return sys.executable, ["-m", module]


def prepared(parent: QObject, module: str, verb: str) -> tuple[QProcess, str, list[str]]:
    """A process that is ready to be started with ``start(program, arguments)``: connect first."""
    process = QProcess(parent)
    environment = QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    process.setProcessEnvironment(environment)
    process.setStandardErrorFile(QProcess.nullDevice())
    return process, *command(module, verb)


def stop(process: QProcess) -> None:
    """End a process at once, without a word to anybody."""
    process.blockSignals(True)
    process.kill()
    process.waitForFinished(STOP_MS)
    process.deleteLater()
