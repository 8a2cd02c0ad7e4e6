"""What every test shares: no screen, no chance, and none of the user's settings.

Tests are imported by path (``--import-mode=importlib``), so `tests/` has no ``__init__.py``.
A Python exception inside a Qt event handler, or a Qt warning, fails the test (pytest-qt).
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt
_home = tempfile.TemporaryDirectory(prefix="graphviz-app-tests-")
for _variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
    os.environ[_variable] = os.path.join(_home.name, _variable.lower())

SEED = 20

hypothesis.settings.register_profile(
    "repeatable", derandomize=True, deadline=None, database=None, print_blob=True
)
hypothesis.settings.load_profile("repeatable")


def pytest_report_header() -> list[str]:
    return [
        "hypothesis: derandomized, each test's examples follow from its own source",
        f"rng fixture: numpy default_rng({SEED}); Qt platform: {os.environ['QT_QPA_PLATFORM']}",
    ]


@pytest.fixture(autouse=True)
def _no_widgets_left() -> Iterator[None]:
    """Delete the widgets of a test with it.  Without an event loop Qt would keep them, and every
    later window would wait until all of them took the style sheet on.
    """
    yield
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator that starts the same in every test."""
    return np.random.default_rng(SEED)


@pytest.fixture
def full_disk() -> Callable[[int], contextlib.AbstractContextManager[None]]:
    """``with full_disk(size):`` no file of this process can grow beyond ``size`` bytes."""
    resource = pytest.importorskip("resource", reason="only Unix limits the size of files")

    @contextlib.contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
