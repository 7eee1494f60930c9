"""The expressions find exactly what plain loops find, evidence and amounts included."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules.geography import Geography
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.rules.velocity import Velocity
from tests.detection.bank import NOON, SMALL, Tx, accounts_of, arrow
from tests.detection.reference import Found, expected

#: The defaults, and variants that small data reaches.
VARIANTS: tuple[Rule, ...] = (
    Structuring(),
    Velocity(),
    Geography(),
    Structuring().with_values({"direction": "any", "count": 3, "below_count": 2, "total_minor": 20_000_00}),
    Structuring().with_values(
        {"direction": "out", "window_minutes": 90, "below_count": 0, "channels": ["ACH", "CARD"]}
    ),
    Structuring().with_values({"smallest_minor": 5_000_00, "count": 2, "below_count": 2}),
    Velocity().with_values({"count": 3, "history_days": 2, "window_minutes": 20}),
    Velocity().with_values({"count": 4, "history_days": 5, "deviations": 0, "window_minutes": 60}),
    Geography().with_values({"countries": 2, "window_minutes": 45}),
    Geography().with_values({"countries": 4, "window_minutes": 60}),
)

AMOUNTS = (0, 1, 4_999_99, 6_000_00, 7_500_00, 9_999_99, 10_000_00, 10_000_01, 18_000_00)
COUNTRIES = ("", "US", "US", "US", "DE", "NG", "MX")


def found(rule: Rule, transactions: Sequence[Tx]) -> Found:
    result = detect(arrow(transactions), accounts_of(transactions), rules=(rule,), limits=SMALL)
    return {(alert.account_id, alert.transaction_ids, alert.amount_minor) for alert in result.alerts}


@st.composite
def banks(draw: st.DrawFn) -> list[Tx]:
    """A few accounts whose transactions fall on and around the edges of windows, days and thresholds."""
    moments = st.builds(
        lambda day, five, off: timedelta(days=day, minutes=5 * five, microseconds=off),
        st.sampled_from((0, 0, 0, 1, 2, 3)),
        st.integers(-6, 30),
        st.sampled_from((0, 0, 0, -1, 1)),
    )
    one = st.builds(
        Tx,
        at=moments.map(lambda after: NOON.replace(hour=22) + after),
        source=st.sampled_from(("", "A", "B", "X")),
        target=st.sampled_from(("A", "A", "B", "X")),
        minor=st.sampled_from(AMOUNTS),
        channel=st.sampled_from(("CASH", "CASH", "ACH", "WIRE", "CARD")),
        from_country=st.sampled_from(COUNTRIES),
        to_country=st.sampled_from(COUNTRIES),
    )
    listed = draw(st.lists(one, min_size=0, max_size=40))
    order = draw(st.permutations(range(len(listed))))
    return [Tx(**{**vars(tx), "id": f"T{name}"}) for tx, name in zip(listed, order, strict=True)]


@pytest.mark.parametrize("rule", VARIANTS, ids=lambda rule: f"{rule.name}-{VARIANTS.index(rule)}")
@given(bank=banks())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_rule_finds_exactly_what_plain_loops_find(rule: Rule, bank: list[Tx]) -> None:
    assert found(rule, bank) == expected(rule, bank)


def crowd(seed: int, accounts: int = 250, days: int = 6) -> list[Tx]:
    """Bursts on many accounts, dense enough that every rule fires on some of them and not on others."""
    draw = random.Random(seed)
    names = [f"N{number}" for number in range(accounts)]
    bank: list[Tx] = []
    for name in names:
        for _ in range(draw.choice((1, 1, 2, 4))):
            start = NOON + timedelta(days=draw.randrange(days), minutes=draw.randrange(1440))
            pace = draw.choice((1, 2, 5, 12, 15))
            home = draw.random() < 0.6
            for step in range(draw.randrange(2, 16)):
                inward = draw.random() < 0.7
                other = draw.choice(("X", draw.choice(names)))
                channel = draw.choice(("CASH", "ACH", "WIRE", "CARD"))
                other = "" if channel == "CASH" else other
                bank.append(
                    Tx(
                        at=start + timedelta(minutes=step * pace, microseconds=draw.choice((0, 0, 1))),
                        source=other if inward else name,
                        target=name if inward else other,
                        minor=draw.choice(AMOUNTS),
                        channel=channel,
                        from_country="US" if home else draw.choice(COUNTRIES),
                        to_country="US" if home else draw.choice(COUNTRIES),
                        id=f"T{len(bank)}",
                    )
                )
    draw.shuffle(bank)
    return bank


@pytest.mark.parametrize("rule", VARIANTS, ids=lambda rule: f"{rule.name}-{VARIANTS.index(rule)}")
def test_a_rule_agrees_with_plain_loops_on_a_crowd_of_accounts(rule: Rule) -> None:
    bank = crowd(seed=11)
    wanted = expected(rule, bank)
    assert len(wanted) > 5, "the crowd must make the rule fire, or it proves nothing"
    assert found(rule, bank) == wanted
