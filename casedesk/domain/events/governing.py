"""Who may change what the rules find and what is hidden of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAdded(Event):
    """Somebody was given a role, or it changed. Desk event."""

    action: ClassVar[str] = "person_added"
    title: ClassVar[str] = "Person added"
    touches: ClassVar[bool] = False
    user_id: str
    role: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetProposed(Event):
    """A manager proposed another rule set; the reason stands in the notes. Desk event.

    ``base_id`` names the set in force then, empty for the rules as shipped. The hashes are those of the rule sets, of the
    proposed content and of the evidence sheet that was frozen with it.
    """

    action: ClassVar[str] = "rule_set_proposed"
    title: ClassVar[str] = "Rule set proposed"
    touches: ClassVar[bool] = False
    rule_set_id: str
    base_id: str
    hash_before: str
    hash_after: str
    content_sha256: str
    sheet_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetPutInForce(Event):
    """Another manager put a proposed rule set in force; ``base_id`` is superseded. Desk event."""

    action: ClassVar[str] = "rule_set_put_in_force"
    title: ClassVar[str] = "Rule set put in force"
    touches: ClassVar[bool] = False
    rule_set_id: str
    base_id: str
    hash_before: str
    hash_after: str
    sheet_sha256: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetRejected(Event):
    """Another manager rejected a proposed rule set; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "rule_set_rejected"
    title: ClassVar[str] = "Rule set rejected"
    touches: ClassVar[bool] = False
    rule_set_id: str
    hash_after: str
    proposed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetWithdrawn(Event):
    """The maker took a proposal back; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "rule_set_withdrawn"
    title: ClassVar[str] = "Rule set withdrawn"
    touches: ClassVar[bool] = False
    rule_set_id: str
    hash_after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionProposed(Event):
    """Somebody proposed to hide new alerts of a rule on a customer; the reason stands in the notes. Desk event.

    ``account_id`` is empty for all accounts of the customer. Days are ISO 8601, ``covers_until`` is exclusive.
    """

    action: ClassVar[str] = "suppression_proposed"
    title: ClassVar[str] = "Suppression proposed"
    touches: ClassVar[bool] = False
    suppression_id: str
    rule: str
    customer_id: str
    account_id: str
    covers_from: str
    covers_until: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionApproved(Event):
    """A second person put a suppression in force; alerts above ``severity_cap`` are never hidden. Desk event."""

    action: ClassVar[str] = "suppression_approved"
    title: ClassVar[str] = "Suppression approved"
    touches: ClassVar[bool] = False
    suppression_id: str
    maker: str
    severity_cap: int
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRejected(Event):
    """A second person refused a suppression; the reason stands in the notes. Desk event."""

    action: ClassVar[str] = "suppression_rejected"
    title: ClassVar[str] = "Suppression rejected"
    touches: ClassVar[bool] = False
    suppression_id: str
    maker: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionEnded(Event):
    """A suppression was taken out of force; ``hidden_alerts`` is how many it hid by then. Desk event."""

    action: ClassVar[str] = "suppression_ended"
    title: ClassVar[str] = "Suppression ended"
    touches: ClassVar[bool] = False
    suppression_id: str
    hidden_alerts: int
    via: str
