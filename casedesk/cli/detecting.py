"""`casedesk detect`: run the rules over what is stored; what is new becomes alerts and cases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.moments import moment
from casedesk.cli.printing import emit, say
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, opened
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casedesk.services.detecting import Detected, Rule


def detect(
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only transactions booked before this instant (ISO 8601, with zone)."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="RULE.NAME=VALUE", help="Another value for a rule's parameter.")
    ] = None,
    memory_mib: Annotated[int, typer.Option(min=64, metavar="N", help="Memory the rules may use.")] = 4096,
    threads: Annotated[int | None, typer.Option(min=1, max=1024, metavar="N", help="Default: every core.")] = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Run the rules. Alerts of a customer join that customer's open case, or open a new one.

    Running again over the same transactions opens nothing new.
    """
    with opened(user) as session:
        from casedesk.services import detecting

        result = detecting.detect(
            look=session.desk.reading(),
            uow=session.desk.writing(),
            actor=session.actor,
            at=session.at,
            base_currency=session.desk.settings.base_currency,
            until=moment(until, "--until") if until else None,
            rules=detecting.rules_with(_changes(param or (), detecting.RULES)),
            limits=detecting.Limits(memory_mib=memory_mib, threads=threads),
        )
    emit(_summary(result)) if json else _tell(result)


def _changes(options: Sequence[str], rules: Sequence[Rule]) -> Mapping[str, Mapping[str, object]]:
    """Read ``rule.name=value``; a parameter that is a set takes its words separated by commas."""
    sets = {rule.name: {k for k, v in rule.parameters.values().items() if isinstance(v, list)} for rule in rules}
    changes: dict[str, dict[str, object]] = {}
    for option in options:
        left, equals, value = option.partition("=")
        rule, dot, name = left.strip().partition(".")
        if not equals or not dot or not rule or not name:
            raise Invalid(f"“--param {option}” is not understood; write --param rule.name=value.")
        words = [word.strip() for word in value.split(",") if word.strip()]
        if name in changes.get(rule, {}):
            raise Invalid(f"“--param {option}” gives {rule}.{name} a second value; keep one.")
        changes.setdefault(rule, {})[name] = words if name in sets.get(rule, ()) else value.strip()
    return changes


def _summary(result: Detected) -> dict[str, Any]:
    return {name: getattr(result, name) for name in type(result).__slots__}


def _tell(result: Detected) -> None:
    say(
        f"{result.transactions:,} transactions: {result.new_alerts:,} new alerts, {result.grown_alerts:,} grown, "
        f"{result.unchanged_alerts:,} known already; {result.cases_opened:,} cases opened, "
        f"{result.cases_joined:,} open cases joined."
    )
    say(f"Run {result.run_id}; rules {result.rule_set_hash[:16]}…, data {result.data_fingerprint[:16]}….")
