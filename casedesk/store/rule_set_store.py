"""Rule sets: proposed, in force, superseded, rejected, withdrawn."""

from __future__ import annotations

from casedesk.domain.rule_sets import Headline, RuleSet
from casedesk.errors import NotFound
from casedesk.store.proposal_store import ProposalReader, ProposalStore
from casedesk.store.tables import rule_sets


class NoSuchRuleSet(NotFound):
    """No rule set has this id."""

    def __init__(self, rule_set_id: str) -> None:
        super().__init__(f"There is no rule set “{rule_set_id}”; “casedesk rules history” lists them.")


class RuleSetReader(ProposalReader[RuleSet]):
    """Reads rule sets."""

    TABLE = rule_sets
    MISSING = NoSuchRuleSet
    HASHED = frozenset({"content", "sheet"})
    _made = RuleSet

    def headlines(self) -> tuple[Headline, ...]:
        """Return all rule sets, the newest proposal first."""
        return self._newest_first(Headline)


class RuleSetStore(RuleSetReader, ProposalStore[RuleSet]):
    """Writes rule sets."""

    PREFIX = "RS"
