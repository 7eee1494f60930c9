"""Which cases may be purged: closed, kept long enough, under no hold, and with texts that can be removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from casedesk.domain import events
from casedesk.domain.clocks import retention_clock
from casedesk.domain.events import KINDS
from casedesk.domain.history import fold
from casedesk.domain.holds import standing
from casedesk.domain.ledger import REMOVABLE, Recorded
from casedesk.domain.moments import parse
from casedesk.domain.policy import Policy
from casedesk.errors import Conflict, Invalid, NotPermitted

#: Events that propose purges and carry them out.
STEPS: Final = (events.PurgeProposed.action, events.CasesPurged.action)


class NotPurgeable(Invalid):
    """A case has to be kept, or nothing of it can be removed."""


class OwnPurge(NotPermitted):
    """The proposer would carry out their own purge."""

    def __init__(self, proposal: int) -> None:
        super().__init__(f"You proposed the purge of event {proposal}, so another manager has to carry it out.")


class NotProposed(Conflict):
    """No purge was proposed by this event, or it was carried out already."""

    def __init__(self, proposal: int) -> None:
        super().__init__(f"Event {proposal} proposes no purge that waits; “casedesk retention propose” makes one.")


@dataclass(frozen=True, slots=True)
class Purge:
    """A proposed purge: pairs of a case and the hash of its last event, and by which event it was carried out, or 0."""

    proposal: int
    proposed_by: str
    cases: tuple[tuple[str, str], ...]
    reason: str
    done: int = 0


def kept(case_id: str, history: Sequence[Recorded], policy: Policy, on: date) -> str:
    """Say why a case must not be purged on a day, or return the empty string.

    :param history: every event of the case up to then, oldest first.
    """
    case = fold(case_id, history)
    if not case.closed_at:
        return f"Case {case_id} is not closed."
    clock = retention_clock(
        closed_at=parse(case.closed_at), reported=case.disposition == "SAR", history=history, policy=policy
    )
    if clock is None:
        return f"Case {case_id} was closed with a report of which no filing is known; its retention has not begun."
    if clock.due_on >= on:
        return f"Case {case_id} has to be kept: {clock.explain()}"
    holds = standing(history)
    return f"Case {case_id} is under the legal hold of event {min(holds)}." if holds else ""


def fixed(case_id: str, history: Iterable[Recorded]) -> str:
    """Say which text of a case cannot be removed, or return the empty string.

    The form of a report and the batch file with its narrative are proofs of what was sent; removing the texts of the events and
    leaving those would claim a removal that did not happen.
    """
    for event in history:
        if event.action == events.FilingDrafted.action:
            form = event.data["filing_id"]
            return f"Case {case_id}: form {form} and what was sent of it hold its texts and cannot be removed."
        if event.notes and event.format != REMOVABLE and KINDS[event.action].removable:
            return f"Case {case_id}: the text of event {event.event_id} is hashed as it stands and cannot be removed."
    return ""


def purges(history: Iterable[Recorded]) -> dict[int, Purge]:
    """Return every proposed purge by its event; ``history`` is in the order of the ledger.

    :raises NotProposed: if a purge was carried out that nobody else had proposed like that.
    :raises KeyError: if an event lacks a field, as only one that was tampered with can.
    """
    found: dict[int, Purge] = {}
    for event in history:
        if event.action == events.PurgeProposed.action:
            found[event.event_id] = Purge(event.event_id, event.user, _pairs(event), event.notes)
        elif event.action == events.CasesPurged.action:
            proposed = found.get(event.data["proposal"])
            if (
                proposed is None
                or proposed.done
                or event.user == proposed.proposed_by
                or proposed.cases != _pairs(event)
            ):
                raise NotProposed(event.data["proposal"])
            found[proposed.proposal] = replace(proposed, done=event.event_id)
    return found


def _pairs(event: Recorded) -> tuple[tuple[str, str], ...]:
    return tuple((case_id, tip) for case_id, tip in event.data["cases"])
