"""Dormant accounts: what counts as silence, what as an awakening, and who only looks asleep."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.dormant import Dormant
from tests.detection.bank import NOON, Tx
from tests.detection.reference_history import (
    Owner,
    Owners,
    agrees_on_a_crowd,
    compiles_everywhere,
    crowd,
    expected,
    found,
    run,
    worlds,
)

RULE = Dormant()
MICROSECOND = 1 / 86_400_000_000


def pay(day: float, minor: int = 8_000_00, source: str = "X", target: str = "A", **more: str) -> Tx:
    return Tx(NOON + timedelta(days=day), source, target, minor, "WIRE", **more)


def through(day: float = 0) -> list[Tx]:
    """Money comes to A and leaves the next day."""
    return [pay(day), pay(day + 1, source="A", target="X")]


def opened(day: str) -> Owners:
    return {"A": Owner("C1", day), "B": Owner("C2"), "X": Owner("", "1999-01-01")}


def test_money_through_an_account_that_slept_for_half_a_year_is_one_alert() -> None:
    (alert,) = run(RULE, [pay(-180), *through(), pay(-100, source="X", target="B")])
    assert (alert.account_id, len(alert.transaction_ids), alert.amount_minor) == ("A", 2, 16_000_00)
    assert alert.sentence == (
        "After 180 days without activity on record, since 8 May 2026, 2 transactions between 12:00 UTC on 4 Nov 2026 "
        "and 12:00 UTC on 5 Nov 2026, total USD 16,000.00."
    )


def test_a_microsecond_less_than_the_silence_is_none() -> None:
    assert run(RULE, [pay(-180 + MICROSECOND), *through()]) == ()


def test_the_window_takes_its_last_microsecond_and_no_more() -> None:
    inside = [pay(-200), pay(0), pay(7, source="A", target="X")]
    assert len(run(RULE, inside)) == 1
    assert run(RULE, [*inside[:2], pay(7 + MICROSECOND, source="A", target="X")]) == ()


def test_total_and_count_must_both_be_reached() -> None:
    assert len(run(RULE, [pay(-200), pay(0, 5_000_00), pay(1, 5_000_00)])) == 1
    assert run(RULE, [pay(-200), pay(0, 5_000_00), pay(1, 4_999_99)]) == ()
    assert run(RULE, [pay(-200), pay(0, 90_000_00)]) == ()
    assert len(run(RULE, [pay(-200), pay(0, 90_000_00)], count=1)) == 1


def test_fees_and_interest_neither_wake_an_account_nor_keep_it_awake() -> None:
    fees = [pay(-30 * month, 49_99, source="A", target="X") for month in range(1, 7)]
    (alert,) = run(RULE, [pay(-200), *fees, *through()])
    assert len(alert.transaction_ids) == 2
    assert run(RULE, [pay(-200), pay(-90, 50_00), *through()]) == ()
    assert run(RULE, [pay(-200), *fees, *through()], smallest_minor=0) == ()


def test_the_first_transactions_of_a_new_account_are_no_awakening() -> None:
    early = pay(-300, source="X", target="B")
    assert run(RULE, [early, *through()], opened("2026-10-20")) == ()
    assert run(RULE, [early, *through()], opened("")) == ()


def test_an_account_never_used_sleeps_from_its_opening_on() -> None:
    early = pay(-40, source="X", target="B")
    (alert,) = run(RULE, [early, *through()], opened("2022-11-04"))
    assert "After 1,461 days without activity on record, since 4 Nov 2022, 2 transactions" in alert.sentence
    assert len(run(RULE, [early, *through()], opened("2026-05-08"))) == 1
    assert run(RULE, [early, *through()], opened("2026-05-09")) == ()


def test_an_account_is_not_asleep_because_the_data_begins_late() -> None:
    assert len(run(RULE, [pay(-30, target="B"), *through()], opened("2010-01-01"))) == 1
    assert run(RULE, [pay(-30 + MICROSECOND, target="B"), *through()], opened("2010-01-01")) == ()
    assert run(RULE, through(), opened("2010-01-01")) == ()
    assert len(run(RULE, through(), opened("2010-01-01"), observed_days=0)) == 1


def test_an_account_may_fall_asleep_again_and_each_awakening_is_an_alert_of_its_own() -> None:
    assert len(run(RULE, [pay(-500), *through(-300), *through()])) == 2


def test_what_follows_within_the_window_joins_the_alert() -> None:
    (alert,) = run(RULE, [pay(-200), *through(), pay(3), pay(6.5), pay(8)])
    assert len(alert.transaction_ids) == 4


def test_several_transactions_at_the_instant_of_awakening_count_together() -> None:
    (alert,) = run(RULE, [pay(-200, id="z"), pay(0, id="b"), pay(0, id="a", source="A", target="X")])
    assert alert.transaction_ids == ("a", "b")


def test_an_external_account_is_never_a_subject() -> None:
    bank = [pay(-200, source="", target="X"), pay(0, source="", target="X"), pay(1, source="", target="X")]
    assert run(RULE, [*bank, pay(-300, target="B")]) == ()


def test_whoever_pays_monthly_yearly_or_sweeps_nightly_is_left_alone() -> None:
    monthly = [pay(-30 * month + second / 86_400, 3_000_00, "A", "X") for month in range(12) for second in range(40)]
    yearly = [pay(-365 * year, 60_000_00, "A", "X") for year in range(4)]
    sweep = [pay(-day, 200_000_00, *("AB" if day % 2 else "BA")) for day in range(300)]
    for bank in (monthly, yearly, sweep):
        assert run(RULE, bank) == ()


def test_severity_starts_at_its_parameter_and_rises_with_silence_and_total() -> None:
    def severity(silence: int, minor: int, start: int = 50) -> int:
        bank = [pay(-silence), pay(0, minor), pay(1, minor)]
        return run(RULE, bank, severity_at_threshold=start)[0].severity

    assert severity(180, 5_000_00) == 50
    assert severity(180, 5_000_00, 20) == 20
    assert severity(180, 10_000_00) > 50
    assert severity(360, 10_000_00) == 75
    assert severity(3_000, 900_000_00) <= 100


def test_a_window_as_long_as_the_silence_is_refused() -> None:
    with pytest.raises(BadParameter, match="must be less than “silence_days”"):
        RULE.with_values({"window_days": 30, "silence_days": 30})


def test_the_rule_compiles_for_both_engines() -> None:
    assert compiles_everywhere(RULE)


VARIANTS = (
    RULE.with_values({"silence_days": 10, "window_days": 3, "observed_days": 5, "total_minor": 5_000_00}),
    RULE.with_values({"silence_days": 7, "window_days": 6, "observed_days": 0, "total_minor": 100, "count": 1}),
    RULE.with_values({"silence_days": 15, "window_days": 1, "count": 3, "smallest_minor": 0}),
)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
@given(world=worlds(50, (0, 49_99, 50_00, 4_000_00, 9_000_00)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rule_finds_exactly_what_plain_loops_find(rule: Dormant, world: tuple[list[Tx], Owners]) -> None:
    assert found(rule, *world) == expected(rule, *world)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
def test_the_rule_agrees_with_plain_loops_on_a_crowd_in_any_order(rule: Dormant) -> None:
    agrees_on_a_crowd(rule, *crowd(5, 60, (40_00, 4_000_00, 9_000_00), customers=90))
