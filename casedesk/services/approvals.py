"""What waits for a manager: decisions to approve, escalated cases, and what was decided before. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casedesk.domain.events import DispositionApproved, DispositionReturned
from casedesk.domain.moments import parse
from casedesk.domain.people import Action, Person, require
from casedesk.store.queue_reader import Filters, QueueRow, View
from casedesk.store.unit_of_work import Reading

__all__ = ["Counts", "Judged", "Waiting", "counts", "decided", "escalated", "waiting"]

#: How far back the list of what was decided reaches.
MOST_DECIDED = 200
_JUDGED = (DispositionApproved.action, DispositionReturned.action)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases each list holds. ``decided`` stops counting at ``MOST_DECIDED``."""

    waiting: int
    escalated: int
    decided: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that waits for a manager, who sent it, and when."""

    row: QueueRow
    by: str  # a name
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A decision that was approved or returned."""

    row: QueueRow
    approved: bool
    by: str  # a name
    at: datetime
    event_id: int


def counts(*, uow: Reading, actor: Person, at: datetime) -> Counts:
    """Count the three lists."""
    require(actor, Action.APPROVE)
    with uow:
        return Counts(
            waiting=uow.queue.count(_view(actor, at, View.AWAITING)),
            escalated=uow.queue.count(_view(actor, at, View.ESCALATED)),
            decided=len(uow.ledger.newest(MOST_DECIDED, actions=_JUDGED)),
        )


def waiting(*, uow: Reading, actor: Person, at: datetime, limit: int = 100) -> tuple[Waiting, ...]:
    """Return the cases whose decision waits for approval, most urgent first."""
    return _list(uow, actor, at, View.AWAITING, limit)


def escalated(*, uow: Reading, actor: Person, at: datetime, limit: int = 100) -> tuple[Waiting, ...]:
    """Return the cases in the managers' queue, most urgent first."""
    return _list(uow, actor, at, View.ESCALATED, limit)


def decided(*, uow: Reading, actor: Person, limit: int = MOST_DECIDED) -> tuple[Judged, ...]:
    """Return what managers approved or returned, newest first. A case may stand here more than once."""
    require(actor, Action.APPROVE)
    with uow:
        events = uow.ledger.newest(min(limit, MOST_DECIDED), actions=_JUDGED)
        names = uow.people.names()
        rows = {row.case_id: row for row in uow.queue.rows(sorted({event.case_id for event in events}))}
    return tuple(
        Judged(
            rows[event.case_id],
            event.action == DispositionApproved.action,
            names.get(event.user, event.user),
            parse(event.ts),
            event.event_id,
        )
        for event in events
    )


def _list(uow: Reading, actor: Person, at: datetime, view: View, limit: int) -> tuple[Waiting, ...]:
    require(actor, Action.APPROVE)
    with uow:
        rows = uow.queue.page(_view(actor, at, view), limit=limit)
        names = uow.people.names()
        sent = {row.case_id: uow.cases.get(row.case_id).decided_at for row in rows}
    return tuple(Waiting(row, names.get(row.decided_by, row.decided_by), sent[row.case_id]) for row in rows)


def _view(actor: Person, at: datetime, view: View) -> Filters:
    return Filters(actor.user_id, at, view=view, sees_decisions=actor.need_to_know)
