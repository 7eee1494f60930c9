"""`casedesk score load`, `lists`, `screen`, `matches`, `confirm`, `refuse`: who is listed, and who bears a listed name."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from casedesk.cli.moments import day
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, As, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.counts import counted
from casedesk.domain.name_matches import MatchState
from casedesk.errors import Invalid

_Match = Annotated[str, typer.Argument(metavar="MATCH", help="The match's id, such as M-0A1B2C3D4E5F.")]


def load(
    file: Annotated[Path, typer.Argument(help="CSV with kind, party and reason, or OFAC's SDN.CSV.")],
    alt: Annotated[Path | None, typer.Option(metavar="FILE", help="OFAC's ALT.CSV, the other names.")] = None,
    source: Annotated[str, typer.Option(metavar="NAME", help="Whose list it is. Default: OFAC SDN, or Bank.")] = "",
    version: Annotated[str, typer.Option(metavar="TEXT", help="What its source calls it. Default: its day.")] = "",
    listed_on: Annotated[str, typer.Option("--date", metavar="DAY", help="The day of the list. Default: today.")] = "",
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Load a list of parties and put it in force; the version of its source before is kept."""
    with opened(user) as session:
        from casedesk.services import party_lists

        new = party_lists.load(
            uow=session.desk.writing(), actor=session.actor, at=session.at, path=file, alt=alt, source=source,
            version=version, listed_on=day(listed_on, "--date") if listed_on else None, via="cli",
        )  # fmt: skip
    say(
        f"{new.list_id}: {counted(new.entries, 'entry', 'entries')} of {new.source}, version {new.version}, in force "
        f"({new.sha256[:16]}…)."
    )


def list_versions(json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List the versions of all lists, the newest first."""
    with opened(user) as session:
        from casedesk.services import party_lists

        found = party_lists.versions(uow=session.desk.reading(), actor=session.actor)
    if json:
        emit([asdict(one) for one in found])
        return
    if not found:
        say("No list was loaded yet; casedesk score load FILE loads one.")
    table(
        ("List", "Source", "Version", "Of", "Entries", "In force", "Loaded by", "SHA-256"),
        (
            (one.list_id, one.source, one.version, one.listed_on, f"{one.entries:,}", "yes" if one.in_force else "no",
             one.loaded_by, f"{one.sha256[:16]}…")
            for one in found
        ),
    )  # fmt: skip


def screen(
    least: Annotated[
        float | None, typer.Option("--least", metavar="N", help="How alike names must be, 0.5 to 1. Default: 0.8.")
    ] = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Compare the names of customers with those of the lists in force; what is alike waits for a person."""
    with opened(user) as session:
        from casedesk.services import party_lists

        done = party_lists.screen(
            look=session.desk.reading(), uow=session.desk.writing(), actor=session.actor, at=session.at, via="cli",
            least=party_lists.LIKELY if least is None else least,
        )  # fmt: skip
    if json:
        emit(asdict(done))
        return
    say(
        f"{counted(done.customers, 'customer')} screened: {counted(done.found, 'name')} alike, {done.waiting:,} of them "
        f"{'waits' if done.waiting == 1 else 'wait'} for a person."
    )


def list_matches(
    state: Annotated[str, typer.Option(metavar="STATE", help="waiting, confirmed or refused.")] = "waiting",
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many, the most alike first.")] = 50,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """List customers whose names are like listed ones."""
    chosen = next((one for one in MatchState if one == state), None)
    if chosen is None:
        raise Invalid(f"“--state {state}” is none of {', '.join(MatchState)}.")
    with opened(user) as session:
        from casedesk.services import party_lists

        found = party_lists.matches(uow=session.desk.reading(), actor=session.actor, state=chosen, limit=limit)
    if json:
        emit([asdict(one) for one in found.shown])
        return
    table(
        ("Match", "Alike", "Customer", "Name", "Listed name", "Source", "Ref", "Why listed", "Decided by", "Decision"),
        (
            (one.match_id, f"{one.likeness / 1e6:.2f}", one.customer_id, one.customer_name, one.listed_name, one.source,
             one.ref, one.reason, one.decided_by, one.decision)
            for one in found.shown
        ),
    )  # fmt: skip
    remark(", ".join(f"{found.counts[one]:,} {one}" for one in MatchState) + ".")


def confirm(match: _Match, text: Text = None, file: File = None, user: As = "") -> None:
    """Say that a customer is the listed party, with a reason; the customer is listed from the next run on."""
    _decide(match, written(text, file), user, confirmed=True)


def refuse(match: _Match, text: Text = None, file: File = None, user: As = "") -> None:
    """Say that a customer is not the listed party, with a reason."""
    _decide(match, written(text, file), user, confirmed=False)


def _decide(match: str, reason: str, user: str, *, confirmed: bool) -> None:
    with opened(user) as session:
        from casedesk.services import party_lists

        row = party_lists.decide(
            uow=session.desk.writing(), actor=session.actor, at=session.at, match_id=match.strip(), confirmed=confirmed,
            reason=reason, via="cli",
        )  # fmt: skip
    say(f"{match.strip()} is {'confirmed' if confirmed else 'refused'} (event {row.event_id}).")
