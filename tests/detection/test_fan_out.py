"""Fan-out: where its window and its count lie, and who is left alone. Strangers are tested with fan-in."""

from __future__ import annotations

import random
from datetime import timedelta

from casedesk.detection.rules.fan_out import FanOut
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

RULE = FanOut()


def payees(*days: float, first: int = 0) -> list[Tx]:
    return [pay("A", f"P{first + number}", day) for number, day in enumerate(days)]


def test_four_payees_exactly_four_days_apart_are_one_hit() -> None:
    (alert,) = raised(RULE, payees(0, 1, 2, 4))
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 4)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=4))


def test_a_microsecond_more_than_four_days_is_no_hit() -> None:
    assert raised(RULE, [*payees(0, 1, 2), pay("A", "P9", 4, late=1)]) == ()


def test_three_payees_are_too_few_however_often_they_are_paid() -> None:
    assert raised(RULE, payees(0, 1, 2) + payees(0.5, 1.5, 2.5)) == ()


def test_payees_booked_at_one_instant_stand_in_the_window_together_in_any_order() -> None:
    ties = [pay("A", f"P{number}", id=name) for number, name in enumerate("dbca")]
    (alert,) = raised(RULE, ties)
    assert alert.transaction_ids == ("a", "b", "c", "d")
    assert raised(RULE, list(reversed(ties))) == (alert,)


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    (one,) = raised(RULE, payees(*range(9)))
    assert len(one.transaction_ids) == 9
    assert len(raised(RULE, payees(0, 1, 2, 3) + payees(8, 9, 10, 11, first=4))) == 2


def test_money_that_arrives_does_not_count_and_an_external_account_is_never_a_subject() -> None:
    assert raised(RULE, [pay(f"P{number}", "A", number / 2) for number in range(6)]) == ()
    assert raised(RULE, [pay("X", f"P{number}", number / 2) for number in range(6)]) == ()


def test_cash_cards_self_transfers_and_own_accounts_have_no_payee() -> None:
    three = payees(0, 1, 2)
    own = {"A": "C-A", "B": "C-A"}
    for fourth in (pay("A", "", 2.5), pay("A", "P9", 2.5, channel="CARD"), pay("A", "A", 2.5), pay("A", "B", 2.5)):
        assert raised(RULE, [*three, fourth], own=own) == ()
    assert len(raised(RULE, [*three, pay("A", "P9", 2.5)], own=own)) == 1


def test_a_payee_who_is_a_customer_of_the_desk_counts_too() -> None:
    own = {f"P{number}": f"C-{number}" for number in range(4)} | {"A": "C-A"}
    (alert,) = raised(RULE, payees(0, 1, 2, 3), own=own)
    assert alert.account_id == "A"


def test_the_sentence_gives_payments_times_total_and_payees() -> None:
    (alert,) = raised(RULE, payees(0, 0.1, 0.2, 0.25))
    assert alert.sentence == (
        "4 payments sent between 12:00 and 18:00 UTC on 4 Nov 2026, total USD 2,000.00, with up to 4 payees within "
        "4 days whom this account had not dealt with before."
    )


def test_severity_starts_at_its_parameter_and_rises_with_the_payees_of_one_window() -> None:
    assert raised(RULE, payees(0, 1, 2, 3))[0].severity == 30
    assert raised(RULE, payees(*(step / 4 for step in range(12))))[0].severity > 70


def payroll(*days: float, staff: int = 60) -> list[Tx]:
    return [pay("A", f"E{number}", day + number / 20_000, 2_800_00) for day in days for number in range(staff)]


def test_a_payroll_known_from_the_month_before_is_left_alone() -> None:
    sales = [pay("K1", "A", day, 40_000_00) for day in range(0, 120, 3)]
    assert raised(RULE, [*sales, *payroll(24, 54, 85, 115)], opened={"A": "2012-01-01"}) == ()
    (first,) = raised(RULE, [*sales, *payroll(24, 54, 85, 115)])
    assert len(first.transaction_ids) == 60, "without an opening day the first run looks like a fan, the others do not"


def test_four_new_hires_in_a_known_payroll_do_fire() -> None:
    (alert,) = raised(RULE, [*payroll(24), *payroll(54, staff=64)], opened={"A": "2012-01-01"}, settling_days=25)
    assert len(alert.transaction_ids) == 4


def test_a_marketplace_that_pays_its_sellers_is_left_alone() -> None:
    draw = random.Random(4)
    runs = [pay("A", f"V{draw.randrange(60)}", step / 12, 580_00) for step in range(1_200)]
    assert raised(RULE, runs, opened={"A": "2015-06-01"}) == ()
