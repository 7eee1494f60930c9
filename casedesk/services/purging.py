"""Purge what was written on cases whose retention has ended: one manager proposes, another carries it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from casedesk.domain.casework import BadText
from casedesk.domain.events import DESK, CasesPurged, PurgeProposed
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.policy import in_force
from casedesk.domain.purging import STEPS, NotProposed, NotPurgeable, OwnPurge, Purge, fixed, kept, purges
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "NotProposed", "NotPurgeable", "OwnPurge", "Preview", "Purge", "carry_out", "preview", "propose", "waiting", "waiting_for",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Preview:
    """What a purge would do to a case: how many texts it would remove, or why it may not."""

    case_id: str
    texts: int
    hindrance: str


def preview(*, uow: Reading, actor: Person, at: datetime, case_ids: Sequence[str]) -> tuple[Preview, ...]:
    """Return what a purge of these cases would remove; nothing is."""
    require(actor, Action.VIEW_LEDGER)
    day = at.astimezone(UTC).date()
    with uow:
        return tuple(_preview(uow, case_id, day) for case_id in dict.fromkeys(case_ids))


def waiting(*, uow: Reading, actor: Person) -> tuple[Purge, ...]:
    """Return the purges that were proposed and not carried out, the newest first."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        found = purges(uow.ledger.of_desk(STEPS)).values()
    return tuple(sorted((one for one in found if not one.done), key=lambda one: -one.proposal))


def waiting_for(*, uow: Reading, actor: Person) -> int:
    """Return how many proposals the actor may carry out."""
    if not may(actor.role, Action.PURGE):
        return 0
    return sum(one.proposed_by != actor.user_id for one in waiting(uow=uow, actor=actor))


def propose(
    *, uow: Writing, actor: Person, at: datetime, case_ids: Sequence[str], reason: str, via: str = "app"
) -> Recorded:
    """Propose to purge cases, with a reason; nothing is removed before another manager carries it out.

    :raises NotPurgeable: naming the first case that has to be kept or cannot be purged, and why.
    :raises BadText: without a reason.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PURGE)
        shortest = in_force("rationale_min", at.date()).value
        if len(reason.strip()) < shortest:
            raise BadText(
                f"A purge needs a reason of at least {shortest} characters; this one has {len(reason.strip())}."
            )
        if not case_ids:
            raise NotPurgeable("No case is named; “casedesk retention due” lists those whose retention has ended.")
        day = at.astimezone(UTC).date()
        cases = tuple((case_id, _tip(uow, case_id, day)) for case_id in dict.fromkeys(case_ids))
        event = PurgeProposed(cases=cases, via=via, notes=reason.strip())
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def carry_out(*, uow: Writing, actor: Person, at: datetime, proposal: int, via: str = "app") -> Recorded:
    """Remove what was written on the cases of a proposal: their notes, narratives, rationales and reasons.

    Events, hashes, chains and proofs stay; customers, accounts, transactions and alerts are the bank's and stay, too.

    :raises OwnPurge: to who proposed it.
    :raises NotProposed: if it was carried out already.
    :raises NotPurgeable: if something happened to a case since, or a hold was placed on it.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PURGE)
        found = purges(uow.ledger.of_desk(STEPS)).get(proposal)
        if found is None or found.done:
            raise NotProposed(proposal)
        if actor.user_id == found.proposed_by:
            raise OwnPurge(proposal)
        day = at.astimezone(UTC).date()
        for case_id, tip in found.cases:
            if _tip(uow, case_id, day) != tip:
                raise NotPurgeable(
                    f"Something happened to case {case_id} since the purge was proposed; propose it anew."
                )
        texts = sum(uow.ledger.purge(case_id) for case_id, _ in found.cases)
        uow.cases.purge([case_id for case_id, _ in found.cases])
        event = CasesPurged(proposal=proposal, maker=found.proposed_by, cases=found.cases, texts=texts, via=via)
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def _tip(uow: Writing, case_id: str, day: date) -> str:
    """Return the hash of a case's last event, if the case may be purged."""
    uow.cases.get(case_id)
    history = uow.ledger.of(case_id)
    hindrance = _hindrance(uow, case_id, history, day)
    if hindrance:
        raise NotPurgeable(hindrance)
    return history[-1].event_hash


def _hindrance(uow: Reading | Writing, case_id: str, history: Sequence[Recorded], day: date) -> str:
    reason = kept(case_id, history, uow.cases.policy, day) or fixed(case_id, history)
    return reason or ("" if _texts(history) else f"Case {case_id} has no text left to purge.")


def _preview(uow: Reading, case_id: str, day: date) -> Preview:
    uow.cases.get(case_id)
    history = uow.ledger.of(case_id)
    return Preview(case_id, _texts(history), _hindrance(uow, case_id, history, day))


def _texts(history: Sequence[Recorded]) -> int:
    return sum(bool(event.salt) for event in history)
