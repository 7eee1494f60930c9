"""What is proposed and decided by maker and checker, a row for each kind: who may, where it is stored, which events tell of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from casedesk.domain import events
from casedesk.domain.events import Event
from casedesk.domain.model_versions import ModelVersion
from casedesk.domain.people import Action
from casedesk.domain.proposals import Proposal, ProposalState
from casedesk.domain.rule_sets import RuleSet
from casedesk.store.proposal_store import ProposalReader, ProposalStore
from casedesk.store.unit_of_work import Reading, Writing

P = TypeVar("P", bound=Proposal)


@dataclass(frozen=True, slots=True)
class Kind(Generic[P]):
    """One kind of proposal.

    ``columns`` names, for each column of a row that only its kind has, the field of the event that proposed it. ``leads_to`` says
    by the action of an event where its proposal stands afterwards.
    """

    made: type[P]
    title: str  # how a finding calls all of them
    propose: Action
    decide: Action
    read: Callable[[Reading | Writing], ProposalReader[P]]
    write: Callable[[Writing], ProposalStore[P]]
    proposed: str
    columns: Mapping[str, str]
    leads_to: Mapping[str, ProposalState]
    rejected: Callable[[P, str], Event]
    withdrawn: Callable[[P, str], Event]

    @property
    def steps(self) -> tuple[str, ...]:
        """The actions of all its events."""
        return self.proposed, *self.leads_to


RULE_SETS: Final = Kind(
    made=RuleSet,
    title="Rule sets",
    propose=Action.PROPOSE_RULES,
    decide=Action.PUT_RULES_IN_FORCE,
    read=lambda uow: uow.rule_sets,
    write=lambda uow: uow.rule_sets,
    proposed=events.RuleSetProposed.action,
    columns={"hash_before": "hash_before", "hash_after": "hash_after", "content": "content_sha256",
             "sheet": "sheet_sha256", "sheet_sha256": "sheet_sha256"},
    leads_to={
        events.RuleSetPutInForce.action: ProposalState.IN_FORCE,
        events.RuleSetRejected.action: ProposalState.REJECTED,
        events.RuleSetWithdrawn.action: ProposalState.WITHDRAWN,
    },
    rejected=lambda one, reason: events.RuleSetRejected(
        rule_set_id=one.rule_set_id, hash_after=one.hash_after, proposed_by=one.proposed_by, notes=reason
    ),
    withdrawn=lambda one, reason: events.RuleSetWithdrawn(
        rule_set_id=one.rule_set_id, hash_after=one.hash_after, notes=reason
    ),
)  # fmt: skip

MODELS: Final = Kind(
    made=ModelVersion,
    title="Models",
    propose=Action.PROPOSE_MODEL,
    decide=Action.PUT_MODEL_IN_FORCE,
    read=lambda uow: uow.models,
    write=lambda uow: uow.models,
    proposed=events.ModelProposed.action,
    columns={"name": "name", "model_id": "model_id", "card_sha256": "card_sha256"},
    leads_to={
        events.ModelPutInForce.action: ProposalState.IN_FORCE,
        events.ModelRejected.action: ProposalState.REJECTED,
        events.ModelWithdrawn.action: ProposalState.WITHDRAWN,
    },
    rejected=lambda one, reason: events.ModelRejected(
        version_id=one.version_id, model_id=one.model_id, proposed_by=one.proposed_by, notes=reason
    ),
    withdrawn=lambda one, reason: events.ModelWithdrawn(
        version_id=one.version_id, model_id=one.model_id, notes=reason
    ),
)  # fmt: skip
