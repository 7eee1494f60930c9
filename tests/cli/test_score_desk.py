"""`casedesk score` over the desk's own data: lists, names, runs, explanations, replays."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from casedesk.store.tables import risk_scores
from tests.builders import Move, TestDesk
from tests.cli.conftest import Command
from tests.services import scoring_bank as bank


@pytest.fixture
def listed(desk: TestDesk, tmp_path: Path) -> Path:
    bank.furnish(desk)
    path = tmp_path / "listed.csv"
    path.write_text(bank.LISTED, encoding="utf-8")
    return path


def test_from_a_list_to_a_replay(casedesk: Command, desk: TestDesk, listed: Path) -> None:
    told = casedesk("score", "load", listed, "--source", "Board", "--version", "7", "--date", "2021-07-30")
    assert "2 entries of Board, version 7, in force" in told.out
    assert casedesk("score", "lists", "--json").json[0]["listed_on"] == "2021-07-30"
    assert "4 customers screened: 1 name alike, 1 of them waits for a person." in casedesk("score", "screen").out
    (match,) = casedesk("score", "matches", "--json").json
    reason = "Born on the day and in the town that the list names."
    assert casedesk("score", "confirm", match["match_id"], "--reason", reason).code == 2, "nobody said who"
    told = casedesk("score", "confirm", match["match_id"], "--reason", reason, "--as", "ann")
    assert told.out.startswith(f"{match['match_id']} is confirmed (event ")
    assert "1 confirmed" in casedesk("score", "matches", "--state", "confirmed").err
    told = casedesk("score", "run")
    assert "3 payments between 4 accounts: 1 exposed to 2 listed accounts." in told.out
    (run,) = casedesk("score", "runs", "--json").json
    assert run["list_sha256"][:16] in told.out
    assert [one["account_id"] for one in casedesk("score", "top", "--json").json] == ["B"]
    assert "A paid B 8,000.00 (T2)" in casedesk("score", "explain", "B").out
    assert casedesk("score", "replay", run["run_id"]).code == 0
    other = casedesk("score", "run", "--param", "half_life_days=30", "--as-of", "2026-12-01", "--json").json
    told = casedesk("score", "compare", run["run_id"], other["run_id"])
    assert "has other values, instant than" in told.err
    assert [line.split()[0] for line in told.out.splitlines()] == ["Account", "B"]
    desk.tamper(sa.update(risk_scores).values(score=5))
    told = casedesk("score", "replay", other["run_id"])
    assert (told.code, told.out.startswith("Not identical: Account ")) == (1, True)


def test_a_list_of_a_day_to_come_is_refused_by_field_value_and_fix(casedesk: Command, listed: Path) -> None:
    told = casedesk("score", "load", listed, "--date", "2099-01-01")
    assert (told.code, told.out) == (2, "")
    assert "“--date 2099-01-01” is a day to come; the last one that is taken is " in told.err
    assert "today by the desk's clock, in UTC" in told.err
    assert casedesk("score", "lists", "--json").json == []


def test_a_run_as_of_a_time_before_every_payment_is_refused(casedesk: Command, desk: TestDesk, tmp_path: Path) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    told = casedesk("score", "run", "--as-of", "2020-01-01")
    assert (told.code, told.out) == (2, "")
    assert "No payment lies before 2020-01-01T00:00:00.000000Z (the earliest is of 2026-07-01T09:05:00" in told.err
    assert casedesk("score", "runs", "--json").json == []


def test_an_account_without_a_score_before_has_a_dash_and_no_0(
    casedesk: Command, desk: TestDesk, tmp_path: Path
) -> None:
    bank.furnish(desk)
    bank.load(desk, tmp_path)
    runs = [bank.score(desk).run_id]
    desk.book([Move("T9", 50, 400_000, "C", "A", "WIRE")])
    runs.append(bank.score(desk).run_id)
    (line,) = (line for line in casedesk("score", "top").out.splitlines() if line.startswith("C "))
    assert line.split()[-1] == "-"
    assert {one["account_id"]: one["before"] is None for one in casedesk("score", "top", "--json").json} == {
        "A": False, "B": False, "C": True
    }  # fmt: skip
    (line,) = (line for line in casedesk("score", "compare", *runs).out.splitlines() if line.startswith("C "))
    assert (line.split()[1], line.split()[3]) == ("-", f"+{line.split()[2]}")
    (line,) = (line for line in casedesk("score", "compare", *reversed(runs)).out.splitlines() if line.startswith("C "))
    assert (line.split()[2], line.split()[3]) == ("-", f"-{line.split()[1]}")
    told = {one["account_id"]: one for one in casedesk("score", "compare", *runs, "--json").json}
    assert told["C"]["before"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "No list of parties is in force"),
        (["top"], "No scores were computed yet"),
        (["explain", "A"], "No scores were computed yet"),
        (["replay", "S-9"], "There is no run of scoring “S-9”"),
        (["refuse", "M-9", "--as", "ann"], "There is no match “M-9”"),
        (["matches", "--state", "open"], "“--state open” is none of waiting, confirmed, refused."),
        (["screen", "--least", "0.1"], "give a number from 0.5 to 1"),
        (["screen"], "No list in force names anybody by name"),
        (["load", "nowhere.csv"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(
    casedesk: Command, desk: TestDesk, words: list[str], said: str
) -> None:
    told = casedesk("score", *words)
    assert (told.code, told.out) == (2, "")
    assert said in told.err
