"""`casedesk seed --csv` and `casedesk load-csv`: a desk as files, and no altered file gets in."""

from __future__ import annotations

import csv
import io
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from casedesk.domain.events import DESK
from casedesk.domain.people import SYSTEM
from casedesk.exports.audit_csv import restore
from casedesk.exports.tables_csv import row_check
from casedesk.services import announcing, report_forms, withdrawing
from casedesk.store.engines import make_engine
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command, Told
from tests.databases import Postgres, Sqlite
from tests.services import filing_ways

At = Callable[[str], Command]

FILES = {
    "users", "customers", "accounts", "imports", "import_rejects", "transactions", "detection_runs", "detection_findings", "cases", "clocks", "alerts",
    "alert_transactions", "case_events", "counters", "exchange_rates", "qa_draws", "qa_picks",
    "line_tests", "line_test_picks", "rule_sets", "suppressions", "suppressed_alerts",
    "filings", "batches", "withdrawn_batches", "api_keys", "webhooks", "party_lists", "party_list_entries", "name_matches",
    "scoring_runs", "risk_scores", "advice", "cascade_steps", "model_versions", "model_files", "model_runs", "model_scores",
}  # fmt: skip

#: What belongs to one desk and does not travel, and the head, which holds the counter of locks.
STAYS = (
    "ledger_head",
    "receipts",
    "announcements",
    "api_key_uses",
    "webhook_deliveries",
    "language_calls",
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the worked desk is kept once a test has made it. Making it takes seconds, and copying it does not."""
    return tmp_path_factory.mktemp("worked") / "desk.db"


@pytest.fixture
def worked(casedesk: Command, desk: TestDesk, sqlite_address: str, kept: Path, tmp_path: Path) -> TestDesk:
    """A desk with a row in every table, and text that is hard on CSV."""
    file = Path(sqlite_address.removeprefix("sqlite:///"))
    if not kept.exists():
        _work(casedesk, desk, tmp_path)
        desk.engine.dispose()
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(kept)) as target:
            source.backup(target)
    desk.engine.dispose()
    with closing(sqlite3.connect(kept)) as source, closing(sqlite3.connect(file)) as target:
        source.backup(target)
    desk.at(hours=1)  # later than all that was done
    return desk


def _work(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    desk.customer(name='=Kim "the Lip" Roe, Jr.')
    desk.book(Move(f"M-{n}", 8 * n, 950_000, to_account="K-1/1") for n in range(5))
    (tmp_path / "more.csv").write_text(
        "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"
        "X-1,2026-06-01T09:00:00Z,A,K-1/1,12.34,EUR,WIRE\nX-2,2026-06-31T09:00:00Z,A,K-1/1,1,EUR,WIRE\n"
    )
    assert casedesk("import", tmp_path / "more.csv").code == 1
    assert casedesk("detect", "--rule", "structuring").code == 0
    note = "'=1+1\r\n<b>“Straße”</b>,\t;\n\n-- end"
    assert casedesk("case", "note", "C-26-00001", "--as", "ann", "--text", note).code == 0
    desk.customer("K-2")
    reported = desk.closed("K-2", sar_approver="max")
    desk.alert("K-2")  # no case holds it
    day = desk.at().date().isoformat()
    assert casedesk("qa", "draw", "--from", day, "--to", day, "--as", "queenie").code == 0
    desk.customer(
        "K-9"
    )  # the ids of what follows come last, so that the rows that are altered below stay where they are
    desk.book(Move(f"Z-13-{n}", 90 + n, 950_000, to_account="K-9/1") for n in range(4))
    assert casedesk("lab", "sample", "structuring", "--band", "count=4", "--size", 1, "--as", "mia").code == 0
    _suppressed(casedesk, desk)
    _sent(desk, reported)
    told = casedesk(
        "rules",
        "propose",
        "--param",
        "structuring.count=6",
        "--reason",
        "Six deposits make fewer alerts of the same kind.",
        "--as",
        "mia",
    )
    assert told.code == 0, told.err
    reason = "It shows how a model stands on a desk."
    assert casedesk("model", "propose", "--model", "default", "--text", reason, "--as", "mia").code == 0
    assert casedesk("model", "run", "--as", "mia").code == 0
    assert casedesk("apikey", "create", "=Core, banking", "--for", "mia", "--as", "mia").code == 0
    (tmp_path / "listed.csv").write_text(
        'kind,party,reason\naccount,A,"=asked, by the police"\nname,Kim Lip Roe,known\n'
    )
    for words in (["load", tmp_path / "listed.csv"], ["screen", "--least", "0.5"], ["run"]):
        assert casedesk("score", *words).code == 0
    assert casedesk("webhook", "create", "=Tickets", "https://tickets.bank.example/?a,b", "--as", "mia").code == 0


def _sent(desk: TestDesk, case_id: str) -> None:
    """Send the report of a case, at the second try, and record the answer."""
    filing_ways.save(desk, case_id)
    report_forms.approve(**desk.who("mia", case_id))
    withdrawing.withdraw(
        batch_id=filing_ways.produce(desk).batch.batch_id, uow=desk.writing(), actor=desk.people["mia"], at=desk.at(),
        reason="The branch corrected the address.",
    )  # fmt: skip
    filing_ways.transmit(desk, filing_ways.produce(desk).batch.batch_id)
    error = filing_ways.said("WARN", "C4", "EFilingBatchXML/Activity[1]")
    filing_ways.answer(desk, filing_ways.acknowledgement("31000055053784", error=error))


def _suppressed(casedesk: Command, desk: TestDesk) -> None:
    """Hide an alert of a customer by the word of two managers."""
    desk.customer("K-90")
    words = ["--rule", "structuring", "--customer", "K-90", "--from", "2026-06-01", "--until", "2026-12-01"]
    told = casedesk(
        "suppressions", "propose", *words, "--reason", "A known shop that banks its takings twice a day.", "--as", "mia"
    )
    assert told.code == 0, told.err
    assert casedesk("suppressions", "approve", "SUP-000001", "--as", "max").code == 0
    desk.book(Move(f"Z-90-{n}", 200 + n, 950_000, to_account="K-90/1") for n in range(5))
    told = casedesk("detect", "--rule", "structuring", "--json")
    assert told.json["hidden_alerts"] == 1, told


@pytest.fixture
def folder(casedesk: Command, worked: TestDesk, tmp_path: Path) -> Path:
    told = casedesk("seed", "--csv", tmp_path / "desk")
    assert (told.code, told.err) == (0, "The desk is in use; nothing was added to it.\n")
    return tmp_path / "desk"


@pytest.fixture
def target(at: At, other_address: str) -> Iterator[TestDesk]:
    engine = make_engine(other_address)
    yield TestDesk(engine)
    engine.dispose()


@pytest.fixture
def load(at: At, other_address: str, folder: Path) -> Callable[[], Told]:
    return lambda: at(other_address)("load-csv", folder)


def test_every_table_is_written_and_the_ledger_verifies_as_a_file(casedesk: Command, folder: Path) -> None:
    assert {path.stem for path in folder.iterdir()} == FILES
    for path in folder.iterdir():
        assert len(path.read_bytes().splitlines()) > 1, f"{path.name} holds no row, so nothing of it is tried"
    told = casedesk("audit", "verify", folder / "case_events.csv")
    assert (told.code, told.out.splitlines()[0]) == (0, "VERIFIED")


def test_a_desk_goes_out_and_in_and_out_again_byte_for_byte(
    at: At,
    folder: Path,
    load: Callable[[], Told],
    worked: TestDesk,
    target: TestDesk,
    other_address: str,
    tmp_path: Path,
) -> None:
    announcing.begin(
        uow=target.writing(), actor=SYSTEM, at=target.at(), place="a waiting worker"
    )  # that is no use of it
    told = load()
    assert (told.code, told.err) == (0, "")
    waiting = announcing.due(uow=target.reading(), actor=SYSTEM, place="a waiting worker")
    assert waiting.after
    assert not waiting.alerts  # what came with the desk was announced where it comes from
    before, after = worked.dump(), target.dump()
    for name in STAYS:
        del before[name], after[name]
    assert after == before
    assert target.verify().verdict == "VERIFIED"
    assert at(other_address)("seed", "--csv", tmp_path / "again").code == 0
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    assert at(other_address)("qa", "redraw", "Q-2026-07-001").code == 0
    assert at(other_address)("case", "take", "C-26-00001", "--as", "ben").code == 0  # it goes on as a desk


@pytest.mark.postgres
def test_a_desk_moves_to_another_database_byte_for_byte(
    at: At, folder: Path, postgres_kind: Postgres, tmp_path: Path
) -> None:
    address = postgres_kind.fresh()
    casedesk = at(address)
    told = casedesk("load-csv", folder)
    assert (told.code, told.err) == (0, "")
    assert casedesk("audit", "verify").code == 0
    assert casedesk("seed", "--csv", tmp_path / "again").code == 0
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    users = folder / "users.csv"
    users.write_bytes(users.read_bytes().replace(b"Analyst", b"Manager", 1))
    assert casedesk("load-csv", folder).code == 2
    postgres_kind.drop(address)


def test_an_export_is_an_event_and_the_same_export_again_is_none(
    casedesk: Command, folder: Path, worked: TestDesk, tmp_path: Path
) -> None:
    event = worked.history(DESK)[-1]
    assert (event.user, event.action, len(event.data["files"])) == ("system", "desk_exported", len(FILES) - 1)
    size = worked.size()
    assert casedesk("seed", "--csv", tmp_path / "again").code == 0
    assert worked.size() == size
    worked.note("ann", "C-26-00001")
    assert casedesk("seed", "--csv", tmp_path / "again").code == 0
    assert worked.size() == size + 2


def rows_of(path: Path) -> list[list[str]]:
    csv.field_size_limit(1 << 24)  # a model's trees are longer than the module takes unasked
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def write_rows(path: Path, rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    path.write_bytes(out.getvalue().encode())


def other(cell: str) -> list[str]:
    """Ways to alter a cell: nearly the same, and another value of the same form, or emptied or filled."""
    found = [cell.swapcase()]
    if cell.isdigit():
        found.append(str(int(cell) + 1))
    if cell in ("true", "false"):
        found.append("false" if cell == "true" else "true")
    if len(cell) == 27 and cell.endswith("Z"):
        found.append(cell[:-2] + ("1Z" if cell[-2] != "1" else "2Z"))
    if re.fullmatch(r"\d{4}-\d\d-\d\d", cell):
        found.append(date.fromisoformat(cell).replace(year=1999).isoformat())
    found = [value for value in dict.fromkeys(found) if value != cell]
    return [*found, *["" if cell else "x", cell + "x"][: 2 - len(found)]]


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_cell_of_any_column_can_be_altered(
    name: str, folder: Path, load: Callable[[], Told], target: TestDesk
) -> None:
    path = folder / f"{name}.csv"
    sound = path.read_bytes()
    rows = rows_of(path)
    nothing = target.dump()
    for column, title in enumerate(rows[0]):
        number = 1 + column % (len(rows) - 1)
        for value in other(rows[number][column]):
            altered = [list(row) for row in rows]
            altered[number][column] = value
            write_rows(path, altered)
            told = load()
            where = f"{name}.{title}, {rows[number][column]!r} -> {value!r}: {told}"
            assert told.code == 2, where
            assert "expected" in told.err, where
            assert ".csv" in told.err, where
            assert ", row " in told.err, where
    path.write_bytes(sound)
    after = target.dump()
    after["ledger_head"] = nothing["ledger_head"]
    assert after == nothing
    assert load().code == 0


#: A cell, what it becomes, and the sentence. The row's check is corrected, as somebody would who knows of it.
NAMED = [
    ("cases", 0, "disposition", "No SAR", "cases.csv, row 2, column disposition: expected “”, as the events say, got “No SAR”."),
    ("cases", 0, "owner", "ann", "cases.csv, row 2, column owner: expected “”, as the events say, got “ann”."),
    ("cases", 0, "status", "Lost", "cases.csv, row 2, column status: expected “New” or “In Review” or “Closed”, got “Lost”."),
    ("cases", 0, "version", "01", "cases.csv, row 2, column version: expected a whole number, got “01”."),
    ("cases", 0, "customer_id", "K-3", "cases.csv, row 2, column customer_id: expected “K-1”, as the events say, got “K-3”."),
    ("users", 0, "role", "Manager", "users.csv, row 2, column role: expected “Analyst”, as the events say, got “Manager”."),
    ("users", 0, "name", "Anne", "users.csv: expected SHA-256 "),
    ("users", 0, "user_id", "anna", "users.csv, row 2, column user_id: expected a person whom an event added, got “anna”."),
    ("accounts", 0, "customer_id", "K-3", "accounts.csv, row 2, column customer_id: expected a key of customers.csv, got “K-3”."),
    ("alerts", 1, "severity", "99", "column severity: expected “"),
    ("alerts", 1, "account_id", "K-2/1", "alerts.csv, row 3, column "),
    ("customers", 0, "kind", "Alien", "customers.csv, row 2, column kind: expected “Person” or “Business” or “Unknown”"),
    ("customers", 0, "since", "2026-02-31", "column since: expected a day such as 2026-07-01, got “2026-02-31”."),
    ("transactions", 0, "amount_minor", "-5", "transactions.csv, row 2, column amount_minor: expected 0 or more, got “-5”."),
    ("transactions", 0, "amount_minor", "5", "transactions.csv: expected SHA-256 "),
    ("transactions", 1, "transaction_id", "M-0", "transactions.csv, row 3, column transaction_id: expected a key of its own"),
    ("case_events", 0, "notes", "x", "case_events.csv, row 2, column notes: expected “”, got “x”."),
    ("case_events", 3, "event_hash", "0" * 64, "case_events.csv, row 5, column event_hash"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "at_row", "column", "value", "sentence"), NAMED)
def test_the_refusal_names_file_row_column_expected_and_got(
    name: str, at_row: int, column: str, value: str, sentence: str, folder: Path, load: Callable[[], Told]
) -> None:
    path = folder / f"{name}.csv"
    rows = rows_of(path)
    row = rows[at_row + 1]
    row[rows[0].index(column)] = value
    if name != "case_events":
        row[-1] = row_check([restore(cell) for cell in row[:-1]])
    write_rows(path, rows)
    told = load()
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_rows_cannot_be_left_out_added_or_moved(folder: Path, load: Callable[[], Told], target: TestDesk) -> None:
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        rows = rows_of(path)
        for altered in (rows[:-1], rows[1:], [*rows, rows[-1]], [rows[0], *reversed(rows[1:])], []):
            if altered == rows:
                continue
            write_rows(path, altered)
            told = load()
            assert told.code == 2, (path.name, len(altered))
            assert "operator" not in told.err
        path.write_bytes(sound)
    assert not target.dump()["users"]


def test_a_file_that_is_missing_or_no_text_is_refused(folder: Path, load: Callable[[], Told]) -> None:
    for path in sorted(folder.iterdir()):
        sound = path.read_bytes()
        path.write_bytes(sound[:40] + b"\xff" + sound[40:])
        told = load()
        assert (told.code, path.name in told.err, "operator" in told.err) == (2, True, False), told
        path.unlink()
        assert f"{path} cannot be read" in load().err
        path.write_bytes(sound)


def test_an_export_without_its_last_event_vouches_for_nothing(folder: Path, load: Callable[[], Told]) -> None:
    path = folder / "case_events.csv"
    write_rows(path, rows_of(path)[:-1])
    assert "expected the last event to be desk_exported" in load().err


def test_a_desk_is_only_loaded_into_an_empty_one(casedesk: Command, folder: Path, worked: TestDesk) -> None:
    size = worked.size()
    told = casedesk("load-csv", folder)
    assert told.code == 2
    assert "A desk can only be loaded into an empty database" in told.err
    assert worked.size() == size
    assert casedesk("load-csv", folder, "--as", "mia").code == 2


def test_a_place_that_cannot_be_written_is_refused_and_no_event(
    casedesk: Command, worked: TestDesk, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    size = worked.size()
    told = casedesk("seed", "--csv", tmp_path / "taken" / "below")
    assert (told.code, "cannot be written" in told.err) == (2, True)
    assert worked.size() == size


def test_a_seeded_bank_is_complete_and_is_not_seeded_twice(at: At, sqlite_kind: Sqlite, tmp_path: Path) -> None:
    address = sqlite_kind.fresh()
    casedesk = at(address)
    bank = ("--customers", "40", "--days", "30", "--end", "2026-06-30", "--dataset", tmp_path / "bank")
    told = casedesk("seed", *bank, "--csv", tmp_path / "out")
    assert told.code == 0, told.err
    assert (tmp_path / "bank" / "labels.csv").read_text().startswith("label_id,typology,")
    assert told.out.startswith("The demo bank is ready: 40 customers")
    told = casedesk("seed")
    assert (told.code, "holds cases already" in told.err) == (2, True)
    told = casedesk("seed", "--if-empty")
    assert (told.code, told.out) == (0, "")
    assert casedesk("audit", "verify").code == 0
    with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
        (last,) = connection.execute("SELECT max(booked_at) FROM transactions").fetchone()
    assert last < "2026-07-01"
    for words in (["--end", "30.6.2026"], ["--customers", "0"], ["--days", "1"]):
        fresh = sqlite_kind.fresh()
        told = at(fresh)("seed", *words)
        assert (told.code, told.out, "operator" in told.err) == (2, "", False), told
        sqlite_kind.drop(fresh)
    sqlite_kind.drop(address)
    shutil.rmtree(tmp_path / "out")
