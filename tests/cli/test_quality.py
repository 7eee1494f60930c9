"""`casedesk qa`: draw, draw again, list."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from casedesk.domain.events import DESK
from casedesk.store.tables import qa_picks
from tests.builders import START, TestDesk
from tests.cli.conftest import Command

PERIOD = ("--from", START.date().isoformat(), "--to", START.date().isoformat())


@pytest.fixture
def closed(desk: TestDesk) -> list[str]:
    cases = []
    for number in range(8):
        desk.customer(f"K-{number}")
        cases.append(desk.closed(f"K-{number}", sar_approver="max" if number == 3 else ""))
    return cases


def test_a_sample_is_drawn_listed_and_drawn_again(casedesk: Command, desk: TestDesk, closed: list[str]) -> None:
    told = casedesk("qa", "draw", *PERIOD, "--rate", "0.10", "--as", "queenie", "--json")
    assert told.code == 0, told.err
    drawn = told.json
    assert drawn["population"] == 8
    assert closed[3] in {pick["case_id"] for pick in drawn["picks"]}  # every SAR is reviewed
    frozen, sampled = desk.history(DESK)[-2:]
    assert (frozen.action, sampled.action) == ("qa_population_frozen", "qa_sample_drawn")
    assert frozen.data["rate_per_mille"] == 100
    assert frozen.user == "queenie"
    told = casedesk("qa", "redraw", drawn["draw_id"])
    assert (told.code, told.out.split(":")[0]) == (0, drawn["draw_id"])
    assert casedesk("qa", "redraw", drawn["draw_id"], "--json", "--as", "otto").json["agrees"] is True
    [row] = casedesk("qa", "list", "--json").json
    assert (row["draw_id"], row["population"]) == (drawn["draw_id"], 8)
    assert drawn["draw_id"] in casedesk("qa", "list", "--as", "mia").out


def test_picks_that_were_changed_exit_1(casedesk: Command, desk: TestDesk, closed: list[str]) -> None:
    drawn = casedesk("qa", "draw", *PERIOD, "--json").json
    desk.tamper(sa.delete(qa_picks).where(qa_picks.c.case_id == closed[3]))
    told = casedesk("qa", "redraw", drawn["draw_id"])
    assert told.code == 1
    assert f"The list of drawn cases differs, first at {closed[3]}." in told.out
    assert casedesk("qa", "redraw", drawn["draw_id"], "--json").json["agrees"] is False


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["draw", "--as", "queenie"], "Name the period"),
        (["draw", "--from", "2026-02-31", "--to", "2026-03-01"], "“--from 2026-02-31” is not a day"),
        (["draw", "--from", "2026-03-02", "--to", "2026-03-01"], "before it starts"),
        (["draw", "--from", "2026-03-01", "--to", "2999-03-01"], "in the future"),
        (["draw", "--from", "2020-03-01", "--to", "2020-03-02"], "No case was closed"),
        (["draw", *PERIOD, "--rate", "ten"], "“--rate ten” is not a share"),
        (["draw", *PERIOD, "--rate", "0.0001"], "“--rate 0.0001” is not a share"),
        (["draw", *PERIOD, "--rate", "1.5"], "between 0.001 and 1; 1.5 was given"),
        (["draw", *PERIOD, "--rate", "0"], "between 0.001 and 1"),
        (["draw", *PERIOD, "--rate", "nan"], "is not a share"),
        (["draw", *PERIOD, "--rate", "1e999999999"], "is not a share"),
        (["draw", *PERIOD, "--as", "ann"], "The role Analyst may not draw a QA sample"),
        (["redraw", "Q-2020-01-001"], "There is no QA draw “Q-2020-01-001”"),
        (["redraw", "Q-2020-01-001", "--as", "ann"], "The role Analyst may not re-draw a QA sample"),
        (["list", "--as", "ann"], "The role Analyst may not"),
    ],
)
def test_a_draw_that_makes_no_sense_is_refused(
    casedesk: Command, desk: TestDesk, words: list[str], sentence: str
) -> None:
    before = desk.size()
    told = casedesk("qa", *words)
    assert (told.code, told.out) == (2, "")
    assert sentence in told.err
    assert desk.size() == before
