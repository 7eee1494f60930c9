"""Funnel account: deposits under the line, money that leaves soon after, and who is left alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.funnel import Funnel
from tests.detection.bank import NOON, Tx
from tests.detection.flows import pay, raised

RULE = Funnel()


def cash(*days: float, minor: int = 4_000_00, country: str = "US") -> list[Tx]:
    return [pay("", "A", day, minor, from_country=country) for day in days]


def withdrawal(day: float, minor: int = 10_000_00, late: int = 0, channel: str = "CASH", country: str = "US") -> Tx:
    target = "" if channel == "CASH" else "P"
    return pay("A", target, day, minor, late=late, channel=channel, to_country=country)


def test_four_deposits_and_a_withdrawal_exactly_seven_days_after_the_first_are_a_hit() -> None:
    (alert,) = raised(RULE, [*cash(0, 2, 4, 6), withdrawal(7)])
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 5)
    assert (alert.window_start, alert.window_end) == (NOON, NOON + timedelta(days=7))


def test_a_microsecond_more_than_seven_days_is_no_hit() -> None:
    assert raised(RULE, [*cash(0, 2, 4, 6), withdrawal(7, late=1)]) == ()


def test_three_deposits_are_too_few() -> None:
    assert raised(RULE, [*cash(0, 1, 2, minor=9_000_00), withdrawal(3)]) == ()


def test_the_deposits_of_one_errand_are_no_funnel() -> None:
    errand = cash(0, 0.3, 0.6)
    assert len(raised(RULE, [*errand, *cash(1), withdrawal(1.5)])) == 1
    late = Tx(NOON + timedelta(days=1, microseconds=-1), "", "A", 4_000_00, id="just before a day has passed")
    assert raised(RULE, [*errand, late, withdrawal(1.5)]) == ()
    assert len(raised(RULE, [*errand, late, withdrawal(1.5)], spread_hours=23)) == 1


def test_deposits_without_money_that_leaves_are_no_funnel() -> None:
    assert raised(RULE, cash(0, 1, 2, 3, 4)) == ()
    assert raised(RULE, [withdrawal(-1), *cash(0, 1, 2, 3, 4)]) == ()


def test_a_deposit_that_reaches_the_line_does_not_count() -> None:
    assert len(raised(RULE, [*cash(0, 1, 2, 3, minor=9_999_99), withdrawal(3, 20_000_00)])) == 1
    assert raised(RULE, [*cash(0, 1, 2, minor=9_999_99), *cash(3, minor=10_000_00), withdrawal(3, 20_000_00)]) == ()


def test_the_deposits_together_are_worth_the_line() -> None:
    assert len(raised(RULE, [*cash(0, 1, 2, 3, minor=2_500_00), withdrawal(3, 8_000_00)])) == 1
    assert raised(RULE, [*cash(0, 1, 2, 3, minor=2_499_99), withdrawal(3, 8_000_00)]) == ()


@pytest.mark.parametrize(("out", "hits"), [(6_399_99, 0), (6_400_00, 1), (17_600_00, 1), (17_600_01, 0)])
def test_from_forty_to_a_hundred_and_ten_percent_must_leave(out: int, hits: int) -> None:
    assert len(raised(RULE, [*cash(0, 1, 2, 3), withdrawal(3.5, out)])) == hits


def test_money_leaves_within_exactly_three_days_of_a_deposit() -> None:
    assert len(raised(RULE, [*cash(0, 1, 2, 3), withdrawal(6)])) == 1
    assert raised(RULE, [*cash(0, 1, 2, 3), withdrawal(6, late=1)]) == ()


def test_deposits_and_withdrawals_in_turn_add_up() -> None:
    (alert,) = raised(RULE, [*cash(0, 1, 2, 3), *(withdrawal(day + 0.5, 3_000_00) for day in range(4))])
    assert len(alert.transaction_ids) == 8


def test_wires_count_and_other_ways_out_do_not_unless_asked_for() -> None:
    deposits = cash(0, 1, 2, 3)
    assert len(raised(RULE, [*deposits, withdrawal(3.5, channel="WIRE")])) == 1
    for channel in ("ACH", "CARD", "CHEQUE", "CRYPTO", "INTERNAL", "OTHER"):
        assert raised(RULE, [*deposits, withdrawal(3.5, channel=channel)]) == ()
    assert len(raised(RULE, [*deposits, withdrawal(3.5, channel="CHEQUE")], channels=["CHEQUE"])) == 1


def test_a_wire_to_the_customers_own_account_does_not_leave() -> None:
    own = {"A": "C-A", "P": "C-A"}
    assert raised(RULE, [*cash(0, 1, 2, 3), withdrawal(3.5, channel="WIRE")], own=own) == ()


def test_deposits_in_several_countries_can_be_asked_for() -> None:
    home, both = cash(0, 1, 2, 3), [*cash(0, 1), *cash(2, 3, country="MX")]
    assert raised(RULE, [*home, withdrawal(3.5)], places=2) == ()
    assert len(raised(RULE, [*both, withdrawal(3.5)], places=2)) == 1


def test_transactions_booked_at_one_instant_stand_in_the_window_together_in_any_order() -> None:
    ties = [*(pay("", "A", 0, 4_000_00, id=name) for name in "dbca"), withdrawal(0)]
    (alert,) = raised(RULE, ties, spread_hours=0)
    assert len(alert.transaction_ids) == 5
    named = [*ties[:4], Tx(**{**vars(ties[4]), "id": "e"})]
    assert raised(RULE, named) == raised(RULE, list(reversed(named)))


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    first = [*cash(0, 1, 2, 3), withdrawal(3.5)]
    assert len(raised(RULE, [*first, *cash(4), withdrawal(4.5, 5_000_00)])) == 1
    assert len(raised(RULE, [*first, *cash(20, 21, 22, 23), withdrawal(23.5)])) == 2


def test_an_external_account_is_never_a_subject() -> None:
    outside = [pay("", "X", day, 4_000_00) for day in range(4)]
    assert raised(RULE, [*outside, pay("X", "", 3.5, 10_000_00)]) == ()


def test_contradicting_shares_are_refused_with_a_sentence() -> None:
    with pytest.raises(BadParameter, match="cannot exceed “most_percent” \\(30\\)"):
        RULE.with_values({"most_percent": 30})


def test_the_sentence_gives_deposits_their_countries_what_left_and_when() -> None:
    (alert,) = raised(
        RULE, [*cash(0, 0.05), *cash(0.1, 0.15, country="MX"), withdrawal(0.25, 9_000_00)], spread_hours=0
    )
    assert alert.sentence == (
        "4 cash deposits in MX, US, each below USD 10,000.00, of USD 16,000.00 together, and 1 withdrawal or wire of "
        "USD 9,000.00 within 72 hours of a deposit between 12:00 and 18:00 UTC on 4 Nov 2026."
    )
    (alert,) = raised(
        RULE, [*cash(0, 0.1, 0.2, 0.3), withdrawal(1, 5_000_00), withdrawal(1.1, 5_000_00)], spread_hours=0
    )
    assert "and 2 withdrawals or wires of USD 10,000.00" in alert.sentence


def test_severity_rises_with_the_deposits_and_with_deposits_away_from_the_withdrawal() -> None:
    least = raised(RULE, [*cash(0, 1, 2, 3), withdrawal(3.5)])[0].severity
    more = raised(RULE, [*cash(0, 1, 2, 3, 3.1, 3.2, 3.3, 3.4), withdrawal(3.5, 20_000_00)])[0].severity
    away = raised(RULE, [*cash(0, 1), *cash(2, 3, country="MX"), withdrawal(3.5)])[0].severity
    assert (least, more) == (50, 75)
    assert 50 < away < 75


def test_a_retailer_who_banks_nine_thousand_each_day_and_pays_by_transfer_is_left_alone() -> None:
    bank = cash(*range(100), minor=9_000_00)
    bank += [withdrawal(day + 0.5, 18_000_00, channel="ACH") for day in range(0, 100, 2)]
    assert raised(RULE, bank) == ()
