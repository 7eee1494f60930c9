"""`casedesk calendar`: what falls due, why, and for whom."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from casedesk.domain.cases import Disposition
from tests.builders import TestDesk
from tests.cli.conftest import Command

NOW = datetime.now(UTC)


def test_what_falls_due_is_told_with_its_derivation_and_to_an_analyst_their_own(
    casedesk: Command, desk: TestDesk
) -> None:
    desk.customer()
    case_id = desk.open(raised_at=NOW - timedelta(days=29))
    desk.take("ann", case_id)
    kept = desk.open()
    desk.take("ben", kept)
    desk.decide("ben", kept, Disposition.NO_SAR)
    (line,) = casedesk("calendar", "--json", "--as", "ann").json
    assert (line["case_id"], line["kind"], line["owner"], line["policy"]["version"]) == (case_id, "report", "ann", 1)
    assert line["explained"].startswith(f"Due {(NOW + timedelta(days=1)).day} ")
    years = ("--from", "2031-01-01", "--to", "2031-12-31")
    assert casedesk("calendar", *years, "--as", "ben").out == "Nothing falls due from 2031-01-01 to 2031-12-31.\n"
    (line,) = casedesk("calendar", *years, "--kind", "retention", "--owner", "ben", "--json", "--as", "mia").json
    assert (line["case_id"], line["due_on"], line["holds"]) == (kept, "2031-07-01", [])
    assert casedesk("calendar", "--overdue", "--as", "mia").out == "Nothing is overdue.\n"
    wrong = casedesk("calendar", "--kind", "SAR", "--as", "mia")
    assert wrong.code != 0
    assert "no kind of due date; those are: report, continuing review" in wrong.err
