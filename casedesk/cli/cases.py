"""`casedesk cases`: the queue as a list, with the same filters, order and disclosure as in the app."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, Session, opened
from casedesk.domain.alerts import Risk, band
from casedesk.domain.counts import counted
from casedesk.domain.money import format_minor
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.services.queue import Line, Page, Query

_STATUSES = ("New", "In Review", "Awaiting approval", "Closed")
_PAGE = 500


def list_cases(
    json: Json = False,
    view: Annotated[
        str, typer.Option(metavar="VIEW", help="mine, unassigned, due_soon, overdue, awaiting, escalated or all.")
    ] = "all",
    status: Annotated[str, typer.Option(metavar="STATUS", help=", ".join(_STATUSES) + ".")] = "",
    owner: Annotated[str, typer.Option(metavar="USER", help="A user id, “me”, or “-” for nobody.")] = "",
    risk: Annotated[str, typer.Option(metavar="RISK", help="High, Medium, Low or Minimal.")] = "",
    typology: Annotated[str, typer.Option(metavar="RULE", help="Rule of the worst alert, such as structuring.")] = "",
    search: Annotated[str, typer.Option(metavar="TEXT", help="In case ids, customers and account ids.")] = "",
    sort: Annotated[str, typer.Option(metavar="ORDER", help="urgency, risk, value or newest.")] = "urgency",
    include_closed: Annotated[bool, typer.Option("--include-closed", help="Closed cases, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many rows at most.")] = 25,
    user: As = "",
) -> None:
    """List cases, most urgent first."""
    with opened(user) as session:
        from casedesk.services.queue import Query, Sort, View

        query = Query(
            view=View(_choice("--view", view, [v.value for v in View])),
            status=_choice("--status", status, _STATUSES) if status else "",
            owner=session.actor.user_id if owner == "me" else owner,
            risk=Risk(_choice("--risk", risk, [r.value for r in Risk])) if risk else None,
            typology=typology,
            search=search,
            include_closed=include_closed,
            sort=Sort(_choice("--sort", sort, [s.value for s in Sort])),
        )
        lines, total = _pages(session, query, limit)
        currency = session.desk.settings.base_currency
    if json:
        emit([_line(line, currency) for line in lines])
        return
    table(
        ("Case", "Customer", "Stage", "Risk", "Typology", "Due", "Owner", "Alerts", f"Amount {currency}"),
        (_row(line, currency) for line in lines),
    )
    say(f"{len(lines):,} of {counted(total, 'case')}." if total else "No case matches.")


def _choice(option: str, text: str, known: list[str] | tuple[str, ...]) -> str:
    """Find a word whatever its case, with - and _ alike."""
    wanted = text.strip().casefold().replace("-", "_")
    for word in known:
        if word.casefold().replace("-", "_") == wanted:
            return word
    raise Invalid(f"“{option} {text}” is not a choice; write one of {', '.join(known)}.")


def _pages(session: Session, query: Query, limit: int) -> tuple[list[Line], int]:
    from casedesk.services.queue import list_page

    lines: list[Line] = []
    while True:
        page: Page = list_page(
            uow=session.desk.reading(),
            actor=session.actor,
            at=session.at,
            query=query,
            start=len(lines),
            limit=min(limit - len(lines), _PAGE),
        )
        lines += page.lines
        if not page.lines or len(lines) >= limit:
            return lines, page.total


def _line(line: Line, currency: str) -> dict[str, Any]:
    row = line.row
    return {
        "case_id": row.case_id,
        "customer_id": row.customer_id,
        "customer": row.customer,
        "stage": line.stage.value,
        "disposition": line.disposition.value,
        "owner": row.owner,
        "due_at": row.due_at,
        "opened_at": row.opened_at,
        "risk": band(row.severity).value,
        "severity": row.severity,
        "typology": row.typology,
        "alerts": row.alert_count,
        "amount_minor": row.amount_minor,
        "currency": currency,
        "version": row.version,
    }


def _row(line: Line, currency: str) -> tuple[object, ...]:
    from casedesk.services.rule_titles import title

    row = line.row
    return (
        row.case_id, row.customer, line.stage.value, band(row.severity).value, title(row.typology),
        last_day(row.due_at), row.owner or "–", row.alert_count, format_minor(row.amount_minor, currency),
    )  # fmt: skip


def last_day(due_at: datetime) -> str:
    """Name the last day that still counts: ``due_at`` is the first instant after it."""
    return (due_at - timedelta(microseconds=1)).date().isoformat()
