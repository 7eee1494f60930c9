"""A fingerprint of the data a run read, the same for any order of rows, chunking, engine or version of it.

Each row becomes one text: its fields joined by U+001F, then the lengths of its text fields, so that no two different
rows share a text. The MD5 of the text (RFC 1321) is cut into four little-endian 32-bit words, and each word is summed
over all rows in exact arithmetic. Sums do not depend on order. The fingerprint is SHA-256 over the counts and sums of
both tables.

MD5 serves because every engine has it built in. The fingerprint tells two data sets apart in good faith; it does not
withstand somebody who crafts rows to match it. The ledger is what holds against forgers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from casedesk.detection.parameters import canonical_json

#: Raised when the text of a row changes, since all fingerprints change with it.
FORMAT: Final = "casedesk-data-2"

#: How a column that is not text enters the row's text: instants as whole microseconds since 1970 UTC.
_AS_NUMBER: Final = {"booked_at": "epoch_us(booked_at)", "base_minor": "base_minor"}


@dataclass(frozen=True, slots=True)
class Digest:
    """What one pass over a table yields: how many rows, and the four sums."""

    rows: int
    words: tuple[int, int, int, int]

    def __add__(self, other: Digest) -> Digest:
        """Return the digest of both sets of rows together, which share no row."""
        first, second, third, fourth = (a + b for a, b in zip(self.words, other.words, strict=True))
        return Digest(self.rows + other.rows, (first, second, third, fourth))


def digest_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return DuckDB's query for the rows, the rows without a null, and the four sums."""
    fields = [_AS_NUMBER.get(column, column) for column in columns]
    lengths = [f"length({column})" for column in columns if column not in _AS_NUMBER]
    word = "((h >> {shift}) & 4294967295)::BIGINT"
    sums = ", ".join(f"coalesce(sum({word.format(shift=shift)}), 0)" for shift in (0, 32, 64, 96))
    return f"""
    SELECT count(*), count(*) FILTER (complete), {sums}
    FROM (SELECT md5_number(concat_ws(chr(31), {", ".join(fields + lengths)})) AS h,
                 {" AND ".join(f"{column} IS NOT NULL" for column in columns)} AS complete
          FROM {table})"""


def data_fingerprint(digests: Mapping[str, Digest]) -> str:
    """Return the SHA-256 (hex) over the tables' row counts and sums."""
    return hashlib.sha256(canonical_json({"format": FORMAT, "tables": figures(digests)}).encode()).hexdigest()


def figures(digests: Mapping[str, Digest]) -> dict[str, list[int]]:
    """Write the digests of tables as JSON values: the rows, then the four sums."""
    return {name: [digest.rows, *digest.words] for name, digest in digests.items()}


def from_figures(values: Mapping[str, Sequence[int]]) -> dict[str, Digest]:
    """Read what :func:`figures` wrote."""
    return {name: Digest(rows, (a, b, c, d)) for name, (rows, a, b, c, d) in values.items()}
