"""Whether a window can be opened here, asked before Qt is, because Qt aborts the process if not."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from pathlib import Path


def missing_display(environment: dict[str, str] | None = None) -> str:
    """Why no window can be opened, in one sentence; empty where one can.

    On X11 and Wayland the server's socket is tried; other platforms always have a screen.  A
    platform that the user chose with QT_QPA_PLATFORM (``offscreen``) is taken at its word.
    """
    env = os.environ if environment is None else environment
    if not sys.platform.startswith("linux"):
        return ""
    chosen = env.get("QT_QPA_PLATFORM", "").split(":")[0]
    if chosen and chosen not in ("xcb", "wayland"):
        return ""
    if env.get("WAYLAND_DISPLAY") and chosen != "xcb" and _wayland_answers(env):
        return ""
    display = env.get("DISPLAY", "")
    if not display:
        return "There is no display to open a window on."
    if not _x11_answers(display):
        return f"The display {display} does not answer, so no window can be opened."
    try:
        ctypes.CDLL("libxcb-cursor.so.0")
    except OSError:
        return (
            "The library libxcb-cursor0 that a window needs is missing "
            "(sudo apt-get install libxcb-cursor0)."
        )
    return ""


def _wayland_answers(env: dict[str, str] | os._Environ[str]) -> bool:
    path = Path(env.get("XDG_RUNTIME_DIR", "/")) / env["WAYLAND_DISPLAY"]
    return _connects(socket.AF_UNIX, str(path))


def _x11_answers(display: str) -> bool:
    host, _, rest = display.rpartition(":")
    screen = rest.split(".")[0]
    if not screen.isdigit():
        return False
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{screen}"
        return _connects(socket.AF_UNIX, path) or _connects(socket.AF_UNIX, "\0" + path)
    return _connects(socket.AF_INET, (host, 6000 + int(screen)))


def _connects(family: int, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(address)
        except OSError:
            return False
    return True
