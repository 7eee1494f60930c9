"""What the labels say is planted is there, by slow brute force; what they do not name never looks like it."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from casedesk.domain.transactions import CustomerKind
from seeds.book import Row
from seeds.networks import SHARED
from seeds.places import HIGH_RISK
from seeds.planting import Label
from seeds.typologies import SOLO
from seeds.world import build_world
from tests.seeds.sliding import Bank, Leg, booked, geography, is_deposit, structuring, tumbling, usd, windows

Pattern = list[tuple[Label, Row]]
RULES = ("structuring", "velocity", "geography")
TYPOLOGIES = {*RULES, *SOLO, *SHARED}


def planted(bank: Bank, typology: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for account, ids in bank.bursts(typology).values():
        found[account].update(ids)
    return dict(found)


def legs_of(bank: Bank, account: str, ids: list[str]) -> list[Leg]:
    return [leg for leg in bank.legs[account] if leg.id in ids]


def test_labels_name_transactions_accounts_and_customers_that_exist(bank: Bank) -> None:
    assert {label.typology for label in bank.world.labels} == TYPOLOGIES
    pairs = [(label.label_id, label.transaction_id) for label in bank.world.labels]
    assert len(set(pairs)) == len(pairs)
    for label in bank.world.labels:
        row = bank.rows[label.transaction_id]
        assert bank.own[label.account_id] == label.customer_id
        if label.typology not in SHARED:
            assert label.account_id in (row.from_account, row.to_account)
        assert label.role


def test_the_structuring_rule_finds_the_planted_bursts_and_not_one_transaction_more(bank: Bank) -> None:
    assert bank.structured() == planted(bank, "structuring")


def test_the_geography_rule_finds_the_planted_bursts_and_not_one_transaction_more(bank: Bank) -> None:
    assert bank.restless() == planted(bank, "geography")


@pytest.mark.parametrize(("customers", "days", "seed"), [(20, 21, 1), (20, 30, 5), (60, 90, 11), (150, 45, 2)])
def test_other_worlds_are_as_exact(customers: int, days: int, seed: int) -> None:
    bank = Bank(build_world(customers=customers, days=days, seed=seed, end=date(2025, 2, 2)))
    assert bank.structured() == planted(bank, "structuring") != {}
    assert bank.restless() == planted(bank, "geography") != {}
    assert {label.typology for label in bank.world.labels} == TYPOLOGIES


def test_each_structuring_burst_alone_satisfies_the_original_definition(bank: Bank) -> None:
    bursts = bank.bursts("structuring")
    assert len(bursts) >= 30
    for account, ids in bursts.values():
        legs = legs_of(bank, account, ids)
        assert legs[-1].at - legs[0].at <= timedelta(minutes=60)
        assert all(map(is_deposit, legs))
        assert structuring(legs)
        assert len({bank.rows[leg.id].branch for leg in legs if leg.channel == "CASH"}) >= 2


def test_each_geography_burst_alone_satisfies_the_original_definition(bank: Bank) -> None:
    bursts = bank.bursts("geography")
    assert len(bursts) >= 20
    for account, ids in bursts.values():
        legs = legs_of(bank, account, ids)
        assert legs[-1].at - legs[0].at <= timedelta(minutes=30)
        assert geography(legs)


def test_each_velocity_burst_towers_over_the_rest_of_the_account(bank: Bank) -> None:
    bursts = bank.bursts("velocity")
    assert len(bursts) >= 15
    assert len({account for account, _ in bursts.values()}) == len(bursts)
    for account, ids in bursts.values():
        legs = legs_of(bank, account, ids)
        assert legs[-1].at - legs[0].at <= timedelta(minutes=10)
        assert len(legs) >= 20
        assert len(legs) > 2 * bank.busiest(account, without=frozenset(ids))
        assert not structuring([leg for leg in legs if is_deposit(leg)])


@pytest.mark.parametrize(
    ("typology", "minutes", "fires"), [("structuring", 60, structuring), ("geography", 30, geography)]
)
def test_tumbling_windows_miss_a_good_share_of_the_bursts(
    bank: Bank, typology: str, minutes: int, fires: Callable[[list[Leg]], bool]
) -> None:
    bursts = list(bank.bursts(typology).values())
    seen = sum(any(map(fires, tumbling(legs_of(bank, account, ids), minutes))) for account, ids in bursts)
    assert 0.4 <= seen / len(bursts) <= 0.85


def test_enough_customers_are_alerted_and_several_more_than_once(bank: Bank) -> None:
    per_customer: dict[str, list[str]] = defaultdict(list)
    for typology in RULES:
        for account, _ in bank.bursts(typology).values():
            per_customer[bank.own[account]].append(typology)
    assert 60 <= len(per_customer) <= 70
    assert sum(len(set(rules)) > 1 for rules in per_customer.values()) >= 8
    assert sum(len(rules) > len(set(rules)) for rules in per_customer.values()) >= 8
    kinds = Counter(one.kind for one in bank.world.customers if one.customer_id in per_customer)
    assert kinds[CustomerKind.BUSINESS] >= 3


def test_bursts_lie_over_the_whole_period_and_thicken_towards_its_end(bank: Bank) -> None:
    last = date(2026, 6, 30)
    ages = [(last - booked(bank.rows[ids[-1]]).date()).days for rule in RULES for _, ids in bank.bursts(rule).values()]
    quarters = [sum(first <= age < first + 30 for age in ages) for first in (90, 60, 30, 0)]
    assert min(quarters) >= 4, quarters
    assert quarters[3] > quarters[1] > quarters[0], quarters
    assert sum(age <= 7 for age in ages) >= 3


def test_planted_deposits_and_days_are_quiet_for_an_hour_around_a_burst(bank: Bank) -> None:
    for rule in RULES:
        for account, ids in bank.bursts(rule).values():
            legs = legs_of(bank, account, ids)
            first, last = legs[0].at - timedelta(minutes=60), legs[-1].at + timedelta(minutes=60)
            assert {leg.id for leg in bank.legs[account] if first <= leg.at <= last} == set(ids)


def test_cash_for_several_days_stays_under_the_line(bank: Bank) -> None:
    for pattern in bank.patterns("structuring_days"):
        deposits = [row for label, row in pattern if label.role == "deposit"]
        assert len(deposits) >= 6
        assert all(7_500 <= usd(row) < 10_000 for row in deposits)
        assert len({row.branch for row in deposits}) >= 3
        assert booked(deposits[-1]) - booked(deposits[0]) <= timedelta(days=8)
        assert len({row.booked_at[:10] for row in deposits}) >= 3


def test_money_passes_through_within_a_day(bank: Bank) -> None:
    for pattern in bank.patterns("rapid_pass_through"):
        rows = [(label.role, row) for label, row in pattern]
        assert [role for role, _ in rows] == ["in", "out", "in", "out"]
        for (_, arrived), (_, left) in zip(rows[::2], rows[1::2], strict=True):
            assert timedelta() < booked(left) - booked(arrived) <= timedelta(hours=24)
            assert 0.8 <= usd(left) / usd(arrived) <= 1


@pytest.mark.parametrize(
    ("typology", "senders", "receivers"), [("fan_in", 12, 1), ("fan_out", 1, 12), ("gather_scatter", 9, 9)]
)
def test_fans_have_many_ends(bank: Bank, typology: str, senders: int, receivers: int) -> None:
    for pattern in bank.patterns(typology):
        account = pattern[0][0].account_id
        into = [row for _, row in pattern if row.to_account == account]
        out = [row for _, row in pattern if row.from_account == account]
        assert len({row.from_account for row in into}) >= senders
        assert len({row.to_account for row in out}) >= receivers
        assert booked(into[-1]) <= booked(out[-1])
        assert booked(pattern[-1][1]) - booked(pattern[0][1]) <= timedelta(days=8)
        assert sum(map(usd, out)) <= 1.1 * sum(map(usd, into))


def test_cycles_come_home_in_order(bank: Bank) -> None:
    for pattern in bank.patterns("cycle"):
        rows = [row for _, row in pattern]
        assert 2 <= len(rows) <= 6
        assert rows[0].from_account == rows[-1].to_account == pattern[0][0].account_id
        for earlier, later in itertools.pairwise(rows):
            assert earlier.to_account == later.from_account
            assert booked(earlier) < booked(later)
            assert 0.9 <= usd(later) / usd(earlier) <= 1
        assert len({row.from_account for row in rows}) == len(rows)
        assert booked(rows[-1]) - booked(rows[0]) <= timedelta(days=14)


def test_scattered_money_is_gathered_again(bank: Bank) -> None:
    for pattern in bank.patterns("scatter_gather"):
        out = {row.to_account: row for label, row in pattern if label.role == "scatter"}
        back = {row.from_account: row for label, row in pattern if label.role == "gather"}
        assert out.keys() == back.keys()
        assert len(out) >= 4
        assert len({row.to_account for row in back.values()}) == 1
        assert all(booked(out[mule]) < booked(back[mule]) for mule in out)


def test_layers_follow_one_another(bank: Bank) -> None:
    for pattern in bank.patterns("stack"):
        layers = defaultdict(list)
        for label, row in pattern:
            layers[label.role].append(row)
        assert sorted(layers) == ["layer 1", "layer 2", "layer 3"]
        for earlier, later in (("layer 1", "layer 2"), ("layer 2", "layer 3")):
            fed = {row.to_account for row in layers[earlier]}
            assert {row.from_account for row in layers[later]} <= fed
            assert max(map(booked, layers[earlier])) <= min(map(booked, layers[later])) + timedelta(hours=1)


def test_the_dormant_account_slept_for_years(bank: Bank) -> None:
    opened = {account.account_id: account.opened_on for account in bank.world.accounts}
    for pattern in bank.patterns("dormant_awakening"):
        account = pattern[0][0].account_id
        assert [leg.id for leg in bank.legs[account]] == [row.transaction_id for _, row in pattern]
        assert pattern[0][0].role == "awakening"
        since = opened[account]
        assert since
        assert booked(pattern[0][1]).date() - since > timedelta(days=730)


def test_the_new_account_is_used_at_once(bank: Bank) -> None:
    opened = {account.account_id: account.opened_on for account in bank.world.accounts}
    for pattern in bank.patterns("new_account_burst"):
        since = opened[pattern[0][0].account_id]
        assert since
        ages = [(booked(row).date() - since).days for _, row in pattern]
        assert len(ages) >= 12
        assert min(ages) >= 0
        assert max(ages) <= 14


def test_the_funnel_has_many_mouths_and_one_spout(bank: Bank) -> None:
    for pattern in bank.patterns("funnel"):
        cities = {row.branch.rsplit(" ", 1)[0] for label, row in pattern if label.role == "deposit"}
        spouts = {row.branch.rsplit(" ", 1)[0] for label, row in pattern if label.role == "withdrawal"}
        assert len(cities) >= 2
        assert len(spouts) == 1
        assert not cities & spouts


def test_high_risk_wires_go_to_listed_countries(bank: Bank) -> None:
    for pattern in bank.patterns("high_risk_geography"):
        wires = [row for label, row in pattern if label.role == "wire"]
        assert len(wires) >= 3
        assert all(row.to_country in HIGH_RISK and row.channel == "WIRE" for row in wires)


def test_round_amounts_are_round(bank: Bank) -> None:
    for pattern in bank.patterns("round_amounts"):
        assert len(pattern) >= 6
        assert all(float(row.amount) % 1_000 == 0 for _, row in pattern)


def test_no_window_is_empty_by_construction(bank: Bank) -> None:
    """Guards the brute force itself: it does see windows, and refuses most of them."""
    account = next(iter(bank.structured()))
    verdicts = [structuring(window) for window in windows([leg for leg in bank.legs[account] if is_deposit(leg)], 60)]
    assert True in verdicts
    assert False in verdicts
