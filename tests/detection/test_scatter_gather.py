"""Scatter-gather: one account pays several, and these pay one, all within days."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.scatter_gather import ScatterGather
from tests.detection.bank import NOON, Tx, accounts_of, arrow, named
from tests.detection.flows import pay, raised
from tests.detection.test_subjects import follow

RULE = ScatterGather()
SOURCE = {"A": "C-A"}


def way(
    through: str, began: float = 0, ended: float = 1, first: int = 1_000_00, last: int = 900_00, to: str = "D"
) -> list[Tx]:
    return [pay("A", through, began, first), pay(through, to, ended, last)]


def ways(*names: str, to: str = "D", day: float = 0) -> list[Tx]:
    return [tx for place, name in enumerate(names) for tx in way(name, day, day + 1 + place / 10, to=to)]


def test_three_accounts_between_within_exactly_seven_days_are_a_hit_with_both_halves_as_evidence() -> None:
    (alert,) = raised(RULE, [*way("M1", 0, 5), *way("M2", 1, 6), *way("M3", 2, 7)])
    assert (alert.account_id, len(alert.transaction_ids), alert.amount_minor) == ("A", 6, 5_700_00)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=7))


def test_a_microsecond_more_than_seven_days_is_no_hit() -> None:
    late = [pay("A", "M3", 2, 1_000_00), pay("M3", "D", 7, 900_00, late=1)]
    assert raised(RULE, [*way("M1", 0, 5), *way("M2", 1, 6), *late]) == ()


def test_two_accounts_between_are_too_few_however_often_they_pay() -> None:
    assert raised(RULE, [*ways("M1", "M2"), *ways("M1", "M2", day=1)]) == ()
    assert len(raised(RULE, ways("M1", "M2"), between=2)) == 1


def test_the_accounts_between_must_pay_the_same_account() -> None:
    assert raised(RULE, [*ways("M1", "M2"), *ways("M3", to="E")]) == ()


def test_paying_on_before_being_paid_is_no_way() -> None:
    assert raised(RULE, [*ways("M1", "M2"), *way("M3", 1, 0.5)]) == ()


def test_everything_at_one_instant_is_a_hit_in_any_order() -> None:
    bank = [
        Tx(**{**vars(tx), "id": f"t{n}"}) for n, tx in enumerate(way("M3", 0, 0) + way("M1", 0, 0) + way("M2", 0, 0))
    ]
    (alert,) = raised(RULE, bank)
    assert alert.transaction_ids == ("t0", "t1", "t2", "t3", "t4", "t5")
    assert raised(RULE, list(reversed(bank))) == (alert,)


@pytest.mark.parametrize(("last", "hits"), [(499_99, 0), (500_00, 1), (1_200_00, 1), (1_200_01, 0)])
def test_half_to_a_little_more_than_was_paid_must_be_paid_on(last: int, hits: int) -> None:
    assert len(raised(RULE, [*ways("M1", "M2"), *way("M3", 0, 1, 1_000_00, last)])) == hits


def test_the_latest_payment_that_could_begin_a_way_begins_it() -> None:
    (alert,) = raised(RULE, [*ways("M1", "M2", "M3"), pay("A", "M3", -1, 1_000_00)])
    assert len(alert.transaction_ids) == 6


def test_the_subject_is_the_source_or_else_the_destination_and_nobody_in_between() -> None:
    bank = ways("M1", "M2", "M3")
    assert [alert.account_id for alert in raised(RULE, bank, own={"A": "C-A", "D": "C-D"})] == ["A"]
    assert [alert.account_id for alert in raised(RULE, bank, own={"D": "C-D"})] == ["D"]
    assert raised(RULE, bank, own={"M1": "C-1", "M2": "C-2"}) == ()


def test_money_that_comes_back_to_its_source_is_a_cycle_and_not_this() -> None:
    assert raised(RULE, ways("M1", "M2", "M3", to="A")) == ()


def test_cash_cards_and_accounts_of_one_customer_are_no_way() -> None:
    two = ways("M1", "M2")
    first, last = way("M3")
    assert raised(RULE, [*two, first, Tx(**{**vars(last), "channel": "CARD"})]) == ()
    assert raised(RULE, [*two, first, last], own={"A": "C-A", "M3": "C-A"}) == ()
    assert raised(RULE, [*two, first, last], own={"A": "C-A", "M3": "C-3", "D": "C-3"}) == ()
    assert len(raised(RULE, [*two, first, last], own={"A": "C-A", "M3": "C-3", "D": "C-4"})) == 1


def test_overlapping_hits_of_a_subject_are_one_alert_and_separate_ones_are_two() -> None:
    first = ways("M1", "M2", "M3")
    assert len(raised(RULE, [*first, *ways("M1", "M2", "M3", to="E")])) == 1
    assert len(raised(RULE, [*first, *ways("M1", "M2", "M3", day=20)])) == 2


def test_a_busy_shop_is_no_hidden_collector() -> None:
    shoppers = [pay(f"C{n}", "D", 0.5 + n / 1000, 30_00) for n in range(98)]
    assert len(raised(RULE, [*ways("M1", "M2", "M3"), *shoppers[:97]])) == 1
    assert raised(RULE, [*ways("M1", "M2", "M3"), *shoppers]) == ()
    assert len(raised(RULE, [*ways("M1", "M2", "M3"), *shoppers], busiest=101)) == 1


def test_contradicting_shares_are_refused_with_a_sentence() -> None:
    with pytest.raises(BadParameter, match="cannot exceed “most_percent” \\(30\\)"):
        RULE.with_values({"most_percent": 30})


def test_the_sentence_tells_both_halves_and_the_accounts_between() -> None:
    (alert,) = raised(RULE, [*way("M1", 0, 0.1), *way("M2", 0, 0.2), *way("M3", 0, 0.25)])
    assert alert.sentence == (
        "USD 3,000.00 went out in 3 payments and USD 2,700.00 came together again in 3 payments between 12:00 and "
        "18:00 UTC on 4 Nov 2026, through up to 3 accounts between within 7 days."
    )


def test_severity_starts_at_its_parameter_and_rises_with_the_accounts_between() -> None:
    assert raised(RULE, ways("M1", "M2", "M3"))[0].severity == 45
    assert raised(RULE, ways("M1", "M2", "M3"), severity_at_threshold=10)[0].severity == 10
    assert raised(RULE, ways("M1", "M2", "M3", "M4", "M5", "M6"))[0].severity == 72


def test_staff_of_one_employer_who_pay_one_landlord_are_left_alone() -> None:
    bank = []
    for number in range(20):
        bank += [pay("A", f"E{number}", 0, 4_000_00), pay(f"E{number}", "L", 2, 1_300_00)]
    assert raised(RULE, bank) == ()


def upon(old: list[Tx], new: list[Tx], **values: object) -> int:
    """Run upon a run over the old ones, compare with a run over everything, and return how many alerts that looked near found."""
    bank = named([*old, *new])
    outside = [name for tx in bank for name in (tx.source, tx.target) if name not in SOURCE]
    _, found = follow(arrow(bank), accounts_of(bank, outside), [RULE.with_values(values)], [len(old), len(bank)])
    return found


def test_near_something_new_an_account_between_is_as_busy_as_over_everything() -> None:
    old, new = [*way("M1", 0, 6), *way("M2", 0, 6.5), pay("A", "M3", 0, 1_000_00)], [pay("M3", "D", 6.9, 900_00)]
    assert upon(old, new, busiest=3) == 1
    assert upon([*old, *(pay("Y", "M1", -6 - part / 10) for part in range(3))], new, busiest=3) == 0


def test_a_new_hit_that_reaches_back_to_one_that_stood_is_one_episode_with_it() -> None:
    begun = [pay("A", name, 1, 1_000_00) for name in ("M4", "M5", "M6")]
    ended = [pay(name, "E", 2 + place / 10, 900_00) for place, name in enumerate(("M4", "M5", "M6"))]
    old = [*ways("M1", "M2", "M3"), *begun, *ended[:2]]
    assert upon(old, ended[2:]) == 1
    assert len(raised(RULE, [*old, *ended])) == 1
