"""Hold the stored clocks against the ledger: each is what the events of its case give, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from heapq import merge

from casedesk.domain.deadlines import Deadline, closed_without_report
from casedesk.domain.policy import Policy
from casedesk.domain.verification import Verifier
from casedesk.errors import CasedeskError
from casedesk.store.clock_store import expected
from casedesk.store.unit_of_work import Reading, Writing

_Row = dict[str, str]
_Derived = Iterator[tuple[str, tuple[Deadline, ...]]]


def check_clocks(uow: Reading | Writing, verifier: Verifier, policy: Policy) -> None:
    """Note every due date whose row says something else than the events of its case, and every one without a row."""
    try:
        for want, got in _side_by_side(_should(uow, verifier, policy), uow.clocks.projections()):
            _compare(verifier, want, got)
    except (CasedeskError, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Due dates", "They cannot be derived again.", "meta", "a legal step", str(error))


def _compare(verifier: Verifier, want: _Row | None, got: _Row | None) -> None:
    if got is None:
        kind = want["kind"] if want else ""
        name = want["case_id"] if want else ""
        verifier.find_state(name, "A due date that its events give has no row.", "kind", kind, "no row")
    elif want is None:
        verifier.find_state(got["case_id"], "A due date has a row that no event gives.", "kind", "", got["kind"])
    else:
        for name, value in got.items():
            if value != want[name]:
                problem = f"The row of a due date ({got['kind']}) says something else than the events."
                verifier.find_state(got["case_id"], problem, name, want[name], value)


def _side_by_side(should: Iterator[_Row], rows: Iterator[_Row]) -> Iterator[tuple[_Row | None, _Row | None]]:
    """Yield what must be there beside what is; both come in the order of the key, so that neither is held in memory."""
    want, got = next(should, None), next(rows, None)
    while want is not None or got is not None:
        if got is None or (want is not None and _key(want) < _key(got)):
            yield want, None
            want = next(should, None)
        elif want is None or _key(got) < _key(want):
            yield None, got
            got = next(rows, None)
        else:
            yield want, got
            want, got = next(should, None), next(rows, None)


def _key(row: _Row) -> tuple[str, str, int]:
    return row["case_id"], row["kind"], int(row["source_event"])


def _should(uow: Reading | Writing, verifier: Verifier, policy: Policy) -> Iterator[_Row]:
    involved = uow.clocks.involved()
    plain = _plain(verifier, policy, uow.ledger.purges(), involved)
    for case_id, found in merge(uow.clocks.derived(sorted(involved)), plain, key=lambda one: one[0]):
        yield from sorted((expected(case_id, one) for one in found), key=_key)


def _plain(verifier: Verifier, policy: Policy, purges: dict[str, int], apart: set[str]) -> _Derived:
    """Yield what follows for the cases that were closed without a report, from what their events added up to."""
    for case_id in sorted(verifier.streams):
        folding = verifier.streams[case_id].folding
        if folding is None or case_id in apart or not folding.closed_at or folding.disposition == "SAR":
            continue
        on = date.fromisoformat(folding.closed_at[:10])
        yield case_id, closed_without_report(on, folding.closed_event, purges.get(case_id, 0), policy)
