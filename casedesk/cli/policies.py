"""`casedesk policy`: what is in force, and the bank's own values, by a maker and a checker."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.moments import day
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import DESK_ITSELF, As, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.domain.ledger import Recorded

app = typer.Typer(
    help="Policy: the dated values that due dates and reminders follow from, and who set them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Proposal = Annotated[int, typer.Argument(metavar="EVENT", help="The event that proposed the value.")]


@app.command("list")
def list_values(
    every: Annotated[bool, typer.Option("--all", help="Also what is over, and what begins later.")] = False,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """List the values in force today, with their source, and every proposal."""
    with opened(user) as session:
        from casedesk.services import policies

        found = policies.overview(uow=session.desk.reading(), actor=session.actor, at=session.at)
    values = found.values if every else tuple(found.now.values())
    if json:
        emit({"values": [asdict(value) for value in values], "proposals": [asdict(one) for one in found.changes]})
        return
    table(
        ("Name", "Value", "Unit", "From", "Version", "Event", "Source"),
        ((v.name, f"{v.value:,}", v.unit, v.valid_from, v.version, v.event or "shipped", v.source) for v in values),
    )
    if found.changes:
        say()
    table(
        ("Proposal", "State", "Name", "Value", "From", "Proposed by", "Decided by", "Source", "Reason"),
        (
            (c.proposal, c.state.value, c.name, f"{c.value:,}", c.valid_from, c.proposed_by, c.decided_by or "-",
             c.source, c.reason)
            for c in found.changes
        ),
    )  # fmt: skip


@app.command()
def propose(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The value's name, as “casedesk policy list” has it.")],
    value: Annotated[int, typer.Argument(metavar="VALUE", help="A whole number.")],
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First day on which it is in force.")] = "",
    source: Annotated[str, typer.Option(metavar="TEXT", help="Who demands it: a law, a decision of the board.")] = "",
    text: Text = None,
    file: File = None,
    json: Json = False,
    user: As = "",
) -> None:
    """Propose a value, with a reason. It counts for nothing before another manager agrees."""
    for option, given in (("--from", start), ("--source", source)):
        if not given:
            raise Invalid(f"Say what is proposed: {option} is missing; --from, --source and --text say it.")
    first = day(start, "--from")
    with opened(user) as session:
        from casedesk.services import policies

        row = policies.propose(
            uow=session.desk.writing(), actor=session.actor, at=session.at, name=name.strip(), value=value,
            valid_from=first, source=source, reason=written(text, file), via="cli",
        )  # fmt: skip
    _tell(row, f"Proposed as event {row.event_id}: {name.strip()} = {value:,} from {first} on.", json)


@app.command("approve")
def put_in_force(proposal: _Proposal, json: Json = False, user: As = "") -> None:
    """Put a proposed value in force; never by who proposed it. What runs already keeps its due date."""
    with opened(user) as session:
        from casedesk.services import policies

        row = policies.put_in_force(
            uow=session.desk.writing(), actor=session.actor, at=session.at, proposal=proposal, via="cli"
        )
    said = row.data
    _tell(row, f"{said['name']} is {said['value']:,} for what begins on {said['valid_from']} or later.", json)


@app.command()
def reject(proposal: _Proposal, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Refuse a proposed value, or take your own back, with a reason."""
    with opened(user) as session:
        from casedesk.services import policies

        row = policies.reject(
            uow=session.desk.writing(), actor=session.actor, at=session.at, proposal=proposal,
            reason=written(text, file), via="cli",
        )  # fmt: skip
    _tell(row, f"The proposal of event {proposal} is rejected.", json)


def _tell(row: Recorded, sentence: str, as_json: bool) -> None:
    if as_json:
        emit({"event_id": row.event_id, "action": row.action, **row.data})
    else:
        say(sentence)
