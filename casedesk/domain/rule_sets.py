"""A rule set: which rules run, with which parameters, who proposed it, and who put it in force.

Until one was put in force, the rules run as they are shipped. The maker of a proposal is never its checker, and one
proposal waits at a time: two at once would be measured against the same rules, and the second would undo the first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from casedesk.domain.ledger import normalise
from casedesk.domain.people import Person
from casedesk.errors import Conflict, Invalid, NotPermitted

FORMAT: Final = "casedesk-rules-1"
#: How a command names the rules as the desk ships them.
SHIPPED: Final = "shipped"
IN_FORCE: Final = "in-force"
SHORTEST: Final = 10
LONGEST: Final = 4_000


class RuleSetState(StrEnum):
    """Where a rule set stands. From ``PROPOSED`` it goes to one of the others; what is in force is superseded."""

    PROPOSED = "proposed"
    IN_FORCE = "in force"
    SUPERSEDED = "superseded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class BadReason(Invalid):
    """A reason is missing, or too long."""


class BadContent(Invalid):
    """The stored content of a rule set is not what the desk wrote."""


class NotWaiting(Conflict):
    """The proposal was decided already."""

    def __init__(self, rule_set_id: str, state: RuleSetState) -> None:
        super().__init__(f"Rule set {rule_set_id} is {state.value}; only a proposal that waits can be decided.")


class MakerIsChecker(NotPermitted):
    """Nobody puts their own proposal in force. There is no bypass."""

    def __init__(self, rule_set_id: str) -> None:
        super().__init__(
            f"You proposed {rule_set_id}, so you may not decide it; only a manager who did not propose it may. "
            "You may withdraw it."
        )


class NotMaker(NotPermitted):
    """Only the maker withdraws."""

    def __init__(self, rule_set_id: str) -> None:
        super().__init__(f"You did not propose {rule_set_id}, so you may not withdraw it; you may reject it.")


@dataclass(frozen=True, slots=True)
class Pinned:
    """One rule of a set: its version then, and the value of every parameter as JSON types."""

    version: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Headline:
    """A rule set in a list: everything but its rules and its evidence sheet, which are long."""

    rule_set_id: str
    state: RuleSetState
    base_id: str
    hash_before: str
    hash_after: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str  # empty while it waits
    decided_at: datetime | None
    decision: str
    sheet_sha256: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A rule set as stored. ``base_id`` names the set it was proposed against, empty for the rules as shipped.

    ``content`` and ``sheet`` are canonical JSON; ``reason`` is the maker's, ``decision`` the checker's words.
    """

    rule_set_id: str
    state: RuleSetState
    base_id: str
    content: str
    hash_before: str
    hash_after: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str  # empty while it waits
    decided_at: datetime | None
    decision: str
    sheet: str
    sheet_sha256: str

    def rules(self) -> dict[str, Pinned]:
        """Return the rules that run, by name.

        :raises BadContent: if the stored text was damaged.
        """
        return read_content(self.content, self.rule_set_id)[0]

    def off(self) -> tuple[str, ...]:
        """Return the rules that are switched off.

        :raises BadContent: if the stored text was damaged.
        """
        return read_content(self.content, self.rule_set_id)[1]


def read_content(text: str, rule_set_id: str) -> tuple[dict[str, Pinned], tuple[str, ...]]:
    """Read which rules run, and which are switched off.

    :raises BadContent: naming the rule set.
    """
    try:
        value = json.loads(text)
        if value["format"] != FORMAT:
            raise ValueError
        rules = {name: Pinned(one["version"], dict(one["parameters"])) for name, one in value["rules"].items()}
        return rules, tuple(value["off"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadContent(
            f"What is stored of rule set {rule_set_id} was damaged, so no rule runs by it; "
            "run “casedesk audit verify” and restore a backup."
        ) from None


def sha256(text: str) -> str:
    """Hash a text as UTF-8, in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


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


def require_checker(rule_set: RuleSet, actor: Person) -> None:
    """Refuse unless the proposal waits and somebody else made it.

    :raises NotWaiting: if it was decided.
    :raises MakerIsChecker: if the actor proposed it.
    """
    _require_waiting(rule_set)
    if actor.user_id == rule_set.proposed_by:
        raise MakerIsChecker(rule_set.rule_set_id)


def require_maker(rule_set: RuleSet, actor: Person) -> None:
    """Refuse unless the proposal waits and the actor made it.

    :raises NotWaiting: if it was decided.
    :raises NotMaker: if somebody else proposed it.
    """
    _require_waiting(rule_set)
    if actor.user_id != rule_set.proposed_by:
        raise NotMaker(rule_set.rule_set_id)


def _require_waiting(rule_set: RuleSet) -> None:
    if rule_set.state is not RuleSetState.PROPOSED:
        raise NotWaiting(rule_set.rule_set_id, rule_set.state)
