"""Hold the stored clocks against the ledger: each is what the events of its case give, and none is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from casedesk.domain.deadlines import Deadline, closed_without_report
from casedesk.domain.policy import Policy
from casedesk.domain.verification import Verifier
from casedesk.errors import CasedeskError
from casedesk.store.clock_store import expected
from casedesk.store.unit_of_work import Reading, Writing

_Key = tuple[str, str, str]


def check_clocks(uow: Reading | Writing, verifier: Verifier, policy: Policy) -> None:
    """Note every due date whose row says something else than the events of its case, and every one without a row."""
    try:
        should = {_key(row): row for row in _expected(uow, verifier, policy)}
    except (CasedeskError, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Clocks", "The events of a case give none.", "meta", "a legal step", str(error))
        return
    for row in uow.clocks.projections():
        want = should.pop(_key(row), None)
        if want is None:
            verifier.find_state(row["case_id"], "A due date has a row that no event gives.", "kind", "", row["kind"])
            continue
        for name, value in row.items():
            if value != want[name]:
                problem = f"The row of a due date ({row['kind']}) says something else than the events."
                verifier.find_state(row["case_id"], problem, name, want[name], value)
    for case_id, kind, _ in sorted(should):
        verifier.find_state(case_id, "A due date that its events give has no row.", "kind", kind, "no row")


def _key(row: dict[str, str]) -> _Key:
    return row["case_id"], row["kind"], row["source_event"]


def _expected(uow: Reading | Writing, verifier: Verifier, policy: Policy) -> Iterator[dict[str, str]]:
    involved = uow.clocks.involved()
    for case_id, found in uow.clocks.derived(sorted(involved)):
        yield from (expected(case_id, one) for one in found)
    purges = uow.ledger.purges()
    for case_id, found in _plain(verifier, policy, purges, involved):
        yield from (expected(case_id, one) for one in found)


def _plain(
    verifier: Verifier, policy: Policy, purges: dict[str, int], apart: set[str]
) -> Iterator[tuple[str, tuple[Deadline, ...]]]:
    """Yield what follows for the cases that were closed without a report, from what their events added up to."""
    for case_id, stream in verifier.streams.items():
        folding = stream.folding
        if folding is None or case_id in apart or not folding.closed_at or folding.disposition == "SAR":
            continue
        on = date.fromisoformat(folding.closed_at[:10])
        yield case_id, closed_without_report(on, folding.closed_event, purges.get(case_id, 0), policy)
