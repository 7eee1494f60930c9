"""How a case comes about and who works on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOpened(Event):
    """A case began. Times are canonical text; suspicion starts provisionally at the alert."""

    action: ClassVar[str] = "case_opened"
    title: ClassVar[str] = "Case opened"
    customer_id: str
    alerted_at: str
    suspicion_at: str
    suspect_identified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertAttached(Event):
    """An alert joined the case. ``digest`` is the SHA-256 of the alert's canonical JSON."""

    action: ClassVar[str] = "alert_attached"
    title: ClassVar[str] = "Alert attached"
    removable: ClassVar[bool] = False  # the notes are the alert's sentence: counts, amounts and dates
    alert_id: str
    rule: str
    rule_version: str
    severity: int
    amount_minor: str
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertGrown(Event):
    """New transactions joined an alert of the case. The figures replace the alert's earlier ones."""

    action: ClassVar[str] = "alert_grown"
    title: ClassVar[str] = "Alert grew"
    removable: ClassVar[bool] = False  # the notes are the alert's sentence: counts, amounts and dates
    alert_id: str
    rule: str
    rule_version: str
    severity: int
    amount_minor: str
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRevised(Event):
    """A run found an alert of the case otherwise, and with no further transaction: with fewer, with other figures, or again
    after it had lapsed. The figures replace the alert's earlier ones.
    """

    action: ClassVar[str] = "alert_revised"
    title: ClassVar[str] = "Alert revised"
    removable: ClassVar[bool] = False  # the notes are the alert's sentence: counts, amounts and dates
    alert_id: str
    rule: str
    rule_version: str
    severity: int
    amount_minor: str
    transactions: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLapsed(Event):
    """A run finds an alert of the case no longer, with the same rule and values: what arrived since explains it, or joined it
    to the alert ``by``, which is empty otherwise. The alert stays in the case as it was.
    """

    action: ClassVar[str] = "alert_lapsed"
    title: ClassVar[str] = "Alert lapsed"
    alert_id: str
    rule: str
    run_id: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseTaken(Event):
    """Somebody took the case for themselves."""

    action: ClassVar[str] = "case_taken"
    title: ClassVar[str] = "Case taken"
    owner: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseAssigned(Event):
    """A manager gave the case to somebody. ``escalation`` says whether it stays in the managers' queue."""

    action: ClassVar[str] = "case_assigned"
    title: ClassVar[str] = "Case assigned"
    owner: str
    previous: str
    escalation: bool
    bulk: str  # id shared by the cases of one bulk assignment, empty otherwise
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHandedOver(Event):
    """The owner gave the case to a colleague."""

    action: ClassVar[str] = "case_handed_over"
    title: ClassVar[str] = "Case handed over"
    owner: str
    previous: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReleased(Event):
    """The owner put the case back into the queue."""

    action: ClassVar[str] = "case_released"
    title: ClassVar[str] = "Case released"
    previous: str
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAdded(Event):
    """Somebody wrote something down."""

    action: ClassVar[str] = "note_added"
    title: ClassVar[str] = "Note added"
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspicionMoved(Event):
    """The day the facts were first detected was set anew, with the reason in the notes."""

    action: ClassVar[str] = "suspicion_moved"
    title: ClassVar[str] = "Suspicion date moved"
    suspicion_at: str
    suspect_identified: bool
    previous: str
    via: str
