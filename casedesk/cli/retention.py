"""`casedesk retention`: what need not be kept any longer, legal holds, and purges by two managers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from casedesk.cli.moments import day as day_of
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, As, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.counts import counted

app = typer.Typer(
    help="Retention: cases that need not be kept any longer, the legal holds that keep them, and purges.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def due(
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="As of this day. Default: today.")] = "",
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """List the closed cases whose retention has ended, with the derivation and what holds them."""
    day = day_of(on, "--on") if on else None
    with opened(user) as session:
        from casedesk.services import retention

        found = retention.due(uow=session.desk.reading(), actor=session.actor, at=session.at, on=day)
    if json:
        emit(
            {
                "cases": [
                    {"case_id": one.case_id, "kept_until": one.clock.due_on, "clock": one.clock.explain(),
                     "holds": [hold.event for hold in one.holds]}
                    for one in found.cases
                ],
                "without_filing": found.without_filing,
            }
        )  # fmt: skip
        return
    if not found.cases:
        say("No case has reached the end of its retention.")
    table(
        ("Case", "Kept until", "Held by events", "Derivation"),
        ((one.case_id, one.clock.due_on, ", ".join(str(h.event) for h in one.holds) or "-", one.clock.explain())
         for one in found.cases),
    )  # fmt: skip
    if found.without_filing:
        remark(
            f"{counted(found.without_filing, 'older case was', 'older cases were')} closed with a report of which the desk knows no filing; their "
            "retention has not begun."
        )


@app.command()
def holds(json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List the legal holds that stand."""
    with opened(user) as session:
        from casedesk.services import retention

        found = retention.list_holds(uow=session.desk.reading(), actor=session.actor)
    if json:
        emit([asdict(one) for one in found])
        return
    if not found:
        say("No case is under a legal hold.")
    table(
        ("Hold", "Case", "Placed by", "Placed", "Reason"),
        ((one.event, one.case_id, one.placed_by, f"{one.placed_at[:16]}Z", one.reason) for one in found),
    )


@app.command()
def hold(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case id, such as C-26-00042.")],
    text: Text = None, file: File = None, user: As = "", json: Json = False,
) -> None:  # fmt: skip
    """Place a legal hold on a case, with a reason (managers)."""
    reason = written(text, file)
    with opened(user) as session:
        from casedesk.services import retention

        row = retention.hold(
            uow=session.desk.writing(), actor=session.actor, at=session.at, case_id=case, reason=reason, via="cli"
        )
    if json:
        emit({"hold": row.event_id, "case_id": row.case_id})
    else:
        say(f"{row.case_id} is under the hold of event {row.event_id}.")


@app.command()
def release(
    hold: Annotated[int, typer.Argument(metavar="HOLD", help="The event that placed the hold.")],
    text: Text = None, file: File = None, user: As = "", json: Json = False,
) -> None:  # fmt: skip
    """Lift a legal hold, with a reason (managers)."""
    reason = written(text, file)
    with opened(user) as session:
        from casedesk.services import retention

        row = retention.release(
            uow=session.desk.writing(), actor=session.actor, at=session.at, hold=hold, reason=reason, via="cli"
        )
    if json:
        emit({"event_id": row.event_id, "case_id": row.case_id, "hold": hold})
    else:
        say(f"The hold of event {hold} on {row.case_id} is lifted (event {row.event_id}).")


@app.command()
def propose(
    cases: Annotated[list[str], typer.Argument(metavar="CASE...", help="Case ids, as “casedesk retention due” lists them.")],
    text: Text = None, file: File = None, user: As = "", json: Json = False,
) -> None:  # fmt: skip
    """Propose to purge cases, with a reason (managers). Nothing is removed before another manager carries it out."""
    reason = written(text, file)
    with opened(user) as session:
        from casedesk.services import purging

        row = purging.propose(
            uow=session.desk.writing(), actor=session.actor, at=session.at, case_ids=cases, reason=reason, via="cli"
        )
    if json:
        emit({"proposal": row.event_id, "cases": [case_id for case_id, _ in row.data["cases"]]})
    else:
        say(f"Proposed as event {row.event_id}: the texts of {counted(len(row.data['cases']), 'case')}.")


@app.command()
def purge(
    proposal: Annotated[int, typer.Argument(metavar="EVENT", help="The event that proposed the purge.")],
    user: As = "",
    json: Json = False,
) -> None:
    """Remove what was written on the cases of a proposal, and what was sent of them, for good; never by who proposed it (managers)."""
    with opened(user) as session:
        from casedesk.services import purging

        row = purging.carry_out(
            uow=session.desk.writing(), actor=session.actor, at=session.at, proposal=proposal, via="cli"
        )
        said = row.data
        if json:
            counts = {name: said[name] for name in ("texts", "forms", "sent")}
            emit({"event_id": row.event_id, "cases": [case_id for case_id, _ in said["cases"]], **counts})
        else:
            say(
                f"Purged: {counted(said['texts'], 'text')}, {counted(said['forms'], 'form')} and "
                f"{counted(said['sent'], 'report as it was sent', 'reports as they were sent')}, of "
                f"{counted(len(said['cases']), 'case')} (event {row.event_id})."
            )
        left = session.desk.left_by_purge()
        if left:
            remark(left)
