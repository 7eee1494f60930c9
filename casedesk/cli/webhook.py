"""`casedesk webhook`: the addresses that the desk calls for each new alert."""

from __future__ import annotations

from typing import Annotated

import typer

from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.deliveries import Delivery
from casedesk.domain.webhooks import Webhook, host_of

app = typer.Typer(
    help="Webhooks: create, list or disable one, or see what was sent.", no_args_is_help=True, rich_markup_mode=None
)

VIA = "cli"
Hook = Annotated[str, typer.Argument(metavar="WEBHOOK", help="The webhook's id, such as W-0123456789AB.")]


@app.command()
def create(
    label: Annotated[str, typer.Argument(metavar="LABEL", help="What it is for, such as “ticket system”.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="What is called: an address for http or https.")],
    rule: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Only alerts of this rule. Repeatable.")
    ] = None,
    severity: Annotated[int, typer.Option(metavar="N", help="Only alerts from this severity on, 0 to 100.")] = 0,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Create a webhook. Its secret is shown once, on standard output; the receiver checks the signature with it."""
    with opened(user) as session:
        from casedesk.services import webhooks

        session.desk.targets.require(host_of(url.strip()))
        issued = webhooks.create(
            uow=session.desk.writing(), actor=session.actor, at=session.at, key=session.desk.webhook_key(), label=label,
            url=url, rules=rule or (), severity=severity, via=VIA,
        )  # fmt: skip
    if json:
        emit(_json(issued.hook) | {"secret": issued.secret})
        return
    remark(
        f"{issued.hook.hook_id} is called for each alert from now on. This is the only time that its secret is shown:"
    )
    say(issued.secret)


@app.command("list")
def list_hooks(json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """List every webhook, the newest first."""
    with opened(user) as session:
        from casedesk.services import webhooks

        found = webhooks.listed(uow=session.desk.reading(), actor=session.actor)
    if json:
        emit([_json(hook) for hook in found])
        return
    table(
        ("Webhook", "Label", "Address", "Rules", "Severity", "Created by", "State"),
        (
            (hook.hook_id, hook.label, hook.url, ", ".join(sorted(hook.rules)) or "all", hook.severity, hook.created_by,
             "disabled" if hook.disabled_at else "called")
            for hook in found
        ),
    )  # fmt: skip
    if not found:
        say("There is no webhook yet; create one with: casedesk webhook create LABEL URL.")


@app.command()
def log(
    hook: Hook,
    limit: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="How many lines.")] = 20,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Show what was sent to a webhook or is on its way, the newest first."""
    with opened(user) as session:
        from casedesk.services import webhooks

        found = webhooks.deliveries(uow=session.desk.reading(), actor=session.actor, hook_id=hook.strip(), limit=limit)
    if json:
        emit([_told(delivery) for delivery in found])
        return
    table(
        ("Delivery", "Alert", "Since", "State", "Tries", "Status", "Problem"),
        (
            (one.delivery_id, one.alert_id, one.created_at.isoformat(timespec="seconds"), one.state.value, one.tries,
             one.status or "", one.problem)
            for one in found
        ),
    )  # fmt: skip


@app.command()
def disable(hook: Hook, text: Text = None, file: File = None, json: Json = False, user: AsOrDesk = DESK_ITSELF) -> None:
    """End a webhook at once, with a reason."""
    reason = written(text, file)
    with opened(user) as session:
        from casedesk.services import webhooks

        row = webhooks.disable(
            uow=session.desk.writing(), actor=session.actor, at=session.at, hook_id=hook.strip(), reason=reason, via=VIA
        )
    if json:
        emit({name: getattr(row, name) for name in ("event_id", "ts", "user", "action", "event_hash")})
    else:
        say(f"{hook.strip()} is not called any more (event {row.event_id}).")


def _json(hook: Webhook) -> dict[str, object]:
    names = ("hook_id", "label", "url", "rules", "severity", "created_by", "created_at", "disabled_by", "disabled_at")
    return {name: getattr(hook, name) for name in names}


def _told(delivery: Delivery) -> dict[str, object]:
    return {name: getattr(delivery, name) for name in Delivery.__slots__}
