"""A rule that is shown what is near something new, and what stood before, finds what it finds over everything."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from casedesk.detection import kept_data
from casedesk.detection.counting import Counted
from casedesk.detection.engine import Crowded, DetectionResult, KeptData, detect, detect_kept, digests_of
from casedesk.detection.findings import finding_digest
from casedesk.detection.kept_data import APART
from casedesk.detection.least import Needed
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.detection.rules.fan_in import FanIn
from casedesk.detection.rules.fan_out import FanOut
from casedesk.detection.rules.gather_scatter import GatherScatter
from casedesk.detection.rules.structuring_over_days import StructuringOverDays
from casedesk.detection.subjects import NEVER, Judged, Stood, Subject, Subjects
from casedesk.detection.windows import DAY
from casedesk.domain.alerts import Alert
from casedesk.store.run_copies import coded
from tests.detection.bank import accounts_of, arrow, named
from tests.detection.flows import pay
from tests.detection.worlds import rich

START: Final = datetime(2026, 3, 2, tzinfo=UTC)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
LIMITS: Final = Limits(memory_mib=512, threads=2)

#: Low thresholds and short memories, so that a few hundred transactions have many episodes, each with a past.
LOW: Final[dict[str, dict[str, object]]] = {
    "structuring": {"count": 3, "below_count": 2, "total_minor": 9_000_00, "window_minutes": 600},
    "velocity": {"count": 3, "window_minutes": 240, "history_days": 9, "deviations": 1, "settling_days": 4},
    "geography": {"countries": 2, "window_minutes": 600},
    "structuring_over_days": {"near_count": 2, "small_count": 3, "history_days": 8, "known_days": 3, "window_days": 4},
    "cash_aggregation": {"customary_days": 2, "history_days": 9, "known_days": 3},
    "round_amounts": {"count": 2, "window_days": 3, "repeat_days": 5, "history_days": 9, "known_days": 3, "percent": 40},
    "pass_through": {"least_minor": 100_00, "memory_days": 6, "settling_days": 4, "least_percent": 50},
    "fan_in": {"parties": 2, "window_days": 2, "memory_days": 6, "settling_days": 4},
    "fan_out": {"parties": 2, "window_days": 2, "memory_days": 6, "settling_days": 4},
    "funnel": {"deposits": 2, "window_days": 3, "total_minor": 1_000_00, "spread_hours": 1, "soon_hours": 30, "least_percent": 5},
    "gather_scatter": {"window_days": 2, "senders": 1, "payees": 1, "parties": 2, "memory_days": 6, "settling_days": 4},
    "new_account": {"count": 2, "window_days": 3, "total_minor": 1_000_00, "age_days": 30},
    "high_risk_geography": {"window_days": 3},
    "dormant": {"silence_days": 7, "window_days": 2, "count": 1, "total_minor": 1_000_00, "observed_days": 2},
    "stack": {"window_days": 2, "gap_days": 1, "smallest_minor": 500_00, "lowest_percent": 50, "highest_percent": 200, "customers": 1},
    "scatter_gather": {"window_days": 1, "between": 2, "least_percent": 10, "most_percent": 1_000},
    "cycle": {"window_days": 2, "memory_days": 6, "settling_days": 4, "most_hops": 5, "slack_hours": 6, "lowest_percent": 10, "highest_percent": 1_000},
    "out_of_profile": {"window_days": 2, "history_windows": 4, "least_windows": 1, "own_percent": 110, "least_peers": 2, "least_minor": 1_000_00, "peer_quantile": 60},
}  # fmt: skip
RULES_HERE: Final = tuple(rule.with_values(LOW.get(rule.name, {})) for rule in RULES)
RULED: Final = tuple(rule.with_values(LOW.get(rule.name, {})) for rule in RULES if rule.span is not None)


def test_every_rule_of_local_reach_says_how_far_it_reads() -> None:
    assert {rule.name for rule in RULED} == set(LOW)
    assert {rule.name for rule in RULES if rule.reach.local} <= set(LOW)


def two_accounts(rule: Rule, last_at: int) -> Subjects:
    """Something is new on both at day 100; what stood of each began at day 1."""
    standing = tuple(Stood(rule.name, one, 1 * DAY, last_at) for one in "AB")
    return Subjects((Subject("A", "C-A", 100 * DAY), Subject("B", "C-B", 100 * DAY)), standing)


def test_what_only_reaches_near_something_new_is_looked_at_again_where_a_hit_may_join_it() -> None:
    rule = GatherScatter()
    subjects = two_accounts(rule, 99 * DAY)
    judged = subjects.judged(rule)
    assert judged is not None
    first = subjects.first_look(rule, judged)
    assert dict(first.moments) == {"A": 100 * DAY, "B": 100 * DAY}
    assert subjects.second_look(rule, judged, first, {"A"}) == ["A"]
    assert subjects.judged(rule) == Judged({"A": 1 * DAY, "B": 100 * DAY}, NEVER)


@pytest.mark.parametrize(
    ("rule", "last_at"),
    [(GatherScatter(), 100 * DAY), (StructuringOverDays(), 99 * DAY)],
    ids=["a hit at that moment", "a hit that the rest of its day may undo"],
)
def test_what_something_new_may_undo_is_looked_at_at_once(rule: Rule, last_at: int) -> None:
    subjects = two_accounts(rule, last_at)
    judged = subjects.judged(rule)
    assert judged is not None
    assert set(subjects.first_look(rule, judged).moments.values()) == {1 * DAY}


def small_world(seed: int) -> tuple[pa.Table, pa.Table]:
    """Bursts on a few accounts over six weeks, on whole and half hours, some at the very same moment."""
    draw = np.random.default_rng(seed)
    own = [f"A{n}" for n in range(7)]
    names = [*own, "X1", "X2", "X3", ""]
    moments = [START + timedelta(hours=float(hour)) for hour in np.sort(draw.integers(0, 2 * 1_000, size=60)) / 2]
    rows = []
    for number in range(420):
        one, other = draw.choice(len(names), size=2)
        if names[one] == names[other] == "":
            continue
        cash = "" in (names[one], names[other])
        at = moments[draw.integers(0, len(moments))] + timedelta(minutes=30 * int(draw.integers(0, 12)))
        minor = int(draw.choice([80_00, 600_00, 1_000_00, 3_000_00, 5_000_00, 9_000_00, 12_000_00]))
        countries = draw.choice(["US", "US", "DE", "IR", "MM"], size=2)
        channel = "CASH" if cash else str(draw.choice(["ACH", "WIRE", "CARD"]))
        rows.append((f"T{number:04}", at, names[one], names[other], minor, channel, *map(str, countries)))
    names_ = ("transaction_id", "booked_at", "from_account", "to_account", "base_minor", "channel", "from_country", "to_country")  # fmt: skip
    columns = dict(zip(names_, map(list, zip(*rows, strict=True)), strict=True))
    holders = [("C0", ""), ("C0", "2026-03-10"), ("C1", "2019-01-01"), ("C2", "2026-03-20"), ("C3", ""), ("C4", "2020-05-05"), ("C5", "2026-03-01")]  # fmt: skip
    accounts = {
        "account_id": [*own, "X1", "X2", "X3"],
        "customer_id": [*(customer for customer, _ in holders), "", "", ""],
        "opened_on": [*(day for _, day in holders), "", "", ""],
    }
    return pa.table(columns).cast(_schema(columns)), pa.table(accounts)


def _schema(columns: Iterable[str]) -> pa.Schema:
    kinds = {"booked_at": pa.timestamp("us", "UTC"), "base_minor": pa.int64()}
    return pa.schema([(name, kinds.get(name, pa.string())) for name in columns])


def run(data: pa.Table, accounts: pa.Table, rules: Sequence[Rule], subjects: Subjects | None = None) -> DetectionResult:
    return detect(data, accounts, rules=rules, limits=LIMITS, subjects=subjects, keep_figures=True)


def stood(alerts: Iterable[Alert]) -> tuple[Stood, ...]:
    return tuple(Stood(one.rule, one.account_id, micros(one.window_start), micros(one.window_end)) for one in alerts)


def micros(at: datetime) -> int:
    return (at.replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def touched(old: pa.Table, new: pa.Table, accounts: pa.Table, last: DetectionResult) -> Subjects:
    customers = dict(zip(accounts["account_id"].to_pylist(), accounts["customer_id"].to_pylist(), strict=True))
    since: dict[str, int] = {}
    for row in new.to_pylist():
        for side in ("from_account", "to_account"):
            customer = customers.get(row[side], "")
            if customer:
                since[customer] = min(since.get(customer, micros(row["booked_at"])), micros(row["booked_at"]))
    chosen = [
        Subject(account, customer, since[customer]) for account, customer in customers.items() if customer in since
    ]
    everywhere, before = (min(map(micros, part["booked_at"].to_pylist())) for part in (new, old))
    return Subjects(tuple(chosen), stood(last.alerts), everywhere, sooner=everywhere < before, figures=last.figures)


def stands(judged: Judged | None, one: Alert) -> bool:
    return judged is not None and judged.stands(one.account_id, one.window_end.replace(tzinfo=UTC))


def follow(data: pa.Table, accounts: pa.Table, rules: Sequence[Rule], cuts: Sequence[int]) -> tuple[int, int]:
    """Run upon the last run at each cut and compare with a run over everything; count what stood and what was found."""
    last = run(data.slice(0, cuts[0]), accounts, rules)
    left = found_anew = 0
    for before, upto in itertools.pairwise(cuts):
        subjects = touched(data.slice(0, before), data.slice(before, upto - before), accounts, last)
        near = run(data.slice(0, upto), accounts, rules, subjects)
        judged = {rule.name: subjects.judged(rule) for rule in rules}  # afterwards: a run looks as little as it can
        kept = [one for one in last.alerts if stands(judged[one.rule], one)]
        whole = run(data.slice(0, upto), accounts, rules).alerts
        assert told([*kept, *near.alerts]) == told(whole)
        last = replace(near, alerts=whole)
        left, found_anew = left + len(kept), found_anew + len(near.alerts)
    return left, found_anew


def told(alerts: Iterable[Alert]) -> list[tuple[Any, ...]]:
    return sorted(
        (one.rule, one.account_id, one.window_start, one.window_end, finding_digest(one), one.sentence)
        for one in alerts
    )


@pytest.mark.parametrize("late", [False, True], ids=["in time", "late"])
def test_what_stood_and_what_is_found_near_is_what_is_found_over_everything(late: bool) -> None:
    data, accounts = small_world(1)
    order = np.random.default_rng(1).permutation(data.num_rows) if late else np.argsort(data["booked_at"].to_numpy())
    data = data.take(pa.array(order))
    size = data.num_rows
    left, found = follow(data, accounts, RULED, [size // 2, size - 30, size - 8, size])
    assert left > 20
    assert found > 20


@pytest.mark.parametrize("rule", [FanIn(), FanOut()], ids=lambda rule: rule.name)
def test_a_further_payment_of_the_last_party_joins_the_fan_before_it(rule: Rule) -> None:
    sides = [(f"S{n}", "A", n / 10) for n in range(4)] + [("S3", "A", 1), ("S3", "A", 9)]
    bank = named(pay(*(one if rule.name == "fan_in" else (one[1], one[0], one[2]))) for one in sides)
    accounts = accounts_of(bank, external=[f"S{n}" for n in range(4)])
    assert follow(arrow(bank), accounts, [rule], [4, 5, 6]) == (1, 1)


def test_in_the_demo_bank_a_days_business_finds_what_everything_finds() -> None:
    data, accounts = rich()
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")))
    rules = [rule for rule in RULES if rule.span is not None]
    size = data.num_rows
    left, found = follow(data, accounts, rules, [size * 9 // 10, size - 60, size])
    assert left > 20
    assert found > 0


@pytest.mark.parametrize("few", [2_000, 0], ids=["few subjects", "many"])
def test_data_that_stays_loaded_has_in_it_what_is_loaded_anew(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_data, "_FEW", few)
    data, accounts = small_world(3)
    late = pc.is_in(accounts["account_id"], pa.array(["A0", "A4", "X2"]))  # A0 is its customer's first by then
    theirs = pc.or_(*(pc.is_in(data[side], pa.array(["A0", "A4", "X2"])) for side in ("from_account", "to_account")))
    rows, holders = [
        (table.filter(pc.invert(which)), table.filter(which)) for table, which in ((data, theirs), (accounts, late))
    ]
    before = run(rows[0], holders[0], RULES_HERE)
    kept = KeptData(coded(rows[0].slice(0, 200)), holders[0], LIMITS, "USD")
    kept.add(rows[0].slice(200), holders[0].slice(0, 0), before.digests)
    assert kept.digests_of(*(part[1] for part in (rows, holders))) == digests_of(rows[1], holders[1], LIMITS, "USD")
    kept.add(rows[1], holders[1], digests_of(data, accounts, LIMITS, "USD"))
    subjects = touched(rows[0], rows[1], accounts, before)
    found = detect_kept(kept, rules=RULES_HERE, base_currency="USD", subjects=subjects)
    anew = run(data, accounts, RULES_HERE, subjects)
    assert told(found.alerts) == told(anew.alerts)
    assert (found.data_fingerprint, found.transactions) == (anew.data_fingerprint, anew.transactions)
    assert kept.beginning == min(map(micros, data["booked_at"].to_pylist()))
    kept.close()


def test_rules_that_counting_rules_out_would_have_found_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data, accounts = small_world(5)
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")))
    rules = [rule for rule in RULES_HERE if rule.least is not None]
    size, allowed = data.num_rows, dict[str, set[bool]]()
    real = Counted.who

    def watched(self: Counted, needed: Needed, *more: Any) -> list[int]:
        said = real(self, needed, *more)
        allowed.setdefault(next(rule.name for rule in rules if rule.least == needed), set()).add(bool(said))
        return said

    monkeypatch.setattr(Counted, "who", watched)
    seen, found = size - 9, 0
    kept = KeptData(coded(data.slice(0, seen)), accounts, LIMITS, "USD")
    for upto in (size - 8, size - 4, size):
        kept.add(
            data.slice(seen, upto - seen),
            accounts.slice(0, 0),
            digests_of(data.slice(0, upto), accounts, LIMITS, "USD"),
        )
        seen, old, new = upto, data.slice(0, upto - 1), data.slice(upto - 1, 1)
        standing = run(old, accounts, rules)
        near, anew = (touched(old, new, accounts, standing) for _ in range(2))  # each run notes down what it judged
        alerts = detect_kept(kept, rules=rules, base_currency="USD", subjects=near).alerts
        assert told(alerts) == told(run(data.slice(0, upto), accounts, rules, anew).alerts)
        found += len(alerts)
    kept.close()
    assert found
    assert sum(False in said for said in allowed.values()) > 5, allowed
    assert sum(True in said for said in allowed.values()) > 5, allowed


def test_only_for_rules_that_may_have_a_hit_are_lanes_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    data, accounts = small_world(5)
    data = data.take(pa.array(np.argsort(data["booked_at"].to_numpy(), kind="stable")))
    opened, real = list[int](), KeptData._lane
    monkeypatch.setattr(KeptData, "_lane", lambda self, run: opened.append(1) or real(self, run))
    busy = data.slice(data.num_rows - 1)
    late = {"booked_at": [START + timedelta(days=300)], "base_minor": [1], "channel": ["CARD"], "from_country": [""]}
    quiet = pa.table(busy.to_pydict() | late | {"to_country": [""]}, data.schema)
    old = data.slice(0, data.num_rows - 1)
    standing = run(old, accounts, RULES_HERE)
    local = tuple(rule for rule in RULES_HERE if rule.reach.local)
    for new, rules, lanes in ((quiet, RULES_HERE, False), (busy, local, True)):
        kept = KeptData(coded(old), accounts, LIMITS, "USD")
        kept.add(new, accounts.slice(0, 0), standing.digests)
        subjects = touched(old, new, accounts, standing)
        detect_kept(kept, rules=rules, base_currency="USD", subjects=subjects)
        kept.close()
        assert bool(opened) is lanes


def test_accounts_that_find_no_key_between_their_neighbours_are_told_of() -> None:
    data, accounts = small_world(3)
    kept = KeptData(data.slice(0, 0), accounts, LIMITS, "USD")
    digests = digests_of(data.slice(0, 0), accounts, LIMITS, "USD")
    between = pa.table({"account_id": [f"A0{n:04}" for n in range(APART)], "customer_id": [""] * APART})
    with pytest.raises(Crowded):
        kept.add(data.slice(0, 0), between, digests)
    assert kept.broken
    kept.close()
