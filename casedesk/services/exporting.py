"""Files that leave the desk. Each download is an event, and the event carries the file's hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from casedesk.domain.events import CaseExported, PacketExported
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.exports import audit_csv as csv_format
from casedesk.exports import summary_markdown
from casedesk.exports.summary_markdown import Counterparty, Position, Summary
from casedesk.services import rule_titles
from casedesk.services.narratives import last_decision
from casedesk.services.steps import present, record
from casedesk.store.transaction_store import Leg
from casedesk.store.unit_of_work import Reading, Writing


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file, its name, and the event that records its leaving."""

    name: str
    content: bytes
    sha256: str
    event: Recorded


def audit_csv(*, uow: Writing, actor: Person, at: datetime, case_id: str, via: str = "app") -> ExportedFile:
    """Export the events of a case; the export's own event is the next one and so not in the file."""
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        case = uow.cases.get(case_id)
        content = csv_format.write(uow.ledger.of(case_id))
        digest = sha256(content).hexdigest()
        _, row = record(uow, case, CaseExported(what="audit", sha256=digest, via=via), actor, at)
        uow.commit()
    return ExportedFile(f"{case_id}-audit.csv", content, digest, row)


def summary(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, base_currency: str, via: str = "app"
) -> ExportedFile:
    """Export the summary of a case as Markdown. The file's name says nothing of a decision."""
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        case = uow.cases.get(case_id)
        content = _summary(uow, actor, at, case_id, base_currency).encode("utf-8")
        digest = sha256(content).hexdigest()
        _, row = record(uow, case, CaseExported(what="summary", sha256=digest, via=via), actor, at)
        uow.commit()
    return ExportedFile(f"{case_id}-summary.md", content, digest, row)


def preview_summary(*, uow: Reading, actor: Person, at: datetime, case_id: str, base_currency: str) -> str:
    """Return the summary's Markdown for showing. Record the reading with ``decisions.read_narrative``."""
    require(actor, Action.EXPORT)
    with uow:
        return _summary(uow, actor, at, case_id, base_currency)


def recent(*, uow: Reading, actor: Person, limit: int = 10) -> tuple[Recorded, ...]:
    """Return the newest exports, newest first."""
    require(actor, Action.EXPORT)
    with uow:
        return uow.ledger.newest(limit, actions=(CaseExported.action, PacketExported.action))


def _summary(uow: Reading | Writing, actor: Person, at: datetime, case_id: str, base_currency: str) -> str:
    case = uow.cases.get(case_id)
    events = uow.ledger.of(case_id)
    head = uow.ledger.head()
    legs = uow.transactions.legs(case.customer_id, only_evidence_of=case_id, limit=1_000_000)
    once = {leg.transaction.transaction_id: leg.transaction.base_minor for leg in legs}
    alerts = uow.alerts.of_case(case_id)
    decision = last_decision(events)
    return summary_markdown.write(
        Summary(
            case=case,
            customer=uow.parties.customer(case.customer_id),
            accounts=uow.parties.accounts_of(case.customer_id),
            alerts=alerts,
            counterparties=_counterparties(legs),
            names=uow.people.names(),
            titles={alert.rule: rule_titles.title(alert.rule) for alert in alerts},
            position=Position(events[-1].event_id, events[-1].event_hash, head.size, head.root),
            prepared_at=at,
            prepared_by=actor.name,
            base_currency=base_currency,
            distinct_transactions=len(once),
            distinct_amount=sum(once.values()),
            bound=decision.data.get("bound", {}) if decision is not None else {},
            filings=uow.filings.of_case(case_id),
        )
    )


def _counterparties(legs: tuple[Leg, ...], most: int = 15) -> list[Counterparty]:
    totals: dict[str, Counterparty] = {}
    for leg in legs:
        key = leg.counterparty or leg.counterparty_name
        old = totals.get(key, Counterparty(leg.counterparty_name, leg.country, 0, 0, 0))
        amount = leg.transaction.base_minor
        totals[key] = Counterparty(
            old.name,
            old.country or leg.country,
            old.into + (amount if leg.into else 0),
            old.out + (0 if leg.into else amount),
            old.transactions + 1,
        )
    return sorted(totals.values(), key=lambda c: (-(c.into + c.out), c.name))[:most]
