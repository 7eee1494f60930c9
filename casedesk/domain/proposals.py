"""A proposal: what one person wants in force and another decides on. A rule set is one kind, a version of the model another.

The maker of a proposal is never its checker, and one proposal of a kind waits at a time: two at once would be measured against
the same, and the second would undo the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Final

from casedesk.domain.ledger import normalise
from casedesk.domain.people import Person
from casedesk.errors import Conflict, Invalid, NotPermitted

SHORTEST: Final = 10
LONGEST: Final = 4_000


class ProposalState(StrEnum):
    """Where a proposal stands. From ``PROPOSED`` it goes to one of the others; what is in force is superseded."""

    PROPOSED = "proposed"
    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What every kind of proposal has. ``reason`` is the maker's, ``decision`` the checker's words.

    ``base_id`` names what was in force when it was proposed, empty for what ships with the desk.
    """

    KEY: ClassVar[str]  # the field that holds its id
    WHAT: ClassVar[str]  # how a sentence calls it

    state: ProposalState
    base_id: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str  # empty while it waits
    decided_at: datetime | None
    decision: str

    @property
    def proposal_id(self) -> str:
        """The id, whatever the kind calls it."""
        return str(getattr(self, self.KEY))


class BadReason(Invalid):
    """A reason is missing, or too long."""


class AnotherWaits(Conflict):
    """One proposal of a kind at a time."""

    def __init__(self, waiting: Proposal) -> None:
        super().__init__(
            f"{waiting.proposal_id}, proposed by {waiting.proposed_by}, waits to be decided; "
            f"only one {waiting.WHAT} can be proposed at a time. Have it decided or withdrawn first."
        )


class NotWaiting(Conflict):
    """The proposal was decided already."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(
            f"{proposal.WHAT.capitalize()} {proposal.proposal_id} is {proposal.state.value}; "
            "only a proposal that waits can be decided."
        )


class MakerIsChecker(NotPermitted):
    """Nobody puts their own proposal in force. There is no bypass."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(
            f"You proposed {proposal.proposal_id}, so you may not decide it; only a manager who did not propose it may. "
            "You may withdraw it."
        )


class NotMaker(NotPermitted):
    """Only the maker withdraws."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__(f"You did not propose {proposal.proposal_id}, so you may not withdraw it; you may reject it.")


def require_reason(text: str, what: str) -> str:
    """Return a reason as it is stored.

    :raises BadReason: if it is shorter than ten characters or longer than 4,000.
    """
    text = normalise(text.strip())
    if len(text) < SHORTEST:
        raise BadReason(f"{what} needs a reason of at least {SHORTEST} characters; this one has {len(text)}.")
    if len(text) > LONGEST:
        raise BadReason(f"{what} may have a reason of {LONGEST:,} characters; this one has {len(text):,}. Shorten it.")
    return text


def require_checker(proposal: Proposal, actor: Person) -> None:
    """Refuse unless the proposal waits and somebody else made it.

    :raises NotWaiting: if it was decided.
    :raises MakerIsChecker: if the actor proposed it.
    """
    _require_waiting(proposal)
    if actor.user_id == proposal.proposed_by:
        raise MakerIsChecker(proposal)


def require_maker(proposal: Proposal, actor: Person) -> None:
    """Refuse unless the proposal waits and the actor made it.

    :raises NotWaiting: if it was decided.
    :raises NotMaker: if somebody else proposed it.
    """
    _require_waiting(proposal)
    if actor.user_id != proposal.proposed_by:
        raise NotMaker(proposal)


def _require_waiting(proposal: Proposal) -> None:
    if proposal.state is not ProposalState.PROPOSED:
        raise NotWaiting(proposal)
