"""Structuring over days: business days, lines and pasts, and who is left alone."""

from __future__ import annotations

import random
import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.business_days import business_day, date_of, number_of
from casedesk.detection.legs import Views
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.structuring_over_days import StructuringOverDays
from tests.detection.bank import NOON, Tx
from tests.detection.reference_cash import alerts, expected, found, place

RULE = StructuringOverDays()
MONDAY = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)
LONG_AGO = {"A": "2010-01-01", "B": "2012-01-01"}
#: Fourteen weeks of a retailer who banks its takings from Monday to Saturday, from the first day of the data on.
DAILY = [day for day in range(98) if day % 7 < 6]


def cash(day: float, minor: int = 9_200_00, to: str = "A", **more: str) -> Tx:
    """A cash deposit so many days after a Monday afternoon."""
    return Tx(MONDAY + timedelta(days=day), "", to, minor, **more)


def series(*days: float, minor: int = 9_200_00) -> list[Tx]:
    return [cash(day, minor) for day in days]


def takings(day: int) -> Tx:
    return cash(day + (day % 5) / 500, 8_700_00 + day * 37 % 61 * 10_00)


# Business days.


def test_business_days_run_without_gaps_and_a_weekend_counts_to_the_monday_after_it() -> None:
    week = [number_of(int((MONDAY + timedelta(days=day)).timestamp()) * 1_000_000) for day in range(8)]
    assert [number - week[0] for number in week] == [0, 1, 2, 3, 4, 5, 5, 5]


@given(st.integers(-(2 * 10**15), 4 * 10**15), st.sampled_from((0, -300, 60, 720)))
def test_the_number_of_a_business_day_leads_back_to_the_calendar(micro: int, offset: int) -> None:
    aware = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
    found_date = date_of(number_of(micro, offset))
    assert found_date.weekday() < 5
    assert place(aware, offset) == place(datetime(found_date.year, found_date.month, found_date.day, tzinfo=UTC), 0)


def test_the_engine_numbers_business_days_as_python_does() -> None:
    moments = [
        int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 + 43_200_000_000 * half + edge
        for year in (1901, 1969, 1970, 2024, 2026)
        for half in range(60)
        for edge in (-1, 0, 1)
    ]
    table = ibis.memtable(pa.table({"at": moments}))
    numbers = ibis.duckdb.connect().to_pyarrow(table.mutate(day=business_day(table["at"], -300)).order_by("at"))
    assert numbers["day"].to_pylist() == [number_of(at, -300) for at in sorted(moments)]


def test_friday_and_monday_are_neighbours() -> None:
    numbers = [number_of(int(datetime(2026, 11, day, tzinfo=UTC).timestamp()) * 1_000_000) for day in (6, 9)]
    assert [after - before for before, after in pairwise(numbers)] == [1]
    assert date_of(numbers[0]) == date(2026, 11, 6)


# Near the line.


def test_four_deposits_on_four_days_branches_and_accounts_of_one_customer_are_one_hit() -> None:
    (alert,) = alerts(RULE, [cash(0), cash(1, to="B"), cash(3), cash(7, to="B")])
    assert (alert.account_id, alert.customer_id, len(alert.transaction_ids)) == ("A", "C1", 4)


def test_three_deposits_are_too_few_and_those_of_another_customer_are_not_added() -> None:
    assert alerts(RULE, series(0, 1, 2)) == ()
    assert alerts(RULE, [*series(0, 1, 2), cash(3, to="E")]) == ()


def test_the_tenth_business_day_is_in_the_window_and_the_eleventh_is_out() -> None:
    assert len(alerts(RULE, series(0, 1, 2, 11))) == 1  # the second Friday
    assert alerts(RULE, series(0, 1, 2, 14)) == ()  # the third Monday
    assert alerts(RULE, series(0, 1, 2, 12)) == ()  # the Saturday before it counts to that Monday


def test_the_window_ends_with_a_microsecond_of_the_day_and_moves_with_the_offset() -> None:
    midnight = timedelta(days=12) - timedelta(hours=15)  # Saturday, 0:00 UTC
    late = [*series(0, 1, 2), Tx(MONDAY + midnight - timedelta(microseconds=1), "", "A", 9_200_00)]
    early = [*series(0, 1, 2), Tx(MONDAY + midnight, "", "A", 9_200_00)]
    assert len(alerts(RULE, late)) == 1
    assert alerts(RULE, early) == ()
    assert len(alerts(RULE, early, day_offset_minutes=-300)) == 1


@pytest.mark.parametrize(("minor", "hits"), [(7_999_99, 0), (8_000_00, 1), (10_000_00, 1), (10_000_01, 0)])
def test_near_is_from_eight_thousand_to_the_line_itself(minor: int, hits: int) -> None:
    assert len(alerts(RULE, [*series(0, 1, 2), cash(3, minor)])) == hits


def test_a_deposit_above_the_line_neither_counts_nor_hides_the_rest() -> None:
    (alert,) = alerts(RULE, [*series(0, 1, 2, 3), cash(2, 15_000_00)])
    assert alert.amount_minor == 4 * 9_200_00


def test_half_of_the_deposits_must_be_near_the_line() -> None:
    others = [cash(0.1 * number, 2_000_00) for number in range(5)]
    assert len(alerts(RULE, [*series(0, 1, 2, 3), *others[:4]])) == 1
    assert alerts(RULE, [*series(0, 1, 2, 3), *others]) == ()
    assert len(alerts(RULE, [*series(0, 1, 2, 3), *others], near_percent=40)) == 1
    pocket_money = [cash(0.1 * number, 499_99) for number in range(9)]
    assert len(alerts(RULE, [*series(0, 1, 2, 3), *pocket_money])) == 1


def test_the_total_must_exceed_its_line() -> None:
    assert alerts(RULE, series(0, 1, 2, 3), total_minor=36_800_00) == ()
    assert len(alerts(RULE, series(0, 1, 2, 3), total_minor=36_799_99)) == 1


def test_only_cash_that_comes_in_from_outside_counts() -> None:
    out = [Tx(MONDAY + timedelta(days=day), "A", "", 9_200_00) for day in range(5)]
    wired = [Tx(MONDAY + timedelta(days=day), "X", "A", 9_200_00, "WIRE") for day in range(5)]
    between = [Tx(MONDAY + timedelta(days=day), "B", "A", 9_200_00) for day in range(5)]
    looped = [Tx(MONDAY + timedelta(days=day), "A", "A", 9_200_00) for day in range(5)]
    for bank in (out, wired, between, looped, [cash(day, to="X") for day in range(5)]):
        assert alerts(RULE, bank) == ()
    assert len(alerts(RULE, wired, channels=["CASH", "WIRE"])) == 1


def test_deposits_at_one_instant_stand_in_the_window_together() -> None:
    (alert,) = alerts(RULE, [cash(0, id=name) for name in "dbca"])
    assert alert.transaction_ids == ("a", "b", "c", "d")


def test_windows_that_share_a_deposit_are_one_alert_and_others_are_two() -> None:
    (one,) = alerts(RULE, series(0, 1, 2, 11, 14, 15, 16))
    assert len(one.transaction_ids) == 7
    assert len(alerts(RULE, series(0, 1, 2, 3, 28, 29, 30, 31), news_percent=0)) == 2


# Far below it.


def test_ten_small_deposits_that_cross_the_line_are_a_hit_and_nine_are_none() -> None:
    small = [cash(day, 1_200_00, to="AB"[day % 2]) for day in range(10)]
    (alert,) = alerts(RULE, small)
    assert (alert.severity, len(alert.transaction_ids)) == (35, 10)
    assert "10 cash deposits far below the reporting line" in alert.sentence
    assert alerts(RULE, small[1:]) == ()
    assert alerts(RULE, [cash(day, 1_000_00) for day in range(10)]) == ()
    assert len(alerts(RULE, [*(cash(day, 1_000_00) for day in range(9)), cash(9, 1_000_01)])) == 1


def test_each_kind_of_pieces_has_its_own_alert_and_its_own_evidence() -> None:
    near, small = series(0, 1, 2, 3, 4, 7, 8, 9, 10, 11), [cash(day, 1_300_00) for day in range(10)]
    both = alerts(RULE, [*near, *small])
    assert sorted(alert.amount_minor for alert in both) == [13_000_00, 92_000_00]
    assert len({alert.alert_id for alert in both}) == 2


# The past.


def test_a_retailer_is_left_alone_from_the_first_day_of_the_data_on() -> None:
    assert alerts(RULE, [takings(day) for day in DAILY], opened=LONG_AGO) == ()


def test_a_retailer_whose_opening_nobody_knows_is_one_alert_until_the_data_knows_its_past() -> None:
    (alert,) = alerts(RULE, [takings(day) for day in DAILY])
    assert alert.window_end < MONDAY + timedelta(days=56)


def test_a_retailer_who_doubles_the_pace_is_news() -> None:
    doubled = [takings(day) for day in DAILY] + [cash(day + 0.05) for day in range(84, 98)]
    (alert,) = alerts(RULE, doubled, opened=LONG_AGO)
    assert alert.window_start >= MONDAY + timedelta(days=70)
    assert re.search("60 business days before let at most 2[345] be expected", alert.sentence)


def test_just_twice_the_usual_pace_is_not_news_and_one_more_is() -> None:
    usual = series(*(7 * week for week in range(13)))  # two in a window
    assert alerts(RULE, [*usual, *series(93, 94, 95, 98)]) == ()
    assert len(alerts(RULE, [*usual, *series(93, 94, 95, 98, 98.1)])) == 1


def test_while_the_past_is_missing_one_day_must_cross_the_line() -> None:
    daily, twice = series(10, 11, 14, 15, 16), series(10, 11, 14, 14.1, 15)
    first = [Tx(MONDAY, "X", "A", 50_00, "CARD")]
    assert alerts(RULE, first + daily, opened=LONG_AGO) == ()
    assert len(alerts(RULE, first + twice, opened=LONG_AGO)) == 1
    assert len(alerts(RULE, first + daily, opened=LONG_AGO, known_days=0)) == 1


def test_a_new_account_has_no_past_to_miss() -> None:
    daily = series(10, 11, 14, 15, 16)
    assert len(alerts(RULE, daily, opened={"A": "2026-11-01", "B": "2026-11-05"})) == 1
    assert len(alerts(RULE, daily)) == 1
    assert alerts(RULE, daily, opened={"A": "2026-11-01", "B": "2012-01-01"}) == ()


def test_after_four_weeks_of_any_life_the_past_is_known() -> None:
    first = Tx(MONDAY, "A", "X", 50_00, "CARD")
    assert len(alerts(RULE, [first, *series(36, 37, 38, 39)], opened=LONG_AGO)) == 1
    assert alerts(RULE, [first, *series(35, 36, 37, 38)], opened=LONG_AGO) == ()


def test_payroll_marketplace_and_sweep_move_no_cash() -> None:
    pay = [Tx(NOON + timedelta(seconds=second), "A", f"E{second}", 9_000_00, "ACH") for second in range(60)]
    sales = [Tx(NOON + timedelta(minutes=minute), "X", "A", 140_00, "CARD") for minute in range(600)]
    sweep = [Tx(NOON + timedelta(days=day), "A", "B", 9_500_00, "INTERNAL") for day in range(60)]
    assert alerts(RULE, pay + sales + sweep) == ()


# What people read.


def test_the_sentence_names_kind_count_days_total_and_what_was_usual() -> None:
    (alert,) = alerts(RULE, [cash(0, 9_100_00), cash(0.1, 9_400_00, to="B"), cash(1, 8_900_00), cash(5, 9_950_00)])
    assert alert.sentence == (
        "4 cash deposits just below the reporting line of USD 10,000.00 (from USD 8,000.00 up to it) on 3 business days "
        "between 15:00 UTC on 2 Nov 2026 and 15:00 UTC on 7 Nov 2026, total USD 37,350.00, up to 4 of them within "
        "10 business days; 4 or more are unusual for a customer without such a past."
    )
    assert alert.severity == 50


def test_severity_rises_with_the_number_of_pieces() -> None:
    levels = [alerts(RULE, series(*(day / 2 for day in range(count))))[0].severity for count in (4, 6, 8, 12)]
    assert levels == sorted(set(levels))
    assert levels[2] == 75


def test_parameters_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadParameter, match="must stand in this order"):
        RULE.with_values({"near_minor": 12_000_00})
    with pytest.raises(BadParameter, match="“known_days”"):
        RULE.with_values({"known_days": 61})


def test_the_expression_compiles_for_spark_too() -> None:
    assert "RANGE" in str(ibis.to_sql(RULE.evidence(Views()), dialect="pyspark"))


# Against plain loops.

VARIANTS = (
    RULE,
    RULE.with_values({"window_days": 3, "near_count": 2, "small_count": 3, "history_days": 4, "known_days": 2}),
    RULE.with_values(
        {
            "window_days": 5, "near_count": 3, "near_percent": 70, "small_count": 4, "news_percent": 120,
            "history_days": 10, "known_days": 5, "day_offset_minutes": -300, "channels": ["CASH", "WIRE"],
        }
    ),
)  # fmt: skip


@st.composite
def banks(draw: st.DrawFn) -> list[Tx]:
    """Cash around weekends, midnights and lines."""
    one = st.builds(
        Tx,
        at=st.builds(
            lambda day, hour, off: (
                datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=day, hours=hour, microseconds=off)
            ),
            st.one_of(st.integers(0, 12), st.integers(0, 60)),
            st.sampled_from((0, 0, 5, 12, 24)),
            st.sampled_from((0, 0, -1, 1)),
        ),
        source=st.sampled_from(("", "", "", "A", "B", "X")),
        target=st.sampled_from(("A", "A", "B", "E", "X")),
        minor=st.sampled_from((499_99, 500_00, 3_000_00, 7_999_99, 8_000_00, 9_500_00, 10_000_00, 10_000_01)),
        channel=st.sampled_from(("CASH", "CASH", "CASH", "WIRE")),
    )
    listed = draw(st.lists(one, max_size=40))
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
    bank = [
        Tx(
            MONDAY + timedelta(days=draw.randrange(130), hours=draw.randrange(24)), "", draw.choice("ABE"),
            draw.choice((1_500_00, 7_000_00, 9_000_00, 9_900_00, 10_000_00, 11_000_00)), id=f"T{number:04d}",
        )
        for number in range(260)
    ]  # fmt: skip
    wanted = expected(VARIANTS[number], bank, opened)
    assert len(wanted) > (1 if number == 0 else 3), "the bank must make the rule fire, or it proves nothing"
    assert found(VARIANTS[number], bank, opened) == wanted
    draw.shuffle(bank)
    assert found(VARIANTS[number], bank, opened) == wanted
