"""Round amounts: what is round, what repeats, what is usual, and who is left alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import ibis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.engine import detect
from casedesk.detection.legs import Views
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rules.round_amounts import RoundAmounts
from casedesk.domain.money import LARGEST_MINOR
from tests.detection.bank import SMALL, Tx, arrow, named
from tests.detection.reference_cash import OWNERS, alerts, book, expected, found

RULE = RoundAmounts()
MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LONG_AGO = {"A": "2010-01-01", "B": "2012-01-01"}
#: The world around the customers of ``reference_cash``: nobody in it is one of theirs.
PARTIES = [f"P{number}" for number in range(60)]


def paid(day: float, minor: int, other: str = "X", account: str = "A", channel: str = "ACH", **more: str) -> Tx:
    """A transfer in, so many days after a Monday morning; out where the amount is negative."""
    sides = (other, account) if minor > 0 else (account, other)
    return Tx(MONDAY + timedelta(days=day), *sides, abs(minor), channel, **more)


def thousands(*days: float, first: int = 1) -> list[Tx]:
    """Whole thousands, each another amount, in and out in turn."""
    return [paid(day, (first + place) * 1_000_00 * (-1) ** place) for place, day in enumerate(days)]


def test_five_round_transfers_in_two_weeks_are_a_hit_and_four_are_none() -> None:
    (alert,) = alerts(RULE, thousands(0, 3, 6, 9, 12))
    assert (alert.account_id, alert.customer_id, alert.amount_minor) == ("A", "C1", 15_000_00)
    assert alerts(RULE, thousands(0, 3, 6, 9)) == ()


def test_fourteen_days_are_in_and_a_microsecond_more_is_out() -> None:
    last = paid(14, 9_000_00)
    assert len(alerts(RULE, [*thousands(0, 3, 6, 9), last])) == 1
    late = Tx(last.at + timedelta(microseconds=1), "X", "A", 9_000_00, "ACH")
    assert alerts(RULE, [*thousands(0, 3, 6, 9), late]) == ()


def test_a_cent_more_or_less_is_not_round_and_neither_is_nothing() -> None:
    for minor in (5_000_01, 4_999_99, 5_500_00, 500_00, 0):
        assert alerts(RULE, [*thousands(0, 3, 6, 9), paid(12, minor)]) == ()
    assert len(alerts(RULE, [*thousands(0, 3, 6, 9), paid(12, 5_500_00)], unit_minor=500_00)) == 1


def foreign(currency: str, minor: int, *, worth: int = 6_543_21, account: str = "A") -> list[Tx]:
    """Five transfers of so much, and of twice, three times as much, to five payees; each is worth an odd sum here."""
    return [
        Tx(MONDAY + timedelta(days=3 * n), account, PARTIES[n], worth * n + n, "ACH", paid=minor * n, currency=currency)
        for n in range(1, 6)
    ]


@pytest.mark.parametrize(
    ("currency", "minor", "hits"),
    [
        ("GBP", 5_000_00, 1), ("GBP", 5_000_50, 0), ("GBP", 500_00, 0),
        ("JPY", 150_000, 1), ("JPY", 150_100, 0),  # no decimals
        ("KWD", 2_000_000, 1), ("KWD", 2_000_001, 0), ("KWD", 200_000, 0),  # three decimals
        ("XBT", 1_000 * 10**8, 1), ("XBT", 12_345_678, 0),
        ("USD", 5_000_00, 1), ("", 6_543_21, 0), ("ZZZ", 5_000_00, 0),
    ],
)  # fmt: skip
def test_round_is_what_is_round_in_the_currency_that_was_paid(currency: str, minor: int, hits: int) -> None:
    assert len(alerts(RULE, foreign(currency, minor))) == hits


def test_how_large_a_transfer_is_is_judged_in_the_base_currency() -> None:
    assert alerts(RULE, foreign("JPY", 10_000, worth=6_543)) == ()
    (alert,) = alerts(RULE, foreign("JPY", 200_000, worth=1_334_57))
    assert "5 transfers in whole multiples of 1,000.00 of their currency" in alert.sentence
    assert "total USD 20,018.70" in alert.sentence


def test_the_same_foreign_amount_to_the_same_payee_counts_once_whatever_the_rate_of_the_day() -> None:
    rent = [
        Tx(MONDAY + timedelta(days=day), "A", "X", 3_900_00 + day, "ACH", paid=3_000_00, currency="GBP")
        for day in range(10)
    ]
    assert alerts(RULE, rent) == ()
    assert len(alerts(RULE, rent, repeat_days=0)) == 1


def test_another_base_currency_counts_in_its_own_decimals() -> None:
    bank = named(foreign("KWD", 5_000_000, worth=5_000_000))
    for base, unit, hits in (("JPY", 1_000, 1), ("KWD", 1_000_000, 1), ("JPY", 7_001, 0)):
        rule = RULE.with_values({"unit_minor": unit})
        found = detect(arrow(bank), book(bank, OWNERS, {}), rules=(rule,), limits=SMALL, base_currency=base)
        assert len(found.alerts) == hits


def test_amounts_too_large_for_whole_numbers_are_not_round_and_break_nothing() -> None:
    assert alerts(RULE, foreign("JPY", LARGEST_MINOR // 5, worth=10**15)) == ()


def test_sixty_per_cent_of_the_large_transfers_must_be_round() -> None:
    odd = [paid(day, 1_234_56 + day) for day in range(4)]
    assert alerts(RULE, [*thousands(0, 3, 6, 9, 12), *odd]) == ()
    assert len(alerts(RULE, [*thousands(0, 3, 6, 9, 12, 13), *odd])) == 1
    small = [paid(day / 10, 999_99) for day in range(50)]
    assert len(alerts(RULE, [*thousands(0, 3, 6, 9, 12), *small])) == 1


def test_accounts_of_one_customer_are_one_subject_and_others_are_not() -> None:
    spread = [paid(day, (day + 1) * 1_000_00, account="AB"[day % 2]) for day in range(5)]
    assert len(alerts(RULE, spread)) == 1
    assert alerts(RULE, [paid(day, (day + 1) * 1_000_00, account="AE"[day % 2]) for day in range(8)]) == ()
    assert alerts(RULE, [paid(day, (day + 1) * 1_000_00, account="X", other="Y") for day in range(8)]) == ()


def test_cash_cards_sweeps_and_loops_are_no_transfers() -> None:
    def run(source: str, target: str, channel: str) -> tuple[object, ...]:
        moments = [MONDAY + timedelta(days=day) for day in range(9)]
        return alerts(RULE, [Tx(at, source, target, (n + 1) * 1_000_00, channel) for n, at in enumerate(moments)])

    assert len(run("X", "A", "WIRE")) == len(run("A", "X", "CHEQUE")) == 1
    for sides in (("", "A", "CASH"), ("A", "X", "CARD"), ("A", "B", "ACH"), ("A", "A", "ACH")):
        assert run(*sides) == ()


def test_the_same_amount_to_the_same_payee_counts_once_in_forty_days() -> None:
    again = [paid(day, -3_000_00) for day in range(10)]
    assert alerts(RULE, again) == ()
    assert len(alerts(RULE, again, repeat_days=0)) == 1
    assert len(alerts(RULE, [paid(day, -3_000_00, PARTIES[day]) for day in range(5)])) == 1
    back_and_forth = [paid(0, 3_000_00), paid(1, -3_000_00)]
    assert len(alerts(RULE, [*thousands(2, 3, 4, first=5), *back_and_forth])) == 1


def test_a_repetition_after_forty_days_is_one_and_a_microsecond_later_is_none() -> None:
    before = Tx(MONDAY - timedelta(days=40), "X", "A", 9_000_00, "ACH")
    earlier = Tx(before.at - timedelta(microseconds=1), "X", "A", 9_000_00, "ACH")
    assert alerts(RULE, [before, *thousands(1, 3, 6, 9), paid(0, 9_000_00)]) == ()
    assert len(alerts(RULE, [earlier, *thousands(1, 3, 6, 9), paid(0, 9_000_00)])) == 1


def test_two_payments_at_one_instant_are_no_repetition_of_each_other() -> None:
    (alert,) = alerts(RULE, [paid(0, -2_000_00, id=name) for name in "ecabd"])
    assert alert.transaction_ids == ("a", "b", "c", "d", "e")


def test_windows_that_share_a_transfer_are_one_alert_and_others_are_two() -> None:
    (one,) = alerts(RULE, thousands(0, 3, 6, 9, 14, 17, 20, 23, 28))
    assert len(one.transaction_ids) == 9
    assert len(alerts(RULE, [*thousands(0, 1, 2, 3, 4), *thousands(30, 31, 32, 33, 34, first=11)], news_percent=0)) == 2


def test_whoever_always_deals_in_thousands_is_no_news_and_twice_as_much_is() -> None:
    always = [paid(3.5 * place, (1 + place % 50) * 1_000_00, PARTIES[place % 60]) for place in range(40)]
    (first,) = alerts(RULE, always)
    assert first.window_end < MONDAY + timedelta(days=80)
    later = [paid(128 + place / 4, (60 + place) * 1_000_00) for place in range(8)]
    assert len(alerts(RULE, [*always, *later])) == 2


def test_a_payroll_of_round_wages_is_left_alone() -> None:
    wages = [
        Tx(MONDAY + timedelta(days=30 * month, seconds=second), "A", party, (2 + second % 4) * 1_000_00, "ACH")
        for month in range(5)
        for second, party in enumerate(PARTIES)
    ]
    assert alerts(RULE, wages, opened=LONG_AGO) == ()
    assert len(alerts(RULE, wages)) == 1  # nobody knows that the account is old: its first run is all there is


def test_round_rents_and_what_the_owners_get_of_them_are_left_alone() -> None:
    rents = [
        paid(30 * month + place / 20, (1 + place % 3) * 1_000_00, party)
        for month in range(5)
        for place, party in enumerate(PARTIES[:40])
    ]
    owners = [paid(30 * month + 13, -9_123_45 - month, "X") for month in range(5)]
    assert alerts(RULE, rents + owners, opened=LONG_AGO) == ()


def test_while_the_past_is_missing_money_must_go_both_ways() -> None:
    both, one_way = thousands(0, 3, 6, 9, 12), [paid(day, (day + 1) * 1_000_00) for day in range(5)]
    assert len(alerts(RULE, both, opened=LONG_AGO)) == 1
    assert alerts(RULE, one_way, opened=LONG_AGO) == ()
    assert len(alerts(RULE, one_way)) == len(alerts(RULE, one_way, opened={"A": "2026-10-20"})) == 1
    assert len(alerts(RULE, one_way, opened=LONG_AGO, both_ways=0)) == 1


def test_after_five_weeks_of_any_life_one_way_is_enough() -> None:
    def run(day: float) -> int:
        first = Tx(MONDAY, "A", "X", 50_00, "CARD")
        return len(alerts(RULE, [first, *(paid(day, (n + 1) * 1_000_00) for n in range(5))], opened=LONG_AGO))

    assert (run(49), run(49 - 1e-9)) == (1, 0)


def test_marketplace_and_treasury_sweep_are_left_alone() -> None:
    sales = [paid(minute / 1440, 140_00 + minute % 90, PARTIES[minute % 60]) for minute in range(3_000)]
    sweep = [Tx(MONDAY + timedelta(days=day), "A", "B", (day + 1) * 1_000_00, "INTERNAL") for day in range(60)]
    assert alerts(RULE, sales + sweep) == ()


def test_the_sentence_and_the_severity() -> None:
    (alert,) = alerts(RULE, thousands(0, 3, 6, 9, 12, 13))
    assert alert.sentence == (
        "6 transfers in whole multiples of 1,000.00 of their currency between 09:00 UTC on 2 Nov 2026 and 09:00 UTC on 15 Nov 2026, "
        "3 in and 3 out, total USD 21,000.00, up to 6 of them within 14 days and at least 60 % of the transfers of that "
        "size there; 5 or more are unusual for a customer without such a past."
    )
    levels = [alerts(RULE, thousands(*range(count)))[0].severity for count in (5, 6, 10, 14)]
    assert levels == sorted(set(levels))
    assert (levels[0], levels[2]) == (20, 60)


def test_parameters_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(BadParameter, match="“known_days”"):
        RULE.with_values({"known_days": 91})


def test_the_expression_compiles_for_spark_too() -> None:
    assert "RANGE" in str(ibis.to_sql(RULE.evidence(Views()), dialect="pyspark"))


VARIANTS = (
    RULE,
    RULE.with_values(
        {"window_days": 2, "count": 2, "percent": 50, "repeat_days": 3, "history_days": 5, "known_days": 2}
    ),
    RULE.with_values(
        {
            "window_days": 4, "count": 3, "unit_minor": 500_00, "repeat_days": 0, "history_days": 6, "known_days": 6,
            "both_ways": 1, "news_percent": 110, "channels": ["ACH", "CASH"],
        }
    ),
)  # fmt: skip


@st.composite
def banks(draw: st.DrawFn) -> list[Tx]:
    """Transfers around the edges of windows, of few amounts and few parties, so that many repeat."""
    one = st.builds(
        Tx,
        at=st.builds(
            lambda day, off: MONDAY + timedelta(days=day, microseconds=off),
            st.one_of(st.integers(0, 6), st.integers(0, 20)),
            st.sampled_from((0, 0, 0, -1, 1)),
        ),
        source=st.sampled_from(("A", "A", "B", "X", "Y", "E", "")),
        target=st.sampled_from(("A", "A", "B", "X", "Y", "E")),
        minor=st.sampled_from((500_00, 1_000_00, 2_000_00, 3_000_00, 5_000_00, 7_000_00, 2_500_00, 1_999_99)),
        channel=st.sampled_from(("ACH", "ACH", "WIRE", "CASH")),
        paid=st.sampled_from((None, None, 1_000_00, 3_000_00, 2_000_000, 1_500_00, 1_000_001)),
        currency=st.sampled_from(("USD", "GBP", "JPY", "KWD")),
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
    bank = []
    for name in range(300):
        at = MONDAY + timedelta(days=draw.randrange(150), hours=draw.randrange(24))
        sides = draw.sample((draw.choice("ABE"), draw.choice(PARTIES[:6])), 2)
        minor = draw.choice((1, 2, 3, 5, 8, 13, 20, 21)) * 1_000_00 + draw.choice((0, 0, 0, 500_00, 12_34))
        currency, rate = draw.choice((("USD", 100), ("USD", 100), ("GBP", 79), ("JPY", 150), ("KWD", 310)))
        own = {"paid": minor * rate // 100, "currency": currency}
        bank.append(Tx(at, *sides, minor, draw.choice(("ACH", "WIRE")), id=f"T{name:04d}", **own))
    wanted = expected(VARIANTS[number], bank, opened)
    assert wanted, "the bank must make the rule fire, or it proves nothing"
    assert found(VARIANTS[number], bank, opened) == wanted
    draw.shuffle(bank)
    assert found(VARIANTS[number], bank, opened) == wanted
