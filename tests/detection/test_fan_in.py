"""Fan-in: where its window and its count lie, who is a stranger, and who is left alone."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from casedesk.detection.rules.fan_in import FanIn
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

RULE = FanIn()


def senders(*days: float, first: int = 0) -> list[Tx]:
    return [pay(f"S{first + number}", "A", day) for number, day in enumerate(days)]


def test_four_senders_exactly_three_days_apart_are_one_hit() -> None:
    (alert,) = raised(RULE, senders(0, 1, 2, 3))
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 4)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=3))


def test_a_microsecond_more_than_three_days_is_no_hit() -> None:
    assert raised(RULE, [*senders(0, 1, 2), pay("S9", "A", 3, late=1)]) == ()


@pytest.mark.parametrize("offset", [0, 0.3, 0.5, 0.77, 1, 1.9, 2.5])
def test_a_fan_is_found_wherever_the_calendar_cuts_it(offset: float) -> None:
    (alert,) = raised(RULE, senders(*(offset + step for step in (0, 0.9, 1.8, 2.9))))
    assert len(alert.transaction_ids) == 4


def test_three_senders_are_too_few_however_often_they_pay() -> None:
    assert raised(RULE, senders(0, 1, 2) + senders(0.5, 1.5, 2.5) + senders(0.7, 1.7, 2.7)) == ()


def test_three_senders_are_enough_where_each_pays_ten_thousand_at_once() -> None:
    large = [pay(f"S{number}", "A", number, 10_000_00) for number in range(3)]
    (alert,) = raised(RULE, large)
    assert (len(alert.transaction_ids), alert.severity) == (3, 30)
    assert alert.sentence.endswith(
        "with up to 3 senders within 3 days whom this account had not dealt with before, 3 or more of them with "
        "USD 10,000.00 or more at once."
    )
    assert raised(RULE, large, large_minor=10_000_01) == ()
    assert raised(RULE, large, large_parties=4) == ()
    assert raised(RULE, [*large[:2], pay("S1", "A", 2, 10_000_00), pay("S2", "A", 2, 9_999_99)]) == ()
    assert raised(RULE, [*large[:2], pay("S2", "A", 3, 10_000_00, late=1)]) == ()


def test_a_small_payment_beside_three_large_ones_is_evidence_and_more_senders_say_nothing_of_sums() -> None:
    large = [pay(f"S{number}", "A", number, 10_000_00) for number in range(3)]
    (alert,) = raised(RULE, [*large, *senders(2.5, 2.6, first=2)])
    assert len(alert.transaction_ids) == 5
    assert alert.sentence.endswith("with up to 4 senders within 3 days whom this account had not dealt with before.")


def test_the_senders_that_are_told_stand_in_a_hits_window_wherever_the_calendar_cuts_it() -> None:
    # four have paid by day -2.45, which is no hit; only the last of them stands in the window of the two large sums
    bank = [*senders(-5.4, -5.4, -5.4, -2.45), *(pay(f"L{n}", "A", -n / 10, 10_000_00) for n in range(2))]
    for offset in range(3):
        moved = [replace(tx, at=tx.at + timedelta(days=offset)) for tx in bank]
        (alert,) = raised(RULE, moved, parties=5, large_parties=2)
        assert "with up to 3 senders" in alert.sentence


def test_every_payment_of_the_senders_is_evidence_and_each_sender_counts_once() -> None:
    (alert,) = raised(RULE, [*senders(0, 0.5, 1, 2), *senders(2.5)])
    assert len(alert.transaction_ids) == 5
    assert "with up to 4 senders within 3 days" in alert.sentence


def test_senders_booked_at_one_instant_stand_in_the_window_together_in_any_order() -> None:
    ties = [pay(f"S{number}", "A", id=name) for number, name in enumerate("dbca")]
    (alert,) = raised(RULE, ties)
    assert alert.transaction_ids == ("a", "b", "c", "d")
    assert raised(RULE, list(reversed(ties))) == (alert,)


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    (one,) = raised(RULE, senders(*range(9)))
    assert len(one.transaction_ids) == 9
    assert len(raised(RULE, senders(0, 1, 2, 3) + senders(7, 8, 9, 10, first=4))) == 2


def test_money_that_leaves_does_not_count() -> None:
    assert raised(RULE, [pay("A", f"S{number}", number / 2) for number in range(6)]) == ()


def test_an_external_account_is_never_a_subject() -> None:
    assert raised(RULE, [pay(f"S{number}", "X", number / 2) for number in range(6)]) == ()


def test_cash_cards_self_transfers_and_own_accounts_have_no_sender() -> None:
    three = senders(0, 1, 2)
    own = {"A": "C-A", "B": "C-A"}
    for fourth in (pay("", "A", 2.5), pay("S9", "A", 2.5, channel="CARD"), pay("A", "A", 2.5), pay("B", "A", 2.5)):
        assert raised(RULE, [*three, fourth], own=own) == ()
    assert len(raised(RULE, [*three, pay("S9", "A", 2.5)], own=own)) == 1


def test_a_smallest_amount_itself_still_counts() -> None:
    assert len(raised(RULE, senders(0, 1, 2, 3), smallest_minor=500_00)) == 1
    assert raised(RULE, senders(0, 1, 2, 3), smallest_minor=500_01) == ()


def test_whoever_dealt_with_the_account_before_the_window_is_no_stranger() -> None:
    four = senders(40, 41, 42, 43)
    for dealing in (pay("S0", "A", 1), pay("A", "S0", 1), pay("A", "S0", 1, channel="CARD")):
        assert raised(RULE, [dealing, *four]) == ()
        assert len(raised(RULE, [dealing, *four], memory_days=0)) == 1
    assert len(raised(RULE, [pay("S9", "A", 1), *four])) == 1


def test_a_dealing_is_remembered_for_exactly_ninety_days() -> None:
    four = senders(90, 91, 92, 93)
    assert raised(RULE, [pay("S0", "A"), *four]) == ()
    assert len(raised(RULE, [pay("S0", "A", late=-1), *four])) == 1


def test_a_first_dealing_within_the_window_leaves_a_stranger_a_stranger() -> None:
    early = pay("S3", "A", 0)
    assert len(raised(RULE, [early, *senders(1, 2, 3), pay("S3", "A", 3)])) == 1
    late = raised(RULE, [early, *senders(1, 2, 3), pay("S3", "A", 3, late=1)])
    assert [len(alert.transaction_ids) for alert in late] == [4], "the second payment is a known party's"


def test_an_account_older_than_its_data_is_watched_for_five_weeks_first() -> None:
    opened = {"A": "2019-01-01"}
    begin = pay("E", "A", 0)
    assert raised(RULE, [begin, *senders(26, 27, 28, 29)], opened=opened) == ()
    assert len(raised(RULE, [begin, *senders(35, 36, 37, 38)], opened=opened)) == 1
    assert raised(RULE, [begin, *senders(34.9, 36, 37, 37.5)], opened=opened) == ()
    assert len(raised(RULE, [begin, *senders(26, 27, 28, 29)], opened=opened, settling_days=0)) == 1


def test_a_new_account_and_one_without_an_opening_day_are_judged_at_once() -> None:
    assert len(raised(RULE, senders(0, 1, 2, 3), opened={"A": "2026-10-20"})) == 1
    assert len(raised(RULE, senders(0, 1, 2, 3))) == 1


def test_the_sentence_gives_payments_times_total_and_senders() -> None:
    (alert,) = raised(RULE, [*senders(0, 1, 2, 2.5), pay("S0", "A", 3, 250_50)])
    assert alert.sentence == (
        "5 payments received between 12:00 UTC on 4 Nov 2026 and 12:00 UTC on 7 Nov 2026, total USD 2,250.50, with up "
        "to 4 senders within 3 days whom this account had not dealt with before."
    )
    assert alert.amount_minor == 2_250_50


def test_severity_starts_at_its_parameter_and_rises_with_the_senders_of_one_window() -> None:
    assert raised(RULE, senders(0, 1, 2, 3))[0].severity == 30
    assert raised(RULE, senders(0, 1, 2, 3), severity_at_threshold=10)[0].severity == 10
    assert raised(RULE, senders(*(step / 4 for step in range(8))))[0].severity == 65
    assert raised(RULE, senders(*range(8)))[0].severity == 30, "eight senders, but never more than four in a window"


def test_a_marketplace_paid_by_card_and_a_firm_paid_by_its_customers_are_left_alone() -> None:
    draw = random.Random(3)
    shop = [pay(f"B{draw.randrange(300)}", "A", step / 40, channel="CARD") for step in range(600)]
    assert raised(RULE, shop) == ()
    firm = [pay(f"K{draw.randrange(12)}", "A", step / 3, 9_000_00) for step in range(300)]
    assert raised(RULE, firm, opened={"A": "2015-06-01"}) == ()


def test_a_familys_gifts_over_three_weeks_are_left_alone() -> None:
    assert raised(RULE, senders(*(step * 1.5 for step in range(12)))) == ()
