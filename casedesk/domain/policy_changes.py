"""A bank's own policy values: proposed by one manager, put in force by another, and read back from their events."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from casedesk.domain import events
from casedesk.domain.casework import BadText
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import SETTABLE, Parameter, Policy, in_force
from casedesk.errors import Conflict, Invalid, NotPermitted


class BadPolicy(Invalid):
    """There is no such parameter, or the value or its day makes no sense."""


class OwnProposal(NotPermitted):
    """The proposer would put their own value in force."""

    def __init__(self, proposal: int) -> None:
        super().__init__(f"You proposed the value of event {proposal}, so another manager has to put it in force.")


class NotProposed(Conflict):
    """The proposal was decided already, or there is none."""


class BrokenPolicy(Invalid):
    """The events do not make sense: no maker and checker, or another value than was proposed."""


class State(StrEnum):
    """Where a proposed value stands."""

    PROPOSED = "proposed"
    IN_FORCE = "in force"  # from its day on
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Change:
    """One proposed value as it stands. It is named by the event that proposed it."""

    proposal: int
    name: str
    value: int
    valid_from: date
    source: str
    reason: str
    proposed_by: str
    proposed_at: str  # canonical time
    state: State = State.PROPOSED
    decided_by: str = ""
    decided_at: str = ""
    decision: str = ""


#: Events that make and decide proposals.
STEPS: Final = (events.PolicyProposed.action, events.PolicyPutInForce.action, events.PolicyRejected.action)


def propose(
    actor: Person, at: datetime, *, name: str, value: int, valid_from: date, source: str, reason: str, via: str
) -> events.PolicyProposed:
    """Propose a value.

    :raises BadPolicy: for a parameter that is none, a value out of bounds, or a day that is over.
    :raises BadText: without source or reason.
    """
    require(actor, Action.PROPOSE_POLICY)
    if name not in SETTABLE:
        raise BadPolicy(f"“{name}” is not a value that a bank may set; those are: {', '.join(sorted(SETTABLE))}.")
    least, most = SETTABLE[name]
    if not least <= value <= most:
        raise BadPolicy(f"“{name}” may be {least:,} to {most:,}; {value:,} is not.")
    _require_ahead(valid_from, at)
    shortest = in_force("rationale_min", at.date()).value
    return events.PolicyProposed(
        name=name, value=value, valid_from=valid_from.isoformat(), source=_words(source, "source", 5),
        via=via, notes=_words(reason, "reason", shortest),
    )  # fmt: skip


def put_in_force(found: Change, policy: Policy, actor: Person, at: datetime, via: str) -> events.PolicyPutInForce:
    """Put a proposed value in force; never by who proposed it.

    :param policy: the values so far.
    :raises BadPolicy: if its day is over by now.
    """
    require(actor, Action.PUT_POLICY_IN_FORCE)
    _require_open(found)
    if actor.user_id == found.proposed_by:
        raise OwnProposal(found.proposal)
    _require_ahead(found.valid_from, at)
    return events.PolicyPutInForce(
        proposal=found.proposal, maker=found.proposed_by, name=found.name, value=found.value,
        unit=policy.unit(found.name),
        valid_from=found.valid_from.isoformat(), number=policy.next_version(found.name), source=found.source, via=via,
    )  # fmt: skip


def reject(found: Change, actor: Person, at: datetime, reason: str, via: str) -> events.PolicyRejected:
    """Refuse a proposal, or take one's own back, with a reason."""
    require(actor, Action.PUT_POLICY_IN_FORCE)
    _require_open(found)
    notes = _words(reason, "reason", in_force("rationale_min", at.date()).value)
    return events.PolicyRejected(
        proposal=found.proposal, maker=found.proposed_by, name=found.name, via=via, notes=notes
    )


def fold(history: Iterable[Recorded]) -> tuple[dict[int, Change], Policy]:
    """Return every proposal by its event, and the policy they make; ``history`` is in the order of the ledger.

    :raises BrokenPolicy: if a value was put in force that nobody else had proposed like that.
    :raises KeyError: if an event lacks a field, as only one that was tampered with can.
    """
    changes: dict[int, Change] = {}
    own: list[Parameter] = []
    for event in history:
        if event.action == events.PolicyProposed.action:
            changes[event.event_id] = _proposed(event)
        elif event.action in STEPS:
            found = changes.get(event.data["proposal"])
            if found is None or found.state is not State.PROPOSED:
                raise BrokenPolicy(f"Event {event.event_id} decides on a policy value that was not proposed.")
            if event.action == events.PolicyPutInForce.action:
                own.append(_checked(found, value_of(event), event, Policy(own)))
            changes[found.proposal] = _decided(found, event)
    return changes, Policy(own)


def policy_of(history: Iterable[Recorded]) -> Policy:
    """Return the policy that the events of values put in force make; others are passed over."""
    return Policy(value_of(event) for event in history if event.action == events.PolicyPutInForce.action)


def value_of(event: Recorded) -> Parameter:
    """Return the value that an event put in force."""
    data = event.data
    return Parameter(
        data["name"], data["value"], data["unit"], date.fromisoformat(data["valid_from"]), data["number"],
        data["source"], event.event_id,
    )  # fmt: skip


def _proposed(event: Recorded) -> Change:
    data = event.data
    return Change(
        event.event_id, data["name"], data["value"], date.fromisoformat(data["valid_from"]), data["source"],
        event.notes, event.user, event.ts,
    )  # fmt: skip


def _checked(found: Change, value: Parameter, event: Recorded, before: Policy) -> Parameter:
    proposed = (found.name, found.value, found.valid_from, found.source, before.next_version(found.name))
    if (value.name, value.value, value.valid_from, value.source, value.version) != proposed:
        raise BrokenPolicy(f"Event {event.event_id} puts another value in force than event {found.proposal} proposed.")
    if event.user == found.proposed_by:
        raise BrokenPolicy(f"Event {event.event_id} puts a value in force that the same person proposed.")
    return value


def _decided(found: Change, event: Recorded) -> Change:
    approved = event.action == events.PolicyPutInForce.action
    return replace(
        found, state=State.IN_FORCE if approved else State.REJECTED, decided_by=event.user, decided_at=event.ts,
        decision=event.notes,
    )  # fmt: skip


def _require_open(found: Change) -> None:
    if found.state is not State.PROPOSED:
        raise NotProposed(f"The value of event {found.proposal} is {found.state.value} already, by {found.decided_by}.")


def _require_ahead(valid_from: date, at: datetime) -> None:
    if valid_from < at.date():
        raise BadPolicy(
            f"The value would be in force from {valid_from} on, which is over; choose today or a later day."
        )


def _words(text: str, what: str, shortest: int) -> str:
    text = text.strip()
    longest = in_force("text_max", date.max).value
    if not shortest <= len(text) <= longest:
        raise BadText(
            f"A policy value needs a {what} of {shortest} to {longest:,} characters; this one has {len(text):,}."
        )
    return text
