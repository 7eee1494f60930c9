"""A whole case on paper: its summary, each alert with its evidence, everything that happened, and how to check it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from casedesk.domain.alerts import Alert, lapse_told
from casedesk.domain.counts import counted
from casedesk.domain.events import KINDS
from casedesk.domain.events.readings import FILES
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.domain.money import format_minor
from casedesk.exports import confidentiality
from casedesk.exports.documents.blocks import Block, Column, Document, Facts, Heading, Items, NewPage, Table, line
from casedesk.exports.summary import Summary, day, facts, moment, position, sections


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One transaction of an alert, as the subject's account sees it."""

    transaction_id: str
    booked_at: datetime
    into: bool
    counterparty: str
    country: str
    channel: str
    base_minor: int


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything that a case file says. ``evidence`` is by alert, ``events`` are in the order of the ledger."""

    summary: Summary
    evidence: Mapping[str, Sequence[EvidenceLine]]
    events: Sequence[Recorded]


def document(f: CaseFile) -> Document:
    """Put the case file together."""
    s = f.summary
    alerts = [block for alert in s.alerts for block in _alert(alert, f)]
    blocks: list[Block] = [
        facts(s), line(confidentiality.LINE), *_contents(f), NewPage(), *sections(s),
        NewPage(), Heading("Alerts and their evidence"), *alerts,
        NewPage(), Heading("What happened"), _timeline(f), *position(s.position), *_checking(s.case.case_id),
    ]  # fmt: skip
    return Document(title=s.customer.name, running=f"Case file {s.case.case_id}", made_at=s.prepared_at, blocks=blocks)


def _contents(f: CaseFile) -> list[Block]:
    transactions = len({one.transaction_id for lines in f.evidence.values() for one in lines})
    parts = (
        "Summary: accounts, what was found, counterparties, the text of the decision, who decided, QA",
        f"Alerts and their evidence: {counted(len(f.summary.alerts), 'alert')}, {counted(transactions, 'transaction')}",
        f"What happened: {counted(len(f.events), 'event')} of the ledger, with numbers and hashes",
        "Position in the ledger, and how to check all of this",
    )
    return [Heading("What this file holds"), Items(parts)]


def _alert(alert: Alert, f: CaseFile) -> list[Block]:
    s = f.summary
    told = Facts((
        ("What was found", alert.sentence),
        ("Account", alert.account_id),
        ("Window", f"{moment(alert.window_start)} to {moment(alert.window_end)}"),
        ("Severity", f"{alert.severity} of 100"),
        ("Raised", moment(alert.raised_at) if alert.raised_at else ""),
    ))  # fmt: skip
    columns = (
        Column("Transaction"), Column("Time UTC"), Column("Direction"), Column("Counterparty"), Column("Country"),
        Column("Channel"), Column(f"Amount {s.base_currency}", figures=True),
    )  # fmt: skip
    rows = tuple(
        (
            one.transaction_id,
            f"{one.booked_at:%Y-%m-%d %H:%M}",
            _DIRECTIONS[one.into],
            one.counterparty,
            one.country,
            one.channel,
            format_minor(one.base_minor, s.base_currency),
        )
        for one in f.evidence.get(alert.alert_id, ())
    )
    title = f"{s.titles[alert.rule]} v{alert.rule_version}, alert {alert.alert_id}"
    return [Heading(title, level=3), told, Table(columns, rows)]


_DIRECTIONS: Final = {True: "in", False: "out"}


def _timeline(f: CaseFile) -> Table:
    columns = (Column("Event", figures=True), Column("Time UTC"), Column("Who"), Column("What"), Column("Hash"))
    names = f.summary.names
    rows = tuple(
        (str(e.event_id), _time(e.ts), names.get(e.user, e.user), _told(e, names), e.event_hash[:12]) for e in f.events
    )
    return Table(columns, rows)


def _time(ts: str) -> str:
    try:
        return f"{parse(ts):%Y-%m-%d %H:%M:%S}"
    except ValueError:
        return ts  # edited behind the desk's back; the verification says so


def _told(event: Recorded, names: Mapping[str, str]) -> str:
    kind = KINDS.get(event.action)
    title = kind.title if kind else event.action
    try:
        more = _DETAILS[event.action](event.data, names) if event.action in _DETAILS else ""
    except (KeyError, TypeError, ValueError):
        more = ""
    first = f"{title}: {more}" if more else title
    return f"{first}\n{event.notes}" if event.notes else first


def _name(user: str, names: Mapping[str, str]) -> str:
    return names.get(user, user) if user else "nobody"


_DETAILS: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, str]], str]]] = {
    "alert_attached": lambda data, names: f"{data['alert_id']}, {counted(data['transactions'], 'transaction')}",
    "alert_grown": lambda data, names: f"{data['alert_id']}, {counted(data['transactions'], 'transaction')}",
    "alert_revised": lambda data, names: f"{data['alert_id']}, {counted(data['transactions'], 'transaction')}",
    "alert_lapsed": lambda data, names: f"{data['alert_id']}, {lapse_told(data['run_id'], data['by'])}",
    "case_assigned": lambda data, names: f"to {_name(data['owner'], names)}",
    "case_handed_over": lambda data, names: f"to {_name(data['owner'], names)}",
    "case_released": lambda data, names: f"by {_name(data['previous'], names)}",
    "case_reopened": lambda data, names: f"for {_name(data['owner'], names)}",
    "suspicion_moved": lambda data, names: f"{day(parse(data['suspicion_at']))}, was {day(parse(data['previous']))}",
    "disposition_set": lambda data, names: str(data["disposition"]),
    "review_passed": lambda data, names: str(data["severity"]),
    "review_failed": lambda data, names: str(data["severity"]),
    "case_exported": lambda data, names: f"{FILES[data['what']]}, SHA-256 {data['sha256'][:12]}…",
}


_CHECKS: Final = """\
Ask for the packet of the same case: casedesk export packet {case}. It has every event in the form in which it was hashed, with \
the proof of its place in the ledger, and the transactions.
Run verify.py, which needs Python 3.9 and nothing else, over the packet with the desk's public key that you were given before. It \
derives the hashes, the state of the case, the due dates, the samples and the bound figures again.
Compare the last event, its hash and the root above with those of the packet and of the signed checkpoint. The hashes under \
“What happened” are the first 12 characters of those in the packet."""


def _checking(case_id: str) -> list[Block]:
    return [Heading("How to check this"), Items(tuple(_CHECKS.format(case=case_id).splitlines()))]
