"""What do many rows of values hold, written one after the other as DHIS2 writes them?

A general reader of JSON looks at every letter of every row, while rows that follow each other differ in
little: mostly the element and the value. Each field is first compared with the same field of the row
before, name and all, and only what differs is taken apart. Anything that is not plain (a nested object, a
number, spaces, a field twice, an escape in what is kept) is not understood here and left to other readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numba as nb
import numpy as np
import pyarrow as pa

Loop = Callable[..., Any]
QUOTE, BACKSLASH, COMMA, COLON, OPENING, CLOSING = (np.uint8(ord(letter)) for letter in '"\\,:{}')
SPACE, LETTER_U = np.uint8(ord(" ")), np.uint8(ord("u"))
FALSE, TRUE, NULL = (np.frombuffer(word, np.uint8) for word in (b"false", b"true", b"null"))
ESCAPED = np.frombuffer(b'"\\/bfnrt', np.uint8)
HEX = np.frombuffer(b"0123456789abcdefABCDEF", np.uint8)
SLOTS = 32  # fields of a row; DHIS2 writes at most twelve
# What is remembered of a field of the row before: where it began, how long its name with the colon and how
# long all of it is, its column (or none) and its run.
BEGAN, HEAD, LONG, COLUMN, RUN = range(5)
NO_COLUMN = -1
BLANK, NO, YES = 0, 1, 2  # runs of what is null or not there; of a column of truths, false and true
REFUSED, ABSENT = -1, -1
SHORTEST = 42  # bytes of a row with its three keys, all empty


def _compiled(function: Loop) -> Loop:
    """Compile a loop that lets other threads work and keep it, where anything can be kept on this machine."""
    # What is kept is thrown away when this file changes, and no other: so all loops stand in this file.
    # Written into its caller: handing eleven arrays from loop to loop would take most of the time.
    options = {"nogil": True, "error_model": "numpy", "_nrt": False, "forceinline": True}
    try:
        made: Loop = nb.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to write
        made = nb.njit(**options)(function)
    return made


@_compiled
def _alike(first: Any, at: int, second: Any, there: int, long: int) -> bool:
    """Whether so many bytes are the same. Places are unsigned, so that many bytes are compared at once."""
    a, b = np.uintp(at), np.uintp(there)
    differing = np.uint8(0)
    for i in range(np.uintp(long)):
        differing |= first[a + i] ^ second[b + i]
    return differing == 0


@_compiled
def _among(letter: int, letters: Any) -> bool:
    for known in letters:  # noqa: SIM110 - the compiler knows no generators
        if letter == known:
            return True
    return False


@_compiled
def _end_of_kept(text: Any, at: int) -> Any:
    """Return where the closing quote stands of a text that begins here, or REFUSED where it has escapes."""
    i, size = np.uintp(at), np.uintp(text.size)
    while i < size:
        letter = text[i]
        if letter == QUOTE:
            return np.int64(i)
        if letter == BACKSLASH or letter < SPACE:
            return REFUSED
        i += np.uintp(1)
    return REFUSED


@_compiled
def _end_of_passed(text: Any, at: int) -> int:
    """The same for a text that is not kept, escapes looked at."""
    while at < text.size:
        letter = text[at]
        if letter == QUOTE:
            return at
        if letter < SPACE:
            return REFUSED
        if letter == BACKSLASH:
            if at + 5 >= text.size:
                return REFUSED
            if text[at + 1] == LETTER_U:
                for i in range(at + 2, at + 6):
                    if not _among(text[i], HEX):
                        return REFUSED
                at += 6
                continue
            if not _among(text[at + 1], ESCAPED):
                return REFUSED
            at += 1
        at += 1
    return REFUSED


@_compiled
def _word(text: Any, at: int) -> int:
    """Return what the literal that stands here says, or REFUSED."""
    if at + 5 > text.size:
        return REFUSED
    if _alike(text, at, FALSE, 0, 5):
        return NO
    if _alike(text, at, TRUE, 0, 4):
        return YES
    if _alike(text, at, NULL, 0, 4):
        return BLANK
    return REFUSED


@_compiled
def _column(text: Any, at: int, long: int, names: Any, bounds: Any) -> int:
    for column in range(bounds.size - 1):
        if bounds[column + 1] - bounds[column] == long and _alike(text, at, names, bounds[column], long):
            return column
    return NO_COLUMN


@_compiled
def _keep(text: Any, at: int, end: int, column: int, kept: Any, ends: Any, counts: Any) -> int:
    """Add a text to its column as a new run and return the run."""
    run = counts[column]
    to, begin, of = np.uintp(ends[column, run]), np.uintp(at), np.uintp(column)
    for i in range(np.uintp(end - at)):
        kept[of, to + i] = text[begin + i]
    ends[column, run + 1] = ends[column, run] + (end - at)
    counts[column] = run + 1
    return run


@_compiled
def _value(text: Any, at: int, slot: int, kept: Any, ends: Any, counts: Any, memory: Any) -> int:
    """Take in the value that stands here and return what follows it."""
    column, truths = memory[COLUMN, slot], kept.shape[0]
    if at >= text.size:
        return REFUSED
    if text[at] != QUOTE:
        said = _word(text, at)
        if said == REFUSED or (said != BLANK and NO_COLUMN < column < truths):
            return REFUSED
        memory[RUN, slot] = said
        return at + 5 if said == NO else at + 4
    if column == truths:
        return REFUSED
    if column == NO_COLUMN:
        end = _end_of_passed(text, at + 1)
    else:
        end = _end_of_kept(text, at + 1)
        if end != REFUSED:
            memory[RUN, slot] = _keep(text, at + 1, end, column, kept, ends, counts)
    return end if end == REFUSED else end + 1


@_compiled
def _field(
    text: Any, at: int, slot: int, names: Any, bounds: Any, kept: Any, ends: Any, counts: Any, memory: Any
) -> int:  # fmt: skip
    """Take in the field that stands here and return what follows it."""
    began, head, long = memory[BEGAN, slot], memory[HEAD, slot], memory[LONG, slot]
    begin = at
    if long and at + long < text.size and _alike(text, at, text, began, long):
        memory[BEGAN, slot] = begin
        return at + long
    if long and at + head < text.size and _alike(text, at, text, began, head):
        at += head
    else:
        if at >= text.size or text[at] != QUOTE:
            return REFUSED
        end = _end_of_kept(text, at + 1)
        if end == REFUSED or end + 1 >= text.size or text[end + 1] != COLON:
            return REFUSED
        memory[COLUMN, slot] = _column(text, at + 1, end - at - 1, names, bounds)
        at = end + 2
    memory[BEGAN, slot], memory[HEAD, slot] = begin, at - begin
    at = _value(text, at, slot, kept, ends, counts, memory)
    memory[LONG, slot] = at - begin
    return at


@_compiled
def _row(
    text: Any, at: int, row: int, names: Any, bounds: Any, kept: Any, ends: Any, runs: Any, counts: Any, memory: Any
) -> int:  # fmt: skip
    """Take in the row whose opening brace stands before this, and return what follows it."""
    for column in range(runs.shape[0]):
        runs[column, row] = ABSENT
    for slot in range(SLOTS):
        at = _field(text, at, slot, names, bounds, kept, ends, counts, memory)
        if at == REFUSED or at >= text.size:
            return REFUSED
        column = memory[COLUMN, slot]
        if column != NO_COLUMN:
            if runs[column, row] != ABSENT:
                return REFUSED  # twice in one row
            runs[column, row] = memory[RUN, slot]
        if text[at] == CLOSING:
            for column in range(runs.shape[0]):
                if runs[column, row] == ABSENT:
                    runs[column, row] = BLANK
            return at + 1
        if text[at] != COMMA:
            return REFUSED
        at += 1
    return REFUSED


@_compiled
def _rows(
    text: Any, names: Any, bounds: Any, kept: Any, ends: Any, runs: Any, counts: Any, memory: Any
) -> int:  # fmt: skip
    """Take in every row and return how many there are, or REFUSED."""
    at = 0
    for row in range(runs.shape[1]):
        if at >= text.size or text[at] != OPENING:
            return REFUSED
        at = _row(text, at + 1, row, names, bounds, kept, ends, runs, counts, memory)
        if at == REFUSED:
            return REFUSED
        if at == text.size:
            return row + 1
        if text[at] != COMMA:
            return REFUSED
        at += 1
    return REFUSED


class Scanner:
    """Room for the columns of `size` bytes of rows, used again and again by one thread.

    `names` are fields of texts in the order of the columns; the last is a field of truths. `keys` of them,
    the first ones, must stand in every row.
    """

    def __init__(self, names: Sequence[str], *, keys: int, size: int) -> None:
        written = [name.encode() for name in names]
        most = size // SHORTEST + 1
        self.keys, self.size = keys, size
        self.names = np.frombuffer(b"".join(written), np.uint8)
        self.bounds = np.cumsum([0, *(len(name) for name in written)], dtype=np.int64)
        self.kept = np.empty((len(names) - 1, size), np.uint8)
        self.ends = np.zeros((len(names) - 1, most + 2), np.int32)
        self.runs = np.empty((len(names), most), np.int32)

    def table(self, text: memoryview, schema: pa.Schema, null: str) -> pa.Table | None:
        """Return the rows of a text under the names and types of `schema`, or None where it is not understood.

        The text is UTF-8 and ends with its last row. What is missing is a blank or false, in column `null` null.
        """
        if len(text) > self.size:
            return None
        counts = np.ones(len(self.kept), np.int64)
        memory = np.zeros((5, SLOTS), np.int64)
        rows = _rows(
            np.frombuffer(text, np.uint8), self.names, self.bounds, self.kept, self.ends, self.runs, counts, memory
        )  # fmt: skip
        if rows == REFUSED or not self.runs[: self.keys, :rows].all():
            return None
        columns = [
            self._texts(column, int(count), rows, nullable=schema.names[column] == null)
            for column, count in enumerate(counts)
        ]
        return pa.Table.from_arrays([*columns, pa.array(self.runs[-1, :rows] == YES)], schema=schema)

    def _texts(self, column: int, count: int, rows: int, *, nullable: bool) -> pa.DictionaryArray:
        """Return a column as the different texts and, for each row, which of them it is."""
        ends, runs = self.ends[column, : count + 1], self.runs[column, :rows]
        kept = self.kept[column, : ends[-1]]
        found = pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(kept)).dictionary_encode()
        which = found.indices.to_numpy()[runs]
        blank = runs == BLANK if nullable else None
        return pa.DictionaryArray.from_arrays(pa.array(which, mask=blank), found.dictionary)
