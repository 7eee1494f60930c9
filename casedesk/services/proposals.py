"""Maker and checker: one person proposes, another puts in force or rejects, and the maker may take it back. For every kind alike.

A step is a desk event and the row it changes, both or neither. What a kind asks beyond that, its own service says.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from casedesk.domain.events import DESK, Event
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Person, require
from casedesk.domain.proposals import AnotherWaits, ProposalState, require_checker, require_maker, require_reason
from casedesk.services.proposal_checks import require_as_proposed
from casedesk.services.proposal_kinds import Kind, P
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing


def require_none_waits(kind: Kind[P], uow: Reading | Writing) -> None:
    """Refuse while a proposal of the kind waits.

    :raises AnotherWaits: naming it and its maker.
    """
    waiting = kind.read(uow).waiting()
    if waiting is not None:
        raise AnotherWaits(waiting)


def propose(
    kind: Kind[P], *, uow: Writing, actor: Person, at: datetime, stored: Callable[[Writing, Person], Event]
) -> Recorded:
    """Store a proposal.

    :param stored: stores it, and returns the event that tells of it.
    :raises AnotherWaits: if one of the kind waits already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, kind.propose)
        require_none_waits(kind, uow)
        row = uow.ledger.append(stored(uow, actor), stream=DESK, user=actor.user_id, at=at)
        uow.commit()
    return row


def put_in_force(
    kind: Kind[P], *, uow: Writing, actor: Person, at: datetime, proposal_id: str, event: Callable[[Writing, P], Event]
) -> Recorded:
    """Put a proposal in force; the one before it is superseded.

    :param event: asks what the kind asks beyond maker and checker, and returns the event.
    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises Edited: if what is stored is not what was proposed.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, kind.decide)
        proposal = kind.write(uow).get(proposal_id)
        require_checker(proposal, actor)
        require_as_proposed(kind, uow, proposal)
        told = event(uow, proposal)
        if proposal.base_id:
            kind.write(uow).supersede(proposal.base_id)
        return _decided(kind, uow, told, ProposalState.IN_FORCE, actor, at, proposal_id)


def reject(
    kind: Kind[P], *, uow: Writing, actor: Person, at: datetime, proposal_id: str, reason: str
) -> Recorded:  # fmt: skip
    """Reject a proposal, with a reason; what is in force stays.

    :raises MakerIsChecker: if the actor proposed it.
    :raises NotWaiting: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, kind.decide)
        proposal = kind.write(uow).get(proposal_id)
        require_checker(proposal, actor)
        told = kind.rejected(proposal, require_reason(reason, "A rejection"))
        return _decided(kind, uow, told, ProposalState.REJECTED, actor, at, proposal_id)


def withdraw(
    kind: Kind[P], *, uow: Writing, actor: Person, at: datetime, proposal_id: str, reason: str
) -> Recorded:  # fmt: skip
    """Take one's own proposal back, with a reason.

    :raises NotMaker: if somebody else proposed it.
    :raises NotWaiting: if it was decided already.
    :raises BadReason: if the reason is too short or too long.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, kind.propose)
        proposal = kind.write(uow).get(proposal_id)
        require_maker(proposal, actor)
        told = kind.withdrawn(proposal, require_reason(reason, "A withdrawal"))
        return _decided(kind, uow, told, ProposalState.WITHDRAWN, actor, at, proposal_id)


def _decided(
    kind: Kind[P], uow: Writing, event: Event, state: ProposalState, actor: Person, at: datetime, proposal_id: str
) -> Recorded:
    row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
    kind.write(uow).decide(proposal_id, state, actor.user_id, at, row.notes)
    uow.commit()
    return row
