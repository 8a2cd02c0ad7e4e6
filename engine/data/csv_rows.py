"""A text file as rows of cells: encoding, delimiter, decimal mark and header found out and said.

Files are read in pieces, whatever their size; nothing in a cell is ever executed.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from engine.errors import DataError

_SAMPLE_BYTES = 1 << 18
_LONGEST_LINE = 1 << 20  # characters; a file without line ends must not fill the memory
_CHUNK_CELLS = 30_000
_DELIMITERS = ("\t", ";", "|", ",", " ")  # a comma may be a decimal mark, so it comes late
_NAMES = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces"}
_MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "null", "?"))
_MISSING_NUMBERS = _MISSING | {"none", "-", "--"}
_DECIMAL_COMMA = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+),\d+([eE][+-]?\d+)?")
_DOTTED_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Chunk:
    """Some rows that follow each other: the line where each ends, counted from 1, and its cells."""

    lines: list[int]
    rows: list[list[str]]


@dataclass(frozen=True)
class Layout:
    """How a file is written down, with the name of each column."""

    encoding: str
    delimiter: str
    decimal: str
    has_header: bool
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def chunks(self, path: Path) -> Iterator[Chunk]:
        """All rows but the header, some thousand at a time; DataError at the line that is wrong."""
        width = len(self.names)
        most = max(1, _CHUNK_CELLS // width)
        lines: list[int] = []
        rows: list[list[str]] = []
        skip = self.has_header
        for line, cells in _parsed(path, self.encoding, self.delimiter):
            if skip:
                skip = False
                continue
            if len(cells) != width:
                raise DataError(
                    f"{path.name}, line {line}: {len(cells)} cells where the others have {width}; "
                    f"mend the line, or put quotes around a cell that holds the delimiter."
                )
            lines.append(line)
            rows.append(cells)
            if len(rows) == most:
                yield Chunk(lines, rows)
                lines, rows = [], []
        if rows:
            yield Chunk(lines, rows)


def number(cell: str, decimal: str = ".") -> float:
    """The number in a cell, with a decimal comma or marks between thousands; ValueError if none."""
    if decimal == ",":
        if _DECIMAL_COMMA.fullmatch(cell.strip()) or _DOTTED_THOUSANDS.fullmatch(cell.strip()):
            return float(cell.replace(".", "").replace(",", "."))
    elif "," in cell and _THOUSANDS.fullmatch(cell.strip()):
        return float(cell.replace(",", ""))
    return float(cell)


def is_missing(cell: str, among_numbers: bool) -> bool:
    """Whether a cell says that nothing is known: empty, NA, NaN, null, ?; among numbers also −."""
    return cell.strip().lower() in (_MISSING_NUMBERS if among_numbers else _MISSING)


def sniff(path: str | Path) -> Layout:
    """The layout of a file from its beginning; DataError where it is empty or no table."""
    path = Path(path)
    encoding, rows_of, notes = _opened(path)
    delimiter, rows = _delimiter(path, rows_of)
    decimal = _decimal(rows, delimiter)
    if decimal == ",":
        notes.append("A comma is the decimal mark, and a dot may stand between thousands.")
    has_header = _has_header(rows, decimal)
    if has_header:
        names, said = _column_names(rows[0])
        notes += said
    else:
        names = tuple(f"column {place}" for place in range(1, len(rows[0]) + 1))
        notes.append("The first line is no header; the columns are counted.")
    said = f"{path.name}: {len(names)} columns between {_NAMES[delimiter]}."
    return Layout(encoding, delimiter, decimal, has_header, names, (said, *notes))


def sample(path: Path, layout: Layout, most: int = 1000) -> Chunk:
    """The first rows, to guess from."""
    lines: list[int] = []
    rows: list[list[str]] = []
    for chunk in layout.chunks(path):
        lines += chunk.lines
        rows += chunk.rows
        if len(rows) >= most:
            break
    return Chunk(lines[:most], rows[:most])


def _opened(path: Path):
    """The encoding, the text of the beginning as whole lines, and what is to be said."""
    try:
        with open(path, "rb") as file:
            start = file.read(_SAMPLE_BYTES)
            is_whole = not file.read(1)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{path.name} cannot be read: {reason}.") from None
    notes: list[str] = []
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "")
    if not encoding and b"\0" in start:
        raise DataError(f"{path.name} is not a text file; save the table as CSV.")
    try:
        text = codecs.getincrementaldecoder(encoding or "utf-8")().decode(start)
        encoding = encoding or "utf-8"
    except UnicodeDecodeError:
        encoding = "cp1252"
        text = start.decode(encoding, errors="replace")
        notes.append("The file is not UTF-8 and was read as Windows-1252.")
    if not text.strip():
        raise DataError(f"{path.name} is empty.")
    if not is_whole:
        cut = max(text.rfind("\n"), text.rfind("\r"))
        if cut < 0:
            raise DataError(f"{path.name} has no line end in its first {len(text)} characters.")
        text = text[: cut + 1]
    return encoding, text.splitlines(keepends=True), notes


def _delimiter(path: Path, lines: list[str]) -> tuple[str, list[list[str]]]:
    """The delimiter that gives every row the same number of cells, and the rows."""
    ragged: tuple[int, str, list[list[str]]] | None = None
    for delimiter in _DELIMITERS:
        rows = []
        # Where quotes do not fit, the rows before decide; reading them all will say the line.
        with contextlib.suppress(csv.Error):
            rows.extend(filter(_is_row, csv.reader(lines, **_dialect(delimiter))))
        widths = [len(row) for row in rows]
        if not widths or max(widths) < 2:
            continue
        same = widths.count(widths[0])
        if same == len(widths) and widths[0] > 1:
            return delimiter, rows
        if delimiter != " " and widths[0] > 1 and (ragged is None or same > ragged[0]):
            ragged = (same, delimiter, rows)
    if ragged is None:
        raise DataError(
            f"{path.name} has one column only; a table to learn from has a feature and a target."
        )
    return ragged[1], [row for row in ragged[2] if len(row) == len(ragged[2][0])]


def _dialect(delimiter: str) -> dict:
    return {"delimiter": delimiter, "skipinitialspace": True, "strict": True}


def _is_row(cells: list[str]) -> bool:
    """Whether a line is more than blank; a line of empty cells is a row that misses them."""
    return len(cells) > 1 or any(cells)


def _decimal(rows: list[list[str]], delimiter: str) -> str:
    commas = [
        match for row in rows for cell in row if (match := _DECIMAL_COMMA.fullmatch(cell.strip()))
    ]
    if not commas:
        return "."
    if delimiter != ",":
        return ","
    # Quoted among commas, 1,234 is a thousand and 1,23 is not; a number like 1.5 settles it too.
    thousands = all(_THOUSANDS.fullmatch(match[0]) for match in commas)
    return "." if thousands else ","


def _has_header(rows: list[list[str]], decimal: str) -> bool:
    head, body = rows[0], rows[1:]
    columns = list(zip(*body, strict=True)) if body else [()] * len(head)
    for name, column in zip(head, columns, strict=True):
        known = [cell for cell in column if not is_missing(cell, True)]
        amounts = bool(known) and all(_is_number(cell, decimal) for cell in known)
        if amounts and not (is_missing(name, True) or _is_number(name, decimal)):
            return True  # a word over numbers
    if any(_is_number(cell, decimal) for cell in head):
        return False
    return len(set(head)) == len(head) and not any(
        name in column for name, column in zip(head, columns, strict=True)
    )


def _is_number(cell: str, decimal: str) -> bool:
    try:
        number(cell, decimal)
    except ValueError:
        return False
    return True


def _column_names(head: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """Names that differ from each other, and what was changed for that."""
    names: list[str] = []
    notes: list[str] = []
    for place, cell in enumerate(head, 1):
        wanted = cell.strip() or f"column {place}"
        if not cell.strip():
            notes.append(f"Column {place} has no name and is called “{wanted}”.")
        name, copy = wanted, 2
        while name in names:
            name, copy = f"{wanted} ({copy})", copy + 1
        if name != wanted:
            notes.append(f"A second column is called “{wanted}”; it became “{name}”.")
        names.append(name)
    return tuple(names), notes


def _parsed(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row that is not blank, with its line."""
    reader = None
    try:
        with open(path, encoding=encoding, newline="") as file:
            reader = csv.reader(_bounded_lines(file, path.name), **_dialect(delimiter))
            for cells in reader:
                if _is_row(cells):
                    yield reader.line_num, cells
    except csv.Error as error:
        line = reader.line_num if reader else 1
        raise DataError(
            f"{path.name}, line {line}: the quotes do not fit ({error}); "
            f"close each quote, and write a quote within quotes twice."
        ) from None
    except UnicodeDecodeError:
        line = reader.line_num + 1 if reader else 1
        raise DataError(
            f"{path.name}, near line {line}: a character is not {encoding}; save it as UTF-8."
        ) from None
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror or error}.") from None


def _bounded_lines(file: TextIO, name: str) -> Iterator[str]:
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(
                f"{name} has a line of more than {_LONGEST_LINE:,} characters; is it a table?"
            )
        yield line
