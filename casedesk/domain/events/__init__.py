"""Everything that can be recorded in the ledger, in the past tense.

An event's fields never change once released: a new shape gets a new ``version``. ``notes`` holds what a person wrote;
every other field goes into ``meta``. Amounts in ``meta`` are decimal strings of minor units, because RFC 8785 numbers are
exact only up to 2**53.
"""

from __future__ import annotations

from casedesk.domain.events.cases import (
    AlertAttached,
    AlertGrown,
    CaseAssigned,
    CaseHandedOver,
    CaseOpened,
    CaseReleased,
    CaseTaken,
    NoteAdded,
    SuspicionMoved,
)
from casedesk.domain.events.decisions import (
    CaseReopened,
    DispositionApproved,
    DispositionReturned,
    DispositionSet,
    ReviewFailed,
    ReviewPassed,
)
from casedesk.domain.events.detecting import (
    DetectionRan,
    RatesLoaded,
    TransactionsImported,
)
from casedesk.domain.events.event import DESK, Event
from casedesk.domain.events.filings import (
    BatchExported,
    FilingAcknowledged,
    FilingApproved,
    FilingDrafted,
    FilingProduced,
    FilingRejected,
    FilingTransmitted,
    FilingWithdrawn,
)
from casedesk.domain.events.governing import (
    PersonAdded,
    RuleSetProposed,
    RuleSetPutInForce,
    RuleSetRejected,
    RuleSetWithdrawn,
    SuppressionApproved,
    SuppressionEnded,
    SuppressionProposed,
    SuppressionRejected,
)
from casedesk.domain.events.keys import ApiKeyCreated, ApiKeyRevoked
from casedesk.domain.events.policies import PolicyProposed, PolicyPutInForce, PolicyRejected
from casedesk.domain.events.readings import (
    CaseExported,
    DeskExported,
    EvidenceSheetExported,
    NarrativeRead,
    PacketExported,
)
from casedesk.domain.events.reminding import RemindersGiven
from casedesk.domain.events.retaining import CasesPurged, HoldLifted, HoldPlaced, PurgeProposed
from casedesk.domain.events.sampling import (
    LineTestDrawn,
    LineTestFrozen,
    PopulationFrozen,
    SampleDrawn,
)
from casedesk.domain.events.webhooks import WebhookCreated, WebhookDisabled

#: Every kind of event by its action.
KINDS: dict[str, type[Event]] = {
    kind.action: kind
    for kind in (
        CaseOpened,
        AlertAttached,
        AlertGrown,
        CaseTaken,
        CaseAssigned,
        CaseHandedOver,
        CaseReleased,
        NoteAdded,
        SuspicionMoved,
        DispositionSet,
        DispositionApproved,
        DispositionReturned,
        CaseReopened,
        ReviewPassed,
        ReviewFailed,
        HoldPlaced,
        HoldLifted,
        FilingDrafted,
        FilingApproved,
        FilingProduced,
        FilingWithdrawn,
        FilingTransmitted,
        FilingAcknowledged,
        FilingRejected,
        BatchExported,
        CaseExported,
        PacketExported,
        NarrativeRead,
        EvidenceSheetExported,
        DeskExported,
        TransactionsImported,
        RatesLoaded,
        DetectionRan,
        PersonAdded,
        RuleSetProposed,
        RuleSetPutInForce,
        RuleSetRejected,
        RuleSetWithdrawn,
        SuppressionProposed,
        SuppressionApproved,
        SuppressionRejected,
        SuppressionEnded,
        PolicyProposed,
        PolicyPutInForce,
        PolicyRejected,
        ApiKeyCreated,
        ApiKeyRevoked,
        WebhookCreated,
        WebhookDisabled,
        RemindersGiven,
        PurgeProposed,
        CasesPurged,
        PopulationFrozen,
        SampleDrawn,
        LineTestFrozen,
        LineTestDrawn,
    )
}

__all__ = [
    "DESK",
    "KINDS",
    "AlertAttached",
    "AlertGrown",
    "ApiKeyCreated",
    "ApiKeyRevoked",
    "BatchExported",
    "CaseAssigned",
    "CaseExported",
    "CaseHandedOver",
    "CaseOpened",
    "CaseReleased",
    "CaseReopened",
    "CaseTaken",
    "CasesPurged",
    "DeskExported",
    "DetectionRan",
    "DispositionApproved",
    "DispositionReturned",
    "DispositionSet",
    "Event",
    "EvidenceSheetExported",
    "FilingAcknowledged",
    "FilingApproved",
    "FilingDrafted",
    "FilingProduced",
    "FilingRejected",
    "FilingTransmitted",
    "FilingWithdrawn",
    "HoldLifted",
    "HoldPlaced",
    "LineTestDrawn",
    "LineTestFrozen",
    "NarrativeRead",
    "NoteAdded",
    "PacketExported",
    "PersonAdded",
    "PolicyProposed",
    "PolicyPutInForce",
    "PolicyRejected",
    "PopulationFrozen",
    "PurgeProposed",
    "RatesLoaded",
    "RemindersGiven",
    "ReviewFailed",
    "ReviewPassed",
    "RuleSetProposed",
    "RuleSetPutInForce",
    "RuleSetRejected",
    "RuleSetWithdrawn",
    "SampleDrawn",
    "SuppressionApproved",
    "SuppressionEnded",
    "SuppressionProposed",
    "SuppressionRejected",
    "SuspicionMoved",
    "TransactionsImported",
    "WebhookCreated",
    "WebhookDisabled",
]
