"""A case in one document: who, what was found, the narrative and what it rests on, decision, filing, QA, place in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from casedesk.domain.alerts import Alert
from casedesk.domain.amendments import Amendment
from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.domain.counts import counted
from casedesk.domain.filings import Filing
from casedesk.domain.money import format_minor
from casedesk.domain.transactions import Account, Customer
from casedesk.exports import confidentiality, summary_filings
from casedesk.exports.documents import markdown
from casedesk.exports.documents.blocks import (
    Block,
    Column,
    Document,
    Facts,
    Heading,
    Items,
    Marked,
    Mono,
    Paragraph,
    Table,
    Typed,
    line,
)


@dataclass(frozen=True, slots=True)
class Counterparty:
    """Money between the subject and one other party within the evidence, in base minor units."""

    name: str
    country: str
    into: int
    out: int
    transactions: int


@dataclass(frozen=True, slots=True)
class Position:
    """Where the case stands in the ledger when the summary is made."""

    last_event: int
    case_hash: str  # hash of the case's last event
    size: int
    root: str


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything a summary says. ``names`` maps user ids to names, ``titles`` the rules of the alerts to theirs."""

    case: Case
    customer: Customer
    accounts: Sequence[Account]
    alerts: Sequence[Alert]
    counterparties: Sequence[Counterparty]
    names: dict[str, str]
    titles: dict[str, str]
    position: Position
    prepared_at: datetime
    prepared_by: str
    base_currency: str
    distinct_transactions: int
    distinct_amount: int  # base minor units, each transaction once
    amendment: Amendment | None = None
    bound: Mapping[str, Any] = field(default_factory=dict)  # of the narrative, as the ledger keeps it
    filings: Sequence[Filing] = ()


def write(s: Summary) -> str:
    """Write the summary as Markdown. Text that people typed is escaped, so that it shows as it was typed."""
    return markdown.write(document(s))


def document(s: Summary) -> Document:
    """Put the summary together."""
    return Document(
        title=s.customer.name,
        running=f"Case summary {s.case.case_id}",
        made_at=s.prepared_at,
        blocks=[facts(s), line(confidentiality.LINE), *sections(s), *position(s.position)],
    )


def sections(s: Summary) -> list[Block]:
    """Return what follows the facts at the head, in the order of a report, without the position in the ledger."""
    found = (
        _accounts(s), _found(s), _counterparties(s), _narrative(s),
        summary_filings.bindings(s.case.decision_text, s.bound), _decision(s), summary_filings.filings(s.filings), _quality(s),
    )  # fmt: skip
    return [block for blocks in found for block in blocks]


def facts(s: Summary) -> Facts:
    """Return the facts at the head of the document."""
    period = _period([a.window_start for a in s.alerts], [a.window_end for a in s.alerts])
    since = f", customer since {day(s.customer.since)}" if s.customer.since else ""
    amount = format_minor(s.distinct_amount, s.base_currency)
    about = ", ".join(text for text in (s.customer.segment, s.customer.occupation, s.customer.country) if text)
    rows = (
        ("Case", s.case.case_id),
        ("Subject", f"{s.customer.name} (customer {s.customer.customer_id}{since})"),
        ("About the subject", about),
        ("Period", period),
        ("Amount", f"{s.base_currency} {amount} in {counted(s.distinct_transactions, 'transaction')}"),
        ("Opened", moment(s.case.opened_at)),
        ("Due", s.case.clock.explain()),
        ("Prepared", f"{moment(s.prepared_at)} by {s.prepared_by}"),
    )
    return Facts(tuple((name, text) for name, text in rows if text))


def _accounts(s: Summary) -> list[Block]:
    columns = (Column("Account"), Column("Bank"), Column("Currency"), Column("Opened"))
    rows = tuple((a.account_id, a.bank, a.currency, day(a.opened_on) if a.opened_on else "") for a in s.accounts)
    return [Heading("Accounts"), Table(columns, rows)]


def _found(s: Summary) -> list[Block]:
    columns = (
        Column("Typology"), Column("Transactions", figures=True), Column("Dates"),
        Column(f"Amount {s.base_currency}", figures=True),
    )  # fmt: skip
    rows = tuple(
        (
            f"{s.titles[a.rule]} v{a.rule_version}",
            f"{len(a.transaction_ids):,}",
            _period([a.window_start], [a.window_end]),
            format_minor(a.amount_minor, s.base_currency),
        )
        for a in s.alerts
    )
    told = tuple(f"{a.sentence} (alert {a.alert_id}, account {a.account_id})" for a in s.alerts)
    return [Heading("What was found"), Table(columns, rows), Items(told)]


def _counterparties(s: Summary) -> list[Block]:
    if not s.counterparties:
        return []
    columns = (
        Column("Name"), Column("Country"), Column("Transactions", figures=True),
        Column(f"In {s.base_currency}", figures=True), Column(f"Out {s.base_currency}", figures=True),
    )  # fmt: skip
    rows = tuple(
        (
            c.name,
            c.country,
            f"{c.transactions:,}",
            *(format_minor(v, s.base_currency) if v else "" for v in (c.into, c.out)),
        )
        for c in s.counterparties
    )
    return [Heading("Counterparties in the evidence"), Table(columns, rows)]


#: What the text of a decision is called.
_TEXTS: Final = {Disposition.SAR: "Narrative", Disposition.NO_SAR: "Rationale"}


def _narrative(s: Summary) -> list[Block]:
    if not s.case.decision_text:
        return []
    text = [Heading(_TEXTS.get(s.case.disposition, "Draft and reasons")), Typed(s.case.decision_text)]
    return [*text, *(_amendment(s, s.amendment) if s.amendment else ())]


def _amendment(s: Summary, found: Amendment) -> list[Block]:
    """Return what became of the narrative; in Markdown bold came in, on paper it is underlined, too."""
    judged = f"{found.judged.capitalize()} by {_name(s, found.by)} (event {found.event_id})"
    count = f"{counted(found.came, 'word')} came in (bold), {found.went:,} went (struck through)"
    return [Heading(f"Changes since it was {found.judged}", level=3), line(f"{judged}; {count}."), Marked(found.pieces)]


def _decision(s: Summary) -> list[Block]:
    case = s.case
    lines = ["Not decided yet."]
    if case.disposition and case.decided_at:
        lines = [f"{case.disposition.value}, by {_name(s, case.decided_by)} on {moment(case.decided_at)}."]
    if case.approved_at:
        lines.append(f"Approved by {_name(s, case.approved_by)} on {moment(case.approved_at)}.")
    elif case.stage is Stage.AWAITING:
        lines.append("It waits for approval by a manager who has not touched the case.")
    return [Heading("Decision"), Paragraph(tuple((text,) for text in lines))]


def _quality(s: Summary) -> list[Block]:
    case = s.case
    if not case.qa_status or case.qa_reviewed_at is None:
        return [Heading("QA"), line("Not reviewed.")]
    severity = f", severity {case.qa_severity}" if case.qa_severity else ""
    by = f"{_name(s, case.qa_reviewer)} on {moment(case.qa_reviewed_at)}"
    notes = [Typed(case.qa_notes)] if case.qa_notes else []
    return [Heading("QA"), line(f"{case.qa_status.value}{severity}, by {by}."), *notes]


def position(p: Position) -> list[Block]:
    """Return where the case stands in the ledger."""
    last = (f"Last event of the case: {p.last_event}, hash ", Mono(p.case_hash), ".")
    ledger = (f"Ledger: {counted(p.size, 'event')}, RFC 6962 root ", Mono(p.root), ".")
    return [Heading("Position in the ledger"), Paragraph((last, ledger))]


def _name(s: Summary, user_id: str) -> str:
    return s.names.get(user_id, user_id)


def day(of: date) -> str:
    """Write a day."""
    return f"{of.day} {of:%b %Y}"


def moment(at: datetime) -> str:
    """Write a moment, which is in UTC."""
    return f"{at.day} {at:%b %Y %H:%M} UTC"


def _period(starts: list[datetime], ends: list[datetime]) -> str:
    if not starts:
        return ""
    first, last = min(starts), max(ends)
    return day(first) if first.date() == last.date() else f"{day(first)} – {day(last)}"
