"""A file reads the same in chunks of any size, from any chunk on, and however it is written."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats import Mapping, TransactionBatch, open_source
from tests.formats.reading import GOOD, HEADER, line, read

#: Thirty rows: good, blank, ragged, bad and repeated.
MIXED = [
    ""
    if i % 11 == 5
    else "short,row"
    if i % 7 == 3
    else line(transaction_id=f"T{i}", amount="x" if i % 5 == 4 else f"{i}.10")
    for i in range(30)
]
#: Rows without ids of their own, many of them identical.
AMLWORLD_HEADER = (
    "Timestamp,From Bank,Account,To Bank,Account,Amount Received,Receiving Currency,Amount Paid,Payment Currency,"
    "Payment Format,Is Laundering"
)
REPEATED = [f"2022/09/01 00:0{i % 3},01,A{i % 2},02,B,5.00,US Dollar,5.00,US Dollar,ACH,{i % 2}" for i in range(30)]


@pytest.mark.parametrize("size", [1, 7, 10, 50_000])
@pytest.mark.parametrize(("header", "lines"), [(HEADER, MIXED), (AMLWORLD_HEADER, REPEATED)])
def test_chunks_of_any_size_hold_the_same_rows(
    write: Callable[..., Path], rates: RateTable, header: str, lines: list[str], size: int
) -> None:
    path = write(*lines, header=header)
    whole = read(path, rates, chunk_rows=1_000_000)
    assert whole[0]
    chunked = read(path, rates, chunk_rows=size)
    assert (chunked[0], chunked[1]) == (whole[0], whole[1])
    assert {a.account_id for a in chunked[2]} == {a.account_id for a in whole[2]}


@pytest.mark.parametrize("start", [0, 1, 3, 4])
@pytest.mark.parametrize(("header", "lines"), [(HEADER, MIXED), (AMLWORLD_HEADER, REPEATED)])
def test_an_import_goes_on_at_any_chunk(
    write: Callable[..., Path], rates: RateTable, header: str, lines: list[str], start: int
) -> None:
    source = open_source(write(*lines, header=header), rates=rates, chunk_rows=7)
    whole, resumed = list(source.batches()), list(source.batches(start))
    assert [b.index for b in whole] == [0, 1, 2, 3, 4]
    assert [(b.index, b.rows(), b.rejects) for b in resumed] == [(b.index, b.rows(), b.rejects) for b in whole[start:]]  # type: ignore[attr-defined]


def test_a_chunk_covers_fixed_row_numbers(write: Callable[..., Path], rates: RateTable) -> None:
    source = open_source(write(*MIXED), rates=rates, chunk_rows=10)
    numbers = [[r.row_number for r in batch.rejects] for batch in source.batches()]
    assert [(2 + 10 * i <= min(n), max(n) < 12 + 10 * i) for i, n in enumerate(numbers)] == [(True, True)] * 3


def test_rows_split_alike_across_parser_blocks(
    write: Callable[..., Path], rates: RateTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(*MIXED)
    whole = read(path, rates)
    monkeypatch.setattr("casedesk.formats.csv_reader._BLOCK", 200)
    assert read(path, rates) == whole


def test_a_quoted_line_break_may_lie_anywhere_in_a_block(
    write: Callable[..., Path], rates: RateTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casedesk.formats.csv_reader._BLOCK", 250)
    rows = [line(transaction_id=f"T{i}") + ',"' + "a,b\n" * (i % 20) + '"' for i in range(60)]
    good, rejects, _ = read(write(*rows, header=HEADER + ",note"), rates)
    assert ([row["transaction_id"] for row in good], rejects) == ([f"T{i}" for i in range(60)], [])


def test_a_row_longer_than_a_block_is_refused_in_a_sentence(
    write: Callable[..., Path], rates: RateTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casedesk.formats.csv_reader._BLOCK", 200)
    with pytest.raises(Invalid, match="cannot be split into rows"):
        read(write(line(), line(reference="x" * 500), line()), rates)


def test_blank_and_header_only_files(write: Callable[..., Path], rates: RateTable) -> None:
    assert read(write(), rates) == ([], [], [])
    assert read(write(end=""), rates) == ([], [], [])
    assert read(write("", "", end="\r\n"), rates) == ([], [], [])


@pytest.mark.parametrize(
    "change",
    [
        lambda text: codecs.BOM_UTF8 + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r"),
        lambda text: text.removesuffix(b"\n"),
        lambda text: text.replace(b",", b";"),
        lambda text: text.replace(b",", b"\t"),
        lambda text: text.replace(HEADER.encode(), HEADER.replace(",", " , ").upper().encode()),
        lambda text: text.replace(HEADER.encode(), b",".join(b'"%s"' % n.encode() for n in HEADER.split(","))),
    ],
    ids=["BOM", "CRLF", "CR", "no last line break", "semicolons", "tabs", "spaces around header", "quoted header"],
)
def test_ways_to_write_one_file_read_alike(
    write: Callable[..., Path], rates: RateTable, change: Callable[[bytes], bytes]
) -> None:
    path = write(line(), line(transaction_id="T2", reference="Miete März"))
    whole = read(path, rates)
    path.write_bytes(change(path.read_bytes()))
    assert read(path, rates) == whole
    assert len(whole[0]) == 2


def test_a_quoted_line_break_in_an_ignored_column_does_no_harm(write: Callable[..., Path], rates: RateTable) -> None:
    good, rejects, _ = read(write(line() + ',"two\nlines"', line(amount="x") + ",", header=HEADER + ",note"), rates)
    assert len(good) == 1
    assert [r.row_number for r in rejects] == [3]


def test_gzip_reads_like_the_file_inside(write: Callable[..., Path], rates: RateTable, tmp_path: Path) -> None:
    path = write(*MIXED)
    packed = tmp_path / "transactions.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read(packed, rates) == read(path, rates)
    source = open_source(packed, rates=rates)
    assert source.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()
    assert source.total_bytes == packed.stat().st_size == list(source.batches())[-1].bytes_read


def _json_line(row: dict[str, Any]) -> str:
    return json.dumps(row).replace('"AMOUNT"', "12.10")


def test_json_lines_read_like_csv(write: Callable[..., Path], rates: RateTable) -> None:
    rows: list[dict[str, Any]] = [
        {**GOOD, "amount": "AMOUNT", "is_sar": True},
        {**GOOD, "transaction_id": 17, "branch": None},
    ]
    path = write(_json_line(rows[0]), "", _json_line(rows[1]), header=None, name="t.jsonl")
    good, rejects, _ = read(path, rates)
    assert rejects == []
    assert [(r["transaction_id"], r["amount_minor"], r["branch"]) for r in good] == [
        ("T1", 1210, "B1"),
        ("17", 1250, ""),
    ]


def test_a_json_number_keeps_its_digits(write: Callable[..., Path], rates: RateTable) -> None:
    text = json.dumps({**GOOD, "amount": 0}).replace('"amount": 0', '"amount": 9999999999999999.99')
    assert read(write(text, header=None), rates)[0][0]["amount_minor"] == 999_999_999_999_999_999


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("{not json", "row", "not JSON"),
        ("[1, 2]", "row", "not a JSON object"),
        (json.dumps({**GOOD, "amount": {"v": 1}}), "amount", "list or an object"),
        (json.dumps({**GOOD, "amount": float("nan")}), "amount", "not a finite number"),
        (json.dumps({**GOOD, "reference": "\ud800"}), "reference", "not Unicode"),
        ("[" * 100_000, "row", "not JSON"),
    ],
)
def test_a_bad_json_line_is_a_bad_row(
    write: Callable[..., Path], rates: RateTable, text: str, field: str, words: str
) -> None:
    good, [reject], _ = read(write(json.dumps(GOOD), text, json.dumps(GOOD), header=None), rates)
    assert len(good) == 2
    assert (reject.row_number, reject.field) == (2, field)
    assert words in reject.reason


def test_parquet_reads_like_csv(write: Callable[..., Path], rates: RateTable, tmp_path: Path) -> None:
    path = write(line(), line(amount="x"), line(transaction_id="T3"))
    options = pa.csv.ConvertOptions(strings_can_be_null=False, column_types=dict.fromkeys(GOOD, pa.string()))
    pq.write_table(pa.csv.read_csv(path, convert_options=options), tmp_path / "t.parquet", row_group_size=1)
    good, rejects, accounts = read(tmp_path / "t.parquet", rates)
    assert good == read(path, rates)[0]
    assert [(r.row_number, r.field) for r in rejects] == [(2, "amount")]
    assert len(accounts) == 2


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_keeps_typed_times_and_numbers(tmp_path: Path, rates: RateTable, unit: str, zone: str) -> None:
    moment = datetime(2024, 7, 1, 9, 30, tzinfo=UTC)
    columns: dict[str, Any] = {name: [value, value] for name, value in GOOD.items()}
    columns["booked_at"] = pa.array([moment, None], pa.timestamp(unit, zone))
    columns["amount"] = pa.array([12.5, float("nan")])
    columns["transaction_id"] = pa.array([1, 2])
    columns["channel"] = pa.array(["ACH", "ACH"]).dictionary_encode()
    columns["branch"] = pa.array([None, None], pa.string())
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    [row], [reject], _ = read(tmp_path / "t.parquet", rates)
    assert (row["transaction_id"], row["booked_at"], row["amount_minor"]) == ("1", 1_719_826_200_000_000, 1250)
    assert (reject.row_number, reject.field) == (2, "booked_at")


def test_a_parquet_time_without_a_zone_needs_one(tmp_path: Path, rates: RateTable) -> None:
    table = pa.table(
        {**{n: [v] for n, v in GOOD.items()}, "booked_at": pa.array([1_719_792_000_000_000], pa.timestamp("us"))}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert "--zone" in read(tmp_path / "t.parquet", rates)[1][0].reason
    assert read(tmp_path / "t.parquet", rates, zone="Asia/Kolkata")[0][0]["booked_at"] == 1_719_772_200_000_000


def test_a_nested_parquet_column_is_refused_when_needed(tmp_path: Path, rates: RateTable) -> None:
    table = pa.table({**{name: [value] for name, value in GOOD.items()}, "reference": [[1, 2]], "note": [[1]]})
    pq.write_table(table, tmp_path / "t.parquet")
    with pytest.raises(Invalid, match=r"column “reference” of t\.parquet holds list"):
        read(tmp_path / "t.parquet", rates)
    pq.write_table(table.drop_columns(["reference"]), tmp_path / "t.parquet")
    assert len(read(tmp_path / "t.parquet", rates)[0]) == 1


def test_the_fingerprint_changes_with_whatever_changes_the_rows(write: Callable[..., Path], rates: RateTable) -> None:
    path = write(line())
    mapping = Mapping.parse([f"{name}={name}" for name in GOOD])
    prints = [
        open_source(path, rates=rates).fingerprint,
        open_source(path, rates=rates, zone="UTC").fingerprint,
        open_source(path, rates=rates, base_currency="EUR").fingerprint,
        open_source(path, rates=rates, chunk_rows=7).fingerprint,
        open_source(path, rates=rates, mapping=mapping).fingerprint,
        open_source(path, rates=RateTable([])).fingerprint,
        open_source(write(line(), line()), rates=rates).fingerprint,
    ]
    assert len(set(prints)) == len(prints)
    assert open_source(write(line()), rates=rates).fingerprint == prints[0]


def test_a_batch_tells_the_row_number_of_every_row_it_gives(write: Callable[..., Path], rates: RateTable) -> None:
    for batch in open_source(write(*MIXED), rates=rates, chunk_rows=7).batches():
        assert isinstance(batch, TransactionBatch)
        ids = [f"T{number - 2}" for number in batch.numbers]
        assert batch.table["transaction_id"].to_pylist() == ids
