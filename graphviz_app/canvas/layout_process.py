"""The other end of `layouts.Layouts`: lays graphs out in a process of its own.

A message is its length in four bytes, then msgpack.  What comes in is a task, what goes out is
its layout.  Knows no Qt, so that the process starts fast.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

import msgspec

from graphviz_app.canvas.layout import Layout, LayoutTask

COUNT_BYTES = 4
VERB = "serve-layouts"  # the argument that makes a frozen program this process


def packed(message: LayoutTask | Layout) -> bytes:
    """A message as it is sent."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(COUNT_BYTES) + body


def serve(tasks: BinaryIO, layouts: BinaryIO) -> None:
    """Answer one task after the other until the program that asks is gone."""
    while count := tasks.read(COUNT_BYTES):
        task = msgspec.msgpack.decode(tasks.read(int.from_bytes(count)), type=LayoutTask)
        layouts.write(packed(task.arranged()))
        layouts.flush()


def main() -> int:
    """Serve on standard input and output."""
    serve(sys.stdin.buffer, sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
