"""Geography: whose country counts, and where the window ends."""

from __future__ import annotations

from datetime import timedelta

from casedesk.detection.rules import Geography
from tests.detection.bank import NOON, Tx, alerts

RULE = Geography()


def visit(minute: float, country: str, inward: bool = False) -> Tx:
    at = NOON + timedelta(minutes=minute)
    if inward:
        return Tx(at, "X", "A", 50_00, "WIRE", from_country=country, to_country="US")
    return Tx(at, "A", "X", 50_00, "CARD", from_country="US", to_country=country)


def test_three_countries_exactly_half_an_hour_apart_are_a_hit() -> None:
    (alert,) = alerts(RULE, [visit(0, "DE"), visit(20, "NG"), visit(30, "MX")])
    assert alert.sentence == (
        "3 transactions with 3 countries (DE, MX, NG) between 12:00 and 12:30 UTC on 4 Nov 2026, all of the countries "
        "within 30 minutes."
    )
    assert alert.severity == 40


def test_a_microsecond_more_or_a_country_less_is_no_hit() -> None:
    assert alerts(RULE, [visit(0, "DE"), visit(20, "NG"), visit(30 + 1 / 60_000_000, "MX")]) == ()
    assert alerts(RULE, [visit(0, "DE"), visit(20, "NG"), visit(25, "DE"), visit(30, "NG")]) == ()


def test_a_country_is_gone_a_microsecond_after_the_window_though_others_come_and_go() -> None:
    late = 30 + 1 / 60_000_000
    assert alerts(RULE, [visit(0, "DE"), visit(25, "NG"), visit(late, "MX"), visit(31, "NG")]) == ()
    assert len(alerts(RULE, [visit(0, "DE"), visit(25, "NG"), visit(30, "MX"), visit(31, "NG")])) == 1


def test_a_burst_is_found_wherever_the_half_hour_cuts_it() -> None:
    for minute in range(0, 30, 4):
        bank = [visit(minute, "DE"), visit(minute + 14, "NG"), visit(minute + 28, "MX")]
        assert len(alerts(RULE, bank)) == 1


def test_the_country_is_the_other_sides() -> None:
    sent = [visit(0, "DE"), visit(5, "NG"), visit(10, "MX")]
    received = [visit(step, tx.to_country, inward=True) for step, tx in enumerate(sent)]
    assert len(alerts(RULE, sent)) == 1
    assert len(alerts(RULE, received)) == 1
    own_side = [Tx(tx.at, "A", "X", 1, "CARD", from_country=tx.to_country, to_country="US") for tx in sent]
    assert alerts(RULE, own_side) == ()


def test_an_unknown_country_is_not_a_country() -> None:
    assert alerts(RULE, [visit(0, "DE"), visit(5, ""), visit(10, "MX")]) == ()
    (alert,) = alerts(RULE, [visit(0, "DE"), visit(5, ""), visit(10, "MX"), visit(12, "NG")])
    assert len(alert.transaction_ids) == 3


def test_a_transaction_to_the_same_account_counts_once_with_the_country_it_went_to() -> None:
    loop = Tx(NOON, "A", "A", 1, "INTERNAL", from_country="DE", to_country="NG")
    assert alerts(RULE, [loop, visit(5, "MX")]) == ()
    (alert,) = alerts(RULE, [loop, visit(5, "MX"), visit(6, "DE")])
    assert len(alert.transaction_ids) == 3


def test_a_repeated_country_is_evidence_though_it_adds_none() -> None:
    (alert,) = alerts(RULE, [visit(0, "DE"), visit(1, "DE"), visit(2, "NG"), visit(3, "NG"), visit(4, "MX")])
    assert len(alert.transaction_ids) == 5


def test_a_country_seen_again_stays_present_until_its_last_visit_has_passed() -> None:
    bank = [visit(0, "DE"), visit(20, "DE"), visit(40, "NG"), visit(50, "MX")]
    (alert,) = alerts(RULE, bank)
    assert len(alert.transaction_ids) == 3  # the first DE lies 50 minutes back


def test_countries_at_one_instant_count_together_whatever_their_ids() -> None:
    for ids in ("abc", "bca", "cba"):
        bank = [Tx(NOON, "A", "X", 1, "CARD", to_country=c, id=i) for c, i in zip(("DE", "NG", "MX"), ids, strict=True)]
        assert alerts(RULE, bank)[0].transaction_ids == ("a", "b", "c")


def test_a_long_episode_says_how_many_countries_one_window_held() -> None:
    countries = ("DE", "NG", "MX", "FR", "AE", "CN")
    (alert,) = alerts(RULE, [visit(step * 12, country) for step, country in enumerate(countries)])
    assert "6 transactions with 6 countries (AE, CN, DE, FR, MX, NG)" in alert.sentence
    assert alert.sentence.endswith("up to 3 of the countries within 30 minutes.")


def test_severity_rises_with_the_countries_of_one_window() -> None:
    six = [visit(step, country) for step, country in enumerate(("DE", "NG", "MX", "FR", "AE", "CN"))]
    assert alerts(RULE, six)[0].severity == 70
    assert alerts(RULE, six[:4])[0].severity == 40 + 60 * 333 // 1333


def test_two_countries_are_enough_where_the_parameter_says_so() -> None:
    bank = [visit(0, "DE"), visit(30, "NG")]
    assert len(alerts(RULE, bank, countries=2)) == 1
    assert alerts(RULE, [visit(0, "DE"), visit(31, "NG")], countries=2) == ()


def test_a_busy_shop_at_home_with_tourists_from_one_country_at_a_time_is_left_alone() -> None:
    bank = [visit(step, "CA" if step % 9 == 0 else "US", inward=True) for step in range(400)]
    assert alerts(RULE, bank) == ()
