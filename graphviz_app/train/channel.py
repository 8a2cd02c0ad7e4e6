"""The worker's end of the line to the window: messages on standard input and output.

A message is its length in eight bytes, then a pickle; both ends are this program.  Knows no Qt.
"""

from __future__ import annotations

import os
import pickle
import queue
import sys
import threading
from typing import BinaryIO

from graphviz_app.train.messages import Command, Report

COUNT_BYTES = 8
VERB = "serve-training"  # the argument that makes a frozen program the worker


def packed(message: Command | Report) -> bytes:
    """A message as it is sent."""
    body = pickle.dumps(message, protocol=5)
    return len(body).to_bytes(COUNT_BYTES) + body


class Channel:
    """Commands come in through a thread, so that one can look whether there are any; reports go
    out through another, so that training goes on while the window takes its time to read.
    """

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
        # what a library prints must not get into the messages
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        self._inbox: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._next: list[Command | None] = []
        self._outbox: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(sys.stdin.buffer, self._inbox), daemon=True).start()
        threading.Thread(target=self._write, daemon=True).start()

    def poll(self, wait: float) -> bool:
        """Whether there is a command, waiting so many seconds for one."""
        if not self._next:
            try:
                self._next.append(self._inbox.get(timeout=wait) if wait else self._inbox.get(False))
            except queue.Empty:
                return False
        return True

    def recv(self) -> Command:
        """The next command; raises EOFError where nobody is there any more."""
        self.poll(3600.0)
        command = self._next.pop()
        if command is None:
            raise EOFError
        return command

    def send(self, report: Report) -> None:
        """Tell the window, as soon as it reads."""
        self._outbox.put(packed(report))

    def _write(self) -> None:
        try:
            while True:
                self._out.write(self._outbox.get())
                self._out.flush()
        except OSError:
            self._inbox.put(None)  # the window is gone


def _read(source: BinaryIO, inbox: queue.SimpleQueue[Command | None]) -> None:
    """Put what arrives into ``inbox`` until the line breaks, which is told by None."""
    try:
        while head := source.read(COUNT_BYTES):
            inbox.put(pickle.loads(source.read(int.from_bytes(head))))
    except (OSError, EOFError, pickle.UnpicklingError):
        pass
    inbox.put(None)
