"""Rules for text: trimmed, NFC, no control characters, bounded length. And for words from a fixed list."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.formats.faults import Faults
from casedesk.formats.records import Column, Flags

#: Longest id of a transaction, account or customer.
ID_LENGTH: Final = 64

#: Longest free text of a transaction; SWIFT field 70 (remittance information) holds 4 x 35.
TEXT_LENGTH: Final = 140

_CONTROL: Final = r"[\x00-\x1f\x7f-\x{9f}]"
CONTROL_REASON: Final = "The text holds a control character (a line break, a tab or an unseen one); remove it."


def too_long(limit: int) -> str:
    """Build the reason of a text that is longer than its column."""
    return f"The text is longer than {limit} characters; shorten it."


def utf16_length(text: str) -> int:
    """Count as SQL Server does: a character beyond the basic plane is two."""
    return len(text) + sum(c > "\uffff" for c in text)


def clean(text: str) -> str:
    """Trim a text and bring it to Unicode NFC, so that two spellings of one name are one name."""
    return unicodedata.normalize("NFC", text.strip())


def clean_column(column: Column, *, field: str, limit: int, faults: Faults) -> Column:
    """Clean a column of strings and mark texts with control characters or too many characters.

    Look at the bytes of the whole column first: nearly every column is plain ASCII without spaces, and passes
    untouched.
    """
    data = _bytes_of(column)
    if not len(data) or (data.min() > 0x20 and data.max() < 0x7F):
        faults.mark(_lengths(column) > limit, field, column, too_long(limit))
        return column
    plain = bool((data < 0x80).all())
    if not plain or bool(((data < 0x20) | (data == 0x7F)).any()):
        faults.mark(_flags(pc.match_substring_regex(column, _CONTROL)), field, column, CONTROL_REASON)
    cleaned = pc.utf8_trim(column, " ") if bool((data == 0x20).any()) else column
    if plain:
        faults.mark(_lengths(cleaned) > limit, field, column, too_long(limit))
        return cleaned
    foreign = ~_flags(pc.string_is_ascii(column))
    texts = [clean(text) for text in column.filter(pa.array(foreign)).to_pylist()]
    long = _lengths(cleaned) > limit
    long[foreign] = [utf16_length(text) > limit for text in texts]
    faults.mark(long, field, column, too_long(limit))
    return pc.replace_with_mask(cleaned, pa.array(foreign), pa.array(texts, pa.string()))


def is_blank(column: Column) -> Flags:
    """Find empty strings."""
    blank: Flags = _lengths(column) == 0
    return blank


def translate(column: Column, known: Callable[[str], str | None]) -> tuple[Column, Flags]:
    """Replace each word by what ``known`` makes of it (trimmed); give the new column and where it made nothing.

    ``known`` is asked once for each distinct word.
    """
    encoded = column.dictionary_encode()
    answers = [known(word.strip()) for word in encoded.dictionary.to_pylist()]
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    wrong = np.array([answer is None for answer in answers], dtype=np.bool_)
    words = pa.array([answer or "" for answer in answers], pa.string())
    if not len(codes):
        return column, np.zeros(0, dtype=np.bool_)
    return words.take(encoded.indices), wrong[codes]


def _bytes_of(column: Column) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    data = column.buffers()[2]
    if data is None or not len(column):
        return np.empty(0, dtype=np.uint8)
    edges = _edges(column)
    return np.frombuffer(data, dtype=np.uint8)[edges[0] : edges[-1]]


def _edges(column: Column) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Say where each string begins in the column's bytes, and where the last one ends."""
    return np.frombuffer(column.buffers()[1], dtype=np.int32)[column.offset : column.offset + len(column) + 1]


def _flags(column: Column) -> Flags:
    flags: Flags = column.to_numpy(zero_copy_only=False)
    return flags


def _lengths(column: Column) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Count the bytes of each string; a column holds strings, and no null."""
    return np.diff(_edges(column)) if len(column) else np.empty(0, dtype=np.int32)
