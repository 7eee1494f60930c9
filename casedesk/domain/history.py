"""What the events of a case add up to. The services save this, and the verifier compares the stored row with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import repeat
from operator import attrgetter
from typing import Any, Final

from casedesk.domain.alerts import lapsed_digest, risk_rank
from casedesk.domain.cases import (
    STAGES,
    TRANSITIONS,
    AlertFigures,
    Case,
    CaseStatus,
    Disposition,
    IllegalStep,
    QaStatus,
    stage_of,
    worst,
)
from casedesk.domain.clocks import sar_clock
from casedesk.domain.expected_value import rank_of_day
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical, parse
from casedesk.domain.people import Action
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.errors import Invalid


class BrokenHistory(Invalid):
    """The events of a case do not make sense in their order."""


class Folding:
    """A case while its events are being added up. Times stay canonical text, so that nothing is converted twice."""

    __slots__ = (
        "alerted_at", "alerts", "approved_at", "approved_by", "case_id", "closed_at", "closed_event", "customer_id", "decided_at",
        "decided_by", "decision_text", "digests", "disposition", "opened_at", "owner", "qa_notes", "qa_reviewed_at",
        "qa_reviewer", "qa_severity", "qa_status", "status", "suspect_identified", "suspicion_at", "suspicion_event",
        "suspicion_moved", "version",
    )  # fmt: skip

    def __init__(self, case_id: str) -> None:
        self.case_id = case_id
        self.customer_id = ""
        self.status = ""  # empty until the case is opened
        self.owner = ""
        self.disposition = ""
        self.version = 0
        self.opened_at = self.alerted_at = self.suspicion_at = ""
        self.suspicion_event = 0
        self.suspicion_moved = False
        self.suspect_identified = True
        self.decision_text = self.decided_by = self.approved_by = ""
        self.decided_at = self.approved_at = self.closed_at = ""
        self.closed_event = 0  # that closed it last; no column has it
        self.qa_status = self.qa_reviewer = self.qa_reviewed_at = self.qa_severity = self.qa_notes = ""
        self.alerts: dict[str, AlertFigures] = {}
        self.digests: dict[str, str] = {}  # of each alert as its last events recorded it

    def add(self, event: Recorded, meta: dict[str, Any]) -> None:
        """Take one more event into account.

        :raises BrokenHistory: for an unknown action, a second opening, or an event before the opening.
        :raises IllegalStep: for a step the transition table does not hold.
        """
        change = _LEGAL.get((self.status, self.disposition, event.action))
        if change is None:
            raise self._refusal(event.action)
        if change is not _read:
            change(self, event, meta)
            self.version += 1

    def _refusal(self, happened: str) -> Invalid:
        if happened not in _STEPS:
            return BrokenHistory(f"“{happened}” is not something that happens to a case.")
        if not self.status:
            return BrokenHistory(f"Case {self.case_id} was never opened.")
        if happened == "case_opened":
            return BrokenHistory(f"Case {self.case_id} was opened twice.")
        action = _STEPS[happened][0]
        stage = stage_of(self.status, self.disposition)
        # what has no action in the transition table is legal wherever a case can stand
        return IllegalStep(self.case_id, stage, action or Action.VIEW_CASE)


def _opened(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.customer_id = meta["customer_id"]
    case.status = "New"
    case.opened_at = event.ts
    case.alerted_at = meta["alerted_at"]
    case.suspicion_at = meta["suspicion_at"]
    case.suspect_identified = meta["suspect_identified"]
    case.suspicion_event = event.event_id


def _alert(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.digests[meta["alert_id"]] = meta["digest"]
    case.alerts[meta["alert_id"]] = AlertFigures(
        meta["alert_id"], meta["rule"], meta["severity"], int(meta["amount_minor"]), meta["transactions"]
    )


def _lapsed(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    """The alert's figures stay in the case's: what they weigh now, a person judges."""
    case.digests[meta["alert_id"]] = lapsed_digest(case.digests.get(meta["alert_id"], ""), meta["run_id"])


def _owned(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.status = "In Review"
    case.owner = meta["owner"]


def _assigned(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.status = "In Review"
    case.owner = meta["owner"]
    if case.disposition and not meta["escalation"]:
        _undecided(case)


def _released(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.owner = ""
    if not case.disposition:
        case.status = "New"


def _noted(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    """A note changes nothing but the version."""


def _decided(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.disposition = meta["disposition"]
    case.decision_text = event.notes
    case.decided_by = event.user
    case.decided_at = event.ts
    case.approved_by = case.approved_at = ""
    if meta["disposition"] == "Escalate":
        case.owner = ""  # it stands in the managers' queue until one takes it
    elif meta["disposition"] == "No SAR" or meta["approval"] == "off by policy":
        _closed(case, event)


def _approved(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.approved_by = event.user
    case.approved_at = event.ts
    _closed(case, event)


def _closed(case: Folding, event: Recorded) -> None:
    case.status = "Closed"
    case.closed_at = event.ts
    case.closed_event = event.event_id
    case.qa_status = case.qa_reviewer = case.qa_reviewed_at = case.qa_severity = case.qa_notes = ""


def _returned(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    _undecided(case)


def _reopened(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.status = "In Review"
    case.owner = meta["owner"]
    case.closed_at = ""
    _undecided(case)


def _undecided(case: Folding) -> None:
    """Withdraw the decision; its text stays, so that the rework starts from it."""
    case.disposition = ""
    case.decided_by = case.decided_at = case.approved_by = case.approved_at = ""


def _passed(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    _reviewed(case, event, meta, "Pass")


def _failed(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    _reviewed(case, event, meta, "Fail")
    _reopened(case, event, meta)


def _reviewed(case: Folding, event: Recorded, meta: dict[str, Any], outcome: str) -> None:
    case.qa_status = outcome
    case.qa_reviewer = event.user
    case.qa_reviewed_at = event.ts
    case.qa_severity = meta["severity"]
    case.qa_notes = event.notes


def _suspected(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    case.suspicion_at = meta["suspicion_at"]
    case.suspect_identified = meta["suspect_identified"]
    case.suspicion_event = event.event_id
    case.suspicion_moved = True


def _sent_back(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    """The filing system refused the report: a closed case is work again; on an open one somebody works already."""
    if case.status == "Closed":
        _reopened(case, event, meta)


def _read(case: Folding, event: Recorded, meta: dict[str, Any]) -> None:
    """Somebody looked or said how long the case is kept, or a report went its way; not even the version changes."""


_Change = Callable[[Folding, Recorded, dict[str, Any]], None]

#: Under which action the transition table must allow each event, and what it does.
_STEPS: Final[dict[str, tuple[Action | None, _Change]]] = {
    "case_opened": (None, _opened),
    "alert_attached": (Action.ATTACH_ALERT, _alert),
    "alert_grown": (Action.ATTACH_ALERT, _alert),
    "alert_revised": (Action.ATTACH_ALERT, _alert),
    "alert_lapsed": (Action.ATTACH_ALERT, _lapsed),
    "case_taken": (Action.TAKE, _owned),
    "case_assigned": (Action.ASSIGN, _assigned),
    "case_handed_over": (Action.HAND_OVER, _owned),
    "case_released": (Action.RELEASE, _released),
    "note_added": (Action.ADD_NOTE, _noted),
    "disposition_set": (Action.SET_DISPOSITION, _decided),
    "disposition_approved": (Action.APPROVE, _approved),
    "disposition_returned": (Action.RETURN, _returned),
    "case_reopened": (Action.REOPEN, _reopened),
    "review_passed": (Action.REVIEW, _passed),
    "review_failed": (Action.REVIEW, _failed),
    "suspicion_moved": (Action.MOVE_SUSPICION, _suspected),
    "filing_drafted": (Action.DRAFT_FILING, _noted),
    "filing_approved": (Action.APPROVE_FILING, _noted),
    "filing_produced": (None, _read),
    "filing_withdrawn": (None, _read),
    "filing_transmitted": (None, _read),
    "filing_acknowledged": (None, _read),
    "filing_rejected": (None, _sent_back),
    "case_exported": (None, _read),
    "narrative_read": (None, _read),
    "advice_given": (None, _read),
    "hold_placed": (None, _read),
    "hold_lifted": (None, _read),
}


def _legal() -> Iterator[tuple[tuple[str, str, str], _Change]]:
    for happened, (action, change) in _STEPS.items():
        if happened == "case_opened":
            yield ("", "", happened), change
            continue
        for (status, disposition), stage in STAGES.items():
            if action is None or (stage, action) in TRANSITIONS:
                yield (status, disposition, happened), change


#: The same, looked up by the stored status and disposition: what may happen there. An absent triple is illegal.
_LEGAL: Final = dict(_legal())


def fold(case_id: str, events: Iterable[Recorded]) -> Folding:
    """Add up the events of one case, in the order of ``case_seq``."""
    case = Folding(case_id)
    for event in events:
        case.add(event, event.data)
    return case


def after(case: Case | None, event: Recorded, policy: Policy = SHIPPED) -> Case:
    """Return the case as it stands once ``event`` has happened.

    :param case: the case before, or None for the event that opens it.
    :param policy: the values from which the due date of a new case follows; a known case has its own.
    """
    return after_all(case, (event,), policy)


def after_all(case: Case | None, events: Sequence[Recorded], policy: Policy = SHIPPED) -> Case:
    """Return the case as it stands once these events, of which there is one at least, have happened in their order.

    :param case: as for :func:`after`.
    """
    folding = Folding(events[0].case_id) if case is None else _thaw(case)
    for event in events:
        folding.add(event, event.data)
    return freeze(folding, policy if case is None else case.policy)


def freeze(f: Folding, policy: Policy = SHIPPED) -> Case:
    """Turn a finished folding into a case."""
    return Case(
        case_id=f.case_id,
        customer_id=f.customer_id,
        status=CaseStatus(f.status),
        owner=f.owner,
        disposition=Disposition(f.disposition),
        version=f.version,
        opened_at=_at(f.opened_at),
        alerted_at=_at(f.alerted_at),
        suspicion_at=_at(f.suspicion_at),
        suspicion_event=f.suspicion_event,
        suspicion_moved=f.suspicion_moved,
        suspect_identified=f.suspect_identified,
        decision_text=f.decision_text,
        decided_by=f.decided_by,
        decided_at=_at(f.decided_at),
        approved_by=f.approved_by,
        approved_at=_at(f.approved_at),
        closed_at=_at(f.closed_at),
        qa_status=QaStatus(f.qa_status),
        qa_reviewer=f.qa_reviewer,
        qa_reviewed_at=_at(f.qa_reviewed_at),
        qa_severity=f.qa_severity,
        qa_notes=f.qa_notes,
        alerts=tuple(f.alerts.values()),
        policy=policy,
    )


def columns(f: Folding, policy: Policy = SHIPPED) -> dict[str, Any]:
    """Return what the row in ``cases`` must say: times as canonical text, absent values as the empty string."""
    alerts = f.alerts.values()
    leading = next(iter(alerts)) if len(alerts) == 1 else worst(alerts)
    severity = leading.severity if leading else 0
    amount = sum([a.amount_minor for a in alerts])
    due_at = _due_at(f.suspicion_at[:10], f.suspect_identified, policy.known_by(f.suspicion_event))
    return {
        "alerted_at": f.alerted_at,
        "approved_at": f.approved_at,
        "approved_by": f.approved_by,
        "case_id": f.case_id,
        "closed_at": f.closed_at,
        "customer_id": f.customer_id,
        "decided_at": f.decided_at,
        "decided_by": f.decided_by,
        "decision_text": f.decision_text,
        "disposition": f.disposition,
        "opened_at": f.opened_at,
        "owner": f.owner,
        "qa_notes": f.qa_notes,
        "qa_reviewed_at": f.qa_reviewed_at,
        "qa_reviewer": f.qa_reviewer,
        "qa_severity": f.qa_severity,
        "qa_status": f.qa_status,
        "status": f.status,
        "suspect_identified": f.suspect_identified,
        "suspicion_at": f.suspicion_at,
        "suspicion_event": f.suspicion_event,
        "suspicion_moved": f.suspicion_moved,
        "version": f.version,
        "due_at": due_at,
        "is_open": f.status != "Closed",
        "severity": severity,
        "risk_rank": risk_rank(severity),
        "typology": leading.rule if leading else "",
        "alert_count": len(alerts),
        "transaction_count": sum([a.transactions for a in alerts]),
        "amount_minor": amount,
        "value_rank": rank_of_day(_ordinal(due_at[:10]), max(1, severity * amount)),
    }


@lru_cache(maxsize=4096)
def _due_at(day: str, suspect_identified: bool, policy: Policy) -> str:
    """Return the canonical due time; it depends on nothing but the day of the suspicion and the values known then."""
    start = parse(f"{day}T00:00:00.000000Z")
    clock = sar_clock(suspicion_at=start, suspect_identified=suspect_identified, source="", policy=policy)
    return canonical(clock.due_at)


@lru_cache(maxsize=4096)
def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _at(at: str | datetime | None) -> Any:
    """What an event said is text; what stands in a case already is a time."""
    if isinstance(at, str):
        return parse(at) if at else None
    return at


def _thaw(case: Case) -> Folding:
    """Turn a case back into a folding that :func:`freeze` will turn into a case again.

    ``digests`` and ``closed_event`` stay empty, only the verifier looks at them and starts from the events; and a time stays
    what it is, because a step sets times and reads none.
    """
    f = Folding(case.case_id)
    list(map(setattr, repeat(f), _STORED, _stored(case)))  # a loop of Python's own would take three times as long
    f.alerts = {a.alert_id: a for a in case.alerts}
    return f


_STORED: Final = tuple(sorted(set(Folding.__slots__) - {"alerts", "closed_event", "digests"}))
_stored: Final = attrgetter(*_STORED)
