"""`casedesk lab`: try a rule with other thresholds on the history. Only a sample below a line is stored."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import typer

from casedesk.cli import line_tests
from casedesk.cli.parameters import changes
from casedesk.cli.printing import emit, say, table
from casedesk.cli.session import As, Json, Memory, opened
from casedesk.domain.counts import counted
from casedesk.domain.intervals import none_found_size
from casedesk.domain.money import format_minor
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.services.lab import Score, Trial

app = typer.Typer(no_args_is_help=True, help="Try out detection rules on the history, and sample below their lines.")
line_tests.register(app)


@app.command("try")
def try_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule's name, such as structuring.")],
    param: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Another value for a parameter of the rule.")
    ] = None,
    off: Annotated[bool, typer.Option("--off", help="Try it switched off instead.")] = False,
    base: Annotated[
        str,
        typer.Option(metavar="SET", help="Beside another rule set: its id, or “shipped”. Default: the one in force."),
    ] = "",
    arrival: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Only what had arrived by then, as an evidence sheet says.")
    ] = None,
    as_of: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="EVENT", help="With the suppressions after this event of the ledger, as a sheet says."
        ),
    ] = None,
    memory_mib: Memory = 4096,
    json: Json = False,
    user: As = "",
) -> None:
    """Run a rule with other thresholds over everything stored, beside the same rule as it is in force."""
    with opened(user) as session:
        from casedesk.services import lab
        from casedesk.services.detecting import Limits

        currency = session.desk.settings.base_currency
        trial = lab.try_rule(
            look=session.desk.reading(),
            actor=session.actor,
            base_currency=currency,
            rule=rule,
            values=changes([f"{rule}.{one}" for one in param or ()], lab.RULES).get(rule, {}),
            off=off,
            base=base.strip(),
            arrival=arrival,
            as_of=as_of,
            limits=Limits(memory_mib=memory_mib),
        )
    emit(_trial(trial)) if json else _tell(trial, currency)


def _trial(trial: Trial) -> dict[str, Any]:
    from casedesk.services.trials import told

    return {
        "rule": trial.rule,
        "transactions": trial.transactions,
        "data_fingerprint": trial.data_fingerprint,
        "arrival": trial.arrival,
        "as_of": trial.as_of,
        "rule_set": trial.base_id,
        "rule_set_hash": trial.base_hash,
        "parameters": {one.name: one.value for one in trial.parameters},
        "in_force": _numbers(told(trial.in_force)),
        "tried": _numbers(told(trial.tried)),
        "gained": [alert.alert_id for alert in trial.gained],
        "lost": [alert.alert_id for alert in trial.lost],
        "lost_sar_cases": trial.lost_sars,
        "gained_sar_cases": trial.gained_sars,
        "lost_sar_cases_caught_by_another_rule": trial.caught_otherwise,
    }


def _numbers(figures: dict[str, Any]) -> dict[str, Any]:
    """Rates and shares as numbers; the evidence sheet has the same digits as text."""
    return {name: float(value) if isinstance(value, str) else value for name, value in figures.items()}


def _tell(trial: Trial, currency: str) -> None:
    from casedesk.services.rule_titles import title

    before, after = trial.in_force, trial.tried
    table(
        (title(trial.rule), "in force", "tried"),
        (
            ("alerts", f"{before.alerts:,}", f"{after.alerts:,}"),
            ("hidden by suppressions", f"{before.hidden:,}", f"{after.hidden:,}"),
            ("customers", f"{before.customers:,}", f"{after.customers:,}"),
            ("cases a week", f"{before.cases_a_week:.1f}", f"{after.cases_a_week:.1f}"),
            ("alerts per 1,000 customers", f"{before.per_thousand_customers:.1f}",
             f"{after.per_thousand_customers:.1f}"),
            ("decided alerts that became a SAR", before.productive, after.productive),
            ("past SARs caught", f"{len(before.sar_cases):,}", f"{len(after.sar_cases):,}"),
        ),
    )  # fmt: skip
    changed = ", ".join(f"{m.parameter.name} {_value(m.before)} → {_value(m.parameter.value)}" for m in trial.moved)
    changed = changed or ("" if trial.parameters else "The rule is off")
    say(f"{changed or 'No threshold was moved'}; {counted(trial.transactions, 'transaction')}.")
    for word, alerts in (("Gained", trial.gained), ("Lost", trial.lost)):
        say(f"{word}: {counted(len(alerts), 'alert')}.")
        table(
            ("Alert", "Customer", "Severity", f"Amount {currency}", "What was found"),
            ((a.alert_id, a.customer_id, a.severity, format_minor(a.amount_minor, currency), a.sentence)
             for a in alerts[:20]),
        )  # fmt: skip
    if trial.lost_sars:
        caught = f"; another rule alerted {len(trial.caught_otherwise):,} of them" if trial.caught_otherwise else ""
        say(f"Past SARs it would miss: {', '.join(trial.lost_sars)}{caught}.")


def _value(value: object) -> str:
    if value is None:
        return "off"
    return ",".join(sorted(map(str, value))) if isinstance(value, frozenset) else str(value)


@app.command("scorecard")
def scorecard(json: Json = False, user: As = "") -> None:
    """Show, for each rule and month: alerts, cases, SARs, false positives and age; and the rules that never fired."""
    with opened(user) as session:
        from casedesk.services import lab
        from casedesk.services.rule_titles import title

        found = lab.scorecard(uow=session.desk.reading(), actor=session.actor, at=session.at)
    if json:
        emit({"rules": [*map(_score, found.rules)], "months": [*map(_score, found.months)], "silent": found.silent})
        return
    header = ("Rule", "Month", "Alerts", "Cases", "SARs", "False positives of decided", "Median age of open cases, d")
    table(header, ((title(s.rule), s.month or "all", s.alerts, s.cases, s.sars, s.false_positives, s.age_days)
                   for s in (*found.rules, *found.months)))  # fmt: skip
    say(f"Never fired: {', '.join(map(title, found.silent))}." if found.silent else "Every rule in force has fired.")


def _score(score: Score) -> dict[str, Any]:
    return {
        "rule": score.rule,
        "month": score.month,
        "alerts": score.alerts,
        "cases": score.cases,
        "sar_cases": score.sars,
        "decided": score.false_positives.of,
        "false_positives": score.false_positives.hits,
        "false_positive_share_low": round(score.false_positives.low, 6),
        "false_positive_share_high": round(score.false_positives.high, 6),
        "median_age_days": score.age_days,
    }


@app.command("sample-size")
def sample_size(
    percent: Annotated[str, typer.Argument(metavar="PERCENT", help="Share to rule out, such as 5 or 0.5.")],
    confidence: Annotated[str, typer.Option(metavar="PERCENT", help="How sure to be.")] = "95",
) -> None:
    """Say how many must be drawn, without one hit, to hold that fewer than PERCENT are hits."""
    share, sure = _share(percent, "PERCENT"), _share(confidence, "--confidence")
    say(f"{none_found_size(share, sure):,}")


def _share(text: str, name: str) -> Fraction:
    try:
        share = Fraction(text.strip().removesuffix("%").strip()) / 100
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share < 1:
        raise Invalid(f"“{name} {text}” is no share; write a number of percent between 0 and 100.")
    return share
