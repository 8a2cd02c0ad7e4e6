"""Starting: the first window, and what happens to unexpected errors."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSize

from graphviz_app.application import make_app
from graphviz_app.resources import example
from graphviz_app.window import Window, windows

FRAME = QSize(8, 40)  # about what a window manager puts around a window


def tell_about_exceptions() -> None:
    """From now on an unexpected exception is printed and told in a sentence; the app lives on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            return
        for window in windows():
            window.files.autosave.flush()
            if window.isVisible():
                window.explore.status.emit(
                    f"Something went wrong: {error}. Your work is still here."
                )

    sys.excepthook = hook


def run(source: str | None) -> int:
    """Open the window on ``source`` (a file or a formula) and run until it is closed."""
    from graphviz_app.cli import looks_like_file

    app = make_app(sys.argv[:1])
    window = Window()
    tell_about_exceptions()
    if window.settings.geometry.isEmpty():  # the first time: no larger than the screen
        room = window.screen().availableSize() - FRAME
        window.resize(window.size().boundedTo(room))
    if source is None:
        window.files.open_path(example("sigmoid_circuit"))
    elif looks_like_file(source):
        if not window.files.open_path(Path(source).expanduser()):
            return 2
    else:
        window.files.open_formula(source)
    window.show()
    window.offer_recovery_soon()
    return app.exec()
