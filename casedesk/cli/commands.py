"""Every command of `casedesk`: each parses, calls one use case and prints. What goes wrong becomes a sentence here."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any

import typer

import casedesk
from casedesk.cli import (
    advise,
    apikey,
    audit,
    calendar,
    cases,
    database,
    dataset,
    demo,
    detecting,
    exporting,
    feeding,
    filing,
    following,
    importing,
    lab,
    model,
    people,
    policies,
    quality,
    rates,
    reminding,
    retention,
    rule_sets,
    scoring,
    serving,
    steps,
    streaming,
    suppressions,
    webhook,
)
from casedesk.cli.misread import explain
from casedesk.cli.printing import remark, say
from casedesk.errors import CasedeskError

app = typer.Typer(
    name="casedesk",
    help="AML Case Desk: transactions in, alerts and cases, decisions, reviews, and a ledger that proves them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help needs no second library and starts faster
    pretty_exceptions_enable=False,  # a traceback with locals would print names
)

app.add_typer(database.app, name="db")
app.command("seed")(dataset.seed)
app.command("load-csv")(dataset.load_csv)
app.command("import")(importing.import_files)
app.add_typer(detecting.app, name="detect")
app.add_typer(lab.app, name="lab")
app.add_typer(scoring.app, name="score")
app.add_typer(advise.app, name="advise")
app.add_typer(model.app, name="model")
app.add_typer(rule_sets.app, name="rules")
app.add_typer(suppressions.app, name="suppressions")
app.add_typer(policies.app, name="policy")
app.add_typer(retention.app, name="retention")
app.add_typer(rates.app, name="rates")
app.add_typer(people.app, name="users")
app.add_typer(apikey.app, name="apikey")
app.add_typer(webhook.app, name="webhook")
app.command("serve")(serving.serve)
app.add_typer(streaming.app, name="stream")
app.command("generate")(feeding.generate)
app.command("produce")(feeding.produce)
app.command("consume")(following.consume)
app.command("watch")(following.watch)
app.command("demo")(demo.demo)
app.command("remind")(reminding.remind)
app.command("calendar")(calendar.calendar)
app.command("cases")(cases.list_cases)
app.add_typer(steps.app, name="case")
app.add_typer(quality.app, name="qa")
app.add_typer(audit.app, name="audit")
app.add_typer(exporting.app, name="export")
app.add_typer(filing.app, name="filing")


def _version(asked: bool) -> None:
    if asked:
        say(f"casedesk {casedesk.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def carry_out(arguments: list[str]) -> int:
    """Carry out one command and return its exit code, 130 where somebody stopped it."""
    code = 0
    try:
        code = _parser()(arguments, prog_name="casedesk", standalone_mode=False) or 0
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 0 if done.code is None else 2
    except typer.TyperException as misread:
        explain(misread)
        code = 2
    except CasedeskError as refusal:
        remark(str(refusal))
        code = 2
    except SyntaxError as error:  # somebody is at work on the desk itself: the list of rules, most likely
        remark(f"{error.filename}, line {error.lineno}: this is no Python ({error.msg}). Mend it; nothing was stored.")
        code = 2
    except Exception as error:  # noqa: BLE001  # the last line of defence: no traceback, no names, but a reference
        code = _unforeseen(error)
    return code


@cache
def _parser() -> Callable[..., Any]:
    # Typer would read every command's signature again for every call, which takes longer than most commands do.
    return typer.main.get_command(app)


def _unforeseen(error: Exception) -> int:
    """Log what nobody foresaw, without a word of the data, and give the person a reference to it."""
    import structlog

    from casedesk import logs

    if not structlog.is_configured():  # the command had no use for a setting; structlog's own way shows the data
        logs.configure(logs.AS_SHIPPED)
    mark = logs.reference()
    structlog.get_logger("casedesk.cli").error("command_failed", reference=mark, exc_info=error)
    remark(f"Something failed that the desk did not foresee; nothing is half-written. Tell your operator: {mark}.")
    return 2
