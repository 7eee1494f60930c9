"""The figures of docs/detection.md hold: what is caught with the default parameters, and who is left alone."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from benchmarks import quality_worlds as worlds
from benchmarks.quality_measures import SLIDING, about, by_sum, caught, late, own_accounts
from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.rules.fan_in import FanIn
from casedesk.detection.rules.fan_out import FanOut
from casedesk.domain.alerts import Alert

BURSTS = tuple(rule for rule in RULES if rule.name in SLIDING)


def alerts_of(world: worlds.World, rules: tuple[Rule, ...] = RULES) -> tuple[Alert, ...]:
    return detect(world.transactions, world.accounts, rules=rules).alerts


@pytest.fixture(scope="module")
def bank() -> worlds.World:
    return worlds.demo()


@pytest.fixture(scope="module")
def banked(bank: worlds.World) -> tuple[Alert, ...]:
    return alerts_of(bank)


@pytest.mark.shared
def test_the_attempts_of_hi_small_are_caught_by_the_rules_of_their_typologies(shared: Path) -> None:
    world = worlds.hi_small(shared)
    found = {one.typology: one for one in caught(world.patterns, alerts_of(world))}
    # fan-out 0.62, fan-in 0.65, cycle 0.91, stack 0.70 and gather-scatter 0.85 are asked for and reached
    reached = {"fan-out": 30, "fan-in": 28, "cycle": 50, "stack": 32, "gather-scatter": 51, "scatter-gather": 30}
    assert {kind: found[kind].own for kind, least in reached.items() if found[kind].own < least} == {}
    by_any = {
        "bipartite": 22,
        "random": 38,
        "gather-scatter": 51,
        "stack": 42,
        "fan-in": 38,
        "fan-out": 44,
        "cycle": 54,
    }
    assert {kind: found[kind].any_rule for kind, least in by_any.items() if found[kind].any_rule < least} == {}


@pytest.mark.shared
def test_all_rules_together_raise_less_than_one_alert_per_hundred_accounts_of_the_benign_file(shared: Path) -> None:
    world = worlds.benign(shared)
    found = alerts_of(world)
    per_rule = Counter(alert.rule for alert in found)
    assert 100 * len(found) < own_accounts(world), per_rule
    assert len(found) <= 29, per_rule


def test_every_burst_planted_in_the_demo_bank_is_caught_and_no_look_alike_is(
    bank: worlds.World, banked: tuple[Alert, ...]
) -> None:
    found = {one.typology: one for one in caught(bank.patterns, banked)}
    assert {kind: (found[kind].own, found[kind].own_half) for kind in SLIDING} == {
        kind: (found[kind].attempts, found[kind].attempts) for kind in SLIDING
    }
    kinds = about(bank, banked)
    assert {rule: counts for rule, counts in kinds.items() if set(counts) - {"planted", "ordinary"}} == {}
    assert {rule: set(kinds[rule]) for rule in SLIDING} == {rule: {"planted"} for rule in SLIDING}
    assert sum(counts["ordinary"] for counts in kinds.values()) <= 1


def test_every_longer_pattern_of_the_demo_bank_is_caught(bank: worlds.World, banked: tuple[Alert, ...]) -> None:
    found = caught(bank.patterns, banked)
    assert [(one.typology, one.own, one.attempts) for one in found if one.own < one.attempts] == []
    assert all(one.any_rule == one.attempts for one in found)


def test_a_burst_is_known_when_its_last_transaction_is_booked(bank: worlds.World) -> None:
    assert late(bank, bank.patterns, BURSTS, near=True) == []


def test_a_bank_that_no_default_was_chosen_on_gives_nearly_the_same_picture() -> None:
    world = worlds.demo(23, 300, 90, date(2025, 2, 2))
    found = alerts_of(world)
    bursts = [one for one in caught(world.patterns, found) if one.typology in SLIDING]
    assert all(one.own == one.attempts > 0 for one in bursts), bursts
    kinds = about(world, found)
    assert {rule: set(kinds[rule]) for rule in SLIDING} == {rule: {"planted"} for rule in SLIDING}
    # An importer who trades with a listed country, a circle of trade, and one family's gifts for a house.
    assert sum(number for counts in kinds.values() for kind, number in counts.items() if kind != "planted") <= 6, kinds


@pytest.mark.shared
@pytest.mark.parametrize(("name", "precision", "recall"), [("s11", 0.54, 0.51), ("s12", 0.22, 0.10)])
def test_fans_alone_find_more_guilty_accounts_than_the_measured_baseline(
    shared: Path, name: str, precision: float, recall: float
) -> None:
    world = worlds.gentex(shared, name)
    (point,) = by_sum(world, alerts_of(world, (FanIn(), FanOut())), [50])
    assert point.precision > precision
    assert point.recall > recall


@pytest.mark.shared
def test_the_smoke_set_is_caught_as_reported(shared: Path) -> None:
    world = worlds.smoke(shared)
    found = {one.typology: one.any_rule for one in caught(world.patterns, alerts_of(world))}
    assert sum(found.values()) >= 114, found  # of 203; none of trade_based
