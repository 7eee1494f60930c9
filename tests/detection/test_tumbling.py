"""Tumbling windows, the option of the original definitions: what they find, and what they lose."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from math import isqrt

import ibis
import pytest
from hypothesis import HealthCheck, given, settings

from casedesk.detection.engine import detect
from casedesk.detection.legs import Views
from casedesk.detection.parameters import BadParameter
from casedesk.detection.rule import Rule
from casedesk.detection.rules import Geography, Structuring, Velocity
from casedesk.detection.rules.geography import GeographyParameters
from casedesk.detection.rules.structuring import StructuringParameters
from casedesk.detection.rules.velocity import VelocityParameters
from tests.detection.bank import NOON, Tx, accounts_of, alerts, arrow, deposit
from tests.detection.reference import Found, Leg, legs_by_account
from tests.detection.test_against_reference import banks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COUNTRIES = ("DE", "FR", "MX", "NG", "BR")


def split(start: float) -> list[Tx]:
    """Five deposits within 48 minutes."""
    return [deposit(start + step) for step in (0, 12, 24, 36, 48)]


def burst(start: float) -> list[Tx]:
    """Twelve card payments within nine minutes."""
    return [Tx(NOON + timedelta(minutes=start + step * 0.8), "A", "X", 20_00, "CARD") for step in range(12)]


def journey(start: float) -> list[Tx]:
    """Three countries within 25 minutes."""
    moments = (NOON + timedelta(minutes=start + step) for step in (0, 12, 25))
    return [
        Tx(at, "A", "X", 20_00, "CARD", to_country=country) for at, country in zip(moments, COUNTRIES, strict=False)
    ]


@pytest.mark.parametrize(
    ("rule", "pattern", "inside", "over_an_edge"),
    [
        (Structuring(), split, 0, 30),
        (Structuring(), split, 11, 59),
        (Velocity(), burst, 0, 5),
        (Geography(), journey, 4, 10),
    ],
    ids=lambda value: getattr(value, "name", None) or getattr(value, "__name__", None) or str(value),
)
def test_a_burst_over_an_edge_is_caught_by_sliding_and_lost_by_tumbling(
    rule: Rule, pattern: object, inside: int, over_an_edge: int
) -> None:
    assert callable(pattern)
    for start in (inside, over_an_edge):
        assert len(alerts(rule, pattern(start))) == 1
    assert len(alerts(rule, pattern(inside), windows="tumbling")) == 1
    assert alerts(rule, pattern(over_an_edge), windows="tumbling") == ()


def test_the_first_microsecond_of_the_hour_belongs_to_it_and_that_of_the_next_does_not() -> None:
    first = [deposit(0), *(deposit(minute) for minute in (10, 20, 30))]
    assert len(alerts(Structuring(), [*first, deposit(60 - 1 / 60_000_000)], windows="tumbling")) == 1
    assert alerts(Structuring(), [*first, deposit(60)], windows="tumbling") == ()


def test_two_hours_side_by_side_are_two_alerts_of_tumbling_and_one_of_sliding() -> None:
    bank = [*split(0), *split(60)]
    assert len(alerts(Structuring(), bank)) == 1
    assert [len(a.transaction_ids) for a in alerts(Structuring(), bank, windows="tumbling")] == [5, 5]


def test_a_tumbling_alert_holds_the_whole_piece_of_the_clock() -> None:
    (alert,) = alerts(Structuring(), [*split(0), deposit(55, 500_00)], windows="tumbling")
    assert len(alert.transaction_ids) == 6


def test_sliding_is_the_default_and_nothing_else_is_known() -> None:
    for rule in (Structuring(), Velocity(), Geography()):
        assert rule.parameters.values()["windows"] == "sliding"
        assert rule.version == ("2" if rule.name == "velocity" else "1")
        with pytest.raises(BadParameter, match="“windows”"):
            rule.with_values({"windows": "hopping"})
        sql = str(ibis.to_sql(rule.with_values({"windows": "tumbling"}).evidence(Views()), dialect="pyspark"))
        assert "piece" in sql


VARIANTS: tuple[Rule, ...] = tuple(
    rule.with_values({"windows": "tumbling"})
    for rule in (
        Structuring().with_values({"direction": "any", "count": 3, "below_count": 2, "total_minor": 20_000_00}),
        Structuring().with_values({"smallest_minor": 5_000_00, "count": 2, "below_count": 2, "window_minutes": 45}),
        Velocity().with_values({"count": 3, "history_days": 2, "window_minutes": 20}),
        Velocity().with_values({"count": 4, "history_days": 5, "deviations": 0, "window_minutes": 50}),
        Geography().with_values({"countries": 2, "window_minutes": 45}),
        Geography().with_values({"countries": 3, "window_minutes": 30}),
    )
)


@pytest.mark.parametrize("number", range(len(VARIANTS)))
@given(bank=banks())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_rule_finds_exactly_the_pieces_that_plain_loops_find(number: int, bank: list[Tx]) -> None:
    rule = VARIANTS[number]
    result = detect(arrow(bank), accounts_of(bank), rules=(rule,))
    assert {(a.account_id, a.transaction_ids, a.amount_minor) for a in result.alerts} == expected(rule, bank)


def expected(rule: Rule, bank: list[Tx]) -> Found:
    p = rule.parameters
    assert isinstance(p, StructuringParameters | VelocityParameters | GeographyParameters)
    found: Found = set()
    for account, legs in legs_by_account(bank).items():
        pieces: dict[int, list[Leg]] = defaultdict(list)
        for leg in legs:
            if _counts(leg, p):
                pieces[(leg.at - EPOCH) // timedelta(minutes=p.window_minutes)].append(leg)
        for piece in pieces.values():
            if _is_hit(piece, list(pieces.values()), p):
                found.add((account, tuple(leg.tx.id for leg in piece), sum(leg.tx.minor for leg in piece)))
    return found


def _counts(leg: Leg, p: object) -> bool:
    if isinstance(p, StructuringParameters):
        right_way = p.direction in ("any", leg.direction)
        return leg.tx.channel in p.channels and right_way and leg.tx.minor >= p.smallest_minor
    return bool(leg.country) or isinstance(p, VelocityParameters)


def _is_hit(piece: list[Leg], pieces: list[list[Leg]], p: object) -> bool:
    if isinstance(p, StructuringParameters):
        below = sum(leg.tx.minor < p.below_minor for leg in piece)
        enough = sum(leg.tx.minor for leg in piece) >= p.total_minor
        return len(piece) >= p.count and below >= p.below_count and enough
    if isinstance(p, GeographyParameters):
        return len({leg.country for leg in piece}) >= p.countries
    assert isinstance(p, VelocityParameters)
    today = piece[-1].at.date()
    first, last = today - timedelta(days=p.history_days + 1), today - timedelta(days=2)
    # A piece over midnight belongs to both days.
    peak = max((len(o) for o in pieces if any(first <= leg.at.date() <= last for leg in o)), default=0)
    return len(piece) >= p.count and len(piece) > peak + isqrt(p.deviations**2 * peak)
