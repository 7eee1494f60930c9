"""`casedesk retention`."""

from __future__ import annotations

from datetime import datetime, tzinfo

import pytest

from tests.builders import TestDesk
from tests.cli.conftest import Command

REASON = ("--text", "Civil action 26-114, counsel's letter.")


def test_a_hold_is_placed_listed_shown_and_lifted(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case = desk.closed()
    told = casedesk("retention", "hold", case, *REASON, "--as", "mia")
    hold = desk.size()
    assert (told.code, told.out) == (0, f"{case} is under the hold of event {hold}.\n")
    assert [one["event"] for one in casedesk("retention", "holds", "--json", "--as", "otto").json] == [hold]
    assert "Civil action 26-114" in casedesk("retention", "holds").out
    assert casedesk("case", "show", case, "--json", "--as", "mia").json["holds"] == [hold]
    assert f"Legal hold of event {hold}, by mia: Civil action" in casedesk("case", "show", case, "--as", "mia").out
    due = casedesk("retention", "due", "--on", "2032-01-01", "--json").json
    assert [(one["case_id"], one["kept_until"], one["holds"]) for one in due["cases"]] == [(case, "2031-07-01", [hold])]
    told = casedesk("retention", "release", hold, "--text", "The action was settled in May.", "--as", "max")
    assert told.out == f"The hold of event {hold} on {case} is lifted (event {hold + 1}).\n"
    assert casedesk("retention", "holds").out == "No case is under a legal hold.\n"
    assert casedesk("retention", "hold", case, *REASON).code == 2  # nobody acts


def test_what_is_due_says_why_and_how_many_never_were_filed(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case = desk.closed()
    desk.closed(sar_approver="max")
    told = casedesk("retention", "due", "--on", "2032-01-01", "--as", "otto")
    assert f"{case}  2031-07-01  -" in told.out
    assert "31 CFR 1020.320(d)" in told.out
    assert "1 older case was closed with a report of which the desk knows no filing" in told.err
    assert casedesk("retention", "due").out == "No case has reached the end of its retention.\n"
    assert casedesk("retention", "due", "--as", "ann").code == 2


def test_a_purge_that_comes_too_early_is_refused_with_the_day(casedesk: Command, desk: TestDesk) -> None:
    desk.customer()
    case = desk.closed()
    told = casedesk("retention", "propose", case, *REASON, "--as", "mia")
    assert (told.code, "has to be kept: Kept until 1 Jul 2031" in told.err) == (2, True)
    told = casedesk("retention", "purge", 1, "--as", "max")
    assert (told.code, "Event 1 proposes no purge that waits" in told.err) == (2, True)


class Later(datetime):
    """A clock of the time after retention."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return datetime(2032, 1, 1, 9, tzinfo=tz)


def test_a_purge_is_proposed_and_carried_out(
    casedesk: Command, desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.customer()
    case = desk.closed()
    monkeypatch.setattr("casedesk.cli.session.datetime", Later)
    told = casedesk("retention", "propose", case, *REASON, "--as", "mia")
    proposal = desk.size()
    assert told.out == f"Proposed as event {proposal}: the texts of 1 case.\n"
    told = casedesk("retention", "purge", proposal, "--as", "max")
    assert told.out == (f"Purged: 1 text, 0 forms and 0 reports as they were sent, of 1 case (event {proposal + 1}).\n")
    assert told.err == ""
    assert casedesk("db", "scrub").out == "Nothing is left of what was purged.\n"
    shown = casedesk("audit", "verify", "--database")
    assert (shown.code, "the texts of 1 event were purged" in shown.out) == (0, True)
