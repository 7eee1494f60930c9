"""The real files of AMLworld and the smoke set, and the traps known to be in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from casedesk.domain.rates import RateTable
from casedesk.formats import TRANSACTION_SCHEMA, Mapping, TransactionBatch, open_source, open_sources
from tests.formats.reading import read

pytestmark = pytest.mark.shared


def test_the_benign_file_is_taken_whole(shared_data: Path, rates: RateTable) -> None:
    path = shared_data / "amlworld_benign_30min_12308.csv"
    good, rejects, accounts = read(path, rates)
    assert (len(good), rejects) == (12_308, [])
    assert len({row["transaction_id"] for row in good}) == 12_308
    by_channel = Counter(row["channel"] for row in good)
    assert by_channel == {
        "INTERNAL": 8584, "CARD": 1274, "CHEQUE": 1137, "ACH": 718 + 1, "CASH": 399, "WIRE": 191, "CRYPTO": 4
    }  # fmt: skip
    loops = sum(row["from_account"] == row["to_account"] for row in good)
    assert loops > 8000
    first = good[0]
    assert first["from_account"] == "111443/804E78170"
    assert first["booked_at"] == 1_661_991_240_000_000
    assert {a.account_id: a.bank for a in accounts}["111443/804E78170"] == "111443"


def test_traps_of_the_benign_file(shared_data: Path, rates: RateTable) -> None:
    [batch] = open_source(shared_data / "amlworld_benign_30min_12308.csv", rates=rates).batches()
    assert isinstance(batch, TransactionBatch)
    assert batch.rounded > 0  # doubles such as 4.5600000000000005, and yen with cents
    rows = [dict(zip(batch.table.column_names, row, strict=True)) for row in batch.rows()]
    assert {r["amount_minor"] for r in rows if r["currency"] == "XBT"} >= {32_556_200}  # 0.32556199999999996
    repeated = [r for r in rows if not r["transaction_id"].endswith("-1")]
    assert len(repeated) >= 18  # identical rows are transactions of their own
    assert not {"is_laundering", "Is Laundering"} & set(TRANSACTION_SCHEMA.names)


def test_the_patterns_file_is_taken_whole_and_numbered_by_line(
    shared_data: Path, rates: RateTable, tmp_path: Path
) -> None:
    path = shared_data / "amlworld_HI-Small_Patterns.txt"
    good, rejects, _ = read(path, rates)
    assert (len(good), rejects) == (3_209, [])
    assert all("/" in row["from_account"] and row["channel"] == "ACH" for row in good if row["currency"] == "SAR")
    assert good[0]["from_account"] == "021174/800737690"
    lines = path.read_text().splitlines()
    lines[3] = lines[3].replace("Yuan", "Doubloon")
    lines[7] = "not a row"
    (tmp_path / "patterns.txt").write_text("\n".join(lines))
    good, rejects, _ = read(tmp_path / "patterns.txt", rates)
    assert len(good) == 3_207
    assert [(r.row_number, r.field) for r in rejects] == [(4, "currency"), (8, "row")]


def test_the_smoke_set_goes_through_a_mapping(shared_data: Path, rates: RateTable) -> None:
    maps = (
        "transaction_id=transaction_id", "timestamp=booked_at", "sender_id=from_account", "receiver_id=to_account",
        "amount=amount", "transaction_type=channel", "sender_country=from_country", "receiver_country=to_country",
    )  # fmt: skip
    mapping = Mapping.parse(maps, ["currency=USD"])
    path = shared_data / "typology_smoke_quantsingularity_9973.csv"
    good, rejects, _ = read(path, rates, mapping=mapping, zone="UTC")
    assert (len(good), rejects) == (9_973, [])
    assert Counter(row["channel"] for row in good) == {"ACH": 6681, "CASH": 3260, "WIRE": 32}
    assert good[0]["amount_minor"] == 181_724
    assert good[0]["from_country"] == "JP"


@pytest.mark.slow
@pytest.mark.parametrize("world", ["s11", "s12"])
def test_amlgentex_is_taken_whole_and_its_outside_world_is_nobody(
    shared_data: Path, rates: RateTable, world: str
) -> None:
    path = shared_data / f"amlgentex_{world}_tx.parquet"
    rows, accounts, rejects = 0, set(), 0
    channels: Counter[str] = Counter()
    for batch in open_source(path, rates=rates).batches():
        assert isinstance(batch, TransactionBatch)
        rows, rejects = rows + batch.table.num_rows, rejects + len(batch.rejects)
        accounts |= set(batch.accounts["account_id"].to_pylist())
        channels.update(batch.table["channel"].to_pylist())
        assert not {"is_sar", "pattern_id", "model_type"} & set(batch.table.column_names)
    assert (rows, rejects) == (pq.read_metadata(path).num_rows, 0)
    assert channels["OTHER"] == 10_000  # opening balances
    assert {account.split("/")[0] for account in accounts} == {"bank_a", "bank_b", "bank_c"}
    customers, described = open_sources(shared_data / f"amlgentex_{world}_accounts.csv", rates=rates)
    assert (customers.kind, described.kind) == ("customers", "accounts")
    told = {a.account_id for batch in described.batches() for a in batch.accounts}  # type: ignore[attr-defined]
    assert len(told) == 10_000
    assert len(accounts - told) <= 1  # in each world one account changes its bank


def test_amlsim_is_taken_whole_a_day_a_step(shared_data: Path, rates: RateTable) -> None:
    good, rejects, accounts = read(shared_data / "amlsim_20K_fanin200_transactions.csv.gz", rates)
    assert (len(good), rejects) == (118_250, [])
    assert len({row["transaction_id"] for row in good}) == 118_250
    days = {row["booked_at"] for row in good}
    assert min(days) == 1_767_225_600_000_000 + 86_400_000_000
    assert all(day % 86_400_000_000 == 0 for day in days)
    sources = open_sources(shared_data / "amlsim_20K_fanin200_nodes.csv.gz", rates=rates)
    nodes = {a.account_id for batch in sources[1].batches() for a in batch.accounts}  # type: ignore[attr-defined]
    assert len(nodes) == 20_000
    assert {a.account_id for a in accounts} <= nodes


def test_a_foreign_file_names_its_columns_when_refused(shared_data: Path, rates: RateTable) -> None:
    with pytest.raises(Exception, match="It has: .*sender_id.*--map column=field"):
        open_source(shared_data / "typology_smoke_quantsingularity_9973.csv", rates=rates)
