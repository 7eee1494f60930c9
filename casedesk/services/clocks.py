"""What is due on a case besides its report: currency reports, continuing activity, and until when it is kept."""

from __future__ import annotations

from collections.abc import Sequence

from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Case, Disposition
from casedesk.domain.clocks import Clock, continuing_clocks, ctr_clocks, filings, retention_clock
from casedesk.domain.ledger import Recorded
from casedesk.store.unit_of_work import Reading, Writing


def clocks_of(uow: Reading | Writing, case: Case) -> tuple[Clock, ...]:
    """Return the due dates of a case but that of its report, in the order in which they run out."""
    return further_clocks(case, uow.alerts.of_case(case.case_id), uow.ledger.of(case.case_id))


def further_clocks(case: Case, alerts: Sequence[Alert], history: Sequence[Recorded]) -> tuple[Clock, ...]:
    """Do the same from what was read already.

    :param history: every event of the case, oldest first.
    """
    kept = retention_clock(
        closed_at=case.closed_at,
        reported=case.disposition is Disposition.SAR,
        history=history,
        policy=case.policy,
    )
    found = [
        *ctr_clocks(alerts, history, case.policy),
        *continuing_clocks(filings(history), case.policy),
        *([kept] if kept else []),
    ]
    return tuple(sorted(found, key=lambda clock: (clock.due_on, clock.source_event)))
