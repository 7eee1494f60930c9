"""Runs after a sample below the line: no alert twice, none lost, and none grown by what is not its own episode."""

from __future__ import annotations

from typing import Any

import pytest

from casedesk.domain.cases import Disposition
from casedesk.domain.line_yields import Apart
from casedesk.domain.verification import Verdict
from casedesk.services import replaying
from tests.builders import Move, TestDesk
from tests.services.lines import (
    DAY,
    FOUR,
    RULES,
    SMALL,
    THREE,
    bank,
    case_of,
    deposits,
    detect,
    redraw,
    report,
    sample,
    stored_alerts,
    work,
)


def evidence(desk: TestDesk, customer_id: str) -> list[list[str]]:
    """Return the evidence of each of a customer's alerts, sorted."""
    return sorted(sorted(ids) for customer, _, ids in stored_alerts(desk).values() if customer == customer_id)


def content(desk: TestDesk) -> dict[str, Any]:
    """Alerts, their evidence and cases, without the events and runs that tell how they came about."""
    tables = desk.dump()
    return {name: tables[name] for name in ("alerts", "alert_transactions", "cases", "line_tests", "line_test_picks")}


@pytest.fixture(params=["incremental", "full"])
def how(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"full": request.param == "full"}


def test_a_run_leaves_a_sample_as_it_is_and_changes_nothing_the_second_time(
    any_desk: TestDesk, how: dict[str, Any]
) -> None:
    desk = any_desk
    bank(desk, above=2)
    first = detect(desk)
    sample(desk)
    before = content(desk)
    for _ in range(2):
        found = detect(desk, **how)
        assert (found.new_alerts, found.grown_alerts, found.alerts) == (0, 0, 2)
        assert content(desk) == before
        assert (found.since == "") is how["full"]
        assert found.alerts_sha256 == first.alerts_sha256
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_sample_that_comes_over_the_line_grows_and_is_counted_apart(any_desk: TestDesk, how: dict[str, Any]) -> None:
    desk = any_desk
    bank(desk, four=2, three=1)
    detect(desk)
    sample(desk)
    case_id = case_of(desk, "F-1")
    desk.book([Move("F-1-fifth", DAY + 30, 8_000_00, to_account="F-1/1")])
    found = detect(desk, **how)
    assert (found.new_alerts, found.grown_alerts) == (0, 1)
    assert evidence(desk, "F-1") == [["F-1-0", "F-1-1", "F-1-2", "F-1-3", "F-1-fifth"]]
    assert desk.actions(case_id) == ["case_opened", "alert_attached", "alert_grown"]
    band = report(desk).bands[0]
    assert (band.alone, dict(band.apart)) == (1, {Apart.GROWN: 1})
    again = detect(desk, **how)
    assert (again.new_alerts, again.grown_alerts) == (0, 0)
    assert redraw(desk, from_data=True).agrees
    assert desk.verify().verdict is Verdict.VERIFIED


def overlapping(desk: TestDesk) -> None:
    """Sample F-1's four deposits, an hour apart at most, then let five more come of which an hour takes only the last in."""
    desk.customer("F-1")
    desk.book([Move(f"F-1-{n}", DAY + 20 * n, 8_000_00, to_account="F-1/1") for n in range(4)])
    sample(desk, FOUR)
    desk.book([Move(f"F-1-more-{n}", DAY + 101 + n, 8_000_00, to_account="F-1/1") for n in range(4)])


def test_an_episode_that_shares_only_a_part_is_an_alert_of_its_own(any_desk: TestDesk, how: dict[str, Any]) -> None:
    """To grow the sampled alert would take its first transactions away from the case that is being judged."""
    desk = any_desk
    detect(desk)
    overlapping(desk)
    found = detect(desk, **how)
    assert (found.new_alerts, found.grown_alerts) == (1, 0)
    more = [f"F-1-more-{n}" for n in range(4)]
    assert evidence(desk, "F-1") == [["F-1-0", "F-1-1", "F-1-2", "F-1-3"], ["F-1-3", *more]]
    assert len({case for _, case, _ in stored_alerts(desk).values()}) == 1
    assert dict(report(desk).bands[0].apart) == {Apart.SHARED: 1}
    desk.book([Move("F-1-last", DAY + 110, 8_000_00, to_account="F-1/1")])
    grown = detect(desk, **how)
    assert (grown.new_alerts, grown.grown_alerts) == (0, 1)
    assert evidence(desk, "F-1")[0] == ["F-1-0", "F-1-1", "F-1-2", "F-1-3"]
    assert desk.verify().verdict is Verdict.VERIFIED


def test_an_episode_with_the_same_first_transaction_gets_an_id_of_its_own(desk: TestDesk, how: dict[str, Any]) -> None:
    """The band took cheques as well; what fires over the line begins with the same deposit and has no cheque."""
    desk.customer("F-1")
    cash = [Move(f"F-1-{n}", DAY + n, 8_000_00, to_account="F-1/1") for n in range(3)]
    cheque = [Move("F-1-cheque", DAY + 10, 8_000_00, to_account="F-1/1", channel="CHEQUE")]
    desk.book([*cash, *cheque])
    sample(desk, {"count": 4, "channels": ["ACH", "CASH", "CHEQUE", "OTHER", "WIRE"]})
    assert evidence(desk, "F-1") == [["F-1-0", "F-1-1", "F-1-2", "F-1-cheque"]]
    desk.book([Move(f"F-1-more-{n}", DAY + 20 + n, 8_000_00, to_account="F-1/1") for n in range(2)])
    for new in (1, 0, 0):
        found = detect(desk, **how)
        assert (found.new_alerts, found.grown_alerts) == (new, 0)
    more = ["F-1-more-0", "F-1-more-1"]
    assert evidence(desk, "F-1") == [["F-1-0", "F-1-1", "F-1-2", "F-1-cheque"], ["F-1-0", "F-1-1", "F-1-2", *more]]
    desk.book([Move("F-1-more-2", DAY + 30, 8_000_00, to_account="F-1/1")])
    assert detect(desk, **how).grown_alerts == 1
    assert len(stored_alerts(desk)) == 2
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_looser_rule_put_in_force_finds_the_sample_told_already(desk: TestDesk, how: dict[str, Any]) -> None:
    bank(desk, above=1, four=3, three=2)
    detect(desk)
    sample(desk)
    before = content(desk)
    looser = tuple(rule.with_values(THREE) for rule in RULES)
    found = detect(desk, rules=looser, **how)
    assert (found.new_alerts, found.grown_alerts, found.alerts) == (0, 0, 6)
    assert content(desk) == before
    assert detect(desk, rules=looser, **how).new_alerts == 0


def test_what_a_closed_sample_has_dealt_with_is_not_raised_again(any_desk: TestDesk, how: dict[str, Any]) -> None:
    desk = any_desk
    bank(desk, above=1, four=2, three=1)
    detect(desk)
    sample(desk)
    closed = work(desk, "F-1", Disposition.SAR)
    assert detect(desk, **how).new_alerts == 0
    desk.book([Move("F-1-fifth", DAY + 30, 8_000_00, to_account="F-1/1")])
    found = detect(desk, **how)
    assert (found.new_alerts, found.grown_alerts, found.cases_opened) == (1, 0, 1)
    assert case_of(desk, "F-1") not in ("", closed)
    assert evidence(desk, "F-1")[0] == ["F-1-0", "F-1-1", "F-1-2", "F-1-3"]
    band = report(desk).bands[0]
    assert (band.closed, band.sars, dict(band.apart)) == (1, 1, {})
    assert desk.verify().verdict is Verdict.VERIFIED


def test_a_run_after_a_sample_can_be_replayed_and_is_built_upon_the_run_before(desk: TestDesk) -> None:
    bank(desk, above=1)
    first = detect(desk)
    sample(desk)
    desk.book(deposits("A-9", 70, 5, to="K-1/1"))
    second = detect(desk)
    assert second.since == first.run_id
    for run in (first, second):
        done = replaying.replay(
            look=desk.reading(), actor=desk.people["mia"], run_id=run.run_id, limits=SMALL, library=RULES
        )
        assert done.identical, done.difference
