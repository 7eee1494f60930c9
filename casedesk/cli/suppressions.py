"""`casedesk suppressions`: propose, approve, reject, end; what is in force, and what it hid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.moments import day
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import DESK_ITSELF, As, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.moments import canonical
from casedesk.domain.money import format_minor
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from datetime import date

    from casedesk.services.suppressions import Count, Hidden, Suppression

app = typer.Typer(
    help="Governed suppression: what is hidden, why, until when, and who agreed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="A suppression's id, such as SUP-000001.")]


@app.command("list")
def list_suppressions(json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List all suppressions, the newest first, with how many alerts each hid."""
    with opened(user) as session:
        from casedesk.services import suppressions
        from casedesk.services.rule_titles import title

        found = suppressions.listed(uow=session.desk.reading(), actor=session.actor)
        today = session.at.date()
    if json:
        emit([{**_json(one.suppression), **_counted(one.count)} for one in found])
        return
    if not found:
        say("Nothing has been proposed to be suppressed.")
    table(
        ("Suppression", "State", "Rule", "Customer", "Account", "From", "Until", "Days left", "Approver", "Hidden",
         "Released", "Reason"),
        (
            (s.suppression_id, _state(s, today), title(s.rule), s.customer_id, s.account_id or "all", s.covers_from,
             s.covers_until, s.days_left(today), s.decided_by or "-", f"{one.count.hidden:,}",
             f"{one.count.released:,}", s.reason)
            for one in found
            for s in [one.suppression]
        ),
    )  # fmt: skip


def _state(one: Suppression, today: date) -> str:
    over = one.state.value == "in force" and not one.days_left(today)
    return f"{one.state.value}, days over" if over else one.state.value


@app.command()
def hidden(suppression: _Id, json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List the alerts that a suppression hid."""
    with opened(user) as session:
        from casedesk.services import suppressions

        rows = suppressions.hidden(uow=session.desk.reading(), actor=session.actor, suppression_id=suppression.strip())
        currency = session.desk.settings.base_currency
    if json:
        emit([_hidden(row) for row in rows])
        return
    if not rows:
        say(f"{suppression.strip()} has hidden nothing.")
    table(
        ("Alert", "From", "To", "Severity", f"Amount {currency}", "Transactions", "Hidden by run", "Released in",
         "What was found"),
        (
            (r.alert_id, canonical(r.window_start)[:19], canonical(r.window_end)[:19], r.severity,
             format_minor(r.amount_minor, currency), len(r.transaction_ids), r.run_id, r.released_in or "-", r.sentence)
            for r in rows
        ),
    )  # fmt: skip


@app.command()
def propose(
    rule: Annotated[str, typer.Option(metavar="NAME", help="The rule whose new alerts are hidden.")] = "",
    customer: Annotated[str, typer.Option(metavar="ID", help="The customer they are about.")] = "",
    account: Annotated[str, typer.Option(metavar="ID", help="Only this account of the customer.")] = "",
    start: Annotated[str, typer.Option("--from", metavar="DAY", help="First covered day of activity.")] = "",
    until: Annotated[str, typer.Option("--until", metavar="DAY", help="First day that is not covered.")] = "",
    text: Text = None,
    file: File = None,
    json: Json = False,
    user: As = "",
) -> None:
    """Propose to hide new alerts of a rule on a customer. It hides nothing before another manager approves it."""
    for name, given in (("--rule", rule), ("--customer", customer), ("--from", start), ("--until", until)):
        if not given:
            raise Invalid(
                f"Say what is to be hidden: {name} is missing; --rule, --customer, --from and --until say it."
            )
    first, last = day(start, "--from"), day(until, "--until")
    with opened(user) as session:
        from casedesk.services import suppressions

        found, _ = suppressions.propose(
            uow=session.desk.writing(), actor=session.actor, at=session.at, rule=rule.strip(),
            customer_id=customer.strip(), account_id=account.strip(), reason=written(text, file), covers_from=first,
            covers_until=last, via="cli",
        )  # fmt: skip
    _tell(found, as_json=json)


@app.command()
def approve(suppression: _Id, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Put a proposal in force; never by who proposed it."""
    with opened(user) as session:
        from casedesk.services import suppressions

        found, _ = suppressions.approve(
            uow=session.desk.writing(), actor=session.actor, at=session.at, suppression_id=suppression.strip(),
            note=written(text, file), via="cli",
        )  # fmt: skip
    _tell(found, as_json=json)


@app.command()
def reject(suppression: _Id, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Refuse a proposal, with a reason; never by who proposed it."""
    with opened(user) as session:
        from casedesk.services import suppressions

        found, _ = suppressions.reject(
            uow=session.desk.writing(), actor=session.actor, at=session.at, suppression_id=suppression.strip(),
            reason=written(text, file), via="cli",
        )  # fmt: skip
    _tell(found, as_json=json)


@app.command()
def end(suppression: _Id, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Take a suppression out of force, with a reason; the next run raises what it hid."""
    with opened(user) as session:
        from casedesk.services import suppressions

        found, _ = suppressions.end(
            uow=session.desk.writing(), actor=session.actor, at=session.at, suppression_id=suppression.strip(),
            reason=written(text, file), via="cli",
        )  # fmt: skip
    _tell(found, as_json=json)


def _tell(one: Suppression, *, as_json: bool) -> None:
    if as_json:
        emit(_json(one))
        return
    from casedesk.services.rule_titles import title

    scope = f"{title(one.rule)} on {one.customer_id}" + (f", account {one.account_id}" if one.account_id else "")
    say(f"{one.suppression_id} is {one.state.value}: {scope}, {one.covers_from} until {one.covers_until}.")


def _json(one: Suppression) -> dict[str, Any]:
    return {name: getattr(one, name) for name in type(one).__slots__} | {"state": one.state.value}


def _counted(count: Count) -> dict[str, int]:
    return {"hidden_alerts": count.hidden, "released_alerts": count.released}


def _hidden(row: Hidden) -> dict[str, Any]:
    return {name: getattr(row, name) for name in type(row).__slots__}
