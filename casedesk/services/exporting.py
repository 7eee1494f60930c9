"""Files that leave the desk. Each download is an event, and the event carries the file's hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from casedesk.domain.amendments import amendment
from casedesk.domain.cases import Case
from casedesk.domain.events import CaseExported, PacketExported
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.exports import audit_csv as csv_format
from casedesk.exports import case_file as case_files
from casedesk.exports import summary as summaries
from casedesk.exports.case_file import CaseFile, EvidenceLine
from casedesk.exports.documents import markdown
from casedesk.exports.documents import pdf as printed
from casedesk.exports.summary import Counterparty, Position, Summary
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
    *, uow: Writing, actor: Person, at: datetime, case_id: str, base_currency: str, pdf: bool = False, via: str = "app"
) -> ExportedFile:
    """Export the summary of a case as Markdown or as PDF. The file's name says nothing of a decision."""
    what, ending = ("summary_pdf", "pdf") if pdf else ("summary", "md")
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        case = uow.cases.get(case_id)
        document = summaries.document(_summary(uow, actor, at, case, base_currency))
        content = printed.write(document) if pdf else markdown.write(document).encode("utf-8")
        digest = sha256(content).hexdigest()
        _, row = record(uow, case, CaseExported(what=what, sha256=digest, via=via), actor, at)
        uow.commit()
    return ExportedFile(f"{case_id}-summary.{ending}", content, digest, row)


def case_file(
    *, look: Reading, uow: Writing, actor: Person, at: datetime, case_id: str, base_currency: str, via: str = "app"
) -> ExportedFile:
    """Export a whole case as PDF: its summary, each alert with its evidence, its timeline.

    It is printed before the ledger is locked, because thousands of transactions take seconds; where in the ledger it
    stands is on it.
    """
    require(actor, Action.EXPORT)
    with look:
        case = look.cases.get(case_id)
        found = _case_file(look, actor, at, case, base_currency)
    content = printed.write(case_files.document(found))
    digest = sha256(content).hexdigest()
    with uow:
        actor = present(uow, actor)
        require(actor, Action.EXPORT)
        event = CaseExported(what="case_file", sha256=digest, via=via)
        _, row = record(uow, uow.cases.get(case_id), event, actor, at)
        uow.commit()
    return ExportedFile(f"{case_id}-case-file.pdf", content, digest, row)


def preview_summary(*, uow: Reading, actor: Person, at: datetime, case_id: str, base_currency: str) -> str:
    """Return the summary's Markdown for showing. Record the reading with ``decisions.read_narrative``."""
    require(actor, Action.EXPORT)
    with uow:
        return markdown.write(summaries.document(_summary(uow, actor, at, uow.cases.get(case_id), base_currency)))


def recent(*, uow: Reading, actor: Person, limit: int = 10) -> tuple[Recorded, ...]:
    """Return the newest exports, newest first."""
    require(actor, Action.EXPORT)
    with uow:
        return uow.ledger.newest(limit, actions=(CaseExported.action, PacketExported.action))


def _case_file(uow: Reading, actor: Person, at: datetime, case: Case, base_currency: str) -> CaseFile:
    evidence: dict[str, list[EvidenceLine]] = {}
    for leg in reversed(_evidence(uow, case)):
        for alert_id in leg.alert_ids:
            evidence.setdefault(alert_id, []).append(_line(leg))
    return CaseFile(_summary(uow, actor, at, case, base_currency), evidence, uow.ledger.of(case.case_id))


def _line(leg: Leg) -> EvidenceLine:
    t = leg.transaction
    return EvidenceLine(
        t.transaction_id,
        t.booked_at,
        leg.into,
        leg.counterparty_name or leg.counterparty,
        leg.country,
        t.channel.value,
        t.base_minor,
    )


def _evidence(uow: Reading | Writing, case: Case) -> tuple[Leg, ...]:
    """Return what alerts of a case rest on, newest first."""
    return uow.transactions.legs(case.customer_id, only_evidence_of=case.case_id, limit=1_000_000)


def _summary(uow: Reading | Writing, actor: Person, at: datetime, case: Case, base_currency: str) -> Summary:
    case_id = case.case_id
    events = uow.ledger.of(case_id)
    head = uow.ledger.head()
    legs = _evidence(uow, case)
    once = {leg.transaction.transaction_id: leg.transaction.base_minor for leg in legs}
    alerts = uow.alerts.of_case(case_id)
    decision = last_decision(events)
    return Summary(
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
        amendment=amendment(events),
        bound=decision.data.get("bound", {}) if decision is not None else {},
        filings=uow.filings.of_case(case_id),
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
