"""Numbers, arrays and attributes in JSON, exactly: what JSON has no form for gets one.

NaN and the infinities are ``{"number": "NaN"}`` and so on.  Arrays of float64 with few numbers
are nested lists; all others are ``{"array": dtype, ...}``.
"""

from __future__ import annotations

import base64
import binascii
import math
from typing import Any

import numpy as np

from engine.files.records import MAX_INLINE

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
DTYPES = {
    np.dtype(kind).name: np.dtype(kind).newbyteorder("<")
    for kind in ("f8", "f4", "f2", "?", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")
}


class Broken(Exception):
    """Something that cannot be read or written: ``what`` is wrong at the JSON path ``path``."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(what)
        self.path = path
        self.what = what


def write_number(x: float) -> Any:
    """A finite float as JSON, whole numbers without a point; others in their written form."""
    if math.isfinite(x):
        whole = x.is_integer() and abs(x) < 2**53 and not (x == 0 and math.copysign(1, x) < 0)
        return int(x) if whole else x
    return {"number": "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"}


def write_value(value: Any, path: str) -> Any:
    """A leaf's value as JSON; raises Broken for what is no number and no array of numbers."""
    if value is None or type(value) is float:
        return None if value is None else write_number(value)
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise ValueError
        if array.ndim == 0:
            return write_number(float(array))
    except (ValueError, OverflowError):
        raise Broken(path, "is not a number or an array of numbers; give it one") from None
    if array.dtype.name not in DTYPES:
        array = array.astype(np.float64)
    if 0 < array.size <= MAX_INLINE and array.ndim <= 8:
        if array.dtype.name == "float64":
            return _nested(array.tolist(), write_number)
        keep = write_number if array.dtype.kind == "f" else lambda x: x
        return {"array": array.dtype.name, "values": _nested(array.tolist(), keep)}
    data = array.astype(DTYPES[array.dtype.name]).tobytes()
    return {
        "array": array.dtype.name,
        "shape": list(array.shape),
        "base64": base64.b64encode(data).decode("ascii"),
    }


def _nested(part: Any, write: Any) -> Any:
    return [_nested(p, write) for p in part] if isinstance(part, list) else write(part)


def read_value(raw: Any, path: str) -> float | np.ndarray | None:
    """The value that ``raw`` writes down; raises Broken with the JSON path of what is wrong."""
    if raw is None:
        return None
    if isinstance(raw, list):
        return _from_list(raw, path, np.dtype(float))
    if isinstance(raw, dict) and "array" in raw:
        return _from_record(raw, path)
    return _number(raw, path)


def _number(raw: Any, path: str) -> float:
    if isinstance(raw, dict) and list(raw) == ["number"]:
        word = raw["number"]
        if isinstance(word, str) and word in NON_FINITE:
            return NON_FINITE[word]
        raise Broken(f"{path}.number", 'should be "NaN", "Infinity" or "-Infinity"')
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        raise Broken(path, f"should be a number and is {word_for(raw)}")
    try:
        return float(raw)
    except OverflowError:
        raise Broken(path, "is too large for a 64-bit number; make it smaller") from None


def _from_list(raw: list, path: str, dtype: np.dtype) -> np.ndarray:
    """A nested list as an array; all rows must be equally long."""
    flat: list[Any] = []
    shape: list[int] = []

    def collect(part: list, depth: int, here: str) -> None:
        if len(shape) == depth:
            shape.append(len(part))
        if len(part) != shape[depth]:
            raise Broken(here, f"should have {shape[depth]} entries like the row before it")
        for k, entry in enumerate(part):
            if isinstance(entry, list):
                if len(flat) and depth + 1 == len(shape):
                    raise Broken(f"{here}[{k}]", "should be a number like those before it")
                collect(entry, depth + 1, f"{here}[{k}]")
            elif depth + 1 != len(shape):
                raise Broken(f"{here}[{k}]", "should be a list like those before it")
            elif dtype.kind == "f":
                flat.append(_number(entry, f"{here}[{k}]"))
            elif type(entry) is not (bool if dtype.kind == "b" else int):
                raise Broken(f"{here}[{k}]", f"does not fit into an array of {dtype.name}")
            else:
                flat.append(entry)

    collect(raw, 0, path)
    try:
        return np.array(flat, dtype).reshape(shape)
    except (OverflowError, ValueError):
        raise Broken(path, f"does not fit into an array of {dtype.name}") from None


def _from_record(raw: dict, path: str) -> np.ndarray:
    """An array with its dtype: its values written out, or its shape and bytes."""
    name = raw["array"]
    if not isinstance(name, str) or name not in DTYPES:
        raise Broken(f"{path}.array", f"should be one of {', '.join(DTYPES)}")
    dtype = DTYPES[name]
    if set(raw) == {"array", "values"} and isinstance(raw["values"], list):
        return _from_list(raw["values"], f"{path}.values", dtype.newbyteorder("="))
    if set(raw) != {"array", "shape", "base64"}:
        raise Broken(path, 'should have "values", or "shape" and "base64", beside "array"')
    shape, text = raw["shape"], raw["base64"]
    sound = isinstance(shape, list) and len(shape) <= 32
    if not sound or not all(type(n) is int and 0 <= n < 2**40 for n in shape):
        raise Broken(f"{path}.shape", "should be a list of at most 32 whole numbers, none below 0")
    try:
        data = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise Broken(f"{path}.base64", "is not base64; open another copy") from None
    want = math.prod(shape) * dtype.itemsize
    if len(data) != want:
        size = "×".join(map(str, shape)) or "scalar"
        what = f"holds {len(data)} bytes and the shape {size} needs {want}; open another copy"
        raise Broken(f"{path}.base64", what)
    try:
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError:  # a length of 0 beside lengths that NumPy cannot multiply
        raise Broken(f"{path}.shape", "is larger than an array can be") from None


def write_attribute(value: Any, path: str) -> Any:
    """An attribute of an op as JSON: text, numbers, true and false, null, lists of them."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, float) and not math.isfinite(value):
        return write_number(value)
    if isinstance(value, (list, tuple)):
        return [write_attribute(v, f"{path}[{k}]") for k, v in enumerate(value)]
    if isinstance(value, dict):
        return {str(k): write_attribute(v, f"{path}.{k}") for k, v in value.items()}
    if value is None or isinstance(value, (str, bool, float)) or _fits(value):
        return value
    raise Broken(path, f"is a {type(value).__name__}, which a file cannot hold; remove it")


def read_attribute(raw: Any, path: str) -> Any:
    """The attribute that ``raw`` writes down; lists become tuples."""
    if isinstance(raw, list):
        return tuple(read_attribute(v, f"{path}[{k}]") for k, v in enumerate(raw))
    if isinstance(raw, dict):
        if list(raw) == ["number"]:
            return _number(raw, path)
        return {k: read_attribute(v, f"{path}.{k}") for k, v in raw.items()}
    if isinstance(raw, int) and not _fits(raw):
        raise Broken(path, "is too large for a 64-bit number; make it smaller")
    return raw


def _fits(value: Any) -> bool:
    return isinstance(value, int) and -(2**63) <= value < 2**63


def word_for(raw: Any) -> str:
    """What JSON calls ``raw``, for messages."""
    if raw is None:
        return "null"
    if isinstance(raw, bool):
        return "true or false"
    words = {str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return words.get(type(raw), type(raw).__name__)
