"""An approved report as a document for a financial intelligence unit that takes goAML, by the institution's own profile and schema.

What becomes of it afterwards, the unit's own portal tells: the desk records that the document left, and no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from casedesk.domain import filing_steps
from casedesk.domain.events import CaseExported
from casedesk.domain.filings import Filing, FilingState
from casedesk.domain.people import Action, Person, require
from casedesk.domain.reports import report as reports
from casedesk.domain.reports.parties import Subject
from casedesk.domain.reports.report import Report
from casedesk.domain.transactions import Account
from casedesk.errors import Conflict, Invalid
from casedesk.exports.goaml import profile as profiles
from casedesk.exports.goaml import writing
from casedesk.exports.goaml.parties import Side
from casedesk.exports.goaml.schema import Schema
from casedesk.exports.goaml.writing import Entry, Kind, Movement
from casedesk.services.exporting import ExportedFile
from casedesk.services.narratives import last_decision
from casedesk.services.outgoing import Altered
from casedesk.services.steps import present, record
from casedesk.store.unit_of_work import Writing

__all__ = ["Kind", "NoSchema", "NotApproved", "export", "shipped"]

shipped = profiles.shipped


class NotApproved(Conflict):
    """The case has no approved report."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"Case {case_id} has no approved form; a manager approves it with the decision. Nothing was written."
        )


class NoSchema(Invalid):
    """Neither the profile nor the caller named the unit's schema."""

    def __init__(self) -> None:
        super().__init__("Name the schema of your unit: as xsd in the profile, or with --xsd.")


def export(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    profile: Path,
    xsd: Path | None,
    kind: Kind,
    base_currency: str,
    via: str = "app",
) -> ExportedFile:
    """Write the approved report of a case. What the unit's schema refuses is not exported.

    :param profile: a TOML file (:mod:`casedesk.exports.goaml.profile`).
    :param xsd: the unit's schema, where the profile does not name it.
    :raises NotApproved: if the case has no approved report.
    :raises BadProfile: naming the fields that are wrong.
    :raises UnknownCodes: for codes of the profile that the schema does not know.
    :raises Unwritable: for what the form cannot say.
    :raises NotValid: if the schema refuses the document.
    """
    chosen = profiles.read_profile(profile)
    path = xsd or (Path(chosen.xsd) if chosen.xsd else None)
    if path is None:
        raise NoSchema
    schema = Schema(path)
    schema.require_codes(chosen)
    with uow:
        actor = present(uow, actor)
        require(actor, Action.SEND_FILINGS)
        filing = _approved(uow, case_id)
        content = writing.write(_entry(uow, filing, base_currency), chosen, kind)
        schema.require_valid(content)
        digest = sha256(content).hexdigest()
        event = CaseExported(what="goaml", sha256=digest, via=via)
        _, row = record(uow, uow.cases.get(case_id), event, actor, at)
        uow.commit()
    return ExportedFile(f"document-{filing.filing_id.removeprefix('F-')}.xml", content, digest, row)


def _approved(uow: Writing, case_id: str) -> Filing:
    """Return the newest report that was approved; one of a case that was opened again waits for its next approval."""
    case = uow.cases.get(case_id)
    approved = (one for one in uow.filings.of_case(case_id) if one.state is not FilingState.DRAFT)
    found = [one for one in approved if uow.filings.content(one.filing_id)]  # of a purged one nothing is left
    decision = last_decision(uow.ledger.of(case_id))
    if not found or decision is None:
        raise NotApproved(case_id)
    newest = found[-1]
    if newest.state is FilingState.APPROVED and not filing_steps.may_be_sent(
        case.status, case.disposition, newest, decision.event_id
    ):
        raise NotApproved(case_id)
    return newest


def _entry(uow: Writing, filing: Filing, base_currency: str) -> Entry:
    text = uow.filings.content(filing.filing_id)
    if reports.digest(text) != filing.digest:
        raise Altered(filing)
    report = reports.stored(text)
    decision = next(e for e in uow.ledger.of(filing.case_id) if e.event_id == filing.decision)
    if filing.approved_at is None:
        raise NotApproved(filing.case_id)
    ids = sorted({one for alert in uow.alerts.of_case(filing.case_id) for one in alert.transaction_ids})
    transactions = sorted(uow.transactions.get_many(ids), key=lambda t: (t.booked_at, t.transaction_id))
    accounts = uow.parties.accounts(
        sorted({side for t in transactions for side in (t.from_account, t.to_account) if side})
    )
    movements = [
        Movement(t, _side(t.from_account, accounts, report), _side(t.to_account, accounts, report))
        for t in transactions
    ]
    return Entry(filing.filing_id, report, decision.notes, movements, filing.approved_at, base_currency)


def _side(number: str, accounts: Mapping[str, Account], report: Report) -> Side | None:
    if not number:
        return None
    account = accounts.get(number) or Account(number, "", "")
    return Side(number, account.holder, account.bank, account.country, account.currency, _holder(number, report))


def _holder(number: str, report: Report) -> Subject | None:
    """Return the subject whose account it is, by the report's own word."""
    return next((one for one in report.subjects if any(held.number == number for held in one.accounts)), None)
