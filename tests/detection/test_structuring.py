"""Structuring: where the windows and the lines lie, and who is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.detection.rules import Structuring
from tests.detection.bank import NOON, Tx, alerts, deposit

RULE = Structuring()
MICROSECOND = 1 / 60_000_000


def burst(*minutes: float, minor: int = 7_000_00, channel: str = "CASH") -> list[Tx]:
    return [deposit(minute, minor, channel=channel) for minute in minutes]


def test_five_deposits_exactly_an_hour_apart_are_one_hit() -> None:
    (alert,) = alerts(RULE, burst(0, 15, 30, 45, 60))
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(minutes=60))
    assert len(alert.transaction_ids) == 5


def test_a_microsecond_more_than_an_hour_is_no_hit() -> None:
    assert alerts(RULE, burst(0, 15, 30, 45, 60 + MICROSECOND)) == ()


@pytest.mark.parametrize("offset", range(0, 60, 7))
def test_a_burst_is_found_wherever_the_clock_hour_cuts_it(offset: int) -> None:
    (alert,) = alerts(RULE, burst(*(offset + step for step in (0, 12, 24, 36, 48))))
    assert len(alert.transaction_ids) == 5


def test_four_deposits_are_too_few() -> None:
    assert alerts(RULE, burst(0, 10, 20, 30, minor=9_000_00)) == ()


def test_one_of_five_may_reach_the_line_and_two_may_not() -> None:
    at_the_line = [deposit(40, 10_000_00)]
    assert len(alerts(RULE, burst(0, 10, 20, 30) + at_the_line)) == 1
    assert alerts(RULE, [*burst(0, 10, 20, minor=9_999_99), deposit(25, 10_000_00), *at_the_line]) == ()


def test_a_total_of_exactly_thirty_thousand_is_enough_and_a_cent_less_is_not() -> None:
    assert len(alerts(RULE, burst(0, 10, 20, 30, 40, minor=6_000_00))) == 1
    assert alerts(RULE, [*burst(0, 10, 20, 30, minor=6_000_00), deposit(40, 5_999_99)]) == ()


def test_cash_ach_and_wire_count_and_card_cheque_and_crypto_do_not() -> None:
    mixed = [*burst(0, 10), *burst(20, 30, channel="ACH"), *burst(40, channel="WIRE")]
    assert len(alerts(RULE, mixed)) == 1
    for channel in ("CARD", "CHEQUE", "CRYPTO", "INTERNAL", "OTHER"):
        assert alerts(RULE, [*mixed[:4], deposit(40, channel=channel)]) == ()


def test_payments_out_count_only_when_the_direction_says_so() -> None:
    out = [Tx(NOON + timedelta(minutes=step), "A", "X", 7_000_00, "ACH") for step in range(5)]
    assert alerts(RULE, out) == ()
    assert alerts(RULE, out, direction="out")[0].sentence.startswith(
        "5 electronic payments between 12:00 and 12:04 UTC"
    )
    assert len(alerts(RULE, out, direction="any")) == 1
    assert alerts(RULE, burst(0, 10, 20, 30, 40), direction="out") == ()


def test_a_transaction_to_the_same_account_is_no_deposit_and_counts_once_in_any_direction() -> None:
    loops = [Tx(NOON + timedelta(minutes=step), "A", "A", 7_000_00, "ACH") for step in range(5)]
    assert alerts(RULE, loops) == ()
    (alert,) = alerts(RULE, loops, direction="any")
    assert (len(alert.transaction_ids), alert.amount_minor) == (5, 35_000_00)
    assert alerts(RULE, loops[:4], direction="any") == ()


def test_an_external_account_is_never_a_subject() -> None:
    assert alerts(RULE, [deposit(step, to="X") for step in range(6)]) == ()


def test_deposits_on_two_accounts_are_not_added_up() -> None:
    assert alerts(RULE, [deposit(step, to="A" if step % 2 else "B") for step in range(8)]) == ()


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    (one,) = alerts(RULE, burst(*range(0, 200, 10)))
    assert len(one.transaction_ids) == 20
    assert len(alerts(RULE, burst(0, 5, 10, 15, 20, 21 + 60, 86, 91, 96, 101))) == 2


def test_hits_that_share_only_their_edge_transaction_are_one_alert() -> None:
    (one,) = alerts(RULE, burst(0, 15, 30, 45, 60, 75, 90, 105, 120))
    assert len(one.transaction_ids) == 9
    assert one.window_end - one.window_start == timedelta(minutes=120)


def test_deposits_booked_at_one_instant_stand_in_the_window_together() -> None:
    (alert,) = alerts(RULE, [deposit(0, id=name) for name in "ebdac"])
    assert alert.transaction_ids == ("a", "b", "c", "d", "e")
    assert "at 12:00 UTC on 4 Nov 2026" in alert.sentence


def test_the_sentence_gives_count_times_share_below_the_line_and_total() -> None:
    bank = [
        *burst(-178, -170, -160, -150, minor=9_400_00),
        deposit(-140, 9_400_00, channel="WIRE"),
        deposit(-132, 12_300_00),
    ]
    (alert,) = alerts(RULE, bank)
    assert alert.sentence == (
        "6 cash or electronic deposits between 09:02 and 09:48 UTC on 4 Nov 2026, 5 of them below USD 10,000.00, "
        "total USD 59,300.00."
    )
    assert alert.amount_minor == 59_300_00


def test_a_burst_over_midnight_names_both_days() -> None:
    (alert,) = alerts(RULE, burst(700, 710, 720, 730, 740))
    assert "5 cash deposits between 23:40 UTC on 4 Nov 2026 and 00:20 UTC on 5 Nov 2026, 5 of them" in alert.sentence


def test_severity_starts_at_its_parameter_and_rises_with_count_and_total() -> None:
    def severity(deposits: list[Tx], **values: int) -> int:
        return alerts(RULE, deposits, **values)[0].severity

    least = burst(0, 10, 20, 30, 40, minor=6_000_00)
    assert severity(least) == 50
    assert severity(least, severity_at_threshold=10) == 10
    assert severity(burst(*range(0, 50, 10), minor=9_999_99)) > 50
    assert severity([*least, deposit(50, 0)]) > 50
    assert severity(burst(*range(0, 50, 5), minor=6_000_00)) == 75
    assert 95 < severity(burst(*range(300), minor=9_000_00)) <= 100


def test_a_retailer_who_banks_nine_thousand_each_day_is_left_alone() -> None:
    assert alerts(RULE, [deposit(day * 1440 + day % 7, 9_000_00) for day in range(120)]) == ()


def test_a_payroll_run_is_left_alone() -> None:
    run = [Tx(NOON + timedelta(seconds=second), "A", f"E{second}", 2_800_00, "ACH") for second in range(60)]
    assert alerts(RULE, run) == ()


def test_a_marketplace_paid_by_card_is_left_alone_and_one_paid_by_transfer_by_its_smallest_amount() -> None:
    assert alerts(RULE, [deposit(minute, 140_00, channel="CARD") for minute in range(600)]) == ()
    by_transfer = [deposit(minute / 10, 140_00, channel="ACH") for minute in range(600)]
    assert len(alerts(RULE, by_transfer)) == 1
    assert alerts(RULE, by_transfer, smallest_minor=1_000_00) == ()


def test_the_smallest_amount_itself_still_counts() -> None:
    assert len(alerts(RULE, burst(0, 10, 20, 30, 40), smallest_minor=7_000_00)) == 1
    assert alerts(RULE, burst(0, 10, 20, 30, 40), smallest_minor=7_000_01) == ()
