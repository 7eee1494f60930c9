"""New accounts: how young, how much, how many, and who just opened an honest account."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from casedesk.detection.rules.new_account import NewAccount
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

RULE = NewAccount()
MICROSECOND = 1 / 86_400_000_000
MIDNIGHT = NOON.replace(hour=0)
NEW: Owners = {
    "A": Owner("C1", "2026-11-04"),
    "B": Owner("C1", "2010-01-01"),
    "C": Owner("C2"),
    "X": Owner("", "2026-11-04"),
}


def pay(day: float, minor: int = 1_500_00, source: str = "X", target: str = "A", **more: str) -> Tx:
    """Money, so many days after midnight of A's first day."""
    return Tx(MIDNIGHT + timedelta(days=day), source, target, minor, "ACH", **more)


def burst(start: float = 1, number: int = 7, **more: object) -> list[Tx]:
    return [pay(start + step, **more) for step in range(number)]  # type: ignore[arg-type]


def test_seven_payments_in_the_first_week_are_one_alert() -> None:
    (alert,) = run(RULE, burst(), NEW)
    assert (alert.account_id, len(alert.transaction_ids), alert.amount_minor) == ("A", 7, 10_500_00)
    assert alert.sentence == (
        "7 payments in between 00:00 UTC on 5 Nov 2026 and 00:00 UTC on 11 Nov 2026, total USD 10,500.00, "
        "on an account opened on 4 Nov 2026."
    )


def test_an_account_whose_opening_is_unknown_or_long_ago_never_fires() -> None:
    assert run(RULE, burst(target="C"), NEW) == ()
    assert run(RULE, burst(target="B"), NEW) == ()


def test_an_account_is_new_to_the_last_microsecond_of_its_sixtieth_day() -> None:
    assert len(run(RULE, [*burst(50, 6), pay(60 - MICROSECOND)], NEW, window_days=20)) == 1
    assert run(RULE, [*burst(50, 6), pay(60)], NEW, window_days=20) == ()


def test_the_first_instant_counts_and_what_was_booked_before_it_does_not() -> None:
    assert len(run(RULE, burst(0), NEW)) == 1
    assert run(RULE, burst(-1), NEW) == ()


def test_the_window_takes_its_last_microsecond_and_no_more() -> None:
    assert len(run(RULE, [*burst(1, 6), pay(8)], NEW)) == 1
    assert run(RULE, [*burst(1, 6), pay(8 + MICROSECOND)], NEW) == ()


def test_count_total_and_smallest_amount_must_all_be_reached() -> None:
    assert run(RULE, burst(number=6, minor=50_000_00), NEW) == ()
    assert len(run(RULE, burst(minor=1_100_00), NEW)) == 1
    assert run(RULE, [*burst(1, 6, minor=1_071_00), pay(7.5, 1_073_99)], NEW) == ()
    assert len(run(RULE, [*burst(1, 6, minor=1_071_00), pay(7.5, 1_074_00)], NEW)) == 1
    assert run(RULE, [*burst(1, 6), pay(7, 299_99)], NEW) == ()
    assert len(run(RULE, [*burst(1, 6), pay(7, 300_00)], NEW)) == 1


def test_payments_out_count_only_when_the_direction_says_so() -> None:
    out = burst(source="A", target="X")
    assert run(RULE, out, NEW) == ()
    assert run(RULE, out, NEW, direction="out")[0].sentence.startswith("7 payments out between")
    assert run(RULE, out, NEW, direction="any")[0].sentence.startswith("7 transactions between")
    assert run(RULE, burst(), NEW, direction="out") == ()


def test_money_from_another_account_of_the_customer_is_not_counted() -> None:
    assert run(RULE, burst(source="B"), NEW) == ()
    assert run(RULE, burst(source="A"), NEW, direction="any") == ()
    assert len(run(RULE, burst(source="C"), NEW)) == 1


def test_overlapping_bursts_are_one_alert_and_separate_ones_are_two() -> None:
    (alert,) = run(RULE, burst(number=20), NEW)
    assert len(alert.transaction_ids) == 20
    assert len(run(RULE, [*burst(), *burst(30)], NEW)) == 2


def test_payments_at_one_instant_stand_together() -> None:
    (alert,) = run(RULE, [pay(2, id=name) for name in "gfedcba"], NEW)
    assert alert.transaction_ids == tuple("abcdefg")


def test_an_external_account_is_never_a_subject() -> None:
    assert run(RULE, burst(source="", target="X"), NEW) == ()


def test_a_new_salaried_customer_payroll_and_marketplace_are_left_alone() -> None:
    salaried = [pay(day, minor) for day, minor in ((1, 2_000_00), (3, 4_500_00), (5, 800_00), (6, 350_00))]
    payroll = [pay(2 + step / 1_000, 2_800_00, "A", "X") for step in range(60)]
    marketplace = [pay(1 + step / 50, 140_00) for step in range(900)]
    for bank in (salaried, payroll, marketplace):
        assert run(RULE, bank, NEW) == ()


def test_severity_starts_at_its_parameter_and_rises_with_count_and_total() -> None:
    least = [*burst(1, 6, minor=1_071_00), pay(7.5, 1_074_00)]
    assert run(RULE, least, NEW)[0].severity == 45
    assert run(RULE, least, NEW, severity_at_threshold=10)[0].severity == 10
    assert run(RULE, [*least, pay(7.6, 300_00)], NEW)[0].severity > 45
    assert run(RULE, [*least[:6], pay(7.5, 9_000_00)], NEW)[0].severity > 45


def test_the_rule_compiles_for_both_engines() -> None:
    assert compiles_everywhere(RULE)


VARIANTS = (
    RULE.with_values({"age_days": 10, "window_days": 3, "count": 2, "total_minor": 1_000_00}),
    RULE.with_values({"age_days": 20, "window_days": 5, "count": 3, "direction": "any", "smallest_minor": 0}),
    RULE.with_values({"age_days": 30, "window_days": 1, "count": 2, "direction": "out", "total_minor": 1}),
)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
@given(world=worlds(15, (0, 299_99, 300_00, 4_000_00, 9_000_00)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rule_finds_exactly_what_plain_loops_find(rule: NewAccount, world: tuple[list[Tx], Owners]) -> None:
    assert found(rule, *world) == expected(rule, *world)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
def test_the_rule_agrees_with_plain_loops_on_a_crowd_in_any_order(rule: NewAccount) -> None:
    agrees_on_a_crowd(rule, *crowd(6, 20, (200_00, 900_00, 4_000_00)))
