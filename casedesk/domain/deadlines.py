"""Every due date of a case besides that of its report, and whether anything is still to be done by it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from casedesk.domain import events
from casedesk.domain.alerts import Alert
from casedesk.domain.clocks import (
    Clock,
    Kind,
    closing_event,
    continuing_clocks,
    ctr_clocks,
    filings,
    kept_after_closing,
    retention_clock,
)
from casedesk.domain.events import Event
from casedesk.domain.ledger import Recorded
from casedesk.domain.policy import SHIPPED, Policy

#: The rule whose alerts add up the cash of a business day.
CASH_RULE: Final = "cash_aggregation"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A clock, and whether it still stands: a report is to be made, a review to be held, records are to be kept."""

    clock: Clock
    stands: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case stands as far as its due dates go.

    :param purged: the event of the desk that says its texts were removed; 0 if they were not.
    """

    closed_at: datetime | None
    disposition: str
    purged: int = 0

    @property
    def reported(self) -> bool:
        return self.disposition == "SAR"


def deadlines(
    outcome: Outcome, *, alerts: Iterable[Alert], history: Sequence[Recorded], policy: Policy = SHIPPED
) -> tuple[Deadline, ...]:
    """Return the due dates of a case but that of its report, in the order in which they run out.

    :param history: every event of the case, oldest first.
    """
    closing = closing_event(outcome.closed_at, history)
    kept = retention_clock(
        closed_at=outcome.closed_at, reported=outcome.reported, history=history, policy=policy
    )  # fmt: skip
    found = [
        *ctr_clocks(alerts, history, policy),
        *continuing_clocks(filings(history), policy),
        *([kept] if kept else []),
    ]
    found.sort(key=lambda clock: (clock.due_on, clock.source_event))
    return tuple(Deadline(clock, _STANDS[clock.kind](clock, outcome, closing)) for clock in found)


def closed_without_report(on: date, event: int, purged: int, policy: Policy) -> tuple[Deadline, ...]:
    """Return the due dates of a case that was closed without a report, never reported, and has no alert about cash.

    This is what :func:`deadlines` returns for most cases that there are; the verifier asks it for each of them.
    """
    clock = kept_after_closing(on, event, policy)
    return (Deadline(clock, _STANDS[clock.kind](clock, Outcome(None, "No SAR", purged), event)),)


def _open(clock: Clock, outcome: Outcome, closing: int) -> bool:
    """The desk makes no currency reports; whoever closes a case says that what its alerts ask for was done."""
    return outcome.closed_at is None


def _unanswered(clock: Clock, outcome: Outcome, closing: int) -> bool:
    """A later report starts a clock of its own; a later decision that there is none to make answers this one."""
    return outcome.reported or closing < clock.source_event


def _unpurged(clock: Clock, outcome: Outcome, closing: int) -> bool:
    return outcome.purged < clock.source_event


_STANDS: Final[dict[Kind, Callable[[Clock, Outcome, int], bool]]] = {
    Kind.CTR: _open,
    Kind.REVIEW: _unanswered,
    Kind.CONTINUING: _unanswered,
    Kind.RETENTION: _unpurged,
}


def moved_by(event: Event, stream: str) -> tuple[str, ...]:
    """Return the cases whose due dates, that of a report excepted, an event may start, end or answer.

    :param stream: the case to which the event happened, or ``DESK``.
    """
    if isinstance(event, events.CasesPurged):
        return tuple(case_id for case_id, _ in event.cases)
    moves = _MOVES.get(event.action)
    return (stream,) if moves is not None and moves(event) else ()


def _of_cash(event: Event) -> bool:
    return getattr(event, "rule", "") == CASH_RULE


def _always(event: Event) -> bool:
    return True


def _decides(event: Event) -> bool:
    return getattr(event, "disposition", "") != "Escalate"


_MOVES: Final[dict[str, Callable[[Event], bool]]] = {
    events.AlertAttached.action: _of_cash,
    events.AlertGrown.action: _of_cash,
    events.AlertRevised.action: _of_cash,
    events.DispositionSet.action: _decides,
    events.DispositionApproved.action: _always,
    events.CaseReopened.action: _always,
    events.ReviewFailed.action: _always,
    events.FilingAcknowledged.action: _always,
    events.FilingRejected.action: _always,
}
