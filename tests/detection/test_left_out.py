"""Counting legs leaves out whom it may: nobody who has a hit, and whoever lacks what a hit takes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from casedesk.detection.duck import loaded
from casedesk.detection.engine import KeptData
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.subjects import NEVER, Judged, Subject, Subjects
from casedesk.store.run_copies import coded
from tests.detection.bank import NOON, Tx, accounts_of, arrow, named
from tests.detection.test_subjects import LIMITS, RULES_HERE, START, micros, small_world

#: Values of some that make other demands on a hit.
OTHERWISE: Final[dict[str, dict[str, object]]] = {
    "pass_through": {"least_minor": 500_00, "least_percent": 80, "memory_days": 0},
    "fan_in": {"parties": 4, "large_parties": 2, "large_minor": 1_000_00, "memory_days": 10, "window_days": 3, "settling_days": 0},
    "fan_out": {"parties": 3, "memory_days": 1, "window_days": 3, "settling_days": 0, "smallest_minor": 600_00},
    "gather_scatter": {"senders": 1, "payees": 2, "turns": 3, "large_minor": 80_00, "memory_days": 9, "window_days": 3},
    "new_account": {"count": 2, "direction": "any", "age_days": 12, "total_minor": 1, "smallest_minor": 0},
    "dormant": {"silence_days": 8, "window_days": 4, "count": 2, "total_minor": 5_000_00, "observed_days": 20, "smallest_minor": 0},
    "out_of_profile": {"window_days": 3, "history_windows": 3, "own_percent": 150, "least_minor": 500_00, "direction": "any"},
    "structuring": {"count": 3, "below_count": 0, "below_minor": 1, "total_minor": 9_000_00, "window_minutes": 600, "windows": "tumbling", "direction": "any"},
    "structuring_over_days": {"near_count": 3, "small_count": 2, "near_minor": 9_000_00, "line_minor": 9_500_00, "window_days": 3},
    "cash_aggregation": {"line_minor": 9_500_00, "count": 2, "customary_days": 1, "known_days": 2},
    "funnel": {"deposits": 2, "window_days": 4, "total_minor": 3_333_33, "below_minor": 9_000_00, "least_percent": 33, "most_percent": 1_000},
    "high_risk_geography": {"call_minor": 20_000_00, "monitored_minor": 9_000_00, "window_days": 4},
    "geography": {"countries": 3, "window_minutes": 2_000, "windows": "tumbling"},
}  # fmt: skip


@pytest.mark.parametrize("arrays", [False, True], ids=["by the engine", "in memory"])
@pytest.mark.parametrize(("seed", "more"), [(1, {}), (5, {}), (2, OTHERWISE)], ids=["one", "other", "other values"])
def test_whom_counting_leaves_out_has_no_hit(seed: int, more: dict[str, dict[str, object]], arrays: bool) -> None:
    data, accounts = small_world(seed)
    rules = [rule.with_values(more.get(rule.name, {})) for rule in RULES_HERE]
    assert left_out_by_counting(data, accounts, rules, arrays=arrays) == {one.name for one in rules if one.least}


def left_out_by_counting(data: pa.Table, accounts: pa.Table, rules: Sequence[Rule], *, arrays: bool) -> set[str]:
    """Compare with the hits of runs over everything, from every other day on; return the rules that someone was left out of."""
    own = accounts.filter(pc.not_equal(accounts["customer_id"], ""))
    chosen = [(one["account_id"], one["customer_id"]) for one in own.to_pylist()]
    left_out = set()
    kept = KeptData(coded(data), accounts, LIMITS, "USD")
    with loaded(data, accounts, LIMITS, Subjects.whole(own["account_id"].to_pylist())) as everything:
        for rule in rules:
            if rule.least is None:
                continue
            evidence = everything.evidence(rule)
            hits = evidence.filter(evidence["fired"]).select(["account_id", "at"]).to_pylist()
            for day in range(20, 50, 2):
                since = micros(START + timedelta(days=day))
                subjects = Subjects(tuple(Subject(*one, since) for one in chosen), everywhere=since)
                judged = Judged(dict.fromkeys(subjects.account_ids, since), NEVER)
                if arrays:
                    kept.look_at(subjects)
                may = (kept if arrays else everything)._who_may(rule, subjects, judged)
                assert {hit["account_id"] for hit in hits if hit["at"] >= since} <= set(may), (rule.name, day)
                left_out |= {rule.name} if len(may) < own.num_rows else set()
    kept.close()
    return left_out


@pytest.mark.parametrize("arrays", [False, True], ids=["by the engine", "in memory"])
@pytest.mark.parametrize(
    ("rule", "paid", "left_out"),
    [
        ("funnel", [("in", 4_000_00, "CASH", "US")] * 4 + [("out", 6_400_00, "WIRE", "US")], False),
        ("funnel", [("in", 4_000_00, "CASH", "US")] * 4 + [("out", 6_400_00, "CHEQUE", "US")], True),
        ("funnel", [("in", 4_000_00, "CASH", "US")] * 4 + [("out", 4_000_00, "WIRE", "US")], False),
        ("funnel", [("in", 4_000_00, "CASH", "US")] * 4 + [("out", 3_999_99, "WIRE", "US")], True),
        ("funnel", [("in", 10_000_00, "CASH", "US")] * 4 + [("out", 30_000_00, "WIRE", "US")], True),
        ("structuring", [("in", 9_000_00, "CASH", "US")] * 5, False),
        ("structuring", [("in", 10_000_00, "CASH", "US")] * 5, True),
        ("structuring_over_days", [("in", 9_000_00, "CASH", "US")] * 4, False),
        ("structuring_over_days", [("in", 10_000_01, "CASH", "US")] * 10, True),
        ("structuring_over_days", [("in", 7_000_00, "CASH", "US")] * 9, True),
        ("structuring_over_days", [("in", 1_000_00, "CASH", "US")] * 9 + [("in", 1_000_01, "CASH", "US")], False),
        ("structuring_over_days", [("in", 1_000_00, "CASH", "US")] * 10, True),
        ("cash_aggregation", [("in", 6_000_00, "CASH", "US")] * 2, False),
        ("cash_aggregation", [("in", 6_000_00, "CASH", "US"), ("out", 6_000_00, "CASH", "US")], True),
        ("cash_aggregation", [("in", 10_000_01, "CASH", "US")] * 3, True),
        ("high_risk_geography", [("out", 1_000_00, "WIRE", "IR")], False),
        ("high_risk_geography", [("out", 1_000_00, "WIRE", "DZ")] * 2, True),
        ("high_risk_geography", [("out", 5_000_00, "WIRE", "DZ")] * 2, False),
        ("geography", [("out", 1_000_00, "WIRE", one) for one in ("FR", "DE", "IT")], False),
    ],
)  # fmt: skip
def test_counting_leaves_out_who_lacks_what_a_hit_takes(
    rule: str, paid: Sequence[tuple[str, int, str, str]], left_out: bool, arrays: bool
) -> None:
    step = timedelta(minutes=9) if rule in ("structuring", "geography") else timedelta(hours=7)
    rows = named(
        [
            Tx(NOON + step * place, *(("", "A") if way == "in" else ("A", "")), minor, channel, country, country)
            for place, (way, minor, channel, country) in enumerate(paid)
        ]
    )
    this = next(one for one in RULES if one.name == rule)
    since = micros(NOON)
    subjects = Subjects((Subject("A", "A", since),), everywhere=since, sooner=False)
    judged = Judged({"A": since}, NEVER)
    with loaded(arrow(rows), accounts_of(rows), LIMITS, subjects) as everything:
        found = everything.evidence(this).num_rows > 0
        if not arrays:
            assert (everything._who_may(this, subjects, judged) == []) is left_out
    if arrays:
        kept = KeptData(coded(arrow(rows)), accounts_of(rows), LIMITS, "USD")
        kept.look_at(subjects)
        assert (kept._who_may(this, subjects, judged) == []) is left_out
        kept.close()
    assert not (found and left_out)


@pytest.mark.parametrize(("woken", "left_out"), [(8, False), (6, True)], ids=["after its silence", "too soon"])
def test_counting_leaves_out_whom_something_kept_awake(woken: int, left_out: bool) -> None:
    data, accounts = small_world(1)
    pair = data.slice(0, 2).to_pydict() | {
        "booked_at": [START, START + timedelta(days=woken)], "from_account": ["A2"] * 2, "to_account": ["X1"] * 2, "base_minor": [9_000_00] * 2,
    }  # fmt: skip
    rule = next(rule for rule in RULES_HERE if rule.name == "dormant")
    subjects = Subjects((Subject("A2", "C1", micros(START + timedelta(days=3))),), sooner=False)
    with loaded(pa.table(pair, data.schema), accounts, LIMITS, subjects) as everything:
        judged = subjects.judged(rule)
        assert judged is not None
        assert everything._who_may(rule, subjects, judged) == ["A2"] * (not left_out)
        assert bool(everything.evidence(rule).num_rows) is not left_out
