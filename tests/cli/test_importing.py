"""`casedesk import`: what is stored, what is rejected and why, and what the exit code says."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from casedesk.domain.events import DESK
from casedesk.domain.people import SYSTEM
from casedesk.services.ingestion import ImportUnderWay, Progress, import_path
from tests.builders import START, TestDesk
from tests.cli.conftest import Command
from tests.formats.messages import detail, entry, statement, transfer, transfers
from tests.formats.published import AMLGENTEX, AMLGENTEX_ACCOUNTS, AMLSIM, LABELS, PAYSIM, SAML_D
from tests.formats.published import row as published_row

HEADER = "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"


def row(number: int, amount: str = "9500.00", currency: str = "USD", day: str = "2026-06-01") -> str:
    return f"T-{number},{day}T09:{number % 60:02}:00Z,,K-1/1,{amount},{currency},CASH\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "moves.csv"
    path.write_text(HEADER + "".join(row(n) for n in range(10)))
    return path


def test_a_second_import_stores_nothing(casedesk: Command, desk: TestDesk, file: Path) -> None:
    first = casedesk("import", file, "--json")
    assert (first.code, first.err) == (0, "")
    assert {k: v for k, v in first.json.items() if k != "files"} == {
        "read": 10, "stored": 10, "duplicates": 0, "rejected": 0
    }  # fmt: skip
    [told] = first.json["files"]
    assert (told["file"], told["kind"], told["rejects_file"], told["resumed"]) == (
        "moves.csv",
        "transactions",
        "",
        False,
    )
    second = casedesk("import", file, "--json")
    assert (second.code, second.json["stored"], second.json["duplicates"]) == (0, 0, 10)
    assert [e.data["stored"] for e in desk.history(DESK) if e.action == "transactions_imported"] == [10, 0]


def test_a_day_without_rows_is_imported_as_often_as_it_comes_and_remarked_on(
    casedesk: Command, desk: TestDesk, file: Path
) -> None:
    file.write_text(HEADER)
    for _ in range(2):
        told = casedesk("import", file, "--json")
        assert (told.code, told.json["read"], told.json["rejected"]) == (0, 0, 0)
        assert told.err == "moves.csv has a header and no row; if something was to come, look at what made the file.\n"


def test_bad_rows_are_rejected_with_their_reasons_and_the_rest_is_stored(
    casedesk: Command, desk: TestDesk, file: Path, tmp_path: Path
) -> None:
    with file.open("a") as more:
        more.write(row(10, amount="-1.00") + row(11, amount="NaN") + row(12, currency="DOUBLOON"))
        more.write(row(13, day="2026-02-31") + row(14, amount="=1+1") + row(15))
        more.write(row(3, amount="1.00"))  # an id that is stored with another content
    told = casedesk("import", file, "--json", "--rejects", tmp_path / "made" / "here")
    assert (told.code, told.json["read"], told.json["stored"], told.json["rejected"]) == (1, 17, 11, 6)
    listed = Path(told.json["files"][0]["rejects_file"])
    assert listed == tmp_path / "made" / "here" / "moves.csv.rejects.csv"
    with listed.open(encoding="utf-8", newline="") as stream:
        rejects = [(r["row"], r["field"], r["value"]) for r in csv.DictReader(stream)]
    assert rejects == [
        ("12", "amount", "'-1.00"), ("13", "amount", "NaN"), ("14", "currency", "DOUBLOON"),
        ("15", "booked_at", "2026-02-31T09:13:00Z"), ("16", "amount", "'=1+1"), ("18", "transaction_id", "T-3"),
    ]  # fmt: skip
    text = casedesk("import", file).out
    assert "0 stored, 11 known already, 6 rejected" in text
    assert f"{file}.rejects.csv" in text


def test_without_a_place_for_the_rejects_nothing_is_imported(
    casedesk: Command, desk: TestDesk, file: Path, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("")
    told = casedesk("import", file, "--rejects", tmp_path / "taken" / "below")
    assert told.code == 2
    assert "cannot be made" in told.err
    assert not desk.dump()["transactions"]


def test_rejects_that_cannot_be_written_are_not_lost(
    casedesk: Command, desk: TestDesk, file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file.write_text(HEADER + row(1) + row(2, amount="x"))

    def refuse(*_: object) -> int:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patched:
        patched.setattr("casedesk.services.ingestion.write_rejects", refuse)
        told = casedesk("import", file)
    assert told.code == 2
    assert "1 row of moves.csv was rejected, but the list of them cannot be written" in told.err
    told = casedesk("import", file, "--json", "--rejects", tmp_path)
    assert (told.code, told.json["stored"], told.json["rejected"]) == (1, 1, 1)
    assert told.json["files"][0]["resumed"] is True
    assert (tmp_path / "moves.csv.rejects.csv").exists()
    assert [e.action for e in desk.history(DESK)].count("transactions_imported") == 1


def test_a_folder_is_imported_in_its_order(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    (tmp_path / "customers.csv").write_text(
        "customer_id,name,kind,country,segment,occupation,since\nK-1,Kim Roe,Person,US,retail,baker,2019-05-02\n"
    )
    (tmp_path / "accounts.csv").write_text(
        "account_id,customer_id,holder,bank,currency,country,opened_on\nK-1/1,K-1,Kim Roe,First,USD,US,2019-05-02\n"
        "K-9/1,K-9,Nobody,First,USD,US,2019-05-02\n"
    )
    lines = [
        {"transaction_id": f"T-{n}", "booked_at": f"2026-06-01T09:0{n}:00Z", "from_account": "", "to_account": "K-1/1",
         "amount": "9500.00", "currency": "USD", "channel": "CASH"} for n in range(3)
    ]  # fmt: skip
    (tmp_path / "transactions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = casedesk("import", tmp_path, "--json")
    assert told.code == 1  # the account of nobody
    assert [(f["kind"], f["stored"], f["rejected"]) for f in told.json["files"]] == [
        ("customers", 1, 0), ("accounts", 1, 1), ("transactions", 3, 0)
    ]  # fmt: skip
    assert len(desk.dump()["customers"]) == 1


REFUSED = [
    (b"PK\x03\x04 a spreadsheet", [], "moves.csv"),
    (b"", [], "moves.csv"),
    (b"a,b,c\n1,2,3\n", [], "moves.csv are none the desk knows"),
    (HEADER.replace("currency,", "").encode(), [], "currency"),
    (HEADER.encode() + "T-1,2026-06-01T09:00:00Z,,Zürich,1,USD,CASH\n".encode("latin-1"), [], "UTF-8"),
    ((",".join(f"c{n}" for n in range(10_001)) + "\n").encode(), [], "has 10001 columns"),
    (HEADER.encode(), ["--format", "excel"], "“excel” is not a format"),
    (HEADER.encode(), ["--map", "amount"], "“--map amount” is not understood"),
    (HEADER.encode(), ["--map", "amount=price"], "“price”, which a transaction does not have"),
    (HEADER.encode(), ["--map-value", "kind:in=CASH"], "which no --map option uses"),
    (HEADER.encode(), ["--zone", "Mars/Olympus"], "Mars/Olympus"),
    (HEADER.encode(), ["--as", "ann"], "The role Analyst may not import transactions"),
    (HEADER.encode(), ["--as", "nobody"], "Nobody has the user id"),
]


@pytest.mark.parametrize(("content", "options", "words"), REFUSED, ids=[words for _, _, words in REFUSED])
def test_a_file_that_cannot_be_read_is_refused_whole(
    casedesk: Command, desk: TestDesk, file: Path, content: bytes, options: list[str], words: str
) -> None:
    file.write_bytes(content)
    told = casedesk("import", file, *options)
    assert (told.code, told.out) == (2, "")
    assert words in told.err
    assert "operator" not in told.err
    assert not desk.dump()["transactions"]
    assert not desk.dump()["imports"]


def test_of_two_imports_of_one_file_at_once_one_is_told_to_wait(casedesk: Command, desk: TestDesk, file: Path) -> None:
    def another(_: Progress) -> None:
        assert casedesk("import", file).code == 0

    with pytest.raises(ImportUnderWay, match=r"Another process is importing moves\.csv right now"):
        import_path(
            reading=desk.reading, writing=desk.writing, actor=SYSTEM, at=START, path=file, base_currency="USD",
            progress=another,
        )  # fmt: skip
    assert [e.action for e in desk.history(DESK)].count("transactions_imported") == 1
    assert len(desk.dump()["transactions"]) == 10


def test_a_path_that_is_not_there_is_a_sentence(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "none.csv", tmp_path / "empty"):
        told = casedesk("import", path)
        assert told.code == 2
        assert path.name in told.err


def test_columns_are_mapped_and_words_translated(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    path = tmp_path / "theirs.csv"
    path.write_text("when,who,whom,value,how\n2026-06-01 11:00:00,A,B,12.50,Barein\n")
    words = ["--map", "when=booked_at", "--map", "who=from_account", "--map", "whom=to_account", "--map", "value=amount",
             "--map", "how=channel", "--map-value", "how:barein=CASH", "--set", "currency=EUR", "--zone", "Europe/Vienna"]  # fmt: skip
    told = casedesk("import", path, *words, "--json")
    assert (told.code, told.json["stored"]) == (0, 1), told.err
    [stored] = desk.dump()["transactions"]
    assert stored[1].isoformat() == "2026-06-01T09:00:00+00:00"
    assert "CASH" in stored


PUBLISHED = {"saml-d": (SAML_D, 2), "paysim": (PAYSIM, 2), "amlsim": (AMLSIM, 2), "amlgentex": (AMLGENTEX, 1)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_data_set_is_imported_once_and_without_its_labels(
    casedesk: Command, desk: TestDesk, tmp_path: Path, name: str
) -> None:
    header, stored = PUBLISHED[name]
    path = tmp_path / "theirs.csv"
    labelled = published_row(header, **dict.fromkeys(LABELS.get(header, ()), "LAUNDERED"))
    path.write_text("\n".join([header, labelled, labelled, "too,few"]) + "\n")
    first = casedesk("import", path, "--json")
    told = {k: first.json[k] for k in ("read", "stored", "duplicates", "rejected")}
    assert (first.code, told) == (1, {"read": 3, "stored": stored, "duplicates": 2 - stored, "rejected": 1}), first.err
    second = casedesk("import", path, "--format", name, "--json")
    assert (second.json["stored"], second.json["duplicates"]) == (0, 2)
    dump = desk.dump()
    assert len(dump["transactions"]) == stored
    assert "LAUNDERED" not in repr(dump)


def test_steps_are_counted_from_the_start_that_is_given(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    path = tmp_path / "steps.csv"
    path.write_text(f"{PAYSIM}\n{published_row(PAYSIM, step='25')}\n")
    assert casedesk("import", path, "--start", "2024-02-28T00:00:00Z").code == 0
    [stored] = desk.dump()["transactions"]
    assert stored[1].isoformat() == "2024-02-29T01:00:00+00:00"
    told = casedesk("import", path, "--start", "2024-02-28")
    assert (told.code, told.out) == (2, "")
    assert "“--start 2024-02-28” has no zone; write it as 2026-07-01T09:30:00Z" in told.err


def test_accounts_of_a_data_set_are_given_to_their_holders_before_or_after_its_transactions(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    moves, people = tmp_path / "tx.csv", tmp_path / "people.csv"
    moves.write_text(f"{AMLGENTEX}\n{published_row(AMLGENTEX)}\n")
    people.write_text(f"{AMLGENTEX_ACCOUNTS}\n439,C_439,1,1,25,c,true,bank_a\n,C_9,1,1,25,c,true,bank_a\n")
    assert casedesk("import", moves).code == 0
    told = casedesk("import", people, "--json")
    assert [(f["kind"], f["read"], f["stored"], f["rejected"]) for f in told.json["files"]] == [
        ("customers", 2, 2, 0), ("accounts", 2, 1, 1)
    ]  # fmt: skip
    again = casedesk("import", people, "--json")
    assert [(f["stored"], f["duplicates"], f["rejected"]) for f in again.json["files"]] == [(0, 2, 0), (0, 1, 1)]
    holders = {row[0]: row[1] for row in desk.dump()["accounts"]}
    assert holders == {"bank_a/439": "C_439", "bank_b/8669": "H-bank_b/8669"}


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        (statement(entry(detail()), entry(way="x"), entry(ref="R3")), 2),
        (transfers(transfer(), transfer(settled="")), 1),
    ],
    ids=["camt.053", "pacs.008"],
)
def test_a_message_is_imported_once_and_its_bad_entries_are_listed(
    casedesk: Command, desk: TestDesk, tmp_path: Path, text: str, stored: int
) -> None:
    path = tmp_path / "message.xml"
    path.write_text(text)
    first = casedesk("import", path, "--json")
    assert (first.code, first.json["stored"], first.json["rejected"]) == (1, stored, 1), first.err
    with Path(first.json["files"][0]["rejects_file"]).open(encoding="utf-8", newline="") as stream:
        assert [r["row"] for r in csv.DictReader(stream)] == ["2"]
    second = casedesk("import", path, "--json")
    assert (second.json["stored"], second.json["duplicates"]) == (0, stored)


def test_a_message_that_could_attack_its_reader_is_refused_whole(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    path = tmp_path / "message.xml"
    path.write_text(
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + statement(entry()).partition("\n")[2]
    )
    told = casedesk("import", path)
    assert (told.code, told.out) == (2, "")
    assert "has a document type declaration" in told.err
    assert not desk.dump()["imports"]
