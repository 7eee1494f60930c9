"""Layering chains: what is passed on, how soon, how much of it, and who is told of it."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.engine import detect
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rule import Rule
from casedesk.detection.rules.stack import Stack
from tests.detection.bank import NOON, SMALL, Tx, accounts_of, alerts, apart, arrow
from tests.detection.reference import Found
from tests.detection.reference_paths import expected_stacks

RULE = Stack()
GAP = timedelta(days=3)
TICK = timedelta(microseconds=1)


def chain(names: str, *minors: int, step: timedelta = timedelta(days=1), start: int = 0) -> list[Tx]:
    """Transfers from each name to the next one, a step apart; the last amount serves for all that follow."""
    amounts = list(minors or (5_000_00,))
    amounts += [amounts[-1]] * (len(names) - 1 - len(amounts))
    return [
        Tx(NOON + timedelta(days=start) + place * step, *pair, amounts[place], "WIRE", id=f"{start:02d}-{place:02d}")
        for place, pair in enumerate(pairwise(names))
    ]


def test_a_chain_of_two_to_six_hops_is_one_alert_on_the_first_who_passes_on() -> None:
    chains = {hops: chain("ABCDEFG"[: hops + 1]) for hops in range(2, 7)}
    found = [(alert.account_id, len(alert.transaction_ids)) for alert in alerts(RULE, apart(chains))]
    assert sorted(found) == [(f"B{hops}", hops) for hops in chains]


def test_one_transfer_is_no_chain_and_more_hops_can_be_asked_for() -> None:
    assert alerts(RULE, chain("AB")) == ()
    assert alerts(RULE, chain("ABC"), hops=3) == ()
    assert len(alerts(RULE, chain("ABCD"), hops=3)) == 1
    assert len(alerts(RULE, chain("ABCD"), most_hops=2)[0].transaction_ids) == 2


def test_passed_on_exactly_three_days_later_is_in_and_a_microsecond_later_is_out() -> None:
    assert len(alerts(RULE, chain("ABC", step=GAP))) == 1
    assert alerts(RULE, chain("ABC", step=GAP + TICK)) == ()


def test_a_chain_is_followed_for_its_window_and_no_longer() -> None:
    long = chain("ABCDEF", step=GAP)
    assert len(alerts(RULE, long)[0].transaction_ids) == 5
    assert len(alerts(RULE, long, window_days=12)[0].transaction_ids) == 5
    assert len(alerts(RULE, long, window_days=11)[0].transaction_ids) == 4


def test_a_chain_is_found_wherever_a_piece_of_time_ends() -> None:
    chains = {offset: chain("ABCDE", step=GAP, start=offset) for offset in range(7)}
    found = [(alert.account_id, len(alert.transaction_ids)) for alert in alerts(RULE, apart(chains))]
    assert sorted(found) == [(f"B{offset}", 4) for offset in chains]


def test_money_is_passed_on_after_it_came_or_at_the_same_instant() -> None:
    came, went = chain("ABC")
    assert len(alerts(RULE, [came, Tx(came.at, "B", "C", 5_000_00)])) == 1
    assert alerts(RULE, [came, Tx(came.at - TICK, went.source, went.target, went.minor)]) == ()


def test_between_eighty_and_a_hundred_and_fifteen_percent_is_passed_on() -> None:
    found = [len(alerts(RULE, chain("ABC", 10_000_00, went))) for went in (7_999_99, 8_000_00, 11_500_00, 11_500_01)]
    assert found == [0, 1, 1, 0]


def test_three_thousand_a_hop_is_enough_and_a_cent_less_is_not() -> None:
    assert len(alerts(RULE, chain("ABC", 3_000_00))) == 1
    assert alerts(RULE, chain("ABC", 3_000_00, 2_999_99)) == ()


def test_layers_that_cross_and_layers_side_by_side_are_both_found() -> None:
    pairs = [("A", "C"), ("A", "D"), ("B", "C"), ("B", "D"), ("C", "E"), ("C", "F"), ("D", "E"), ("D", "F")]
    crossed = [Tx(NOON + timedelta(hours=n), *pair, 5_000_00 - n, id=f"T{n}") for n, pair in enumerate(pairs)]
    found = alerts(RULE, crossed)
    assert {alert.account_id for alert in found} == {"C", "D"}
    assert {row for alert in found for row in alert.transaction_ids} == {tx.id for tx in crossed}
    aside = [*chain("ABC"), *(Tx(tx.at, f"{tx.source}2", f"{tx.target}2", tx.minor) for tx in chain("ABC"))]
    assert sorted(alert.account_id for alert in alerts(RULE, aside)) == ["B", "B2"]


def test_a_client_an_own_customer_and_a_supplier_are_no_chain_and_two_own_customers_are() -> None:
    assert alerts(RULE, chain("XAY")) == ()
    assert len(alerts(RULE, chain("XAY"), customers=1)) == 1
    (alert,) = alerts(RULE, chain("XABY"))
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 3)


def test_only_an_own_customer_who_passes_on_is_the_subject() -> None:
    assert alerts(RULE, chain("AXB")) == ()
    assert alerts(RULE, chain("AXBYC"))[0].account_id == "B"


def test_money_that_comes_back_is_for_the_cycle_rule() -> None:
    assert alerts(RULE, chain("ABA")) == ()


def test_cash_and_a_transfer_to_oneself_are_no_hops() -> None:
    assert alerts(RULE, [Tx(NOON, "", "A", 5_000_00), Tx(NOON, "A", "B", 5_000_00)]) == ()
    assert alerts(RULE, [Tx(NOON, "A", "A", 5_000_00), Tx(NOON, "A", "B", 5_000_00)]) == ()


def test_chains_that_overlap_are_one_alert_and_separate_ones_two() -> None:
    (one,) = alerts(RULE, [*chain("ABC"), *chain("DBE", 6_500_00, start=1)])
    assert len(one.transaction_ids) == 4
    assert len(alerts(RULE, [*chain("ABC"), *chain("DBE", 6_500_00, start=2)])) == 2


def test_a_business_with_many_customers_is_passed_over() -> None:
    crowd = [Tx(NOON, "B", f"N{n}", 90_000_00, id=f"out{n}") for n in range(20)]
    assert len(alerts(RULE, [*chain("ABC"), *crowd[1:]])) == 1
    assert alerts(RULE, [*chain("ABC"), *crowd]) == ()


def test_the_sentence_says_what_came_what_went_and_how_far() -> None:
    (alert,) = alerts(RULE, chain("ABCD", 5_000_00, 4_800_00, 4_700_00))
    assert alert.sentence == (
        "3 transfers between 12:00 UTC on 4 Nov 2026 and 12:00 UTC on 6 Nov 2026 carry money on over up to 3 hops: "
        "USD 5,000.00 reached this customer and USD 4,800.00 went on."
    )
    assert alert.amount_minor == 14_500_00


def test_severity_starts_at_its_parameter_and_rises_with_the_chain() -> None:
    levels = [alerts(RULE, chain("ABCDEFG"[: hops + 1]))[0].severity for hops in (2, 3, 6)]
    assert levels[0] == 30
    assert levels == sorted(set(levels))


def test_contradicting_parameters_are_refused_in_a_sentence() -> None:
    with pytest.raises(BadParameter, match="“gap_days” \\(20\\) cannot exceed “window_days” \\(14\\)"):
        RULE.with_values({"gap_days": 20})


VARIANTS: tuple[Rule, ...] = (
    RULE,
    RULE.with_values(
        {"hops": 3, "customers": 3, "gap_days": 5, "smallest_minor": 1, "lowest_percent": 30, "highest_percent": 300}
    ),
    RULE.with_values({"most_hops": 3, "customers": 1, "most_sent": 3, "most_received": 2, "window_days": 5}),
)

one = st.builds(
    Tx,
    at=st.builds(
        lambda day, off: NOON + timedelta(days=day, microseconds=off),
        st.sampled_from((0, 0, 1, 2, 3, 4, 6, 9, 12, 14, 15)),
        st.sampled_from((0, 0, 0, -1, 1)),
    ),
    source=st.sampled_from(("A", "B", "C", "D", "E", "F", "X", "")),
    target=st.sampled_from(("A", "B", "C", "D", "E", "F", "X", "")),
    minor=st.sampled_from((2_999_99, 3_000_00, 3_000_00, 3_100_00, 3_600_00, 3_750_00, 9_000_00)),
)


def found(rule: Rule, bank: list[Tx]) -> Found:
    result = detect(arrow(bank), accounts_of(bank), rules=(rule,), limits=SMALL)
    return {(alert.account_id, alert.transaction_ids, alert.amount_minor) for alert in result.alerts}


@pytest.mark.parametrize("number", range(len(VARIANTS)))
@given(bank=st.lists(one, max_size=30), seed=st.integers(0, 9))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_expression_finds_what_walking_finds_in_whatever_order_the_rows_come(
    number: int, bank: list[Tx], seed: int
) -> None:
    rule = VARIANTS[number]
    bank = [Tx(**{**vars(tx), "id": f"T{place:02d}"}) for place, tx in enumerate(bank)]
    random.Random(seed).shuffle(bank)
    assert found(rule, bank) == expected_stacks(rule.parameters, bank)  # type: ignore[arg-type]
