"""Velocity: the window, the account's own past, and who is left alone."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa

from casedesk.detection.engine import detect
from casedesk.detection.rules import Velocity
from tests.detection.bank import NOON, SMALL, Tx, accounts_of, alerts, arrow, named

RULE = Velocity()
WINDOW = timedelta(minutes=10)


def run(number: int, after: timedelta = timedelta(), over: timedelta = WINDOW, source: str = "A") -> list[Tx]:
    """``number`` payments from ``after`` noon on, the last exactly ``over`` later."""
    return [Tx(NOON + after + over * step / (number - 1), source, "X", 10_00, "CARD") for step in range(number)]


def test_ten_transactions_exactly_ten_minutes_apart_are_a_hit_on_a_quiet_account() -> None:
    (alert,) = alerts(RULE, run(10))
    assert len(alert.transaction_ids) == 10
    assert alert.sentence == (
        "10 transactions between 12:00 and 12:10 UTC on 4 Nov 2026; 10 or more in 10 minutes are unusual for an account "
        "without such a past."
    )


def test_nine_transactions_or_a_microsecond_more_are_no_hit() -> None:
    assert alerts(RULE, run(9)) == ()
    assert alerts(RULE, run(10, over=WINDOW + timedelta(microseconds=1))) == ()


def test_a_burst_is_found_wherever_the_clock_cuts_it() -> None:
    for minute in range(11):
        (alert,) = alerts(RULE, run(10, after=timedelta(minutes=minute)))
        assert len(alert.transaction_ids) == 10


def test_money_in_money_out_and_cash_count_alike_and_a_self_transfer_once() -> None:
    mixed = [
        *(Tx(NOON + timedelta(minutes=step), "A", "X", 1, "CARD") for step in range(4)),
        *(Tx(NOON + timedelta(minutes=step), "X", "A", 1, "ACH") for step in range(3)),
        *(Tx(NOON + timedelta(minutes=step), "", "A", 1, "CASH") for step in range(2)),
    ]
    loop = Tx(NOON, "A", "A", 1, "INTERNAL")
    assert alerts(RULE, mixed) == ()
    (alert,) = alerts(RULE, [*mixed, loop])
    assert len(alert.transaction_ids) == 10


def test_a_burst_over_midnight_is_not_excused_by_the_day_it_began_on() -> None:
    (alert,) = alerts(RULE, run(40, after=timedelta(hours=11, minutes=40), over=timedelta(minutes=38)))
    assert len(alert.transaction_ids) == 40


def test_what_an_account_did_yesterday_does_not_count_as_its_past_and_what_it_did_before_does() -> None:
    def judged(days: int) -> int:
        return len(alerts(RULE, run(20) + run(20, after=timedelta(days=days))))

    assert judged(1) == 2
    assert judged(2) == 1  # the second run stays within 20 + 3 * sqrt(20)
    assert judged(91) == 1
    assert judged(92) == 2  # forgotten


def test_the_bound_is_the_busiest_window_plus_three_roots_of_it() -> None:
    past = run(16)
    later = timedelta(days=10)
    within, beyond = run(28, after=later), run(29, after=later)
    assert len(alerts(RULE, past + within)) == 1  # 16 + 3 * 4 = 28 are expected
    first, second = alerts(RULE, past + beyond)
    assert second.sentence == (
        "29 transactions between 12:00 and 12:10 UTC on 14 Nov 2026; after this account's last 90 days at most 28 in "
        "10 minutes are expected."
    )
    assert first.window_start == NOON


def test_a_past_too_slow_to_fire_still_raises_the_bound() -> None:
    later = timedelta(days=5)
    assert len(alerts(RULE, run(11, after=later))) == 1
    assert alerts(RULE, run(5) + run(11, after=later)) == ()  # 5 + 3 * sqrt(5) = 11.7
    assert len(alerts(RULE, run(5) + run(12, after=later))) == 1


def test_the_past_of_another_account_does_not_count() -> None:
    assert len(alerts(RULE, run(50, source="B") + run(15, after=timedelta(days=5)))) == 2


def test_a_long_episode_names_its_fastest_window() -> None:
    bank = run(30, over=timedelta(minutes=60)) + run(20, after=timedelta(minutes=26), over=timedelta(minutes=4))
    (alert,) = alerts(RULE, bank, count=15)
    assert ", 25 of them in the 10 minutes to 12:30 UTC on 4 Nov 2026; 15 or more" in alert.sentence
    assert alert.severity == 25 + 75 * 666 // 1666


def test_a_monthly_payroll_fires_on_its_first_run_and_never_again() -> None:
    paydays = [NOON.replace(year=2026, month=month, day=1) for month in (1, 2, 3, 4, 5, 6)]
    bank = [tx for day in paydays for tx in run(200, after=day - NOON)]
    (alert,) = alerts(RULE, bank)
    assert alert.window_start == paydays[0]


def salaries(number: int = 60, day: int = 0) -> list[Tx]:
    paid = NOON + timedelta(days=day)
    return [
        Tx(paid + timedelta(seconds=4 * one), "A", f"E{one}", 3_000_00, "ACH", id=f"{day}-{one}")
        for one in range(number)
    ]


def aged(bank: list[Tx], opened: str = "2012-01-01", **values: object) -> int:
    """Count the alerts about A, opened on that day; the data of A begins three weeks before noon."""
    bank = [Tx(NOON - timedelta(days=21), "", "A", 500_00, "CASH", id="first"), *bank]
    accounts = accounts_of(named(bank))
    days = [opened if name == "A" else "" for name in accounts["account_id"].to_pylist()]
    rule = RULE.with_values(values)
    found = detect(arrow(named(bank)), accounts.append_column("opened_on", pa.array(days)), rules=(rule,), limits=SMALL)
    return sum(alert.account_id == "A" for alert in found.alerts)


def test_the_first_payroll_in_the_data_of_an_old_employer_is_left_alone() -> None:
    assert aged(salaries()) == 0
    assert aged(salaries(), opened="2026-10-01") == 1
    assert aged(salaries(), opened="") == 1
    assert aged(salaries(), settling_days=0) == 1
    assert aged([*salaries(), *salaries(day=31)]) == 0
    assert aged(salaries(day=13)) == 0
    assert aged(salaries(day=14)) == 1  # five weeks after the first transaction


def test_an_old_account_that_pays_many_from_what_has_just_come_in_is_a_burst_from_the_first_day_on() -> None:
    def funded(minor: int, before: timedelta) -> int:
        return aged([Tx(NOON - before, "X", "A", minor, "WIRE", id="in"), *salaries(20)])

    day = timedelta(hours=24)
    assert funded(30_000_00, day - timedelta(seconds=76)) == 1
    assert funded(29_999_99, timedelta(hours=3)) == 1  # 19 of the 20 are a burst, too
    assert funded(10_000_00, timedelta(hours=3)) == 0
    assert funded(30_000_00, day + timedelta(microseconds=1)) == 0
    client = [Tx(NOON - before, "X", "A", 60_000_00, "WIRE", id=f"in {before}") for before in (day * 5, day / 2)]
    assert aged([*client, *salaries(20)]) == 0
    many = [Tx(NOON - day * 3 * one, f"K{one}", "A", 30_000_00, "ACH", id=f"client {one}") for one in range(1, 6)]
    last = Tx(NOON - day / 2, "X", "A", 31_000_00, "ACH", id="last")
    assert aged([*many, last, *salaries(20)]) == 0  # one of six who paid
    assert aged([many[0], last, *salaries(20)]) == 1
    assert aged([Tx(NOON - day / 2, "", "A", 60_000_00, id="cash"), *salaries(20)]) == 1


def test_cards_and_money_that_comes_in_are_judged_from_the_first_day_on() -> None:
    assert aged(run(10)) == 1
    assert aged([Tx(one.at, "X", "A", one.minor, "ACH") for one in run(10)]) == 1
    assert aged([*salaries(30), *run(9)]) == 0
    assert aged([*salaries(30), *run(10)]) == 1


def test_a_marketplace_busy_every_day_is_left_alone_after_its_first_two_days() -> None:
    sales = [
        tx
        for day in range(20)
        for hour in range(6)
        for tx in run(30 + (day * 7 + hour) % 5, after=timedelta(days=day, hours=hour), over=timedelta(minutes=9))
    ]
    found = alerts(RULE, sales)
    assert found
    assert max(alert.window_end for alert in found) < NOON + timedelta(days=2)


def test_a_microsecond_before_midnight_belongs_to_the_day_that_ends() -> None:
    midnight = datetime(2026, 11, 5, tzinfo=NOON.tzinfo) - NOON
    last = timedelta(microseconds=1)
    ends_before = run(20, after=midnight - WINDOW - last)
    ends_at = run(20, after=midnight - WINDOW)
    judged_on_the_sixth = run(20, after=timedelta(days=2))
    assert len(alerts(RULE, ends_before + judged_on_the_sixth)) == 1
    # the 20th, at midnight, is the next day's; the 19 before leave at most 19 + 13 expected
    assert len(alerts(RULE, ends_at + judged_on_the_sixth)) == 1
    assert len(alerts(RULE, ends_before + run(33, after=timedelta(days=2)))) == 1
    assert len(alerts(RULE, ends_at + run(33, after=timedelta(days=2)))) == 2
