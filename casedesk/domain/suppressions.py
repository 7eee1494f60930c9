"""Governed suppression: what may be hidden, for how long, who proposed and who approved it, and what was hidden.

A suppression hides *new* alerts of one rule on one customer, or one account of theirs, whose whole window lies within the
covered days. It never touches an alert that the desk holds already, and never one above the severity cap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Any, Final

from casedesk.domain import events
from casedesk.domain.alerts import Alert
from casedesk.domain.ledger import Recorded, plain_digest
from casedesk.domain.moments import canonical, parse
from casedesk.errors import Conflict


class State(StrEnum):
    """Where a suppression stands. Nothing leads back."""

    PROPOSED = "proposed"
    IN_FORCE = "in force"
    REJECTED = "rejected"
    ENDED = "ended"


#: The state a step starts from, by the action of its event; a proposal starts from none.
_FROM: Final[dict[str, State]] = {
    events.SuppressionApproved.action: State.PROPOSED,
    events.SuppressionRejected.action: State.PROPOSED,
    events.SuppressionEnded.action: State.IN_FORCE,
}


class NotThere(Conflict):
    """The step does not start from where the suppression stands."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """One suppression as it stands. ``account_id`` is empty for all accounts of the customer.

    ``covers_until`` is exclusive; both days begin at 00:00 UTC. ``state_event`` is the ledger's event that brought it
    into its state. ``severity_cap`` is the policy's value of the day it was approved, 0 before.
    """

    suppression_id: str
    rule: str
    customer_id: str
    account_id: str
    reason: str
    covers_from: date
    covers_until: date
    state: State
    severity_cap: int
    state_event: int
    proposed_by: str
    proposed_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    decision_note: str = ""
    ended_by: str = ""
    ended_at: datetime | None = None
    end_reason: str = ""

    def days_left(self, today: date) -> int:
        """Return how many covered days are left, today included; 0 once they are over."""
        return max((self.covers_until - max(today, self.covers_from)).days, 0)

    def covers(self, alert: Alert) -> bool:
        """Say whether the alert lies in the scope, wholly within the covered days, and not above the cap."""
        return (
            alert.rule == self.rule
            and alert.customer_id == self.customer_id
            and self.account_id in ("", alert.account_id)
            and alert.severity <= self.severity_cap
            and alert.window_start >= datetime.combine(self.covers_from, time(), UTC)
            and alert.window_end < datetime.combine(self.covers_until, time(), UTC)
        )


@dataclass(frozen=True, slots=True)
class Hidden:
    """An alert that a suppression hid. ``released_in`` is the run that no longer left it hidden under this one."""

    suppression_id: str
    alert_id: str
    rule: str
    customer_id: str
    account_id: str
    window_start: datetime
    window_end: datetime
    severity: int
    amount_minor: int
    transaction_ids: tuple[str, ...]
    sentence: str
    run_id: str
    hidden_at: datetime
    released_in: str = ""


def first_cover(suppressions: Iterable[Suppression], alert: Alert) -> Suppression | None:
    """Return the one in force that hides the alert: of several the one in force for longest, whatever their order."""
    found = [one for one in suppressions if one.state is State.IN_FORCE and one.covers(alert)]
    return min(found, key=lambda one: one.state_event, default=None)


def after(before: Suppression | None, event: Recorded) -> Suppression:
    """Return what a suppression is after an event of the stream ``DESK``. The stored row is made by this, and checked.

    :raises NotThere: if the event does not follow from where it stood.
    :raises KeyError: if the event lacks a field, as only one that was tampered with can.
    :raises ValueError: if a field does not hold what it should.
    """
    data, at = event.data, parse(event.ts)
    if event.action == events.SuppressionProposed.action:
        if before is not None:
            raise NotThere(f"{before.suppression_id} was proposed twice.")
        return Suppression(
            data["suppression_id"], data["rule"], data["customer_id"], data["account_id"], event.notes,
            date.fromisoformat(data["covers_from"]), date.fromisoformat(data["covers_until"]), State.PROPOSED, 0,
            event.event_id, event.user, at,
        )  # fmt: skip
    if before is None:
        raise NotThere(f"{data['suppression_id']} was never proposed.")
    require_state(before, event.action)
    if event.action == events.SuppressionEnded.action:
        return replace(
            before, state=State.ENDED, state_event=event.event_id, ended_by=event.user, ended_at=at,
            end_reason=event.notes,
        )  # fmt: skip
    approved = event.action == events.SuppressionApproved.action
    return replace(
        before,
        state=State.IN_FORCE if approved else State.REJECTED,
        severity_cap=data["severity_cap"] if approved else 0,
        state_event=event.event_id,
        decided_by=event.user,
        decided_at=at,
        decision_note=event.notes,
    )


#: Events that make and move suppressions.
STEPS: Final = (events.SuppressionProposed.action, *_FROM)


def fold(history: Iterable[Recorded]) -> dict[str, Suppression]:
    """Return all suppressions by id as the ledger's events, oldest first, add up to."""
    found: dict[str, Suppression] = {}
    for event in history:
        if event.action in STEPS:
            suppression_id = event.data["suppression_id"]
            found[suppression_id] = after(found.get(suppression_id), event)
    return found


def columns(one: Suppression) -> dict[str, str]:
    """Write a suppression column by column as text, for comparing a row with its events."""
    values: Mapping[str, Any] = {name: getattr(one, name) for name in one.__slots__}
    return {name: _plain(value) for name, value in values.items()}


def hidden_digest(rows: Iterable[Mapping[str, object]]) -> str:
    """Hash everything that is recorded as hidden, in whatever order it comes, so that the ledger can vouch for it."""
    digests = [plain_digest({name: _plain(value) for name, value in row.items()}) for row in rows]
    return plain_digest({"hidden": sorted(digests)})


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return canonical(value)
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value)


def require_state(found: Suppression, action: str) -> None:
    """Refuse a step, by its event's action, that does not start from where the suppression stands.

    :raises NotThere: saying who was first.
    """
    if found.state is not _FROM[action]:
        done = f" by {found.ended_by or found.decided_by}" if found.decided_by else ""
        raise NotThere(
            f"{found.suppression_id} is {found.state.value}{done}, so this step is not possible any more; look at it again."
        )
