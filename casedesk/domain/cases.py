"""A case, the stages it passes through, and the table of legal steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from casedesk.domain.alerts import Risk, band
from casedesk.domain.clocks import Clock, report_clock
from casedesk.domain.people import Action
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.errors import Invalid


class CaseStatus(StrEnum):
    """The stored status; the CHECK on ``cases.status`` lists exactly these."""

    NEW = "New"
    IN_REVIEW = "In Review"
    CLOSED = "Closed"


class Disposition(StrEnum):
    """What was decided; the CHECK on ``cases.disposition`` lists exactly these."""

    NONE = ""
    NO_SAR = "No SAR"
    SAR = "SAR"
    ESCALATE = "Escalate"


class QaStatus(StrEnum):
    """The outcome of the review of the present decision."""

    NONE = ""
    PASS = "Pass"
    FAIL = "Fail"


class Stage(StrEnum):
    """Where a case stands, derived from status and disposition. The words are those of a refusal."""

    NEW = "new"
    WORKING = "in review"
    ESCALATED = "escalated to the managers"
    AWAITING = "waiting for approval"
    CLOSED = "closed"
    BROKEN = "in a state that no recorded step leads to: its row was changed outside the desk"


#: The legal steps and the stages they may lead to. An absent pair is illegal.
TRANSITIONS: Final[dict[tuple[Stage, Action], frozenset[Stage]]] = {
    (Stage.NEW, Action.ATTACH_ALERT): frozenset({Stage.NEW}),
    (Stage.NEW, Action.TAKE): frozenset({Stage.WORKING}),
    (Stage.NEW, Action.ASSIGN): frozenset({Stage.WORKING}),
    (Stage.NEW, Action.ADD_NOTE): frozenset({Stage.NEW}),
    (Stage.WORKING, Action.ATTACH_ALERT): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.TAKE): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.ASSIGN): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.HAND_OVER): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.RELEASE): frozenset({Stage.NEW}),
    (Stage.WORKING, Action.ADD_NOTE): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.MOVE_SUSPICION): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.DRAFT_FILING): frozenset({Stage.WORKING}),
    (Stage.WORKING, Action.SET_DISPOSITION): frozenset({Stage.CLOSED, Stage.AWAITING, Stage.ESCALATED}),
    (Stage.ESCALATED, Action.ATTACH_ALERT): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.TAKE): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.ASSIGN): frozenset({Stage.WORKING, Stage.ESCALATED}),
    (Stage.ESCALATED, Action.HAND_OVER): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.RELEASE): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.ADD_NOTE): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.MOVE_SUSPICION): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.DRAFT_FILING): frozenset({Stage.ESCALATED}),
    (Stage.ESCALATED, Action.SET_DISPOSITION): frozenset({Stage.CLOSED, Stage.AWAITING}),
    (Stage.AWAITING, Action.ATTACH_ALERT): frozenset({Stage.AWAITING}),
    (Stage.AWAITING, Action.ADD_NOTE): frozenset({Stage.AWAITING}),
    (Stage.AWAITING, Action.APPROVE): frozenset({Stage.CLOSED}),
    (Stage.AWAITING, Action.RETURN): frozenset({Stage.WORKING}),
    (Stage.CLOSED, Action.DRAFT_FILING): frozenset({Stage.CLOSED}),
    (Stage.CLOSED, Action.APPROVE_FILING): frozenset({Stage.CLOSED}),
    (Stage.CLOSED, Action.REOPEN): frozenset({Stage.WORKING}),
    (Stage.CLOSED, Action.REVIEW): frozenset({Stage.CLOSED, Stage.WORKING}),
}


class IllegalStep(Invalid):
    """The transition table has no such step."""

    def __init__(self, case_id: str, stage: Stage, action: Action) -> None:
        possible = sorted({a.value for (s, a) in TRANSITIONS if s is stage})
        way_out = f"possible now: {', '.join(possible)}" if possible else "have the ledger verified"
        super().__init__(f"Case {case_id} is {stage.value}, so nobody can {action.value} in this state; {way_out}.")


def require_step(case_id: str, stage: Stage, action: Action) -> None:
    """Refuse a step that the table does not hold.

    :raises IllegalStep: if the pair is absent.
    """
    if (stage, action) not in TRANSITIONS:
        raise IllegalStep(case_id, stage, action)


@dataclass(frozen=True, slots=True)
class AlertFigures:
    """What a case needs to know of each of its alerts."""

    alert_id: str
    rule: str
    severity: int
    amount_minor: int
    transactions: int


def worst(alerts: Iterable[AlertFigures]) -> AlertFigures | None:
    """Return the alert of the highest severity; of equals, the one with the smallest id, whatever their order."""
    return min(alerts, key=lambda a: (-a.severity, a.alert_id), default=None)


@dataclass(frozen=True, slots=True)
class Case:
    """One investigation of one customer. Times are aware UTC; ``owner`` is empty when nobody holds it.

    ``policy`` holds the values that its due date follows from; it is no part of what the case is.
    """

    case_id: str
    customer_id: str
    status: CaseStatus
    owner: str
    disposition: Disposition
    version: int
    opened_at: datetime
    alerted_at: datetime
    suspicion_at: datetime
    suspicion_event: int  # event_id that set ``suspicion_at``
    suspicion_moved: bool  # False while it is the alert's own time
    suspect_identified: bool
    decision_text: str = ""  # the rationale, narrative or reason of the present disposition
    decided_by: str = ""
    decided_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    closed_at: datetime | None = None
    qa_status: QaStatus = QaStatus.NONE
    qa_reviewer: str = ""
    qa_reviewed_at: datetime | None = None
    qa_severity: str = ""
    qa_notes: str = ""
    alerts: tuple[AlertFigures, ...] = ()
    policy: Policy = field(default=SHIPPED, compare=False, repr=False)

    @property
    def stage(self) -> Stage:
        return stage_of(self.status, self.disposition)

    @property
    def severity(self) -> int:
        return max((a.severity for a in self.alerts), default=0)

    @property
    def risk(self) -> Risk:
        return band(self.severity)

    @property
    def amount_minor(self) -> int:
        return sum(a.amount_minor for a in self.alerts)

    @property
    def transactions(self) -> int:
        return sum(a.transactions for a in self.alerts)

    @property
    def typology(self) -> str:
        """The rule of the worst alert."""
        found = worst(self.alerts)
        return found.rule if found else ""

    @property
    def clock(self) -> Clock:
        return report_clock(
            suspicion_at=self.suspicion_at,
            event=self.suspicion_event,
            moved=self.suspicion_moved,
            suspect_identified=self.suspect_identified,
            policy=self.policy,
        )


def stage_of(status: str, disposition: str) -> Stage:
    """Derive the stage. A stored pair that no step leads to is named as what it is, never guessed at."""
    return STAGES.get((status, disposition), Stage.BROKEN)


#: The pairs of status and disposition that a case can be stored with, and what each is called.
STAGES: Final[dict[tuple[str, str], Stage]] = {
    ("New", ""): Stage.NEW,
    ("In Review", ""): Stage.WORKING,
    ("In Review", "Escalate"): Stage.ESCALATED,
    ("In Review", "SAR"): Stage.AWAITING,
    ("Closed", "No SAR"): Stage.CLOSED,
    ("Closed", "SAR"): Stage.CLOSED,
}
