"""The expressions about flows find exactly what plain loops find, evidence and amounts included."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.engine import detect
from casedesk.detection.rule import Rule
from casedesk.detection.rules.fan_in import FanIn
from casedesk.detection.rules.fan_out import FanOut
from casedesk.detection.rules.funnel import Funnel
from casedesk.detection.rules.gather_scatter import GatherScatter
from casedesk.detection.rules.pass_through import PassThrough
from casedesk.detection.rules.scatter_gather import ScatterGather
from tests.detection.bank import SMALL, Tx, arrow
from tests.detection.reference_flows import (
    Books,
    Found,
    expected_fan,
    expected_funnel,
    expected_gather_scatter,
    expected_pass_through,
    expected_scatter_gather,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
#: A and B belong to one customer; E to H to nobody.
CUSTOMERS = {"A": "C-1", "B": "C-1", "C": "C-2", "D": "C-3", "E": "", "F": "", "G": "", "H": ""}
OPENED = {"A": date(2019, 5, 1), "C": date(2026, 3, 1)}

Checked = tuple[Rule, Callable[[Rule, Books], Found]]


def _fan(direction: str) -> Callable[[Rule, Books], Found]:
    return lambda rule, books: expected_fan(rule.parameters, direction, books)  # type: ignore[arg-type]


_gather: Callable[[Rule, Books], Found] = lambda rule, books: expected_gather_scatter(rule.parameters, books)  # type: ignore[arg-type]  # noqa: E731
_passing: Callable[[Rule, Books], Found] = lambda rule, books: expected_pass_through(rule.parameters, books)  # type: ignore[arg-type]  # noqa: E731
_funnel: Callable[[Rule, Books], Found] = lambda rule, books: expected_funnel(rule.parameters, books)  # type: ignore[arg-type]  # noqa: E731
_ways: Callable[[Rule, Books], Found] = lambda rule, books: expected_scatter_gather(rule.parameters, books)  # type: ignore[arg-type]  # noqa: E731

#: The defaults, and variants that small data reaches.
CHECKED: tuple[Checked, ...] = (
    (FanIn(), _fan("in")),
    (FanIn().with_values({"parties": 2, "memory_days": 4, "settling_days": 2}), _fan("in")),
    (FanIn().with_values({"parties": 3, "window_days": 1, "memory_days": 0, "smallest_minor": 1_000_00}), _fan("in")),
    (FanIn().with_values({"parties": 4, "large_parties": 2, "large_minor": 4_000_00, "memory_days": 5}), _fan("in")),
    (FanOut(), _fan("out")),
    (FanOut().with_values({"parties": 2, "window_days": 2, "settling_days": 0}), _fan("out")),
    (GatherScatter(), _gather),
    (GatherScatter().with_values({"window_days": 2, "settling_days": 0, "memory_days": 4}), _gather),
    (
        GatherScatter().with_values({"senders": 1, "payees": 2, "parties": 3, "window_days": 3, "memory_days": 5}),
        _gather,
    ),
    (
        GatherScatter().with_values({"parties": 9, "turns": 2, "large_minor": 1_000_00, "window_days": 4}),
        _gather,
    ),
    (PassThrough(), _passing),
    (PassThrough().with_values({"settling_days": 2, "most_moments": 4}), _passing),
    (
        PassThrough().with_values({"window_hours": 24, "least_percent": 50, "least_minor": 1, "memory_days": 0}),
        _passing,
    ),
    (Funnel().with_values({"deposits": 2, "total_minor": 1, "soon_hours": 24}), _funnel),
    (
        Funnel().with_values({"window_days": 2, "deposits": 2, "total_minor": 1, "places": 2, "least_percent": 1}),
        _funnel,
    ),
    (ScatterGather().with_values({"between": 2}), _ways),
    (ScatterGather().with_values({"between": 2, "window_days": 2, "least_percent": 1, "most_percent": 1000}), _ways),
    (ScatterGather().with_values({"between": 2, "least_percent": 1, "most_percent": 1000, "busiest": 6}), _ways),
)
NAMES = [f"{rule.name}-{place}" for place, (rule, _) in enumerate(CHECKED)]
AMOUNTS = (0, 1, 999_99, 1_000_00, 900_00, 800_00, 4_000_00, 3_200_00, 9_999_99, 10_000_00)


def found(books: Books) -> list[Found]:
    """Run all of them over one bank; parameters tell variants of a rule apart."""
    accounts = pa.table(
        {
            "account_id": list(books.customers),
            "customer_id": list(books.customers.values()),
            "opened_on": [str(books.opened.get(account, "")) for account in books.customers],
        }
    )
    rules = tuple(rule for rule, _ in CHECKED)
    alerts = detect(arrow(books.transactions), accounts, rules=rules, limits=SMALL).alerts
    return [
        {
            (alert.account_id, alert.transaction_ids, alert.amount_minor)
            for alert in alerts
            if (alert.rule, alert.parameters) == (rule.name, rule.parameters.canonical())
        }
        for rule in rules
    ]


def wanted(books: Books) -> list[Found]:
    return [reference(rule, books) for rule, reference in CHECKED]


@st.composite
def banks(draw: st.DrawFn) -> Books:
    """A few accounts whose transactions fall on and around the edges of windows and thresholds."""
    moments = st.builds(
        lambda half, off: START + timedelta(hours=12 * half, microseconds=off),
        st.integers(0, 24),
        st.sampled_from((0, 0, 0, 0, -1, 1)),
    )
    transfers = st.builds(
        Tx,
        moments,
        st.sampled_from("AABCDEFGH"),
        st.sampled_from("AABCDEFGH"),
        st.sampled_from(AMOUNTS),
        st.sampled_from(("ACH", "ACH", "ACH", "WIRE", "CARD", "CASH")),
    )
    cash = st.builds(
        lambda at, account, inward, minor, country: Tx(
            at,
            "" if inward else account,
            account if inward else "",
            minor,
            "CASH",
            from_country=country,
            to_country=country,
        ),
        moments,
        st.sampled_from("ACE"),
        st.booleans(),
        st.sampled_from(AMOUNTS),
        st.sampled_from(("US", "US", "MX")),
    )
    listed = draw(st.lists(st.one_of(transfers, transfers, cash), max_size=45))
    order = draw(st.permutations(range(len(listed))))
    named = tuple(Tx(**{**vars(tx), "id": f"T{name}"}) for tx, name in zip(listed, order, strict=True))
    return Books(named, CUSTOMERS, OPENED)


@given(books=banks())
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_rules_find_exactly_what_plain_loops_find(books: Books) -> None:
    assert dict(zip(NAMES, found(books), strict=True)) == dict(zip(NAMES, wanted(books), strict=True))


def crowd(seed: int) -> Books:
    """Enough accounts, dense enough that every rule fires on some of them and not on others."""
    draw = random.Random(seed)
    own = [f"N{number:02d}" for number in range(24)]
    outside = [f"X{number:02d}" for number in range(12)]
    names = own + outside
    bank: list[Tx] = []
    for _ in range(1_500):
        at = START + timedelta(hours=12 * draw.randrange(60), microseconds=draw.choice((0, 0, 0, 1)))
        source, target = draw.choice(names), draw.choice(names)
        channel = draw.choice(("ACH", "ACH", "WIRE", "CARD", "CASH", "CASH"))
        if channel == "CASH":
            source, target = draw.choice((("", draw.choice(own)), (draw.choice(own), "")))
        country = draw.choice(("US", "US", "MX"))
        bank.append(Tx(at, source, target, draw.choice(AMOUNTS), channel, country, country, f"T{len(bank)}"))
    draw.shuffle(bank)
    customers = {name: f"C-{int(name[1:]) // 2}" if name in own else "" for name in names}
    opened = {name: date(2018 if number % 2 else 2026, 2, 20) for number, name in enumerate(own) if number % 3}
    return Books(tuple(bank), customers, opened)


@pytest.mark.parametrize("seed", [5, 6])
def test_the_rules_agree_with_plain_loops_on_a_crowd_of_accounts(seed: int) -> None:
    books = crowd(seed)
    reference = dict(zip(NAMES, wanted(books), strict=True))
    assert min(map(len, reference.values())) > 2, "the crowd must make every rule fire, or it proves nothing"
    assert dict(zip(NAMES, found(books), strict=True)) == reference
