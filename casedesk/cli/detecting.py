"""`casedesk detect`: run the rules; what is new becomes alerts and cases. `replay` runs an earlier run again."""

from __future__ import annotations

import json as json_text
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from casedesk.cli.engines import Master, limits_of
from casedesk.cli.mapped import Map, MapValue, Set, mapping_of
from casedesk.cli.moments import moment
from casedesk.cli.parameters import changes
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, AsOrDesk, Json, Memory, Session, configured, opened
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.errors import CasedeskError, Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from casedesk.detection.engine import DetectionResult
    from casedesk.domain.alerts import Alert
    from casedesk.services.detecting import Detected
    from casedesk.services.holdings import Queued
    from casedesk.services.rules_in_force import Effective


class _ManyPaths(TyperGroup):
    """Takes ``--source A B C`` for ``--source A --source B --source C``; a shell's own pattern expands to that."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        spread: list[str] = []
        paths = False
        for word in args:
            if word.startswith("-"):
                paths = word == "--source"
            elif paths and spread[-1] != "--source":
                spread.append("--source")
            spread.append(word)
        return super().parse_args(ctx, spread)


app = typer.Typer(
    help="Run the rules, or run an earlier run again.",
    cls=_ManyPaths,
    invoke_without_command=True,
    rich_markup_mode=None,
)

_Threads = Annotated[int | None, typer.Option(min=1, max=1024, metavar="N", help="Default: every core.")]
_Engine = Annotated[str, typer.Option(metavar="E", help="duckdb, in this process, or spark. Both find the same.")]

_NOTHING: Final = (
    "There was no transaction to look at, so this says nothing of anybody; import some first (casedesk import PATH), or give a "
    "later --until."
)


@app.callback()
def detect(
    ctx: typer.Context,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH...", help="Look at these files, folders or patterns instead of the desk's own data."
        ),
    ] = None,
    format: Annotated[str, typer.Option(metavar="F", help="How to read them; default: by their headers.")] = "auto",
    map: Map = None,
    set: Set = None,
    map_value: MapValue = None,
    zone: Annotated[str | None, typer.Option(metavar="ZONE", help="Zone of their times that name none.")] = None,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="The instant of step 0, where times are steps.")
    ] = None,
    rates: Annotated[Path | None, typer.Option(metavar="FILE", help="Exchange rates for them.")] = None,
    rules: Annotated[
        str,
        typer.Option(
            metavar="SET",
            help="By a rule set's id, “in-force” or “shipped”. Default: in-force; for files, which need no desk, shipped.",
        ),
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what is found, and store nothing.")] = False,
    rule: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this rule; may be repeated.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Look at everything, not only at what was touched.")] = False,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only transactions booked before this instant (ISO 8601, with zone)."),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE.NAME=VALUE", help="Another value for a rule's parameter; only with --dry-run."),
    ] = None,
    advise: Annotated[bool, typer.Option(help="Then advise on the cases whose alerts changed.")] = True,
    memory_mib: Memory = 4096,
    threads: _Threads = None,
    engine: _Engine = "duckdb",
    master: Master = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Run the rules. Alerts of a customer join that customer's open case, or open a new one.

    Running again over the same transactions opens nothing new; only what was touched since the last run is looked at.
    """
    if ctx.invoked_subcommand:
        return
    _refuse_misplaced(source, dry_run, until, rules, {"--format": format != "auto", "--zone": zone, "--start": start,
                                               "--rates": rates, "--map": map, "--set": set, "--map-value": map_value})  # fmt: skip
    limits = limits_of("duckdb", engine, master, memory_mib, threads)
    if source:
        from casedesk.services import offline_detecting

        running = _for_files(rules, user, rule or (), param or ())

        offline = offline_detecting.detect_files(
            paths=source, base_currency=configured().base_currency, format=format, zone=zone, start=start, rates=rates,
            mapping=mapping_of(map, set, map_value), rules=running.rules, limits=limits,
        )  # fmt: skip
        _show(offline.result, offline.result.alerts, running, moved=bool(param), as_json=json)
        if offline.rejected:
            first, count = offline.rejected[0], len(offline.rejected)
            remark(
                f"{counted(count, 'row')} could not be read, so no rule saw what they hold. The first is "
                f"row {first.row_number}: {first.field} “{first.value}”. {first.reason}"
            )
            raise typer.Exit(1)
        return
    with opened(user) as session:
        from casedesk.services import detecting, rules_in_force

        before = moment(until, "--until") if until else None
        look, base = session.desk.reading(), session.desk.settings.base_currency
        moved = _moved(rule or (), param or ())
        if dry_run:
            running = rules_in_force.rules_for(
                look=look, actor=session.actor, changes=moved, only=rule or (), rule_set=rules.strip()
            )
            found = detecting.preview(
                look=look, actor=session.actor, base_currency=base, until=before, rules=running.rules, limits=limits
            )
            _show(found.result, found.queued.reaching, running, moved=bool(param), as_json=json)
            remark(_beside_the_desk(found.queued))
            if not found.result.transactions:
                remark(_NOTHING)
            return
        rules_in_force.require_in_force(look=look, actor=session.actor, changes=moved)
        result = detecting.detect(
            look=look, uow=session.desk.writing(), actor=session.actor, at=session.at, base_currency=base, until=before,
            only=rule or (), limits=limits, full=full, clock=session.now,
        )  # fmt: skip
        if advise:
            _advise(session)
    emit(_summary(result)) if json else _tell(result)
    if not result.transactions:
        remark(_NOTHING)


def _advise(session: Session) -> None:
    """Advise on the cases whose alerts changed. The run is stored already, whatever becomes of it."""
    from casedesk.services import following

    desk = session.desk
    try:
        following.follow(
            reading=desk.reading, writing=desk.writing, at=session.at, via="cli",
            base_currency=desk.settings.base_currency, counsel=desk.counsel,
        )  # fmt: skip
    except CasedeskError as refusal:
        remark(f"The run is stored, and no advice was given on its cases: {refusal} Give it with: casedesk advise run.")


@app.command("runs")
def list_runs(
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many, newest first.")] = 20,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """List the newest runs."""
    with opened(user) as session:
        from casedesk.services import replaying

        found = replaying.runs(look=session.desk.reading(), actor=session.actor, limit=limit)
    if json:
        names = ("run_id", "ran_at", "until", "rule_set_hash", "data_fingerprint", "alerts_sha256", "engine", "transactions",
                 "new_alerts", "grown_alerts")  # fmt: skip
        emit([{name: getattr(run, name) for name in names} for run in found])
        return
    table(
        ("run", "ran at", "transactions", "new", "grown", "rules", "data", "alerts"),
        (
            (run.run_id, canonical(run.ran_at)[:19], f"{run.transactions:,}", f"{run.new_alerts:,}", f"{run.grown_alerts:,}",
             run.rule_set_hash[:12], run.data_fingerprint[:12], run.alerts_sha256[:12] or "-")
            for run in found
        ),
    )  # fmt: skip


@app.command("replay")
def replay(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, such as R-000123.")],
    memory_mib: Memory = 4096,
    threads: _Threads = None,
    engine: _Engine = "duckdb",
    master: Master = None,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Run an earlier run again, with its parameters over the data it saw. Nothing is stored.

    Exit code 0: every alert is the same; 1: one is not, and it is named; 2: it cannot be told.
    """
    limits = limits_of("duckdb", engine, master, memory_mib, threads)
    with opened(user) as session:
        from casedesk.services import replaying

        done = replaying.replay(look=session.desk.reading(), actor=session.actor, run_id=run.strip(), limits=limits)
    if json:
        emit({name: getattr(done, name) for name in type(done).__slots__})
    elif done.identical:
        say(
            f"Identical: run {done.run_id} finds the same {counted(done.alerts, 'alert')} in {counted(done.transactions, 'transaction')}."
        )
        say(f"Alerts {done.alerts_sha256}.")
    else:
        say(f"Not identical: {done.difference}")
        say(f"Alerts {done.alerts_sha256}, recorded {done.recorded_sha256}.")
    if done.software:
        remark(f"The run was made on other software: {done.software}.")
    if not done.identical:
        raise typer.Exit(1)


def _refuse_misplaced(
    source: list[str] | None, dry_run: bool, until: str | None, rules: str, of_files: dict[str, object]
) -> None:
    """Refuse what would be left unheeded."""
    if source and not dry_run:
        raise Invalid(
            "Alerts in files cannot be stored: they would point at transactions the desk does not have. Add --dry-run, or "
            "import the files first (casedesk import PATH) and run: casedesk detect."
        )
    if source and until:
        raise Invalid("--until is for the desk's own data; leave it out, or leave the later files out of --source.")
    if rules and not dry_run:
        raise Invalid(
            f"Alerts are stored by the rules in force only; add --dry-run to see what “{rules}” finds, or leave --rules out."
        )
    given = [name for name, value in of_files.items() if value]
    if given and not source:
        raise Invalid(f"{given[0]} says how to read files; name them with --source PATH, or leave it out.")


def _moved(names: Sequence[str], params: Sequence[str]) -> Mapping[str, Mapping[str, object]]:
    """Read --param; one for a rule that --rule leaves out is refused."""
    from casedesk.services import detecting

    moved = changes(params, detecting.RULES)
    left_out = next((p.partition(".")[0] for p in params if names and p.partition(".")[0] not in names), "")
    if left_out:
        raise Invalid(
            f"--param is given for rule “{left_out}”, which does not run; add --rule {left_out} or leave it out."
        )
    return moved


def _for_files(rule_set: str, user: str, names: Sequence[str], params: Sequence[str]) -> Effective:
    """Return the rules for files: as shipped, for which no desk is opened, or of a set of this desk; --param over them."""
    from casedesk.domain.rule_sets import SHIPPED
    from casedesk.services import detecting, rules_in_force

    moved = _moved(names, params)
    if rule_set.strip().casefold() in ("", SHIPPED):
        return rules_in_force.chosen(rules_in_force.Effective("", detecting.RULES), moved, names)
    with opened(user) as session:
        return rules_in_force.rules_for(
            look=session.desk.reading(), actor=session.actor, changes=moved, only=names, rule_set=rule_set.strip()
        )


def _beside_the_desk(found: Queued) -> str:
    """Say what of the alerts the desk does not know yet, and how many it would not show anybody."""
    return (
        f"On this desk {found.new:,} of them would be new and {found.grown:,} grown; suppressions in force would hide "
        f"{len(found.hidden):,} more."
    )


def _show(result: DetectionResult, alerts: Sequence[Alert], running: Effective, *, moved: bool, as_json: bool) -> None:
    """Print those of the alerts that would reach the queue, one a line, where a run stores nothing."""
    from casedesk.services.rule_titles import title

    unicode_fits = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    for alert in alerts:
        line: dict[str, Any] = {
            "rule": alert.rule,
            "version": alert.rule_version,
            "severity": alert.severity / 100,
            "customer": alert.customer_id,
            "accounts": list(result.accounts.get(alert.alert_id, (alert.account_id,))),
            "window_start": canonical(alert.window_start),
            "window_end": canonical(alert.window_end),
            "transaction_ids": list(alert.transaction_ids),
            "explanation": alert.sentence,
        }
        if as_json:
            print(json_text.dumps(line, ensure_ascii=not unicode_fits))
        else:
            say(
                f"{alert.severity:3}  {title(alert.rule)}  {alert.customer_id}  {', '.join(line['accounts'])}: {alert.sentence}"
            )
    rules = f"{running.name}, with other values" if moved else running.name
    remark(
        f"{counted(result.transactions, 'transaction')}: {counted(len(alerts), 'alert')}. Nothing was stored. "
        f"Rules {result.rule_set_hash[:16]}… ({rules}), data {result.data_fingerprint[:16]}…."
    )
    for sentence in running.adrift:
        remark(sentence)


def _summary(result: Detected) -> dict[str, Any]:
    return {name: getattr(result, name) for name in type(result).__slots__}


def _tell(result: Detected) -> None:
    hidden = f"{result.hidden_alerts:,} hidden by suppressions, " if result.hidden_alerts else ""
    lapsed = f"{result.lapsed_alerts:,} no longer found, " if result.lapsed_alerts else ""
    say(
        f"{counted(result.transactions, 'transaction')}: {counted(result.new_alerts, 'new alert')}, {result.grown_alerts:,} grown, {hidden}{lapsed}"
        f"{result.unchanged_alerts:,} known already; {counted(result.cases_opened, 'case')} opened, "
        f"{counted(result.cases_joined, 'open case')} joined."
    )
    upon = f", upon {result.since}" if result.since else ""
    say(f"Run {result.run_id}{upon}; rules {result.rule_set_hash[:16]}…, data {result.data_fingerprint[:16]}….")
