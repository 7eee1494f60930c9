"""A case in Markdown: who, what was found, the narrative and what it rests on, decision, filing, QA, place in the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Case, Disposition, Stage
from casedesk.domain.filings import Filing
from casedesk.domain.money import format_minor
from casedesk.domain.narrative import FIGURES
from casedesk.domain.transactions import Account, Customer

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>#|$~&])")
#: What means something at the start of a line only: lists, rules, underlines of headings, the second row of a table.
_STARTING: Final = re.compile(r"(?m)^([ \t]*)(?:(\d+)([.)])|([-+=:]))")
_INDENT: Final = re.compile(r"(?m)^[ \t]+")
_TRAILING: Final = re.compile(r"(?m)[ \t]+$")
_BREAKS: Final = re.compile(r"\s*[\r\n]\s*")


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
    bound: Mapping[str, Any] = field(default_factory=dict)  # of the narrative, as the ledger keeps it
    filings: Sequence[Filing] = ()


def write(s: Summary) -> str:
    """Write the summary. Text that people typed is escaped, so that it shows as it was typed."""
    parts = [
        _header(s),
        _accounts(s),
        _found(s),
        _counterparties(s),
        _narrative(s),
        _bindings(s),
        _decision(s),
        _filings(s),
        _quality(s),
        _ledger(s),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _header(s: Summary) -> str:
    period = _period([a.window_start for a in s.alerts], [a.window_end for a in s.alerts])
    since = f", customer since {_day(s.customer.since)}" if s.customer.since else ""
    amount = format_minor(s.distinct_amount, s.base_currency)
    about = ", ".join(text for text in (s.customer.segment, s.customer.occupation, s.customer.country) if text)
    rows = [
        ("Case", s.case.case_id),
        ("Subject", f"{line(s.customer.name)} (customer {line(s.customer.customer_id)}{since})"),
        ("About the subject", line(about)),
        ("Period", period),
        ("Amount", f"{s.base_currency} {amount} in {s.distinct_transactions:,} transactions"),
        ("Opened", _moment(s.case.opened_at)),
        ("Due", s.case.clock.explain()),
        ("Prepared", f"{_moment(s.prepared_at)} by {line(s.prepared_by)}"),
    ]  # fmt: skip
    lines = [f"# {line(s.customer.name)}", "", "| | |", "|---|---|"]
    return "\n".join(lines + [f"| {name} | {text} |" for name, text in rows if text])


def _accounts(s: Summary) -> str:
    lines = ["## Accounts", "", "| Account | Bank | Currency | Opened |", "|---|---|---|---|"]
    for a in s.accounts:
        opened = _day(a.opened_on) if a.opened_on else ""
        lines.append(f"| {line(a.account_id)} | {line(a.bank)} | {a.currency} | {opened} |")
    return "\n".join(lines)


def _found(s: Summary) -> str:
    lines = [
        "## What was found",
        "",
        f"| Typology | Transactions | Dates | Amount {s.base_currency} |",
        "|---|---:|---|---:|",
    ]
    lines += [
        f"| {line(s.titles[a.rule])} v{line(a.rule_version)} | {len(a.transaction_ids):,} "
        f"| {_period([a.window_start], [a.window_end])} | {format_minor(a.amount_minor, s.base_currency)} |"
        for a in s.alerts
    ]
    return "\n".join([*lines, "", *(f"- {line(a.sentence)} (alert {a.alert_id}, account {line(a.account_id)})"
                                    for a in s.alerts)])  # fmt: skip


def _counterparties(s: Summary) -> str:
    if not s.counterparties:
        return ""
    lines = [
        "## Counterparties in the evidence",
        "",
        f"| Name | Country | Transactions | In {s.base_currency} | Out {s.base_currency} |",
        "|---|---|---:|---:|---:|",
    ]
    for c in s.counterparties:
        into, out = (format_minor(v, s.base_currency) if v else "" for v in (c.into, c.out))
        lines.append(f"| {line(c.name)} | {c.country} | {c.transactions:,} | {into} | {out} |")
    return "\n".join(lines)


def _narrative(s: Summary) -> str:
    if not s.case.decision_text:
        return ""
    head = {Disposition.SAR: "Narrative", Disposition.NO_SAR: "Rationale"}.get(s.case.disposition, "Draft and reasons")
    return f"## {head}\n\n{escape(s.case.decision_text)}"


def _bindings(s: Summary) -> str:
    """List each bound figure as it is told, with the transactions it rests on."""
    figures = s.bound.get("figures", ())
    if not s.case.decision_text or not figures:
        return ""
    lines = [
        "### What its figures rest on",
        "",
        "| Figure | As told | Selection | Transactions |",
        "|---|---|---|---:|",
    ]
    for name, selection, start, length in figures:
        said = s.case.decision_text[start : start + length]
        ids = s.bound["selections"][selection]
        lines.append(f"| {FIGURES[name][0]} | {line(said)} | {line(selection)} | {len(ids):,} |")
    used = {selection for _, selection, _, _ in figures}
    listed = [f"- {line(name)}: {line(', '.join(s.bound['selections'][name]))}" for name in sorted(used)]
    return "\n".join([*lines, "", *listed])


def _filings(s: Summary) -> str:
    """Say how far each report has come. What was only produced or transmitted is not called filed."""
    if not s.filings:
        return ""
    lines = ["## Filing", "", "| Report | Kind | State | Batch | Tracking ID | BSA ID |", "|---|---|---|---|---|---|"]
    for one in s.filings:
        batch = f"{one.batch_id}, number {one.place}" if one.batch_id else ""
        cells = (one.filing_id, one.kind, one.state.value, batch, one.tracking_id, one.bsa_id)
        lines.append(f"| {' | '.join(map(line, cells))} |")
    said = [
        f"- {one.filing_id}, {line(remark.level)} {line(remark.code)}: {line(remark.text)}"
        for one in s.filings
        for remark in one.remarks
    ]
    return "\n".join([*lines, *(["", *said] if said else [])])


def _decision(s: Summary) -> str:
    case = s.case
    lines = ["## Decision", ""]
    if case.disposition and case.decided_at:
        lines.append(f"{case.disposition.value}, by {_name(s, case.decided_by)} on {_moment(case.decided_at)}.")
    else:
        lines.append("Not decided yet.")
    if case.approved_at:
        lines.append(f"Approved by {_name(s, case.approved_by)} on {_moment(case.approved_at)}.")
    elif case.stage is Stage.AWAITING:
        lines.append("It waits for approval by a manager who has not touched the case.")
    return "\n".join(lines)


def _quality(s: Summary) -> str:
    case = s.case
    if not case.qa_status or case.qa_reviewed_at is None:
        return "## QA\n\nNot reviewed."
    severity = f", severity {line(case.qa_severity)}" if case.qa_severity else ""
    note = f"\n\n{escape(case.qa_notes)}" if case.qa_notes else ""
    return (
        f"## QA\n\n{case.qa_status.value}{severity}, by {_name(s, case.qa_reviewer)} "
        f"on {_moment(case.qa_reviewed_at)}.{note}"
    )


def _ledger(s: Summary) -> str:
    p = s.position
    return (
        "## Position in the ledger\n\n"
        f"Last event of the case: {p.last_event}, hash `{p.case_hash}`.\n"
        f"Ledger: {p.size:,} events, RFC 6962 root `{p.root}`."
    )


def escape(text: str) -> str:
    """Escape what Markdown would take for mark-up, HTML, entities and links included; line breaks and indents stay."""
    text = _TRAILING.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _SPECIAL.sub(r"\\\1", text)
    text = _STARTING.sub(lambda m: f"{m[1]}{m[2] or ''}\\{m[3] or m[4]}", text)
    return _INDENT.sub(lambda m: "&nbsp;" * len(m[0].expandtabs(4)), text)  # four blanks would begin a block of code


def line(text: str) -> str:
    """Escape a text that must stay on one line: a heading, a cell of a table, an item of a list."""
    return escape(_BREAKS.sub(" ", text.strip()))


def _name(s: Summary, user_id: str) -> str:
    return line(s.names.get(user_id, user_id))


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _moment(at: datetime) -> str:
    return f"{at.day} {at:%b %Y %H:%M} UTC"


def _period(starts: list[datetime], ends: list[datetime]) -> str:
    if not starts:
        return ""
    first, last = min(starts), max(ends)
    return _day(first) if first.date() == last.date() else f"{_day(first)} – {_day(last)}"
