"""Files read without a database are what an import would have stored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats import Mapping, RejectedRow
from casedesk.formats.known_rows import KnownRows
from casedesk.formats.offline import OFFLINE_ACCOUNTS, OFFLINE_TRANSACTIONS, read_offline
from tests.formats.published import AMLGENTEX, AMLGENTEX_ACCOUNTS, GOOD, PAYSIM, SAML_D, row
from tests.formats.reading import HEADER, line, read

Write = Callable[..., Path]

CUSTOMERS = "customer_id,name,kind,country,segment,occupation,since"
ACCOUNTS = "account_id,customer_id,holder,bank,currency,country,opened_on"


def offline(rates: RateTable, *paths: Path, **options: Any) -> tuple[pa.Table, pa.Table]:
    transactions, accounts = read_offline(paths, base_currency="USD", rates=rates, **options)
    return transactions if isinstance(transactions, pa.Table) else transactions.read_all(), accounts


@pytest.mark.parametrize("header", [SAML_D, PAYSIM, HEADER])
def test_the_rows_are_those_of_an_import(write: Write, rates: RateTable, header: str) -> None:
    path = write(line() if header == HEADER else GOOD[header], header=header)
    transactions, accounts = offline(rates, path)
    assert transactions.schema == OFFLINE_TRANSACTIONS
    assert accounts.schema == OFFLINE_ACCOUNTS
    [stored], _, seen = read(path, rates)
    [found] = transactions.set_column(1, "booked_at", transactions["booked_at"].cast(pa.int64())).to_pylist()
    assert found == {name: stored[name] for name in found}
    assert {(a["account_id"], a["customer_id"]) for a in accounts.to_pylist()} == {
        (a.account_id, f"H-{a.account_id}") for a in seen
    }


def test_accounts_have_their_holders_their_opening_and_their_group(write: Write, rates: RateTable) -> None:
    write("K1,Kim Roe,Person,US,retail,baker,2019-05-02", header=CUSTOMERS, name="customers.csv")
    write("A1,K1,Kim Roe,First,USD,US,2019-05-02", "A2,,Sam Poe,Other,USD,GB,", header=ACCOUNTS, name="accounts.csv")
    folder = write(line(), line(transaction_id="T2", to_account="A3")).parent
    _, accounts = offline(rates, folder)
    assert sorted(accounts.to_pylist(), key=lambda a: a["account_id"]) == [
        {"account_id": "A1", "customer_id": "K1", "opened_on": "2019-05-02", "peer_group": "retail"},
        {"account_id": "A2", "customer_id": "", "opened_on": "", "peer_group": ""},
        {"account_id": "A3", "customer_id": "H-A3", "opened_on": "", "peer_group": ""},
    ]


def test_files_of_a_data_set_are_read_together_in_any_order(write: Write, rates: RateTable) -> None:
    moves = write(GOOD[AMLGENTEX], header=AMLGENTEX, name="tx.csv")
    holders = write("439,C_439,1,1,25,c,true,bank_a", header=AMLGENTEX_ACCOUNTS, name="people.csv")
    for files in ((moves, holders), (holders, moves)):
        for format in (None, "amlgentex"):
            transactions, accounts = offline(rates, *files, format=format)
            assert transactions.num_rows == 1
            assert {a["account_id"]: a["customer_id"] for a in accounts.to_pylist()} == {
                "bank_a/439": "C_439", "bank_b/8669": "H-bank_b/8669"
            }  # fmt: skip


def test_a_folder_of_parts_is_read_to_its_depth(tmp_path: Path, rates: RateTable) -> None:
    for day in ("01", "02"):
        part = tmp_path / f"day={day}"
        part.mkdir()
        (part / "part-0.csv").write_text(f"{HEADER}\n{line(transaction_id=f'T{day}')}\n")
        (part / "_SUCCESS").write_text("")
    assert offline(rates, tmp_path)[0]["transaction_id"].to_pylist() == ["T01", "T02"]


def test_a_row_in_two_files_counts_once(write: Write, rates: RateTable) -> None:
    first = write(line(), line(transaction_id="T2"), line(), name="a.csv")
    second = write(line(transaction_id="T2"), line(transaction_id="T3"), name="b.csv")
    assert offline(rates, first, second, first)[0]["transaction_id"].to_pylist() == ["T1", "T2", "T3"]


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_rows_without_an_id_are_as_many_however_they_are_dealt_out(write: Write, rates: RateTable, parts: int) -> None:
    rows = [GOOD[SAML_D]] * 3 + [row(SAML_D, Time=f"11:00:0{n}") for n in (1, 2, 1, 1)]
    files = [write(*rows[part::parts], header=SAML_D, name=f"part-{part}.csv") for part in range(parts)]
    whole = write(*rows, header=SAML_D, name="whole.csv")
    told = [sorted(offline(rates, *given)[0].to_pylist(), key=repr) for given in (files, [whole])]
    assert len(told[0]) == 7
    assert told[0] == told[1]


def test_an_id_with_two_contents_is_refused(write: Write, rates: RateTable) -> None:
    path = write(line(), line(transaction_id="T2"), line(amount="99.00"))
    with pytest.raises(
        Invalid, match=r"Row 4 of transactions.csv cannot be read: transaction_id “T1”\. Another row has"
    ):
        offline(rates, path)
    rejects: list[RejectedRow] = []
    assert offline(rates, path, rejects=rejects)[0].num_rows == 2
    assert [(r.row_number, r.field) for r in rejects] == [(4, "transaction_id")]


def test_a_bad_row_is_an_error_unless_a_list_takes_it(write: Write, rates: RateTable) -> None:
    path = write(line(), line(transaction_id="T2", booked_at="2026-07-01T09:30:00"))
    with pytest.raises(Invalid, match=r"Row 3 of transactions.csv cannot be read: booked_at “2026-.*has no zone"):
        offline(rates, path)
    rejects: list[RejectedRow] = []
    assert offline(rates, path, rejects=rejects)[0]["transaction_id"].to_pylist() == ["T1"]
    assert [(r.row_number, r.field) for r in rejects] == [(3, "booked_at")]


def test_options_reach_the_files(write: Write, rates: RateTable) -> None:
    steps = write(GOOD[PAYSIM], header=PAYSIM)
    [late] = offline(rates, steps, start="2025-01-01T00:00:00Z")[0]["booked_at"].to_pylist()
    assert late.isoformat() == "2025-01-01T01:00:00+00:00"
    theirs = write("2026-06-01 11:00:00,A,B,12.50", header="when,who,whom,value", name="theirs.csv")
    holders = write("A,K1,Kim Roe", header="account_id,customer_id,holder", name="accounts.csv")
    mapping = Mapping.parse(
        ["when=booked_at", "who=from_account", "whom=to_account", "value=amount"], ["currency=EUR", "channel=ACH"]
    )
    transactions, accounts = offline(rates, theirs, holders, mapping=mapping, zone="Europe/Vienna")
    assert transactions["booked_at"].to_pylist()[0].hour == 9
    assert {a["customer_id"] for a in accounts.to_pylist()} == {"K1", "H-B"}


def test_no_transactions_is_a_sentence(write: Write, rates: RateTable, tmp_path: Path) -> None:
    holders = write("A,K1,Kim Roe", header="account_id,customer_id,holder", name="accounts.csv")
    with pytest.raises(Invalid, match=r"There are no transactions in accounts\.csv; name a transactions file"):
        offline(rates, holders)
    with pytest.raises(Invalid, match="There are no transactions in nothing"):
        offline(rates)
    (tmp_path / "empty").mkdir()
    with pytest.raises(Invalid, match="empty holds no file of transactions"):
        offline(rates, tmp_path / "empty")


def test_no_file_is_left_behind_by_many_rows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    schema = pa.schema([("id", pa.string()), ("value", pa.int64())])

    def table(*rows: tuple[str, int]) -> pa.Table:
        return pa.table([[r[0] for r in rows], [r[1] for r in rows]], schema=schema)

    for limit in (100, 3, 0):
        rows = KnownRows(schema, in_memory=limit)
        rows.add(table(("a", 1), ("b", 2)), np.array([2, 3]))
        rows.add(table(("c", 3), ("a", 1), ("d", 4)), np.array([4, 5, 6]))
        rows.add(table(("b", 9), ("e", 5), ("b", 2)), np.array([7, 8, 9]))
        refused = rows.settle()
        assert [(r.row_number, r.value) for r in refused] == [(7, "b")]
        found = rows.read()
        assert isinstance(found, pa.Table) is (limit == 100)
        told = found if isinstance(found, pa.Table) else found.read_all()
        assert told.to_pylist() == [{"id": i, "value": v} for i, v in zip("abcde", range(1, 6), strict=True)]
        assert list(tmp_path.iterdir()) == []


def test_two_ids_that_share_a_hash_are_both_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pandas.util.hash_array", lambda ids, categorize: np.ones(len(ids), dtype=np.uint64))
    schema = pa.schema([("id", pa.string())])
    rows = KnownRows(schema)
    rows.add(pa.table([["a", "b"]], schema=schema), np.array([1, 2]))
    rows.add(pa.table([["b", "c"]], schema=schema), np.array([3, 4]))
    assert rows.settle() == []
    found = rows.read()
    assert isinstance(found, pa.Table)
    assert sorted(found["id"].to_pylist()) == ["a", "b", "c"]


@pytest.mark.shared
def test_the_shared_files_are_read_together(shared_data: Path, rates: RateTable) -> None:
    files = [shared_data / f"amlsim_20K_fanin200_{kind}.csv.gz" for kind in ("nodes", "transactions")]
    transactions, accounts = offline(rates, *files)
    assert (transactions.num_rows, accounts.num_rows) == (118_250, 20_000)
    both = [shared_data / name for name in ("amlworld_benign_30min_12308.csv", "amlworld_HI-Small_Patterns.txt")]
    transactions, accounts = offline(rates, *both)
    assert transactions.num_rows == 15_517
    assert all(a["customer_id"] == f"H-{a['account_id']}" for a in accounts.to_pylist())
