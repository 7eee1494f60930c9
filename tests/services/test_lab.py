"""Rules tried on the history beside the rules in force, and how the rules have done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.detection.duck import Limits
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules import UnknownRule
from casedesk.domain.cases import Disposition
from casedesk.domain.people import RoleForbids
from casedesk.services import detecting, lab
from casedesk.services.lab import Trial
from tests.builders import START, Move, TestDesk
from tests.scenes import then

SMALL = Limits(memory_mib=512, threads=1)
DAY = 24 * 60.0


def deposits(name: str, first_minute: float, count: int, to: str, amount: int = 7_000_00) -> list[Move]:
    return [Move(f"{name}-{n}", first_minute + n, amount, to_account=to) for n in range(count)]


def attempt(desk: TestDesk, who: str = "mia", rule: str = "structuring", **values: object) -> Trial:
    return lab.try_rule(
        look=desk.reading(), actor=desk.people[who], base_currency="USD", rule=rule, values=values, limits=SMALL
    )


@pytest.fixture
def history(any_desk: TestDesk) -> TestDesk:
    """Five customers: K-1 was filed, K-2 cleared, K-3 is open; K-4 stays under the threshold, K-5 did nothing."""
    then(any_desk, decided)
    return any_desk


def decided(desk: TestDesk) -> None:
    for number in (2, 3, 4, 5):
        desk.customer(f"K-{number}")
    for number, count in ((1, 5), (2, 5), (3, 6), (4, 4)):
        desk.book(deposits(f"t{number}", number * 8 * DAY, count, f"K-{number}/1"))
    rules = detecting.rules_with({"structuring": {}})
    detecting.detect(
        look=desk.reading(), uow=desk.writing(), actor=desk.people["mia"], at=desk.at(), base_currency="USD",
        limits=SMALL, rules=[rule for rule in rules if rule.name == "structuring"],
    )  # fmt: skip
    for customer, what in (("K-1", Disposition.SAR), ("K-2", Disposition.NO_SAR)):
        with desk.reading() as uow:
            case_id = uow.cases.open_of(customer)
        desk.take("ann", case_id)
        desk.decide("ann", case_id, what)
        if what is Disposition.SAR:
            desk.approve("mia", case_id)


def test_the_same_thresholds_gain_and_lose_nothing(history: TestDesk) -> None:
    trial = attempt(history)
    assert trial.in_force == trial.tried
    assert (trial.gained, trial.lost, trial.lost_sars, trial.gained_sars) == ((), (), (), ())
    assert trial.in_force.alerts == trial.in_force.customers == 3
    assert trial.in_force.per_thousand_customers == 600.0
    assert trial.moved == ()


def test_a_stricter_rule_names_the_alerts_and_the_past_sar_it_would_miss(history: TestDesk) -> None:
    trial = attempt(history, count=6)
    assert [alert.customer_id for alert in trial.lost] == ["K-1", "K-2"]
    assert trial.gained == ()
    assert trial.tried.alerts == 1
    with history.reading() as uow:
        (filed,) = uow.cases.of_customer("K-1")
    assert trial.lost_sars == trial.in_force.sar_cases == (filed.case_id,)
    assert trial.tried.sar_cases == trial.caught_otherwise == ()


def test_a_looser_rule_names_what_it_would_find_in_addition(history: TestDesk) -> None:
    trial = attempt(history, count=4, below_count=4, total_minor=28_000_00)
    assert [alert.customer_id for alert in trial.gained] == ["K-4"]
    assert trial.lost == ()
    assert {one.parameter.name: one.parameter.value for one in trial.moved} == {"count": 4, "total_minor": 28_000_00}


def test_only_decided_alerts_are_judged_and_the_interval_is_exact(history: TestDesk) -> None:
    judged = attempt(history).in_force.productive
    assert (judged.hits, judged.of) == (1, 2)
    assert judged.low == pytest.approx(0.0126, abs=5e-5)
    assert judged.high == pytest.approx(0.9874, abs=5e-5)


def test_a_sar_that_another_rule_alerted_too_is_said_to_be_caught_otherwise(history: TestDesk) -> None:
    desk = history
    with desk.reading() as uow:
        (filed,) = uow.cases.of_customer("K-1")
    desk.reopen("mia", filed.case_id)
    other = desk.alert("K-1", rule="velocity")
    from casedesk.services import intake

    seen = desk.case(filed.case_id).version
    intake.attach_alert(
        uow=desk.writing(), actor=desk.people["ann"], at=desk.at(), case_id=filed.case_id, seen_version=seen,
        alert_id=other,
    )  # fmt: skip
    desk.decide("ann", filed.case_id, Disposition.SAR)
    desk.approve("max", filed.case_id)
    trial = attempt(desk, count=6)
    assert trial.lost_sars == trial.caught_otherwise == (filed.case_id,)


def test_weeks_without_an_alert_count_too(history: TestDesk) -> None:
    trial = attempt(history, count=6)
    first = (START + timedelta(days=8)).date()
    assert trial.weeks[0].monday == first - timedelta(days=first.weekday())
    assert [week.monday - trial.weeks[0].monday for week in trial.weeks] == [
        timedelta(weeks=k) for k in range(len(trial.weeks))
    ]
    assert sum(week.in_force for week in trial.weeks) == 3
    assert sum(week.tried for week in trial.weeks) == 1
    assert trial.in_force.cases_a_week == 3 / len(trial.weeks)


def test_trying_stores_nothing(history: TestDesk) -> None:
    before = history.dump()
    attempt(history, count=2, below_count=2)
    lab.scorecard(uow=history.reading(), actor=history.people["mia"], at=history.at())
    assert history.dump() == before


def test_a_desk_without_transactions_gives_empty_figures(desk: TestDesk) -> None:
    trial = attempt(desk)
    assert (trial.in_force.alerts, trial.weeks, trial.transactions) == (0, (), 0)


@pytest.mark.parametrize("who", ["ann", "queenie"])
def test_only_who_may_tune_rules_sees_past_sars_here(desk: TestDesk, who: str) -> None:
    with pytest.raises(RoleForbids, match="may not try out detection rules"):
        attempt(desk, who)
    with pytest.raises(RoleForbids):
        lab.scorecard(uow=desk.reading(), actor=desk.people[who], at=desk.at())


def test_a_value_out_of_range_and_a_rule_that_is_none_are_refused_by_name(desk: TestDesk) -> None:
    with pytest.raises(BadParameter, match="Parameter “count”"):
        attempt(desk, count=1)
    with pytest.raises(UnknownRule, match="no rule “smurfing”"):
        attempt(desk, rule="smurfing")
    with pytest.raises(UnknownRule):
        lab.describe(look=desk.reading(), actor=desk.people["mia"], rule="smurfing")


def test_the_scorecard_counts_by_rule_and_month_and_names_the_silent(history: TestDesk) -> None:
    found = lab.scorecard(uow=history.reading(), actor=history.people["otto"], at=history.at() + timedelta(days=9))
    (score,) = found.rules
    assert (score.rule, score.month, score.alerts, score.cases, score.sars) == ("structuring", "", 3, 3, 1)
    assert (score.false_positives.hits, score.false_positives.of) == (1, 2)
    assert score.age_days == 9
    (month,) = found.months
    assert (month.month, month.alerts) == ("2026-07", 3)
    assert "structuring" not in found.silent
    assert {"velocity", "geography"} <= set(found.silent)
