"""`casedesk detect`: alerts and cases from what is stored, and nothing new the second time; runs again, and files alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from casedesk.domain.transactions import Account
from casedesk.store.tables import detection_findings, transactions
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command

#: One rule, so that a test can say whose alert it is.
ONE = ("--rule", "structuring")


@pytest.fixture
def deposits(desk: TestDesk) -> TestDesk:
    """Five transfers of 9,500 from one payer: structuring, and for no other rule enough."""
    desk.customer()
    with desk.writing() as uow:
        uow.parties.put_accounts([Account("X", "", "Elsewhere")])
        uow.commit()
    desk.book(Move(f"T-{n}", 8 * n, 950_000, "K-1/1", "X", "WIRE") for n in range(5))
    return desk


def test_a_run_opens_a_case_and_the_next_one_nothing(casedesk: Command, deposits: TestDesk) -> None:
    told = casedesk("detect", "--json")
    assert told.code == 0, told.err
    assert {k: told.json[k] for k in ("transactions", "new_alerts", "cases_opened")} == {
        "transactions": 5, "new_alerts": 1, "cases_opened": 1
    }  # fmt: skip
    assert deposits.case("C-26-00001").typology == "structuring"
    again = casedesk("detect", "--json", "--threads", "1", "--memory-mib", "256")
    assert (again.json["new_alerts"], again.json["unchanged_alerts"], again.json["cases_opened"]) == (0, 1, 0)
    assert again.json["data_fingerprint"] == told.json["data_fingerprint"]
    assert "0 new alerts" in casedesk("detect").out
    assert deposits.verify().verdict == "VERIFIED"


def test_parameters_and_the_end_are_followed(casedesk: Command, deposits: TestDesk) -> None:
    assert casedesk("detect", *ONE, "--json", "--until", "2026-07-01").json["transactions"] == 0
    assert casedesk("detect", *ONE, "--json", "--until", "2026-07-01T09:20:00Z").json["transactions"] == 3
    assert casedesk("detect", *ONE, "--dry-run", "--json", "--param", "structuring.count=6").out == ""
    told = casedesk("detect", *ONE, "--dry-run", "--json", "--param", "structuring.channels=ACH,CASH")
    assert (told.code, told.out) == (0, ""), told.err
    assert (
        casedesk("detect", *ONE, "--dry-run", "--json", "--param", "structuring.channels=WIRE").json["rule"]
        == "structuring"
    )


def test_alerts_are_stored_by_the_rules_in_force_only(casedesk: Command, deposits: TestDesk) -> None:
    told = casedesk("detect", "--param", "structuring.channels=CASH")
    assert told.code == 2
    assert "structuring.channels is ACH,CASH,WIRE in force, not CASH, so nothing was stored." in told.err
    assert "Add --dry-run" in told.err
    assert "casedesk rules propose --param structuring.channels=CASH" in told.err
    assert not deposits.dump()["detection_runs"]
    assert (
        casedesk("detect", *ONE, "--json", "--param", "structuring.count=5").json["new_alerts"] == 1
    )  # as it is in force


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--param", "structuring"], "“--param structuring” is not understood; write --param rule.name=value."),
        (
            ["--param", "smurfing.count=3"],
            "There is no rule “smurfing”; choose one of structuring, velocity, geography, ",
        ),
        (["--param", "structuring.cout=3"], "There is no parameter “cout”"),
        (
            ["--param", "structuring.count=many"],
            "Parameter “count” (transactions) of rule “structuring” cannot be 'many'; give a whole number from 2 to 1,000.",
        ),
        (["--param", "structuring.count=1"], "Parameter “count”"),
        (["--param", "structuring.count=6", "--param", "structuring.count=7"], "a second value; keep one"),
        (["--until", "yesterday"], "“--until yesterday” is not a time"),
        (["--until", "2026-07-01T09:00:00"], "names no zone"),
        (["--as", "ann"], "The role Analyst may not run detection"),
        (["--engine", "mainframe"], "There is no engine “mainframe”; choose duckdb or spark."),
        (["--master", "local[2]"], "--master names a Spark; add --engine spark, or leave it out."),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    casedesk: Command, deposits: TestDesk, words: list[str], sentence: str
) -> None:
    before = deposits.size()
    told = casedesk("detect", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert deposits.size() == before


def test_an_empty_desk_has_nothing_to_find(casedesk: Command, desk: TestDesk) -> None:
    told = casedesk("detect", "--json", "--as", "mia")
    assert (told.code, told.json["transactions"], told.json["new_alerts"]) == (0, 0, 0)
    for words in ((), ("--dry-run",)):
        said = casedesk("detect", *ONE, *words).err.splitlines()
        assert said[-1].startswith(
            "There was no transaction to look at, so this says nothing of anybody; import some first"
        )


def test_an_earlier_run_is_listed_and_replayed(casedesk: Command, deposits: TestDesk) -> None:
    first = casedesk("detect", *ONE, "--json").json
    deposits.book([Move("T-9", 50, 950_000, to_account="K-1/1")])
    second = casedesk("detect", *ONE, "--json").json
    assert (first["since"], second["since"]) == ("", first["run_id"])
    listed = casedesk("detect", "runs", "--json").json
    assert [(run["run_id"], run["alerts_sha256"]) for run in listed] == [
        (run["run_id"], run["alerts_sha256"]) for run in (second, first)
    ]
    assert first["run_id"] in casedesk("detect", "runs").out
    for run in (first, second):
        told = casedesk("detect", "replay", run["run_id"], "--as", "otto")
        assert (told.code, told.err) == (0, "")
        assert told.out.startswith(f"Identical: run {run['run_id']} finds the same 1 alert in")
        assert casedesk("detect", "replay", run["run_id"], "--json").json["alerts_sha256"] == run["alerts_sha256"]


def test_a_replay_says_by_its_exit_code_whether_it_is_the_same(casedesk: Command, deposits: TestDesk) -> None:
    run = casedesk("detect", *ONE, "--json").json["run_id"]
    deposits.tamper(sa.update(detection_findings).values(digest="0" * 64))
    told = casedesk("detect", "replay", run)
    assert (told.code, told.err) == (1, "")
    assert told.out.startswith("Not identical: Alert A-")
    assert casedesk("detect", "replay", run, "--json").json["identical"] is False
    deposits.tamper(sa.update(transactions).values(base_minor=transactions.c.base_minor + 1))
    told = casedesk("detect", "replay", run)
    assert (told.code, told.out) == (2, "")
    assert f"Run {run} cannot be replayed: the transactions or accounts it saw are not the same any more" in told.err
    assert "There is no run “R-x”" in casedesk("detect", "replay", "R-x").err


def test_full_looks_at_everything(casedesk: Command, deposits: TestDesk) -> None:
    assert casedesk("detect", *ONE, "--json").json["since"] == ""
    assert casedesk("detect", *ONE, "--json").json["since"] != ""
    assert casedesk("detect", *ONE, "--json", "--full").json["since"] == ""


def test_one_rule_alone_runs(casedesk: Command, deposits: TestDesk) -> None:
    assert casedesk("detect", "--json", "--rule", "velocity").json["new_alerts"] == 0
    found = casedesk(
        "detect", "--json", "--rule", "structuring", "--rule", "velocity", "--param", "structuring.count=4", "--dry-run"
    )
    assert found.json["rule"] == "structuring"
    assert casedesk("detect", "--json", "--rule", "structuring", "--rule", "velocity").json["new_alerts"] == 1
    assert casedesk("detect", "--json").json["new_alerts"] == 0
    assert "There is no rule “smurfing”" in casedesk("detect", "--rule", "smurfing").err
    told = casedesk("detect", "--rule", "velocity", "--param", "structuring.count=4")
    assert (told.code, "add --rule structuring or leave it out" in told.err) == (2, True)


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_a_dry_run_prints_one_alert_a_line_and_stores_nothing(casedesk: Command, deposits: TestDesk) -> None:
    before = deposits.dump()
    told = casedesk("detect", "--dry-run", "--json", *ONE)
    assert told.code == 0, told.err
    (alert,) = lines(told.out)
    assert list(alert) == [
        "rule", "version", "severity", "customer", "accounts", "window_start", "window_end", "transaction_ids", "explanation",
    ]  # fmt: skip
    assert (alert["rule"], alert["customer"], alert["accounts"]) == ("structuring", "K-1", ["K-1/1"])
    assert alert["transaction_ids"] == [f"T-{n}" for n in range(5)]
    assert 0 < alert["severity"] < 1
    assert (alert["window_start"][-1], "5 " in alert["explanation"]) == ("Z", True)
    assert "1 alert. Nothing was stored." in told.err
    assert alert["explanation"] in casedesk("detect", "--dry-run").out
    assert lines(casedesk("detect", "--dry-run", "--json", *ONE, "--until", "2026-07-01").out) == []
    assert deposits.dump() == before


START = datetime(2026, 7, 1, 9, tzinfo=UTC)
NATIVE = "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"


def native(name: str, first: float, count: int = 5, to: str = "K-1/1", zone: str = "Z") -> str:
    times = [(START + timedelta(minutes=first + 8 * n)).isoformat().removesuffix("+00:00") + zone for n in range(count)]
    return "".join(f"{name}-{n},{time},,{to},9500.00,USD,CASH\n" for n, time in enumerate(times))


@pytest.fixture
def alone(at: Any, tmp_path: Path) -> Command:
    """The command line with a database that cannot be opened: files need none."""
    found: Command = at("sqlite:////nowhere/at/all.db")
    return found


def test_files_are_looked_at_without_a_database(alone: Command, tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text(NATIVE + native("a", 0, 3))
    (tmp_path / "two.csv").write_text(NATIVE + native("b", 24, 2))
    (tmp_path / "parts" / "day=1").mkdir(parents=True)
    (tmp_path / "parts" / "day=2").mkdir()
    (tmp_path / "parts" / "day=1" / "x.csv").write_text(NATIVE + native("a", 0, 3))
    (tmp_path / "parts" / "day=2" / "x.csv").write_text(NATIVE + native("b", 24, 2))
    ways = [
        [tmp_path / "one.csv", tmp_path / "two.csv"],
        [tmp_path / "two.csv", tmp_path / "one.csv"],
        [tmp_path / "*.csv"],
        [tmp_path / "parts"],
        [tmp_path / "parts" / "**" / "*.csv"],
    ]
    outs = set()
    for way in ways:
        told = alone("detect", "--source", *way, "--dry-run", "--json", *ONE)
        assert told.code == 0, told.err
        outs.add((told.out, told.err))
    assert len(outs) == 1
    (alert,) = lines(told.out)
    assert (alert["customer"], alert["accounts"]) == ("H-K-1/1", ["K-1/1"])
    assert alert["transaction_ids"] == ["a-0", "a-1", "a-2", "b-0", "b-1"]


def test_parquet_with_the_rules_own_columns_is_read_as_it_lies(alone: Command, tmp_path: Path) -> None:
    def part(first: int, count: int) -> pa.Table:
        rows = range(first, first + count)
        return pa.table(
            {
                "transaction_id": [f"T-{n}" for n in rows],
                "booked_at": pa.array([START + timedelta(minutes=8 * n) for n in rows], pa.timestamp("us", "UTC")),
                "from_account": [""] * count,
                "to_account": ["A"] * count,
                "base_minor": pa.array([950_000] * count, pa.int64()),
                "channel": ["CASH"] * count,
                "from_country": ["US"] * count,
                "to_country": ["US"] * count,
            }
        )

    for name, table in (("a", part(0, 2)), ("b", part(2, 3))):
        (tmp_path / f"month={name}").mkdir()
        pq.write_table(table, tmp_path / f"month={name}" / "part.parquet")
    (alert,) = lines(alone("detect", "--source", tmp_path, "--dry-run", "--json", *ONE).out)
    assert (alert["customer"], len(alert["transaction_ids"])) == ("H-A", 5)
    pq.write_table(pa.table({"account_id": ["A", "B"], "customer_id": ["C", "C"]}), tmp_path / "accounts.parquet")
    (alert,) = lines(alone("detect", "--source", tmp_path, "--dry-run", "--json", *ONE).out)
    assert (alert["customer"], alert["accounts"]) == ("C", ["A"])
    pq.write_table(part(9, 2).drop_columns(["channel"]), tmp_path / "month=b" / "part.parquet")
    pq.write_table(part(9, 2).drop_columns(["channel"]), tmp_path / "month=a" / "part.parquet")
    told = alone("detect", "--source", tmp_path, "--dry-run", "--json", *ONE)
    assert (told.code, told.out) == (2, "")
    assert "have no column “channel”; add it" in told.err


@pytest.mark.parametrize(
    ("content", "words", "sentence"),
    [
        (
            NATIVE + native("a", 0),
            ["--source", "FILE"],
            "cannot be stored: they would point at transactions the desk does",
        ),
        (NATIVE + native("a", 0), ["--source", "FILE", "--dry-run", "--format", "swift"], "“swift” is not a format"),
        (
            NATIVE + native("a", 0),
            ["--source", "FILE", "--dry-run", "--until", "2026-07-01"],
            "--until is for the desk's own",
        ),
        (NATIVE + native("a", 0), ["--source", "FOLDER/*.parquet", "--dry-run"], "No file matches “"),
        (NATIVE + native("a", 0), ["--source", "FOLDER/none.csv", "--dry-run"], "There is no file or folder “"),
        (NATIVE + native("a", 0), ["--dry-run", "--format", "native"], "--format says how to read files; name them"),
        (
            NATIVE + native("a", 0, zone=""),
            ["--source", "FILE", "--dry-run"],
            "No row can be read. The first is row 2: booked_at",
        ),
        (NATIVE.replace(",channel", "") + "", ["--source", "FILE", "--dry-run"], "channel"),
        ("", ["--source", "FILE", "--dry-run"], "in.csv is empty"),
        (
            NATIVE,
            ["--source", "FILE", "--dry-run", "--json", *ONE],
            "There is no transaction in in.csv, no row below the header; no rule looked at anything.",
        ),
    ],
)
def test_files_that_make_no_sense_are_refused(
    alone: Command, tmp_path: Path, content: str, words: list[str], sentence: str
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(content)
    told = alone("detect", *(word.replace("FILE", str(path)).replace("FOLDER", str(tmp_path)) for word in words))
    assert (told.code, told.out) == (2, ""), told
    assert sentence in told.err
    assert told.err.count("\n") == 1


def test_rows_that_cannot_be_read_are_told_and_the_others_looked_at(alone: Command, tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text(NATIVE + native("a", 0) + "b,2026-06-31T09:00:00Z,,K-1/1,1.00,USD,CASH\n")
    told = alone("detect", "--source", path, "--dry-run", "--json", *ONE)
    assert (told.code, len(lines(told.out))) == (1, 1)
    assert "1 row could not be read, so no rule saw what they hold. The first is row 7: booked_at" in told.err


def test_files_are_judged_by_the_rules_as_shipped_or_by_a_set_of_this_desk(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(NATIVE + native("a", 0))
    files = ["detect", "--source", str(path), "--dry-run", "--json", *ONE]
    moved = ["--param", "structuring.count=6", "--param", "structuring.below_count=6"]
    assert casedesk("rules", "propose", *moved, "--reason", "Five a day are everyday here.", "--as", "mia").code == 0
    assert casedesk("rules", "approve", "RS-000001", "--as", "max").code == 0
    found = {
        words: casedesk(*files, *words)
        for words in ((), ("--rules", "shipped"), ("--rules", "in-force"), ("--rules", "RS-000001"))
    }
    assert [len(lines(told.out)) for told in found.values()] == [1, 1, 0, 0]
    assert ["(the rules as shipped)" in told.err for told in found.values()] == [True, True, False, False]
    assert ["(RS-000001)" in told.err for told in found.values()] == [False, False, True, True]
    back = casedesk(
        *files, "--rules", "in-force", "--param", "structuring.count=5", "--param", "structuring.below_count=4"
    )
    assert (len(lines(back.out)), "(RS-000001, with other values)" in back.err) == (1, True)
    assert casedesk("import", path).code == 0
    assert len(lines(casedesk("detect", "--dry-run", "--json", "--rules", "shipped", *ONE).out)) == 1
    for words, sentence in (
        ([*files, "--rules", "RS-000009"], "There is no rule set “RS-000009”; “casedesk rules history” lists them."),
        ([*files, "--rules", "in-force", "--as", "ann"], "may not run detection"),
        (["detect", "--rules", "shipped"], "Alerts are stored by the rules in force only; add --dry-run"),
    ):
        told = casedesk(*words)
        assert (told.code, told.out) == (2, "")
        assert sentence in told.err


def test_an_imported_file_gives_the_alerts_that_the_file_alone_gives(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    path = tmp_path / "in.csv"
    path.write_text(NATIVE + native("a", 0) + native("b", 300, to="K-2/1"))
    alone = casedesk("detect", "--source", path, "--dry-run", "--json", *ONE)
    assert casedesk("import", path).code == 0
    stored = casedesk("detect", "--dry-run", "--json", *ONE)
    assert len(lines(alone.out)) == 2
    beside = "On this desk 2 of them would be new and 0 grown; suppressions in force would hide 0 more.\n"
    assert (stored.out, stored.err) == (alone.out, alone.err + beside)
