"""Snapshots of a run as bytes and as files, from which it goes on as if it had never stopped.

A snapshot is plain data and arrays, so opening a stranger's is harmless.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from engine.errors import FileError
from engine.training.history import History, Series

ARRAY = 1  # the code of arrays in the packed form
KINDS = "fiub"  # of NumPy types that are taken from a file
VERSION = 1
SERIES = ("epochs", "updates")  # of the history, each with a file of its own

Snapshot = dict[str, Any]


def pack(snapshot: Mapping[str, Any]) -> bytes:
    """A snapshot as bytes."""
    return _ENCODER.encode({"version": VERSION, **snapshot})


def unpack(data: bytes, where: str = "The snapshot") -> Snapshot:
    """What was packed; raises FileError where it is damaged or of another version."""
    try:
        found = _DECODER.decode(data)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise FileError(f"{where} is damaged and cannot be used: {error}.") from None
    if not isinstance(found, dict) or found.get("version") != VERSION:
        raise FileError(f"{where} was written by another version and cannot be used.")
    return found


def _encode(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        plain = np.ascontiguousarray(value, value.dtype.newbyteorder("<"))
        head = msgspec.msgpack.encode([plain.dtype.str, list(value.shape)])
        return msgspec.msgpack.Ext(ARRAY, len(head).to_bytes(4, "little") + head + plain.tobytes())
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot be packed")


def _decode(code: int, data: memoryview) -> Any:
    raw = bytes(data)
    size = int.from_bytes(raw[:4], "little")
    kind, shape = msgspec.msgpack.decode(raw[4 : 4 + size], type=tuple[str, list[int]])
    dtype = np.dtype(kind)
    if code != ARRAY or dtype.kind not in KINDS:
        raise ValueError("unknown content")
    return np.frombuffer(raw, dtype, offset=4 + size).reshape(shape).copy()


_ENCODER = msgspec.msgpack.Encoder(enc_hook=_encode)
_DECODER = msgspec.msgpack.Decoder(ext_hook=_decode)


class Checkpoint:
    """A folder that always holds the end of the last epoch, even if the process is killed.

    The state is written beside the old one and takes its place at once; rows of the history are
    added to the end of their files, so that an epoch costs the same however many there were.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._written: dict[str, tuple[int, int]] = {}  # (rows, stride) of each file
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FileError(f"{folder} cannot be made: {error.strerror or error}.") from None

    def write(self, snapshot: Mapping[str, Any], history: History) -> None:
        """Keep ``snapshot``, whose history is given apart; raises FileError."""
        try:
            for name in SERIES:
                self._keep_up(name, getattr(history, name))
            beside = self.folder / "state.new"
            beside.write_bytes(pack({**snapshot, "history": history.outline()}))
            os.replace(beside, self.folder / "state")
        except OSError as error:
            raise FileError(
                f"The checkpoint cannot be written: {error.strerror or error}."
            ) from None

    def _keep_up(self, name: str, series: Series) -> None:
        rows, stride = self._written.get(name, (0, 0))
        goes_on = stride == series.stride
        with (self.folder / name).open("ab" if goes_on else "wb") as file:
            fresh = series.rows[rows if goes_on else 0 :]
            file.write(np.ascontiguousarray(fresh, "<f8").tobytes())
        self._written[name] = (series.count, series.stride)

    def remove(self) -> None:
        """Delete everything: the run has ended and is kept elsewhere."""
        for name in (*SERIES, "state", "state.new"):
            (self.folder / name).unlink(missing_ok=True)
        self.folder.rmdir()


def read_checkpoint(folder: Path) -> Snapshot:
    """The last snapshot in a folder; raises FileError where there is none that can be used."""
    try:
        snapshot = unpack((folder / "state").read_bytes(), f"The checkpoint {folder}")
        for name in SERIES:
            series = snapshot["history"][name]
            size = series["count"] * len(series["columns"])
            rows = np.frombuffer((folder / name).read_bytes(), "<f8", count=size)
            series["rows"] = rows.reshape(series["count"], -1)
    except OSError as error:
        raise FileError(f"There is no checkpoint in {folder} ({error.strerror}).") from None
    except (KeyError, TypeError, ValueError):
        raise FileError(f"The checkpoint {folder} is damaged and cannot be used.") from None
    return snapshot
