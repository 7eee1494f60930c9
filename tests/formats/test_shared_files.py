"""The real files of AMLworld and the smoke set, and the traps known to be in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from casedesk.domain.rates import RateTable
from casedesk.formats import TRANSACTION_SCHEMA, Mapping, TransactionBatch, open_source
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


@pytest.mark.parametrize("name", ["amlgentex_s12_tx.parquet"])
def test_a_foreign_parquet_names_its_columns_when_refused(shared_data: Path, rates: RateTable, name: str) -> None:
    with pytest.raises(Exception, match="It has: .*is_sar.*--map column=field"):
        open_source(shared_data / name, rates=rates)
