"""Over days, where windows end and episodes reach back, a run near what is new still does what a run over everything does.

A process that keeps nothing and one that stays warm take turns, and some runs are refused in between. Rules along paths, on peers and on an account's past are among those that run, with thresholds that few transactions meet.
"""

from __future__ import annotations

from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.domain.verification import Verdict
from casedesk.services.detecting import Warm
from casedesk.store.engines import make_engine
from tests.databases import Sqlite
from tests.services import test_incremental as incremental
from tests.services.test_incremental import ACCOUNTS, detect, replay

LOW: Final[dict[str, dict[str, object]]] = {
    "fan_in": {"parties": 2, "window_days": 1, "memory_days": 3, "settling_days": 1},
    "pass_through": {"memory_days": 3, "settling_days": 1, "window_hours": 24},
    "stack": {"window_days": 2, "gap_days": 1, "smallest_minor": 900_00, "lowest_percent": 10, "highest_percent": 900, "customers": 1},
    "scatter_gather": {"window_days": 1, "between": 2, "least_percent": 10, "most_percent": 1_000},
    "cycle": {"window_days": 2, "memory_days": 3, "settling_days": 1, "most_hops": 3},
    "dormant": {"silence_days": 7, "window_days": 1, "count": 1, "total_minor": 5_000_00, "observed_days": 0},
    "out_of_profile": {"window_days": 1, "history_windows": 3, "least_windows": 1, "own_percent": 110, "least_peers": 1, "least_minor": 1_000_00},
}  # fmt: skip
REACHING: Final[tuple[Rule, ...]] = tuple(rule.with_values(LOW[rule.name]) for rule in RULES if rule.name in LOW)
HOURS: Final = (0, 5, 23, 24, 25, 47, 49, 72, 80, 96, 97, 120, 168, 170)

MOVES = st.lists(
    st.tuples(
        st.sampled_from(ACCOUNTS), st.sampled_from(("", *ACCOUNTS)), st.sampled_from([3 * hour for hour in HOURS]),
        st.integers(1, 3), st.sampled_from((900_00, 7_000_00, 21_000_00)),
    ),
    min_size=3,
    max_size=9,
)  # fmt: skip
STEPS = st.lists(
    st.one_of(MOVES, MOVES, MOVES, st.sampled_from(("close", "reopen", "name", "join"))), min_size=3, max_size=6
)


@given(steps=STEPS)
@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_over_days_runs_near_what_is_new_do_what_full_runs_do(sqlite_kind: Sqlite, steps: list[Any]) -> None:
    addresses = [sqlite_kind.fresh(), sqlite_kind.fresh()]
    narrow, whole = (incremental.furnished(make_engine(address)) for address in addresses)
    last, warm = "", Warm()
    for number, step in enumerate(steps):
        for desk in (narrow, whole):
            incremental.act(desk, number, step)
        if number == 2:
            incremental.fail(narrow, REACHING, "refused", warm)
        found = detect(narrow, REACHING, warm=warm if number % 2 else None)
        expected = detect(whole, REACHING, full=True)
        assert bool(found.since) == (number > 0)
        assert {**incremental._plain(found), "since": ""} == incremental._plain(expected)
        last = found.run_id
    assert incremental.content(narrow) == incremental.content(whole)
    assert narrow.verify().verdict is Verdict.VERIFIED
    assert replay(narrow, last, REACHING).identical
    warm.forget()
    for desk, address in zip((narrow, whole), addresses, strict=True):
        desk.engine.dispose()
        sqlite_kind.drop(address)
