"""With suppressions coming and going, a run over what was touched still does what a run over everything does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casedesk.detection.rule import Rule
from casedesk.domain.verification import Verdict
from casedesk.errors import CasedeskError
from casedesk.services import detecting, suppressions
from casedesk.store.engines import make_engine
from tests.builders import START, TestDesk
from tests.databases import Sqlite
from tests.services import test_incremental as incremental
from tests.services.suppressing import end, in_force

TODAY = START.date()

#: What managers do between two runs: cover a customer, an account, or the first two days only; end the oldest one.
SUPPRESSING = st.one_of(
    st.tuples(st.just("cover"), st.sampled_from(("K-1", "K-2", "H-77/0001")), st.sampled_from(("structuring", "velocity")),
              st.sampled_from((1, 9))),
    st.just("end"),
    st.just("cover the account"),
)  # fmt: skip
# moves reach over several days here, so that some windows lie beyond what one day covers
MOVES = st.lists(
    st.tuples(
        st.sampled_from(incremental.ACCOUNTS), st.sampled_from(("", *incremental.ACCOUNTS)),
        st.sampled_from((0, 1, 2, 44, 45)), st.integers(1, 6), st.sampled_from((900_00, 7_000_00, 21_000_00)),
    ),
    min_size=1,
    max_size=4,
)  # fmt: skip
STEPS = st.lists(
    st.one_of(MOVES, SUPPRESSING, st.sampled_from(("close", "reopen", "name", "join"))), min_size=3, max_size=8
)


def do(desk: TestDesk, number: int, step: Any) -> None:
    if step == "end":
        with desk.reading() as uow:
            standing = [one.suppression_id for one in uow.suppressions.in_force()]
        for suppression_id in standing[:1]:
            end(desk, suppression_id)
    elif step == "cover the account":
        cover(desk, customer_id="K-1", account_id="K-1/1")
    elif isinstance(step, tuple):
        _, customer_id, rule, days = step
        cover(desk, customer_id=customer_id, rule=rule, covers_until=TODAY + timedelta(days))
    else:
        incremental.act(desk, number, step)


def cover(desk: TestDesk, **scope: Any) -> None:
    try:
        in_force(desk, **scope)
    except CasedeskError:
        desk.at()  # covered already: the clocks of both desks move on alike


@given(steps=STEPS)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_incremental_runs_hide_and_raise_what_full_runs_do(sqlite_kind: Sqlite, steps: list[Any]) -> None:
    rules = incremental.MIXED
    addresses = [sqlite_kind.fresh(), sqlite_kind.fresh()]
    narrow, whole = (incremental.furnished(make_engine(address)) for address in addresses)
    warm, last = detecting.Warm(), ""
    for number, step in enumerate([("cover", "K-1", "structuring", 1), *steps, "end"]):
        for desk in (narrow, whole):
            do(desk, number, step)
        found = incremental.detect(narrow, rules, warm=warm if number % 2 else None)
        expected = incremental.detect(whole, rules, full=True)
        assert bool(found.since) == (number > 0)
        assert {**incremental._plain(found), "since": ""} == incremental._plain(expected)
        last = found.run_id
    assert incremental.content(narrow) == incremental.content(whole)
    assert narrow.verify().verdict is Verdict.VERIFIED
    assert incremental.replay(narrow, last, rules).identical
    nothing_is_lost(narrow, rules)
    warm.forget()
    for desk, address in zip((narrow, whole), addresses, strict=True):
        desk.engine.dispose()
        sqlite_kind.drop(address)


def nothing_is_lost(desk: TestDesk, rules: tuple[Rule, ...]) -> None:
    """All evidence the rules find stands in an alert or is recorded as hidden, under a suppression that is in force."""
    found = detecting.preview(
        look=desk.reading(), actor=desk.people["mia"], base_currency="USD", rules=rules, limits=incremental.SMALL
    )
    with desk.reading() as uow:
        alerts = list(uow.alerts.everything())
        standing = uow.suppressions.standing()
        now = {one.suppression_id for one in uow.suppressions.in_force()}
    known = {(one.rule, one.account_id, t) for one in (*alerts, *standing) for t in one.transaction_ids}
    assert {(one.rule, one.account_id, t) for one in found.result.alerts for t in one.transaction_ids} <= known
    assert {one.suppression_id for one in standing} <= now
    # a dry run says the same of what the run has just sorted out
    dealt_with = {(one.rule, one.account_id, one.transaction_ids) for one in standing}
    assert (found.queued.new, found.queued.grown) == (0, 0)
    assert all(any(rule == one.rule and account == one.account_id and set(evidence).issuperset(one.transaction_ids)
                   for rule, account, evidence in dealt_with) for one in found.queued.hidden)  # fmt: skip
    shown = suppressions.listed(uow=desk.reading(), actor=desk.people["otto"])
    assert sum(one.count.hidden for one in shown) == len(standing)
