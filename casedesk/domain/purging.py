"""Which cases may be purged: closed, kept long enough, under no hold, and with texts that can be removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from casedesk.domain import events, filings
from casedesk.domain.clocks import retention_clock
from casedesk.domain.events import KINDS
from casedesk.domain.filings import FilingState
from casedesk.domain.history import fold
from casedesk.domain.holds import standing
from casedesk.domain.ledger import REMOVABLE, Recorded
from casedesk.domain.moments import parse
from casedesk.domain.policy import Policy
from casedesk.errors import Conflict, Invalid, NotPermitted

#: Events that propose purges and carry them out.
STEPS: Final = (events.PurgeProposed.action, events.CasesPurged.action)

_ON_ITS_WAY: Final = frozenset({FilingState.PRODUCED, FilingState.TRANSMITTED})


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
    """Say what of a case cannot be removed, or return the empty string.

    Older versions wrote into the ledger what nobody can take out again: texts, the customer's accounts, and no hash of a report's
    own bytes, without which the others of its batch could not be proved any more.
    """
    for event in history:
        if event.notes and event.format != REMOVABLE and KINDS[event.action].removable:
            return f"Case {case_id}: the text of event {event.event_id} is hashed as it stands and cannot be removed."
        if event.action == events.DispositionSet.action and event.data.get("bound") and event.data["v"] < 3:
            return f"Case {case_id}: event {event.event_id} names accounts as they are, which cannot be removed."
        if event.action == events.FilingProduced.action and event.data["v"] < 2:
            batch = event.data["batch_id"]
            return f"Case {case_id}: {batch} was produced before reports could be removed, and is hashed as a whole."
    return ""


def on_its_way(case_id: str, history: Sequence[Recorded]) -> str:
    """Say which report of a case still waits to be sent or answered, or return the empty string."""
    waiting = {FilingState.APPROVED} if fold(case_id, history).disposition == "SAR" else set()
    for filing in filings.fold(history).values():
        if filing.state in _ON_ITS_WAY | waiting:
            return f"Case {case_id}: filing {filing.filing_id} is {filing.state.value} and still on its way."
    return ""


def places(history: Iterable[Recorded]) -> dict[str, set[int]]:
    """Return where the reports of a case stand in batch files, batches that were taken back included: places by batch."""
    found: dict[str, set[int]] = {}
    for event in history:
        if event.action == events.FilingProduced.action:
            found.setdefault(event.data["batch_id"], set()).add(event.data["place"])
    return found


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
