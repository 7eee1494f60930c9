"""What a sample below a line comes to."""

from __future__ import annotations

import sqlalchemy as sa

from casedesk.domain.cases import Disposition
from casedesk.domain.intervals import proportion
from casedesk.domain.line_yields import Apart
from casedesk.domain.verification import Verdict
from casedesk.services import lab
from casedesk.store.tables import alerts
from tests.builders import START, TestDesk
from tests.services.lines import (
    FOUR,
    bank,
    case_of,
    customers,
    deposits,
    detect,
    redraw,
    report,
    sample,
    work,
)


def test_the_yield_counts_closed_cases_of_picks_that_were_judged_alone(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, above=3, four=6, three=4)
    detect(desk)
    stored = sample(desk)
    work(desk, "A-1", Disposition.SAR)
    work(desk, "A-2")
    work(desk, "F-1", Disposition.SAR)
    for customer in ("F-2", "F-3"):
        work(desk, customer)
    work(desk, "T-1")
    found = report(desk)
    assert (found.test.test_id, found.drawn_by) == (stored.test_id, "mia")
    first, second = found.bands
    assert (first.population, first.customers, first.drawn, first.alone) == (6, 6, 6, 6)
    assert (first.closed, first.open, first.sars) == (3, 3, 1)
    assert first.productive == proportion(1, 3)
    assert (second.closed, second.open, second.sars) == (1, 3, 0)
    assert second.productive == proportion(0, 1)
    assert (found.above.alerts, found.above.cases) == (3, 3)
    assert found.above.productive == proportion(1, 2)
    assert [(one.percent, one.needed, one.enough) for one in second.none_found] == [
        (5, 59, False), (2, 149, False), (1, 299, False),
    ]  # fmt: skip
    assert [band.title for band in found.bands] == ["count 4", "below_count 3, count 3, total_minor 2400000"]


def test_a_reopened_case_is_open_again_in_the_report(desk: TestDesk) -> None:
    bank(desk, four=1, three=1)
    sample(desk)
    case_id = work(desk, "F-1", Disposition.SAR)
    assert report(desk).bands[0].sars == 1
    desk.reopen("mia", case_id)
    assert (report(desk).bands[0].sars, report(desk).bands[0].open) == (0, 1)


def test_a_pick_of_a_customer_with_an_open_case_joins_it_and_is_counted_apart(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, four=3, three=1)
    before = desk.open("F-1", rule="velocity")
    sample(desk)
    assert case_of(desk, "F-1") == before
    assert desk.actions(before) == ["case_opened", "alert_attached", "alert_attached"]
    work(desk, "F-1", Disposition.SAR)
    work(desk, "F-2")
    band = report(desk).bands[0]
    assert (band.drawn, band.alone, dict(band.apart)) == (3, 2, {Apart.JOINED: 1})
    assert (band.apart_closed, band.apart_sars) == (1, 1)
    assert band.productive == proportion(0, 1)


def test_a_case_into_which_another_alert_came_is_counted_apart(desk: TestDesk) -> None:
    bank(desk, four=2, three=1)
    sample(desk)
    desk.book(deposits("F-1-more", 60, 5, to="F-1/1"))
    detect(desk)
    band = report(desk).bands[0]
    assert (band.alone, dict(band.apart)) == (1, {Apart.SHARED: 1})


def test_what_the_desk_knows_is_not_stored_again_and_counted_apart(any_desk: TestDesk) -> None:
    desk = any_desk
    bank(desk, four=3, three=1)
    sample(desk, FOUR)
    work(desk, "F-1", Disposition.SAR)
    alerts_before, cases_before = desk.dump()["alerts"], desk.dump()["cases"]
    again = sample(desk, FOUR, seed="77" * 32)
    assert customers(again, 1) == ["F-1", "F-2", "F-3"]
    assert (desk.dump()["alerts"], desk.dump()["cases"]) == (alerts_before, cases_before)
    band = report(desk, again.test_id).bands[0]
    assert (band.alone, dict(band.apart)) == (0, {Apart.KNOWN: 3})
    assert (band.apart_closed, band.apart_sars) == (1, 1)
    assert redraw(desk, again.test_id).agrees
    assert desk.verify().verdict is Verdict.VERIFIED
    detect(desk)
    assert len(desk.dump()["detection_runs"]) == 2  # of the first sample, and this one: their ids do not meet


def test_the_scorecard_counts_what_the_rule_in_force_raised_and_no_sample(desk: TestDesk) -> None:
    bank(desk, above=2)
    detect(desk)
    sample(desk)
    work(desk, "F-1", Disposition.SAR)
    card = lab.scorecard(uow=desk.reading(), actor=desk.people["mia"], at=desk.at())
    assert [(score.rule, score.alerts, score.sars) for score in card.rules] == [("structuring", 2, 0)]


def test_above_the_line_only_what_was_raised_with_the_values_in_force_counts(desk: TestDesk) -> None:
    bank(desk, above=2, four=2)
    detect(desk)
    desk.open("A-1", rule="structuring")  # raised with other values
    sample(desk)
    later = START.replace(year=2027)
    desk.tamper(sa.update(alerts).where(alerts.c.customer_id == "A-2").values(window_end=later))
    assert report(desk).above.alerts == 1


def test_a_whole_band_that_was_judged_is_known_and_not_estimated(desk: TestDesk) -> None:
    bank(desk, four=2, three=1)
    sample(desk)
    for customer in ("F-1", "F-2"):
        assert not report(desk).bands[0].whole
        work(desk, customer)
    assert report(desk).bands[0].whole
