"""The form of a report: prefilled from the case, saved by its owner, looked through, and frozen when it is approved."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from casedesk.domain import filing_steps
from casedesk.domain.cases import Case
from casedesk.domain.filings import Filing, FilingState, after
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.domain.reports import prefill
from casedesk.domain.reports import report as reports
from casedesk.domain.reports.institution import Institution
from casedesk.domain.reports.prefill import Earlier
from casedesk.domain.reports.report import Report
from casedesk.errors import NotFound
from casedesk.exports.fincen import findings, linting, reading, screen, writing
from casedesk.exports.fincen.findings import Finding
from casedesk.exports.fincen.writing import Entry
from casedesk.services.narratives import last_decision
from casedesk.services.steps import present, record, seen
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["Form", "NotShown", "Problem", "approve", "check", "freeze_open", "read", "save"]


class NotShown(NotFound):
    """The case has nothing of this kind, as far as the person may know."""

    def __init__(self, case_id: str) -> None:
        super().__init__(f"Case {case_id} has nothing of this kind that you could be shown.")


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it stands. ``saved`` says whether somebody saved it, or the desk filled it in just now.

    ``filings`` are all reports of the case, the oldest first; the last one is the form's own where it is still open.
    """

    report: Report
    saved: bool
    filings: tuple[Filing, ...]

    @property
    def open_filing(self) -> Filing | None:
        return filing_steps.open_one(self.filings)


@dataclass(frozen=True, slots=True)
class Problem:
    """What the linter finds in a report: ``part`` names the part of the form in which it is mended."""

    code: str
    severity: str
    part: str
    sentence: str

    @property
    def blocks(self) -> bool:
        return self.severity == findings.ERROR


def read(
    *, uow: Reading, actor: Person, case_id: str, base_currency: str, institution: Institution | None = None
) -> Form:
    """Return the form of a case, filled in by the desk as far as nobody saved it.

    :param institution: whose branches are recognised in the evidence.
    :raises NotShown: if the actor has no need to know.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        dossier = uow.cases.dossier(case_id)
        if not dossier.disclosed_to(actor):
            raise NotShown(case_id)
        return _form(uow, dossier.case, base_currency, institution)


def _form(uow: Reading | Writing, case: Case, currency: str, institution: Institution | None) -> Form:
    filings = uow.filings.of_case(case.case_id)
    content = uow.filings.content(filings[-1].filing_id) if filings else ""
    report = reports.stored(content) if content else _first_draft(uow, case, currency, institution)
    if content and filing_steps.open_one(filings) is not None:
        return Form(report, saved=True, filings=filings)
    if filings and filing_steps.open_one(filings) is None:
        report = prefill.corrected(report, filings[-1].bsa_id)
    return Form(report, saved=False, filings=filings)


def _first_draft(uow: Reading | Writing, case: Case, currency: str, institution: Institution | None) -> Report:
    alerts = uow.alerts.of_case(case.case_id)
    ids = sorted({one for alert in alerts for one in alert.transaction_ids})
    return prefill.first_draft(
        uow.parties.customer(case.customer_id),
        [account.account_id for account in uow.parties.accounts_of(case.customer_id)],
        uow.transactions.get_many(ids),
        [alert.rule for alert in alerts],
        currency,
        earlier=_earlier(uow, case),
        branches=[branch.code for branch in institution.filer.branches] if institution else (),
    )


def _earlier(uow: Reading | Writing, case: Case) -> Earlier | None:
    """Return the newest acknowledged report of another case of the customer, which a new one continues."""
    others = uow.filings.of_customer(case.customer_id)
    taken = [one for one in others if one.state is FilingState.ACKNOWLEDGED and one.case_id != case.case_id]
    if not taken:
        return None
    content = uow.filings.content(taken[-1].filing_id)
    if not content:
        return Earlier(taken[-1].case_id, taken[-1].bsa_id, 0)  # what it amounted to was removed after retention
    activity = reports.stored(content).activity
    return Earlier(taken[-1].case_id, taken[-1].bsa_id, activity.cumulative or activity.amount or 0)


def save(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    report: Report,
    via: str = "app",
) -> Recorded:
    """Save the form as its owner filled it in. Not everything must be known yet.

    :raises StaleCase: if the case was changed since it was read; nothing is saved.
    """
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.DRAFT_FILING, case_id, seen_version)
        filings = uow.filings.of_case(case_id)
        before = filing_steps.open_one(filings)
        text = reports.canonical(report, secrets.token_hex(32))
        filing_id = before.filing_id if before else uow.filings.next_filing_id()
        latest = filings[-1] if filings else None
        event = filing_steps.draft(case, actor, filing_id, latest, report, reports.digest(text), via)
        _, row = record(uow, case, event, actor, at)
        changed = after(before, row)
        if before is None:
            uow.filings.insert(changed, text)
        else:
            uow.filings.save(changed, text)
        uow.commit()
    return row


def approve(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, via: str = "app"
) -> Recorded:
    """Approve the form of a case that was closed before it had one. Whoever touched the case may not.

    :raises NotShown: if there is no form to approve.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.APPROVE_FILING)
        dossier = uow.cases.dossier(case_id, seen_version=seen_version)
        filing = filing_steps.open_one(uow.filings.of_case(case_id))
        decision = last_decision(uow.ledger.of(case_id))
        if filing is None or decision is None:
            raise NotShown(case_id)
        event = filing_steps.approve(dossier, actor, filing, decision.event_id, via)
        _, row = record(uow, dossier.case, event, actor, at)
        uow.filings.save(after(filing, row))
        uow.commit()
    return row


def freeze_open(
    uow: Writing, case: Case, actor: Person, at: datetime, *, decision: int, approval: str, via: str
) -> None:
    """Freeze the form, if there is one, together with a decision that closed the case. Call it inside the unit.

    :param decision: the event of the decision.
    """
    filing = filing_steps.open_one(uow.filings.of_case(case.case_id))
    if filing is None:
        return
    event = filing_steps.freeze(case, filing, decision, via, approval=approval)
    _, row = record(uow, case, event, actor, at)
    uow.filings.save(after(filing, row))


def check(report: Report, narrative: str, institution: Institution, on: date) -> tuple[Problem, ...]:
    """Return what the linter finds in a report as it would be written today, with the narrative as far as it is known.

    :raises UnknownBranch: if the report names a branch that the institution does not have.
    """
    entry = Entry("F-000000", report, narrative or "The narrative is that of the decision.")
    root = reading.parse(writing.write([entry], institution, on), "batch.xml")
    found = linting.lint(root, today=on, narrative_cap=in_force("narrative_max", on).value)
    return tuple(_problem(one, screen.spot(root, one).part) for one in _gravest_first(found))


def _gravest_first(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: one.severity != findings.ERROR)


def _problem(found: Finding, part: str) -> Problem:
    return Problem(found.code, found.severity, part, found.sentence)
