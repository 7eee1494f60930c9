"""Cash aggregation: one customer, one business day, one direction, and the line of the currency report."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.legs import Views
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.cash_aggregation import CashAggregation
from tests.detection.bank import Tx
from tests.detection.reference_cash import alerts, expected, found

RULE = CashAggregation()
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LONG_AGO = {"A": "2010-01-01", "B": "2012-01-01"}


def cash(day: float, minor: int, to: str = "A", **more: str) -> Tx:
    """A cash deposit so many days after a Monday morning."""
    return Tx(MONDAY + timedelta(days=day), "", to, minor, **more)


def paid_out(day: float, minor: int, source: str = "A") -> Tx:
    return Tx(MONDAY + timedelta(days=day), source, "", minor)


def test_two_deposits_on_two_accounts_of_one_customer_are_added_up() -> None:
    (alert,) = alerts(RULE, [cash(0, 6_000_00), cash(0.2, 5_000_00, to="B")])
    assert (alert.account_id, alert.customer_id, alert.amount_minor) == ("A", "C1", 11_000_00)


def test_exactly_ten_thousand_is_not_reported_and_a_cent_more_is() -> None:
    assert alerts(RULE, [cash(0, 6_000_00), cash(0.1, 4_000_00)]) == ()
    assert len(alerts(RULE, [cash(0, 6_000_00), cash(0.1, 4_000_01)])) == 1


def test_one_deposit_above_the_line_is_reported_by_itself_and_one_at_the_line_is_not() -> None:
    assert alerts(RULE, [cash(0, 10_000_01), cash(0.1, 9_000_00)]) == ()
    assert alerts(RULE, [cash(0, 10_000_01)]) == ()
    assert len(alerts(RULE, [cash(0, 10_000_00), cash(0.1, 1)])) == 1


def test_cash_in_and_cash_out_are_counted_apart_and_may_both_be_hits() -> None:
    assert alerts(RULE, [cash(0, 6_000_00), paid_out(0.1, 6_000_00)]) == ()
    both = [cash(0, 6_000_00), cash(0.1, 6_000_00), paid_out(0.05, 7_000_00), paid_out(0.15, 7_000_00, "B")]
    assert sorted(alert.amount_minor for alert in alerts(RULE, both)) == [12_000_00, 14_000_00]
    assert any(alert.sentence.startswith("2 cash withdrawals of the business day") for alert in alerts(RULE, both))


def test_two_customers_are_not_added_up_and_an_outsider_is_never_a_subject() -> None:
    assert alerts(RULE, [cash(0, 6_000_00), cash(0.1, 6_000_00, to="E")]) == ()
    assert alerts(RULE, [cash(0, 6_000_00, to="X"), cash(0.1, 6_000_00, to="X")]) == ()


def test_only_cash_from_outside_counts() -> None:
    assert alerts(RULE, [Tx(MONDAY + timedelta(hours=hour), "X", "A", 6_000_00, "ACH") for hour in range(4)]) == ()
    assert alerts(RULE, [Tx(MONDAY + timedelta(hours=hour), "B", "A", 6_000_00) for hour in range(4)]) == ()
    assert alerts(RULE, [Tx(MONDAY + timedelta(hours=hour), "A", "A", 6_000_00) for hour in range(4)]) == ()


def test_a_business_day_ends_at_midnight_and_not_a_microsecond_later() -> None:
    midnight = MONDAY.replace(hour=0) + timedelta(days=1)
    evening = Tx(midnight - timedelta(microseconds=1), "", "A", 6_000_00)
    assert len(alerts(RULE, [cash(0, 6_000_00), evening])) == 1
    assert alerts(RULE, [evening, Tx(midnight, "", "A", 6_000_00)]) == ()
    assert alerts(RULE, [cash(0, 6_000_00), Tx(midnight, "", "A", 6_000_00)]) == ()


def test_the_offset_moves_the_end_of_the_day() -> None:
    evening, night = cash(0.55, 6_000_00), cash(0.65, 6_000_00)  # 22:12 and 0:36 UTC
    assert alerts(RULE, [evening, night]) == ()
    assert len(alerts(RULE, [evening, night], day_offset_minutes=-300)) == 1
    assert len(alerts(RULE, [evening, night], day_offset_minutes=360)) == 1
    assert alerts(RULE, [cash(0.3, 6_000_00), evening], day_offset_minutes=360) == ()


def test_a_weekend_counts_to_the_monday_after_it() -> None:
    (alert,) = alerts(RULE, [cash(5, 4_000_00), cash(6, 4_000_00), cash(7, 4_000_00)])
    assert (
        "of the business day 9 Nov 2026, between 09:00 UTC on 7 Nov 2026 and 09:00 UTC on 9 Nov 2026" in alert.sentence
    )
    assert alerts(RULE, [cash(4, 6_000_00), cash(5, 6_000_00)]) == ()


def test_each_day_is_an_alert_of_its_own() -> None:
    assert len(alerts(RULE, [cash(day + part, 6_000_00) for day in (0, 1) for part in (0, 0.1)])) == 2


def test_deposits_at_one_instant_count_together() -> None:
    (alert,) = alerts(RULE, [cash(0, 4_000_00, id=name) for name in "cab"])
    assert alert.transaction_ids == ("a", "b", "c")


def test_five_such_days_in_twelve_weeks_make_the_sixth_customary() -> None:
    days = [cash(7 * week + part, 6_000_00) for week in range(8) for part in (0, 0.1)]
    assert len(alerts(RULE, days)) == 5
    assert len(alerts(RULE, days, customary_days=0)) == 8
    assert len(alerts(RULE, days, customary_days=3)) == 3


def test_what_lies_twelve_weeks_back_is_forgotten() -> None:
    days = [cash(day + part, 6_000_00) for day in (0, 1, 2, 3, 4) for part in (0, 0.1)]
    assert len(alerts(RULE, [*days, cash(84, 6_000_00), cash(84.1, 6_000_00)])) == 5  # business day 60: all five count
    assert len(alerts(RULE, [*days, cash(85, 6_000_00), cash(85.1, 6_000_00)])) == 6


def test_a_retailer_who_banks_nine_thousand_from_monday_to_saturday_is_left_alone() -> None:
    takings = [cash(day, 9_000_00) for day in range(98) if day % 7 < 6]
    assert alerts(RULE, takings, opened=LONG_AGO) == ()
    assert len(alerts(RULE, takings)) == 5  # nobody knows that the account is old: five Mondays, then it is customary


def test_while_the_past_is_missing_one_date_must_cross_the_line() -> None:
    weekend, one_day = [cash(5, 6_000_00), cash(7, 6_000_00)], [cash(7, 6_000_00), cash(7.1, 6_000_00)]
    assert alerts(RULE, weekend, opened=LONG_AGO) == ()
    assert len(alerts(RULE, one_day, opened=LONG_AGO)) == 1
    assert len(alerts(RULE, weekend)) == 1
    assert len(alerts(RULE, weekend, opened={"A": "2026-10-20", "B": ""})) == 1


def test_payroll_marketplace_and_sweep_move_no_cash() -> None:
    pay = [Tx(MONDAY + timedelta(seconds=second), "A", f"E{second}", 9_000_00, "ACH") for second in range(60)]
    sales = [Tx(MONDAY + timedelta(minutes=minute), "X", "A", 140_00, "CARD") for minute in range(600)]
    sweep = [Tx(MONDAY + timedelta(hours=hour), "A", "B", 9_500_00, "INTERNAL") for hour in range(60)]
    assert alerts(RULE, pay + sales + sweep) == ()


def test_the_sentence_and_the_severity() -> None:
    (alert,) = alerts(RULE, [cash(0, 6_500_00), cash(0.25, 8_500_00, to="B")])
    assert alert.sentence == (
        "2 cash deposits of the business day 2 Nov 2026, between 09:00 and 15:00 UTC on 2 Nov 2026, none above "
        "USD 10,000.00 alone (the largest USD 8,500.00), together USD 15,000.00."
    )
    levels = [alerts(RULE, [cash(0.01 * n, 6_000_00) for n in range(count)])[0].severity for count in (2, 4, 9)]
    assert levels == sorted(set(levels))
    assert alerts(RULE, [cash(0, 10_000_00), cash(0.1, 1)])[0].severity == 30


def test_parameters_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadParameter, match="“known_days”"):
        RULE.with_values({"known_days": 61})


def test_the_expression_compiles_for_spark_too() -> None:
    assert "RANGE" in str(ibis.to_sql(RULE.evidence(Views()), dialect="pyspark"))


VARIANTS = (
    RULE,
    RULE.with_values({"customary_days": 2, "history_days": 3, "known_days": 2, "count": 3}),
    RULE.with_values({"customary_days": 1, "history_days": 8, "known_days": 5, "day_offset_minutes": 600}),
    RULE.with_values({"customary_days": 0, "known_days": 0, "channels": ["CASH", "ACH"], "day_offset_minutes": -300}),
)


@st.composite
def banks(draw: st.DrawFn) -> list[Tx]:
    """Cash around weekends, midnights and the line."""
    one = st.builds(
        Tx,
        at=st.builds(
            lambda day, hour, off: (
                datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=day, hours=hour, microseconds=off)
            ),
            st.one_of(st.integers(0, 8), st.integers(0, 40)),
            st.sampled_from((0, 5, 12, 14, 24)),
            st.sampled_from((0, 0, -1, 1)),
        ),
        source=st.sampled_from(("", "", "", "A", "B", "X")),
        target=st.sampled_from(("A", "A", "B", "E", "X", "")),
        minor=st.sampled_from((1, 5_000_00, 5_000_01, 9_999_99, 10_000_00, 10_000_01)),
        channel=st.sampled_from(("CASH", "CASH", "CASH", "ACH")),
    )
    listed = [tx for tx in draw(st.lists(one, max_size=40)) if tx.source or tx.target]
    order = draw(st.permutations(range(len(listed))))
    return [Tx(**{**vars(tx), "id": f"T{name:03d}"}) for tx, name in zip(listed, order, strict=True)]


OPENINGS = st.sampled_from(({}, LONG_AGO, {"A": "2026-10-05"}, {"A": "2026-10-04", "E": "2026-11-02"}))


@pytest.mark.parametrize("number", range(len(VARIANTS)))
@given(bank=banks(), opened=OPENINGS)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rule_finds_exactly_what_plain_loops_find(number: int, bank: list[Tx], opened: dict[str, str]) -> None:
    assert found(VARIANTS[number], bank, opened) == expected(VARIANTS[number], bank, opened)


@pytest.mark.parametrize("number", range(len(VARIANTS)))
@pytest.mark.parametrize("opened", [{}, LONG_AGO])
def test_the_rule_agrees_with_plain_loops_on_a_dense_bank_in_any_order(number: int, opened: dict[str, str]) -> None:
    draw = random.Random(number)
    bank = []
    for name in range(500):
        at = MONDAY + timedelta(days=draw.randrange(130), hours=draw.randrange(24))
        sides = ("", draw.choice("ABE")) if draw.random() < 0.7 else (draw.choice("ABE"), "")
        bank.append(
            Tx(at, *sides, draw.choice((3_000_00, 6_000_00, 9_900_00, 10_000_00, 11_000_00)), id=f"T{name:04d}")
        )
    wanted = expected(VARIANTS[number], bank, opened)
    assert len(wanted) > 4, "the bank must make the rule fire, or it proves nothing"
    assert found(VARIANTS[number], bank, opened) == wanted
    draw.shuffle(bank)
    assert found(VARIANTS[number], bank, opened) == wanted
