"""Files that are refused whole, each with a sentence that names what is wrong and the way out."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid, NotFound
from casedesk.formats import Mapping, open_source, open_sources
from tests.formats.reading import HEADER, line, read


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"%PDF-1.7 ...", "export.csv is not a CSV, Parquet or JSON-lines file: it starts with a PDF's signature"),
        (b"PK\x03\x04 ...", "ZIP archive's signature, as .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office document"),
        (b"SQLite format 3\x00", "SQLite database"),
        (b"<?xml version='1.0'?>", "export.csv is not well-formed XML: no element found"),
        (b"<note><to>x</to></note>", "is XML, but neither a camt.053 .* nor a pacs.008 .*root element is “note” of no"),
        (b"\n<!DOCTYPE html>", "an HTML page"),
        (b'[{"transaction_id": 1}]', "JSON array; write one object a line"),
        ("transaction_id,amount\n".encode("utf-16"), "UTF-16 text; save it as UTF-8"),
        (b"abc\x00def,1\n", "NUL bytes"),
        (b"PAR1 and nothing else", "starts as Parquet, but cannot be read"),
        (b"", "export.csv is empty"),
        (b"\xef\xbb\xbf\n \r\n", "export.csv is empty"),
        (b"name,colour,size\n1,2,3\n", "none the desk knows. It has: name, colour, size.*--map column=field"),
        (b'"transaction_id,amount\nT1,2\n', "does not end"),
    ],
)
def test_a_wrong_file_is_refused_with_what_it_is(tmp_path: Path, rates: RateTable, content: bytes, words: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    with pytest.raises(Invalid, match=words):
        open_source(path, rates=rates)


def test_a_missing_file_is_not_found(tmp_path: Path, rates: RateTable) -> None:
    with pytest.raises(NotFound, match=r"nowhere\.csv does not exist"):
        open_source(tmp_path / "nowhere.csv", rates=rates)


def test_every_missing_column_is_named_with_the_columns_found(write: Callable[..., Path], rates: RateTable) -> None:
    path = write("1", header="transaction_id,booked_at,from_account,reference")
    with pytest.raises(
        Invalid, match="lacks the columns to_account, amount, currency, channel of a transactions file"
    ) as caught:
        open_source(path, rates=rates)
    assert "It has: transaction_id, booked_at, from_account, reference." in str(caught.value)


def test_ten_thousand_columns_are_read_and_one_more_is_refused(write: Callable[..., Path], rates: RateTable) -> None:
    extra = [f"x{i}" for i in range(10_000 - 13)]
    widest = write(line() + "," * len(extra), header=",".join([HEADER, *extra]))
    assert len(read(widest, rates)[0]) == 1
    wider = write(line() + "," * (len(extra) + 1), header=",".join([HEADER, *extra, "one_more"]))
    with pytest.raises(Invalid, match="has 10001 columns; the desk reads files of at most 10000"):
        open_source(wider, rates=rates)


@pytest.mark.parametrize("before", [300, 2**20 - 3, 2**20 - 2, 2**20 - 1, 2**20])
def test_a_byte_that_is_not_utf8_is_named_by_line_and_offset(tmp_path: Path, rates: RateTable, before: int) -> None:
    # Reads are of one MiB: the good two-byte character before the wrong byte lies before, across and after their edge.
    start = f"{HEADER}\n{line()}\n".encode()
    start = start + b"x" * (before - len(start)) + "é".encode()
    path = tmp_path / "transactions.csv"
    path.write_bytes(start + b"\xff,\n")
    with pytest.raises(Invalid, match=f"not UTF-8: line 3 holds the byte 0xFF at offset {before + 2}\\."):
        open_source(path, rates=rates)


def test_a_character_cut_off_at_the_end_is_not_utf8(tmp_path: Path, rates: RateTable) -> None:
    path = tmp_path / "transactions.csv"
    path.write_bytes(f"{HEADER}\n{line(reference='')}".encode() + b"\xc3")
    with pytest.raises(Invalid, match="line 2 holds the byte 0xC3"):
        open_source(path, rates=rates)


def test_a_truncated_gzip_is_refused_before_a_row_is_read(tmp_path: Path, rates: RateTable) -> None:
    packed = gzip.compress("\n".join([HEADER, *(line(transaction_id=f"T{i}") for i in range(100_000))]).encode())
    path = tmp_path / "transactions.csv.gz"
    for cut in (len(packed) - 4, len(packed) // 2, 12):
        path.write_bytes(packed[:cut])
        with pytest.raises(Invalid, match=r"transactions\.csv\.gz is damaged"):
            open_source(path, rates=rates)


def test_a_gzip_with_a_flipped_byte_is_refused(tmp_path: Path, rates: RateTable) -> None:
    packed = bytearray(gzip.compress("\n".join([HEADER, line()]).encode()))
    packed[-6] ^= 1
    (tmp_path / "t.csv.gz").write_bytes(packed)
    with pytest.raises(Invalid, match="damaged"):
        open_source(tmp_path / "t.csv.gz", rates=rates)


def test_a_quote_that_never_closes_refuses_the_file(write: Callable[..., Path], rates: RateTable) -> None:
    # Without a check the open quote would swallow ninety-nine good rows into the reference of one bad one.
    lines = [line(transaction_id=f"T{i}") for i in range(100)]
    lines[3] = lines[3].replace("rent", '"rent')
    with pytest.raises(Invalid, match="row that starts on line 5 has a quote that does not close"):
        open_source(write(*lines), rates=rates)


def test_a_needed_column_that_comes_twice_is_refused(write: Callable[..., Path], rates: RateTable) -> None:
    with pytest.raises(Invalid, match="has the column “amount” more than once"):
        open_source(write(line() + ",5", header=HEADER + ",amount"), rates=rates)
    with pytest.raises(Invalid, match="has the column “amount” more than once"):
        open_source(write("1,2", header="amount,amount"), rates=rates, mapping=Mapping.parse(["amount=amount"]))


def test_an_unneeded_column_may_come_twice(write: Callable[..., Path], rates: RateTable) -> None:
    assert len(read(write(line() + ",a,b", header=HEADER + ",note,note"), rates)[0]) == 1


def test_an_unknown_zone_or_format_or_base_currency_is_refused(write: Callable[..., Path], rates: RateTable) -> None:
    path = write(line())
    with pytest.raises(Invalid, match="“Mars/Olympus” is not a time zone"):
        open_source(path, rates=rates, zone="Mars/Olympus")
    with pytest.raises(Invalid, match="“excel” is not a format"):
        open_source(path, rates=rates, format="excel")
    with pytest.raises(Invalid, match="“ABC” is not an ISO 4217"):
        open_source(path, rates=rates, base_currency="ABC")
    with pytest.raises(Invalid, match="does not have AMLworld's columns"):
        open_source(path, rates=rates, format="amlworld")


def test_a_folder_without_known_files_is_refused(tmp_path: Path, rates: RateTable) -> None:
    (tmp_path / "labels.csv").write_text("a,b\n")
    with pytest.raises(Invalid, match="holds no customers, accounts or transactions file"):
        open_sources(tmp_path, rates=rates)


def test_a_folder_with_two_files_of_a_kind_is_refused(tmp_path: Path, rates: RateTable) -> None:
    for name in ("transactions.csv", "transactions.parquet"):
        (tmp_path / name).write_text("x")
    with pytest.raises(Invalid, match=r"transactions\.csv and transactions\.parquet; keep one"):
        open_sources(tmp_path, rates=rates)
