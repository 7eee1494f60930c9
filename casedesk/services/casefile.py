"""Read one case whole, with what the reader has no need to know left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Case, CaseStatus, Disposition, QaStatus, Stage
from casedesk.domain.casework import TELLING
from casedesk.domain.clocks import Clock, Kind
from casedesk.domain.holds import Hold, standing
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.transactions import Account, Customer
from casedesk.domain.verification import Finding, Report
from casedesk.services.audit import verify_case
from casedesk.services.clocks import further_clocks
from casedesk.store.case_store import Change, StaleCase
from casedesk.store.transaction_store import Flow, Leg
from casedesk.store.unit_of_work import Reading

__all__ = ["CaseFile", "Change", "EarlierCase", "Flow", "Leg", "StaleCase", "flows", "legs", "read", "undisclosed"]


@dataclass(frozen=True, slots=True)
class EarlierCase:
    """Another case of the same customer, in one line."""

    case_id: str
    opened_at: datetime
    stage: Stage
    disposition: Disposition  # empty when not disclosed
    alerts: int


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything the case page shows.

    ``case`` is safe to show: without need to know, a SAR and everything about it is replaced by what an outsider may
    see. ``seen_version`` is the true version, which the actor's next step must carry.
    """

    case: Case
    seen_version: int
    disclosed: bool
    customer: Customer
    accounts: tuple[Account, ...]
    alerts: tuple[Alert, ...]
    events: tuple[Recorded, ...]  # oldest first
    earlier: tuple[EarlierCase, ...]
    names: dict[str, str]  # of every user id
    touched: bool  # whether the actor worked on the case
    touched_for_review: bool
    chain: Report
    holds: tuple[Hold, ...] = ()  # empty where the decision is not disclosed
    clocks: tuple[Clock, ...] = ()  # what else is due, and until when the case is kept; nothing that tells a decision

    @property
    def stage(self) -> Stage:
        return self.case.stage if self.disclosed or self.case.stage is not Stage.AWAITING else Stage.WORKING


def read(*, uow: Reading, actor: Person, case_id: str) -> CaseFile:
    """Read a case.

    :raises NoSuchCase: if there is none.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        dossier = uow.cases.dossier(case_id)
        case = dossier.case
        history = uow.ledger.of(case_id)
        alerts = uow.alerts.of_case(case_id)
        disclosed = dossier.disclosed_to(actor)
        shown = history if disclosed else _without_decisions(history)
        chain = verify_case(case, history, alerts, _purges(uow, history))
        others = [c for c in uow.cases.of_customer(case.customer_id) if c.case_id != case_id]
        return CaseFile(
            case=case if disclosed else replace(undisclosed(case), version=len(shown)),
            seen_version=case.version,
            disclosed=disclosed,
            customer=uow.parties.customer(case.customer_id),
            accounts=uow.parties.accounts_of(case.customer_id),
            alerts=alerts if may(actor.role, Action.TUNE) else tuple(map(_without_origin, alerts)),
            events=shown,
            earlier=tuple(_line(c, actor) for c in others),
            names=uow.people.names(),
            touched=actor.user_id in dossier.touched_by(Action.APPROVE),
            touched_for_review=actor.user_id in dossier.touched_by(Action.REVIEW),
            chain=chain if disclosed else _without_findings(chain, case_id, len(shown)),
            holds=tuple(standing(history).values()) if disclosed else (),
            clocks=tuple(
                clock for clock in further_clocks(case, alerts, history) if disclosed or clock.kind is Kind.CTR
            ),
        )


def _purges(uow: Reading, history: tuple[Recorded, ...]) -> dict[str, int]:
    """Return the purges, where a text of the case is gone; most often nobody has to ask."""
    return uow.ledger.purges() if any(event.purged for event in history) else {}


def undisclosed(case: Case) -> Case:
    """Return the case as somebody without need to know may see it (31 CFR 1020.320(e)).

    Every decision is hidden, not only a SAR: if only SARs were hidden, hiding would tell.
    """
    return replace(
        case,
        disposition=Disposition.ESCALATE if case.stage is Stage.ESCALATED else _neutral(case),
        decision_text="",
        decided_by="",
        decided_at=None,
        approved_by="",
        approved_at=None,
        qa_status=QaStatus.NONE,
        qa_reviewer="",
        qa_reviewed_at=None,
        qa_severity="",
        qa_notes="",
    )


def _neutral(case: Case) -> Disposition:
    return Disposition.NO_SAR if case.status is CaseStatus.CLOSED else Disposition.NONE


def _without_decisions(history: tuple[Recorded, ...]) -> tuple[Recorded, ...]:
    """Leave the telling events out, and every trace of the gaps: numbers within the case, links, bodies."""
    kept = (event for event in history if event.action not in TELLING)
    return tuple(event._replace(case_seq=n, prev_hash="", salt="", body=b"") for n, event in enumerate(kept, start=1))


def _without_findings(chain: Report, case_id: str, events: int) -> Report:
    """Keep the verdict. What a finding expected and got may be what was decided."""
    problem = "It is not what its events say. Whoever may read the ledger is told where."
    found = (Finding(0, case_id, 0, problem, "", "", ""),) if chain.findings else ()
    return replace(chain, events=events, findings=found, broken_events=frozenset())


def _without_origin(alert: Alert) -> Alert:
    """Leave out by which run and with which values a rule raised an alert.

    Some are samples from below a rule's thresholds, and whoever judges them must not know which.
    """
    return replace(alert, parameters="", run_id="")


def _line(case: Case, actor: Person) -> EarlierCase:
    disclosed = actor.need_to_know or actor.user_id in (case.owner, case.decided_by)
    shown = case if disclosed else undisclosed(case)
    return EarlierCase(
        case.case_id,
        case.opened_at,
        shown.stage,
        case.disposition if disclosed else Disposition.NONE,
        len(case.alerts),
    )


def legs(
    *,
    uow: Reading,
    actor: Person,
    case_id: str,
    evidence_only: bool,
    since: datetime | None = None,
    limit: int = 10_000,
) -> tuple[Leg, ...]:
    """Return the transactions of a case's customer as their accounts see them, newest first."""
    require(actor, Action.VIEW_CASE)
    with uow:
        case = uow.cases.get(case_id)
        return uow.transactions.legs(
            case.customer_id, since=since, only_evidence_of=case_id if evidence_only else "", limit=limit
        )


def flows(
    *, uow: Reading, actor: Person, case_id: str, since: datetime | None = None, limit: int = 50
) -> tuple[Flow, ...]:
    """Return the largest counterparties of a case's customer."""
    require(actor, Action.VIEW_CASE)
    with uow:
        case = uow.cases.get(case_id)
        return uow.transactions.flows(case.customer_id, since=since, limit=limit)
