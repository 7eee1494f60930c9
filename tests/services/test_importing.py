"""Imports: each row once, a conflict named by its row, and an import that was cut short ends as if it never had been."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from casedesk.domain.people import RoleForbids
from casedesk.services import ingestion
from casedesk.services.ingestion import HowToRead, Imported, ImportUnderWay, Progress
from casedesk.store.unit_of_work import Writing
from tests.builders import TestDesk

HEADER = (
    "transaction_id,booked_at,from_account,to_account,amount,currency,received_amount,received_currency,channel,"
    "from_country,to_country,branch,reference"
)


def transaction(n: int, amount: str = "100.00", **more: str) -> str:
    cells = {"id": f"T-{n:04}", "at": f"2026-07-01T09:{n % 60:02}:00Z", "from": "", "to": f"ACC-{n % 3}", **more}
    return f"{cells['id']},{cells['at']},{cells['from']},{cells['to']},{amount},USD,,,CASH,US,US,Main Street,r{n}"


def file(folder: Path, rows: list[str], name: str = "transactions.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


#: Rows 2 to 31 of the file; three cannot be taken, two are told twice.
ROWS = [transaction(n) for n in range(25)] + [
    transaction(26, amount="-1"), transaction(27, amount="NaN"), transaction(28, at="2026-02-31T00:00:00Z"), transaction(3),
    transaction(4),
]  # fmt: skip


def import_file(desk: TestDesk, path: Path, who: str = "mia", **more: Any) -> Imported:
    (done,) = ingestion.import_path(
        reading=desk.reading,
        writing=desk.writing,
        actor=desk.people[who],
        at=desk.at(),
        path=path,
        base_currency="USD",
        how=HowToRead(chunk_rows=4),
        **more,
    )
    return done


def totals(done: Imported) -> tuple[int, int, int, int]:
    return done.read, done.stored, done.duplicates, done.rejected


def what_is_stored(desk: TestDesk) -> dict[str, Any]:
    """Everything that an import leaves behind, without its id, its times and its random numbers."""
    dump = desk.dump()
    kept = {name: dump[name] for name in ("transactions", "accounts", "customers")}
    kept["rejects"] = sorted(row[1:] for row in dump["import_rejects"])
    kept["imports"] = [row[1:5] + row[7:] for row in dump["imports"]]
    return kept


def test_every_row_is_stored_or_counted_as_a_duplicate_or_rejected(any_desk: TestDesk, tmp_path: Path) -> None:
    done = import_file(any_desk, file(tmp_path, ROWS))
    assert totals(done) == (30, 25, 2, 3)
    assert done.read == done.stored + done.duplicates + done.rejected
    event = any_desk.history("DESK")[-1]
    assert event.action == "transactions_imported"
    assert [event.data[name] for name in ("read", "stored", "duplicates", "rejected")] == [30, 25, 2, 3]


def test_a_second_import_stores_nothing(any_desk: TestDesk, tmp_path: Path) -> None:
    path = file(tmp_path, ROWS)
    import_file(any_desk, path)
    before = any_desk.dump()["transactions"]
    assert totals(import_file(any_desk, path)) == (30, 0, 27, 3)
    assert any_desk.dump()["transactions"] == before


def test_the_same_rows_in_another_order_and_another_file_store_nothing_new(desk: TestDesk, tmp_path: Path) -> None:
    import_file(desk, file(tmp_path, ROWS[:25]))
    done = import_file(desk, file(tmp_path, ROWS[24::-1], name="backwards.csv"))
    assert totals(done) == (25, 0, 25, 0)


def test_an_id_used_twice_for_different_transactions_is_rejected_with_its_row(
    any_desk: TestDesk, tmp_path: Path
) -> None:
    path = file(tmp_path, [transaction(1), transaction(2), transaction(1, amount="999.00"), transaction(3)])
    done = import_file(any_desk, path)
    assert totals(done) == (4, 3, 0, 1)
    with Path(done.rejects_file).open(encoding="utf-8", newline="") as rejects:
        (row,) = list(csv.DictReader(rejects))
    assert "4" in row.values()
    assert "transaction_id" in row.values()
    assert "T-0001" in row.values()
    assert any("stored already, with another content" in value for value in row.values())


def test_an_id_of_an_earlier_file_with_another_content_is_rejected_and_the_first_stays(
    desk: TestDesk, tmp_path: Path
) -> None:
    import_file(desk, file(tmp_path, [transaction(1)]))
    before = desk.dump()["transactions"]
    done = import_file(desk, file(tmp_path, [transaction(1, to="ACC-9")], name="second.csv"))
    assert totals(done) == (1, 0, 0, 1)
    assert desk.dump()["transactions"] == before


def test_the_rejects_file_names_row_field_value_and_reason(desk: TestDesk, tmp_path: Path) -> None:
    done = import_file(desk, file(tmp_path, ROWS))
    lines = Path(done.rejects_file).read_text(encoding="utf-8").splitlines()
    assert len(lines) == 4
    assert [line.split(",")[0] for line in lines[1:]] == ["27", "28", "29"]
    assert lines[1].split(",")[1:3] == ["amount", "'-1"]  # no formula for a spreadsheet


@pytest.mark.parametrize("chunk", range(1, 9))
def test_an_import_cut_short_after_any_chunk_and_started_again_ends_as_if_never_cut_short(
    desk: TestDesk, tmp_path: Path, chunk: int
) -> None:
    path = file(tmp_path, ROWS)
    seen = []

    def cut(progress: Progress) -> None:
        seen.append(progress.rows_read)
        if len(seen) == chunk:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(desk, path, progress=cut)
    assert desk.actions("DESK")[-1] != "transactions_imported"
    done = import_file(desk, path)
    assert done.resumed
    assert totals(done) == (30, 25, 2, 3)
    cut_short = what_is_stored(desk)
    assert desk.actions("DESK").count("transactions_imported") == 1
    assert import_file(desk, path).stored == 0
    assert cut_short == UNCUT.setdefault("stored", cut_short)


#: What is stored by the first of the imports above; all must leave the same.
UNCUT: dict[str, Any] = {}


def test_an_import_that_was_never_cut_short_leaves_the_same(desk: TestDesk, tmp_path: Path) -> None:
    done = import_file(desk, file(tmp_path, ROWS))
    assert not done.resumed
    stored = what_is_stored(desk)
    assert stored == UNCUT.setdefault("stored", stored)


def test_a_chunk_that_fails_while_it_is_stored_leaves_nothing_of_itself(
    desk: TestDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(tmp_path, ROWS)
    commits = []
    real = Writing.commit

    def third_time_broken(uow: Writing) -> None:
        commits.append(1)
        if len(commits) == 4:  # the rates, the begun import, one chunk, and this one
            uow.ledger.flush()
            raise KeyboardInterrupt
        real(uow)

    monkeypatch.setattr(Writing, "commit", third_time_broken)
    with pytest.raises(KeyboardInterrupt):
        import_file(desk, path)
    monkeypatch.undo()
    assert len(desk.dump()["transactions"]) == 4
    done = import_file(desk, path)
    assert done.resumed
    assert totals(done) == (30, 25, 2, 3)


def test_two_imports_of_the_same_file_at_once_are_kept_apart(desk: TestDesk, tmp_path: Path) -> None:
    path = file(tmp_path, ROWS)
    started = []

    def meanwhile(_: Progress) -> None:
        if not started:
            started.append(1)
            import_file(desk, path)

    with pytest.raises(ImportUnderWay, match=r"importing transactions\.csv right now"):
        import_file(desk, path, progress=meanwhile)
    assert len(desk.dump()["transactions"]) == 25
    assert desk.verify().verdict.value == "VERIFIED"


@pytest.mark.parametrize("who", ["ann", "queenie", "otto"])
def test_only_managers_and_the_desk_itself_import(desk: TestDesk, tmp_path: Path, who: str) -> None:
    before = desk.dump()
    with pytest.raises(RoleForbids):
        import_file(desk, file(tmp_path, ROWS), who)
    assert desk.dump() == before
    assert import_file(desk, file(tmp_path, ROWS), "system").stored == 25


def test_a_file_that_cannot_be_what_it_claims_stores_nothing(desk: TestDesk, tmp_path: Path) -> None:
    path = tmp_path / "transactions.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xfe,1\n")
    before = desk.dump()
    with pytest.raises(Exception, match="UTF-8"):
        import_file(desk, path)
    after = desk.dump()
    of_the_rates = ("exchange_rates", "counters", "case_events", "ledger_head")
    assert {k: v for k, v in after.items() if k not in of_the_rates} == {
        k: v for k, v in before.items() if k not in of_the_rates
    }
