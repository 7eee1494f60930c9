"""`casedesk rules`: the rule set in force, and how another one comes into force: a maker, a checker, an evidence sheet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli.parameters import changes
from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import As, Json, Memory, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.counts import counted
from casedesk.domain.moments import canonical
from casedesk.errors import Unavailable

if TYPE_CHECKING:
    from casedesk.domain.ledger import Recorded
    from casedesk.domain.rule_sets import Headline, RuleSet

app = typer.Typer(
    help="The rules in force, and how others come into force: one proposes, another one approves.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

VIA = "cli"
RuleSetId = Annotated[str, typer.Argument(metavar="SET", help="A rule set's id, such as RS-000001.")]
_Names = Annotated[list[str] | None, typer.Option(metavar="RULE", help="Switch a rule off; may be repeated.")]


@app.command("list")
def list_rules(json: Json = False, user: As = "") -> None:
    """List the rules that run, and where their values are not as shipped."""
    with opened(user) as s:
        from casedesk.services import rule_sets, rules_in_force
        from casedesk.services.rule_titles import title

        found = rule_sets.overview(look=s.desk.reading(), actor=s.actor)
    running = found.running
    if json:
        emit({
            "rule_set": running.rule_set_id, "rule_set_hash": running.hash, "off": running.off, "adrift": running.adrift,
            "waiting": found.waiting.rule_set_id if found.waiting else "",
            "rules": [{"rule": r.name, "version": r.version, "parameters": r.parameters.values()} for r in running.rules],
        })  # fmt: skip
        return
    say(f"In force: {running.name}, rules {running.hash[:16]}….")
    rows = []
    for rule in running.rules:
        moved = [one for one in rule.parameters.described() if one.changed]
        words = ", ".join(f"{m.name} {rules_in_force.shown(m.value)}" for m in moved)
        rows.append((rule.name, rule.version, rule.title, words or "as shipped"))
    table(("Rule", "Version", "Title", "Values"), rows)
    if running.off:
        say(f"Switched off: {', '.join(map(title, running.off))}.")
    if found.waiting:
        say(
            f"{found.waiting.rule_set_id} waits to be decided: casedesk rules show {found.waiting.rule_set_id} --as USER."
        )
    for sentence in running.adrift:
        remark(sentence)


@app.command()
def propose(
    param: Annotated[list[str] | None, typer.Option(metavar="RULE.NAME=VALUE", help="Another value.")] = None,
    off: _Names = None,
    on: Annotated[list[str] | None, typer.Option(metavar="RULE", help="Switch a rule on; may be repeated.")] = None,
    text: Text = None,
    file: File = None,
    memory_mib: Memory = 4096,
    json: Json = False,
    user: As = "",
) -> None:
    """Try the changed rules on the history, write the evidence sheet, and propose them (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import detecting, rule_sets

        row = rule_sets.propose(
            look=s.desk.reading(), uow=s.desk.writing(), actor=s.actor, at=s.at,
            base_currency=s.desk.settings.base_currency, reason=reason, changes=changes(param or (), detecting.RULES),
            off=off or (), on=on or (), limits=rule_sets.Limits(memory_mib=memory_mib),
        )  # fmt: skip
        stored = rule_sets.show(look=s.desk.reading(), actor=s.actor, rule_set_id=row.data["rule_set_id"])
    _done(row, json)
    if not json:
        _figures(stored)
        say(f"Another manager decides it: casedesk rules approve {stored.rule_set_id} --as USER.")


@app.command()
def approve(
    rule_set: RuleSetId, text: Text = None, file: File = None, json: Json = False, user: As = ""
) -> None:  # fmt: skip
    """Put a proposed rule set in force (managers, never its maker)."""
    words = written(text, file)
    with opened(user) as s:
        from casedesk.services import rule_sets

        row = rule_sets.approve(
            uow=s.desk.writing(), actor=s.actor, at=s.at, rule_set_id=rule_set.strip(), remark=words
        )
    _done(row, json)


@app.command()
def reject(rule_set: RuleSetId, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Reject a proposed rule set, with a reason (managers, never its maker)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import rule_sets

        row = rule_sets.reject(
            uow=s.desk.writing(), actor=s.actor, at=s.at, rule_set_id=rule_set.strip(), reason=reason
        )
    _done(row, json)


@app.command()
def withdraw(rule_set: RuleSetId, text: Text = None, file: File = None, json: Json = False, user: As = "") -> None:
    """Take your own proposal back, with a reason."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import rule_sets

        row = rule_sets.withdraw(
            uow=s.desk.writing(), actor=s.actor, at=s.at, rule_set_id=rule_set.strip(), reason=reason
        )
    _done(row, json)


def _done(row: Recorded, json: bool) -> None:
    from casedesk.domain.events import KINDS

    if json:
        emit({"event_id": row.event_id, "event_hash": row.event_hash, "action": row.action, "ts": row.ts, "user": row.user,
              **row.data})  # fmt: skip
    else:
        say(f"{row.data['rule_set_id']}: {KINDS[row.action].title.lower()} (event {row.event_id}).")


@app.command()
def history(json: Json = False, user: As = "") -> None:
    """List all rule sets there were, the newest proposal first."""
    with opened(user) as s:
        from casedesk.services import rule_sets

        found = rule_sets.overview(look=s.desk.reading(), actor=s.actor).history
    if json:
        emit([_row(one) for one in found])
    elif found:
        table(
            ("Set", "State", "Proposed", "By", "Decided", "By", "Rules", "Reason"),
            ((one.rule_set_id, one.state.value, canonical(one.proposed_at)[:16], one.proposed_by,
              canonical(one.decided_at)[:16] if one.decided_at else "", one.decided_by, one.hash_after[:12],
              one.reason[:60]) for one in found),
        )  # fmt: skip
    else:
        say("No rule set was proposed yet; the rules run as shipped.")


def _row(one: RuleSet | Headline) -> dict[str, Any]:
    names = ("rule_set_id", "state", "base_id", "hash_before", "hash_after", "reason", "proposed_by", "proposed_at",
             "decided_by", "decided_at", "decision", "sheet_sha256")  # fmt: skip
    return {name: getattr(one, name) for name in names}


@app.command()
def show(rule_set: RuleSetId, json: Json = False, user: As = "") -> None:
    """Show one rule set: who proposed and decided it, what it changes, and what that does to the history."""
    with opened(user) as s:
        from casedesk.services import rule_sets

        stored = rule_sets.show(look=s.desk.reading(), actor=s.actor, rule_set_id=rule_set.strip())
    if json:
        rules = {name: {"version": r.version, "parameters": r.parameters} for name, r in stored.rules().items()}
        emit({**_row(stored), "off": stored.off(), "rules": rules})
        return
    say(f"{stored.rule_set_id}: {stored.state.value}; upon {stored.base_id or 'the rules as shipped'}.")
    say(f"Proposed by {stored.proposed_by} on {canonical(stored.proposed_at)}: {stored.reason}")
    if stored.decided_at:
        say(f"Decided by {stored.decided_by} on {canonical(stored.decided_at)}. {stored.decision}".rstrip())
    say(f"Rules {stored.hash_before} before, {stored.hash_after} after; sheet {stored.sheet_sha256}.")
    _figures(stored)


def _figures(stored: RuleSet) -> None:
    """Tell what changes, rule by rule."""
    from casedesk.exports import rule_sheet
    from casedesk.services.rule_titles import title

    for rule in rule_sheet.read(stored.sheet, stored.rule_set_id)["rules"]:
        moved = [one for one in rule["parameters"] if one["before"] != one["after"]]
        say()
        say(
            f"{title(rule['rule'])}: "
            + (", ".join(f"{m['name']} {m['before'] or 'off'} → {m['after'] or 'off'}" for m in moved))
        )
        before, after = rule["before"], rule["after"]
        table(
            ("", "before", "after"),
            (
                *((title, before[name], after[name]) for title, name in rule_sheet.figures_of(before)),
                (
                    "Decided alerts that became a SAR",
                    *(f"{f['decided_as_sar']} of {f['decided']}" for f in (before, after)),
                ),
                ("Past SARs caught", len(before["sar_cases"]), len(after["sar_cases"])),
            ),
        )
        say(
            f"Gained {len(rule['gained']):,}, lost {len(rule['lost']):,}; past SARs lost {len(rule['lost_sar_cases']):,}."
        )


@app.command()
def sheet(
    rule_set: RuleSetId,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it here.")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="The canonical JSON that was frozen, instead of Markdown.")
    ] = False,
    user: As = "",
) -> None:
    """Print the evidence sheet; its leaving is an event. What --json prints has the SHA-256 that the ledger recorded."""
    with opened(user) as s:
        from casedesk.services import rule_sets

        file = rule_sets.export_sheet(
            uow=s.desk.writing(), actor=s.actor, at=s.at, rule_set_id=rule_set.strip(), what="json" if json else "markdown",
            via=VIA,
        )  # fmt: skip
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(file.content)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(file.content)
    except OSError as error:
        raise Unavailable(f"{output} cannot be written ({error.strerror}); give another path.") from None
    say(f"{output}: {counted(len(file.content), 'byte')}, SHA-256 {file.sha256} (event {file.event.event_id}).")
