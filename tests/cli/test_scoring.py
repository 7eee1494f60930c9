"""`casedesk score files`."""

from __future__ import annotations

import json
from math import fsum
from pathlib import Path

import pytest

from tests.cli.conftest import Command

HEADER = "transaction_id,booked_at,from_account,to_account,amount,currency,channel\n"
ROWS = (
    "T1,2026-03-01T10:00:00Z,MULE,A,9000.00,USD,WIRE\n"
    "T2,2026-03-02T10:00:00Z,A,B,8000.00,USD,WIRE\n"
    "T3,2026-03-03T10:00:00Z,C,B,8000.00,USD,WIRE\n"
)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "transactions.csv").write_text(HEADER + ROWS)
    (tmp_path / "listed.csv").write_text("kind,party,reason\naccount,MULE,reported\n")
    return tmp_path


def test_scores_come_highest_first_and_listed_parties_stay_out(casedesk: Command, files: Path) -> None:
    told = casedesk("score", "files", files / "transactions.csv", "--list", files / "listed.csv", "--json")
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert (told.code, [line["party"] for line in lines]) == (0, ["A", "B"])
    assert lines[0]["score"] > lines[1]["score"] > 0
    shown = casedesk("score", "files", files / "transactions.csv", "--list", files / "listed.csv", "--limit", "1")
    assert [line.split()[0] for line in shown.out.splitlines()] == ["Party", "A"]
    assert "As of 2026-03-03T10:00:00.000000Z, by a list of 1 party" in shown.err


def test_an_explanation_adds_up_and_names_the_way(casedesk: Command, files: Path) -> None:
    words = ("score", "files", files / "transactions.csv", "--list", files / "listed.csv", "--explain", "B")
    told = casedesk(*words, "--json").json
    for parts in (told["by_hop"], told["by_counterparty"], told["paths"] + told["other_paths"]):
        assert fsum(one["part"] for one in parts) == pytest.approx(told["score"], abs=1e-9)
    assert [leg["transaction_id"] for leg in told["paths"][0]["legs"]] == ["T2", "T1"]
    assert "received: A paid B 8,000.00 (T2); MULE paid A 9,000.00 (T1)" in casedesk(*words).out


def test_customers_are_scored_with_all_their_accounts(casedesk: Command, files: Path) -> None:
    (files / "accounts.csv").write_text(
        "account_id,customer_id,holder,currency,opened_on\nA,CU-1,Ann,USD,2020-01-01\nC,CU-1,Ann,USD,2020-01-01\n"
    )
    told = casedesk(
        "score", "files", files / "transactions.csv", files / "accounts.csv", "--list", files / "listed.csv",
        "--by", "customer", "--json",
    )  # fmt: skip
    assert [json.loads(line)["party"] for line in told.out.splitlines()] == ["CU-1", "H-B"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "bank"], "“--by bank” is neither account nor customer."),
        (["--param", "half_life_days=1"], "Exposure parameter half_life_days is 1"),
        (["--param", "half_life_days"], "“--param half_life_days” has no value"),
        (["--param", "hop_weights=[1"], "“[1” is not JSON"),
        (["--explain", "ZZ"], "names “ZZ”"),
        (["--engine", "tape"], "There is no engine “tape”; choose numpy or spark."),
        (["--master", "local[2]"], "--master names a Spark; add --engine spark"),
        (["--engine", "spark", "--master", "abacus"], "“abacus” is not a Spark master"),
        (["--limit", "0"], "--limit 0 prints nothing"),
        (["--as-of", "yesterday"], "“--as-of yesterday” is not a time"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_a_sentence(
    casedesk: Command, files: Path, words: list[str], said: str
) -> None:
    told = casedesk("score", "files", files / "transactions.csv", "--list", files / "listed.csv", *words)
    assert (told.code, told.out) == (2, "")
    assert said in told.err


def test_a_list_of_strangers_is_said_to_match_nobody(casedesk: Command, files: Path) -> None:
    (files / "listed.csv").write_text("kind,party,reason\naccount,mule,other spelling\n")
    told = casedesk("score", "files", files / "transactions.csv", "--list", files / "listed.csv")
    assert (told.code, told.out) == (2, "")
    assert "every score would be 0; check how the list writes ids" in told.err


def test_rows_that_cannot_be_read_are_told_beside_the_scores(casedesk: Command, files: Path) -> None:
    (files / "transactions.csv").write_text(HEADER + ROWS + "T4,2026-02-31T10:00:00Z,A,B,1.00,USD,WIRE\n")
    told = casedesk("score", "files", files / "transactions.csv", "--list", files / "listed.csv")
    assert told.code == 1
    assert "1 row could not be read" in told.err
    assert "2026-02-31" in told.err
