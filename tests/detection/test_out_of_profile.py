"""Out of profile: which past counts, how the peers are measured, and whose week only looks large."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from casedesk.detection.rules.out_of_profile import OutOfProfile
from tests.detection.bank import Tx
from tests.detection.reference_history import (
    EPOCH,
    Owner,
    Owners,
    agrees_on_a_crowd,
    compiles_everywhere,
    crowd,
    expected,
    found,
    run,
    worlds,
)

RULE = OutOfProfile()
#: The first instant of a period of a week: weeks are counted from 1 January 1970.
MONDAY = EPOCH + timedelta(days=7 * 2967)
MICROSECOND = 1 / 86_400_000_000
PEERS = {f"P{number}": Owner(f"CP{number}", "", "person") for number in range(9)}
OWNERS: Owners = {"A": Owner("C1", "", "person"), "B": Owner("C1", "", "person"), "X": Owner(""), **PEERS}


def pay(day: float, minor: int, target: str = "A", source: str = "X", **more: str) -> Tx:
    """Money, so many days after the first instant of the judged period."""
    return Tx(MONDAY + timedelta(days=day), source, target, minor, "WIRE", **more)


def weekly(minor: int, targets: Iterable[str] = ("A",), weeks: Iterable[int] = range(2, 10)) -> list[Tx]:
    """The same sum in the middle of so many weeks before the judged one, a little more than a window apart."""
    return [pay(-7.01 * week + 3, minor, target) for target in targets for week in weeks]


PAST = [*weekly(2_000_00), *weekly(3_000_00, PEERS)]


def test_five_times_the_own_past_and_above_the_peers_is_one_alert() -> None:
    (alert,) = run(RULE, [*PAST, pay(3, 6_000_00), pay(4, 4_000_00)], OWNERS)
    assert (alert.account_id, alert.customer_id, alert.amount_minor) == ("A", "C1", 10_000_00)
    assert alert.sentence == (
        "USD 10,000.00 came in within 7 days in 2 transactions between 00:00 UTC on 15 Nov 2026 and 00:00 UTC on "
        "16 Nov 2026, against at most USD 2,000.00 in the customer's last 12 periods of that length and at most "
        "USD 3,000.00 at 95 % of the peer group."
    )


def test_the_least_turnover_must_be_reached() -> None:
    assert run(RULE, [*PAST, pay(3, 9_999_99)], OWNERS) == ()


def test_four_times_the_own_past_is_within_it_and_a_cent_more_is_not() -> None:
    past = [*weekly(5_000_00), *weekly(3_000_00, PEERS)]
    assert run(RULE, [*past, pay(3, 20_000_00)], OWNERS) == ()
    assert len(run(RULE, [*past, pay(3, 20_000_01)], OWNERS)) == 1


def test_what_the_peers_do_is_within_the_profile_and_a_cent_more_is_not() -> None:
    past = [*weekly(2_000_00), *weekly(15_000_00, PEERS)]
    assert run(RULE, [*past, pay(3, 15_000_00)], OWNERS) == ()
    assert len(run(RULE, [*past, pay(3, 15_000_01)], OWNERS)) == 1
    assert len(run(RULE, [*past, pay(3, 10_000_00)], OWNERS, exceed="own")) == 1


def test_above_the_peers_alone_is_enough_when_the_parameter_says_so() -> None:
    past = [*weekly(9_000_00), *weekly(3_000_00, PEERS)]
    assert run(RULE, [*past, pay(3, 12_000_00)], OWNERS, peer_quantile=80) == ()
    (alert,) = run(RULE, [*past, pay(3, 12_000_00)], OWNERS, exceed="peers", peer_quantile=80)
    assert alert.sentence.endswith("against at most USD 3,000.00 at 80 % of the peer group.")


def test_the_quantile_is_an_exact_rank_over_the_customers_of_the_group() -> None:
    past = [*weekly(2_000_00), *(tx for n, name in enumerate(PEERS) for tx in weekly(10_000_00 + n * 1_000_00, [name]))]
    bank = [*past, pay(3, 16_000_01)]  # ten customers: 80 % of them do not exceed 16,000.00
    assert len(run(RULE, bank, OWNERS, peer_quantile=80)) == 1
    assert run(RULE, bank, OWNERS, peer_quantile=81) == ()


def test_another_group_is_no_yardstick_and_a_group_too_small_is_none() -> None:
    rich = {name: Owner(one.customer, "", "shop") for name, one in PEERS.items()}
    bank = [*weekly(2_000_00), *weekly(900_000_00, rich), pay(3, 12_000_00)]
    assert run(RULE, bank, {**OWNERS, **rich}) == ()
    assert len(run(RULE, bank, {**OWNERS, **rich}, least_peers=1)) == 1
    assert run(RULE, bank, OWNERS) == ()


def test_customers_of_an_unknown_group_are_compared_with_one_another() -> None:
    nobody: Owners = {name: Owner(one.customer) for name, one in OWNERS.items()}
    assert len(run(RULE, [*PAST, pay(3, 12_000_00)], nobody)) == 1


def test_too_short_a_past_is_none() -> None:
    peers = weekly(3_000_00, PEERS)
    assert run(RULE, [*peers, *weekly(2_000_00, weeks=range(2, 5)), pay(3, 90_000_00)], OWNERS) == ()
    assert len(run(RULE, [*peers, *weekly(2_000_00, weeks=range(2, 6)), pay(3, 90_000_00)], OWNERS)) == 1


def test_the_past_reaches_back_twelve_periods_and_ends_a_period_before_the_judged_one() -> None:
    def fires_after(day: float) -> bool:
        bank = [*PAST, pay(day, 9_000_00), pay(3, 12_000_00, id="judged")]
        return any("judged" in one.transaction_ids for one in run(RULE, bank, OWNERS))

    assert [fires_after(-7 * week + 2) for week in (15, 14, 13, 2)] == [True, True, False, False]
    assert fires_after(-7)
    assert not fires_after(-7 - MICROSECOND)


def test_what_comes_later_changes_nothing() -> None:
    later = [pay(30, 900_000_00), *(pay(day, 900_000_00, name) for day in (10, 30) for name in PEERS)]
    bank = [*PAST, pay(3, 12_000_00, id="hit")]
    assert [one.transaction_ids for one in run(RULE, bank, OWNERS)] == [("hit",)]
    assert ("hit",) in {one.transaction_ids for one in run(RULE, [*bank, *later], OWNERS)}


def test_the_window_takes_its_last_microsecond_and_no_more() -> None:
    assert len(run(RULE, [*PAST, pay(0, 5_000_00), pay(7, 5_000_00)], OWNERS)) == 1
    assert run(RULE, [*PAST, pay(0, 5_000_00), pay(7 + MICROSECOND, 5_000_00)], OWNERS) == ()


def test_all_accounts_of_a_customer_are_read_together_and_what_moves_between_them_is_not() -> None:
    (alert,) = run(RULE, [*PAST, pay(3, 6_000_00), pay(4, 6_000_00, "B")], OWNERS)
    assert (alert.account_id, len(alert.transaction_ids)) == ("A", 2)
    assert run(RULE, [*PAST, pay(3, 90_000_00, "B", "A")], OWNERS) == ()
    assert run(RULE, [*PAST, pay(3, 90_000_00, "A", "A")], OWNERS, direction="any") == ()


def test_payments_out_count_only_when_the_direction_says_so() -> None:
    out = [Tx(tx.at, tx.target, tx.source, tx.minor, "WIRE") for tx in [*PAST, pay(3, 12_000_00)]]
    assert run(RULE, out, OWNERS) == ()
    assert "USD 12,000.00 went out within" in run(RULE, out, OWNERS, direction="out")[0].sentence
    assert "USD 12,000.00 came in or went out within" in run(RULE, out, OWNERS, direction="any")[0].sentence


def test_overlapping_hits_are_one_alert_and_separate_ones_are_two() -> None:
    (alert,) = run(RULE, [*PAST, *(pay(day, 12_000_00) for day in (1, 5, 9))], OWNERS)
    assert len(alert.transaction_ids) == 3
    assert len(run(RULE, [*PAST, pay(1, 12_000_00), pay(9, 12_000_00)], OWNERS)) == 2


def test_payments_at_one_instant_stand_together() -> None:
    (alert,) = run(RULE, [*PAST, *(pay(3, 4_000_00, id=name) for name in "cba")], OWNERS)
    assert alert.transaction_ids == ("a", "b", "c")


def test_an_external_account_is_never_a_subject() -> None:
    bank = [*weekly(3_000_00, PEERS), *(Tx(tx.at, "", "X", tx.minor) for tx in [*weekly(100_00), pay(3, 90_000_00)])]
    assert run(RULE, bank, OWNERS) == ()


def test_retailer_payroll_marketplace_and_sweep_are_left_alone() -> None:
    retailer = [pay(-day, 9_000_00) for day in range(120)]
    payroll = [Tx(MONDAY - timedelta(days=30 * month), "A", "X", 2_800_00) for month in range(4) for _ in range(60)]
    marketplace = [pay(-day / 20, 140_00) for day in range(2_000)]
    sweep = [pay(-day, 200_000_00, *("AB" if day % 2 else "BA")) for day in range(120)]
    for bank in (retailer, payroll, marketplace, sweep):
        assert run(RULE, [*bank, *weekly(3_000_00, PEERS)], OWNERS) == ()


def test_severity_starts_at_its_parameter_and_rises_with_the_excess() -> None:
    def severity(minor: int, **values: int) -> int:
        return run(RULE, [*PAST, pay(3, minor)], OWNERS, **values)[0].severity

    assert severity(10_000_00) == 35
    assert severity(10_000_00, severity_at_threshold=60) == 60
    assert 35 < severity(20_000_00) < severity(90_000_00) <= 100


def test_the_rule_compiles_for_both_engines() -> None:
    for exceed in ("both", "own", "peers"):
        assert compiles_everywhere(RULE.with_values({"exceed": exceed}))


SMALL_WORLD = {"window_days": 1, "history_windows": 4, "least_windows": 1, "own_percent": 150, "least_minor": 1_000_00}
VARIANTS = (
    RULE.with_values({**SMALL_WORLD, "exceed": "own", "direction": "any"}),
    RULE.with_values({**SMALL_WORLD, "exceed": "peers", "least_peers": 2, "peer_quantile": 60, "direction": "out"}),
    RULE.with_values({**SMALL_WORLD, "least_peers": 1, "peer_quantile": 50, "peer_percent": 120}),
    RULE.with_values(
        {**SMALL_WORLD, "window_days": 2, "least_windows": 2, "least_peers": 2, "peer_quantile": 50, "direction": "any"}
    ),
)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
@given(world=worlds(10, (0, 400_00, 1_000_00, 1_500_00, 4_000_00)))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rule_finds_exactly_what_plain_loops_find(rule: OutOfProfile, world: tuple[list[Tx], Owners]) -> None:
    bank, owners = world
    owners = {**owners, "B": Owner("C1", "", owners["A"].group)}
    assert found(rule, bank, owners) == expected(rule, bank, owners)


@pytest.mark.parametrize("rule", VARIANTS, ids=range(len(VARIANTS)))
def test_the_rule_agrees_with_plain_loops_on_a_crowd_in_any_order(rule: OutOfProfile) -> None:
    agrees_on_a_crowd(rule, *crowd(8, 20, (0, 400_00, 1_000_00, 1_500_00, 4_000_00)))
