"""`casedesk calendar`: what falls due, of every kind, with the derivation of each due date."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.moments import day as day_of
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, opened
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.services.calendar import Kind, Line


def calendar(
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day. Default: today.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="DAY", help="Last day. Default: 30 days after the first.")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="What is overdue instead.")] = False,
    kind: Annotated[str, typer.Option(metavar="KIND", help="Only this kind, such as “currency report”.")] = "",
    owner: Annotated[str, typer.Option(metavar="USER", help="Only this person’s; “-” for nobody’s.")] = "",
    json: Json = False,
    user: As = "",
) -> None:
    """List what falls due, with event, rule and policy version. Analysts see their own."""
    with opened(user) as session:
        from casedesk.services import calendar as service

        first = day_of(start, "--from") if start else session.at.date()
        last = day_of(end, "--to") if end else first + timedelta(days=30)
        asked = service.Asked(_kinds(kind), owner.strip())
        due: str | tuple[date, date] = service.OVERDUE if overdue else (first, last)
        found = service.listed(
            uow=session.desk.reading(), actor=session.actor, at=session.at, due=due, asked=asked, limit=None
        )
    if json:
        emit([_line(one) for one in found.lines])
        return
    if not found.lines:
        say("Nothing is overdue." if overdue else f"Nothing falls due from {first} to {last}.")
    table(
        ("Due", "Kind", "Case", "Owner", "Held by events", "Derivation"),
        ((one.clock.due_on, one.kind.value, one.case.case_id, one.case.owner or "-",
          ", ".join(map(str, one.holds)) or "-", one.clock.explain()) for one in found.lines),
    )  # fmt: skip


def _kinds(text: str) -> frozenset[Kind]:
    from casedesk.services.calendar import Kind

    if not text:
        return frozenset()
    if text not in list(Kind):
        raise Invalid(f"“{text}” is no kind of due date; those are: {', '.join(Kind)}.")
    return frozenset({Kind(text)})


def _line(one: Line) -> dict[str, Any]:
    clock = one.clock
    return {
        "due_on": clock.due_on,
        "kind": clock.kind.value,
        "case_id": one.case.case_id,
        "owner": one.case.owner,
        "started_on": clock.started_on,
        "source_event": clock.source_event,
        "policy": {"name": clock.rule.name, "version": clock.rule.version, "source": clock.rule.source},
        "explained": clock.explain(),
        "holds": one.holds,
    }
