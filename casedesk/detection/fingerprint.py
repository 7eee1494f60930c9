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
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casedesk.detection.parameters import canonical_json

#: Raised when the text of a row changes, since all fingerprints change with it.
FORMAT: Final = "casedesk-data-3"

#: The table an engine shows each source as (``keying``), and its columns in the order they enter the row's text.
_TABLES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "transactions": (
        "given",
        (
            "transaction_id",
            "at",
            "from_account",
            "to_account",
            "base_minor",
            "paid_minor",
            "channel",
            "from_country",
            "to_country",
        ),
    ),
    "accounts": ("holders", ("account_id", "customer_id", "opened_on", "peer_group")),
}
#: What is no text; an instant enters as whole microseconds since 1970 UTC.
_NUMBERS: Final = ("at", "base_minor", "paid_minor")
#: What the source called a column that has another name here.
_TOLD: Final = {"at": "booked_at", "paid_minor": "amount_minor"}

#: What an engine calls the MD5 of a text, a whole number as text, and the four words of an MD5.
_DIALECTS: Final[Mapping[str, tuple[str, str, Sequence[str]]]] = {
    "duckdb": (
        "md5_number({})",
        "{}",
        [f"((h >> {shift}) & 4294967295)::BIGINT" for shift in (0, 32, 64, 96)],
    ),
    # Spark writes an MD5 in hexadecimal digits, two for a byte; the first byte of a word is its lowest.
    "pyspark": (
        "md5({})",
        "CAST({} AS STRING)",
        [
            f"CAST(conv(concat({', '.join(f'substr(h, {first + step}, 2)' for step in (6, 4, 2, 0))}), 16, 10) "
            "AS DECIMAL(20, 0))"
            for first in (1, 9, 17, 25)
        ],
    ),
}


@dataclass(frozen=True, slots=True)
class Digest:
    """What one pass over a table yields: how many rows, and the four sums."""

    rows: int
    words: tuple[int, int, int, int]

    def __add__(self, other: Digest) -> Digest:
        """Return the digest of both sets of rows together, which share no row."""
        first, second, third, fourth = (a + b for a, b in zip(self.words, other.words, strict=True))
        return Digest(self.rows + other.rows, (first, second, third, fourth))


def digest_queries(dialect: str) -> dict[str, str]:
    """Return for each source an engine's query for the rows, the rows without a null, and the four sums."""
    return {name: _digest_sql(table, columns, dialect) for name, (table, columns) in _TABLES.items()}


def hole_query(name: str, dialect: str) -> str:
    """Return an engine's query for the first row of a source with a null, as id and column; an id may itself be the null."""
    table, columns = _TABLES[name]
    quote = "`" if dialect == "pyspark" else '"'
    cases = " ".join(f"WHEN {quote}{column}{quote} IS NULL THEN '{_TOLD.get(column, column)}'" for column in columns)
    return f"""
    SELECT {columns[0]}, hole FROM (SELECT {columns[0]}, CASE {cases} END AS hole FROM {table})
    WHERE hole IS NOT NULL ORDER BY {columns[0]} NULLS LAST LIMIT 1"""


def _digest_sql(table: str, columns: tuple[str, ...], dialect: str) -> str:
    md5, number, words = _DIALECTS[dialect]
    quote = "`" if dialect == "pyspark" else '"'
    named = {column: f"{quote}{column}{quote}" for column in columns}
    fields = [number.format(name) if column in _NUMBERS else name for column, name in named.items()]
    lengths = [number.format(f"length({name})") for column, name in named.items() if column not in _NUMBERS]
    text = f"concat_ws(chr(31), {', '.join(fields + lengths)})"
    return f"""
    SELECT count(*), coalesce(sum(complete), 0), {", ".join(f"coalesce(sum({word}), 0)" for word in words)}
    FROM (SELECT {md5.format(text)} AS h,
                 CASE WHEN {" AND ".join(f"{name} IS NOT NULL" for name in named.values())} THEN 1 ELSE 0 END AS complete
          FROM {table})"""


def digest_of_transactions(rows: Sequence[Mapping[str, Any]]) -> Digest:
    """Return the digest of transactions, given as the values of their columns without a null, as the engines' queries do."""
    _, columns = _TABLES["transactions"]
    texts = [column for column in columns if column not in _NUMBERS]
    words = [0, 0, 0, 0]
    for row in rows:
        fields = [str(row[column]) for column in columns] + [str(len(row[column])) for column in texts]
        md5 = hashlib.md5("\x1f".join(fields).encode(), usedforsecurity=False).digest()
        words = [word + more for word, more in zip(words, struct.unpack("<4I", md5), strict=True)]
    first, second, third, fourth = words
    return Digest(len(rows), (first, second, third, fourth))


def data_fingerprint(digests: Mapping[str, Digest]) -> str:
    """Return the SHA-256 (hex) over the tables' row counts and sums."""
    return hashlib.sha256(canonical_json({"format": FORMAT, "tables": figures(digests)}).encode()).hexdigest()


def figures(digests: Mapping[str, Digest]) -> dict[str, list[int]]:
    """Write the digests of tables as JSON values: the rows, then the four sums."""
    return {name: [digest.rows, *digest.words] for name, digest in digests.items()}


def from_figures(values: Mapping[str, Sequence[int]]) -> dict[str, Digest]:
    """Read what :func:`figures` wrote."""
    return {name: Digest(rows, (a, b, c, d)) for name, (rows, a, b, c, d) in values.items()}
