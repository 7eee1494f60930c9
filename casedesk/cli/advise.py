"""`casedesk advise`: have cases advised on, read advice, derive it again, and compare it with what people decided."""

from __future__ import annotations

from typing import Annotated

import typer

from casedesk.cli.printing import emit, remark, say, table
from casedesk.cli.session import DESK_ITSELF, As, AsOrDesk, Json, opened
from casedesk.domain.counts import counted

app = typer.Typer(
    help="Triage advice: what a person might do first, with reasons. It decides nothing.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def run(
    cases: Annotated[list[str] | None, typer.Argument(metavar="CASE...", help="These cases only.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also cases that did not change, as after a new model.")] = False,
    json: Json = False,
    user: AsOrDesk = DESK_ITSELF,
) -> None:
    """Advise on open cases that changed since they were advised on. A second run changes nothing."""
    with opened(user) as session:
        from casedesk.services import advising, counsel

        done = advising.run(
            reading=session.desk.reading, writing=session.desk.writing, actor=session.actor, at=session.at,
            base_currency=session.desk.settings.base_currency, counsel=session.desk.counsel, case_ids=cases or (), every=every, via="cli",
        )  # fmt: skip
    if json:
        emit({"examined": done.examined, "advised": done.advised, "unchanged": done.unchanged, "asked": done.asked,
              "moved": done.moved, "unheard": dict(done.unheard)})  # fmt: skip
        return
    moved = f", {done.moved:,} changed meanwhile and left to the next run" if done.moved else ""
    say(
        f"{counted(done.examined, 'case')} looked at, {done.advised:,} advised on, {done.unchanged:,} with nothing new{moved}."
    )
    if done.unheard:
        ends = "; ".join(f"{count:,} {counsel.UNHEARD[end]}" for end, count in done.unheard)
        remark(f"Without a language model, by levels 1 and 2 alone, were advised on: {ends}.")


@app.command()
def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case id.")], json: Json = False, user: As = ""
) -> None:
    """Show the newest advice on a case, with its reasons and what they cite."""
    with opened(user) as session:
        from casedesk.services import advice

        found = advice.read(uow=session.desk.reading(), actor=session.actor, case_id=case)
    if json:
        emit(advice.given(found))
        return
    say(f"Advice, event {found.event.event_id}: {found.verdict.value}, priority {found.priority}. A person decides.")
    for reason in found.reasons:
        cited = f" [{', '.join(reason.cites)}]" if reason.cites else ""
        say(f"  {reason.text}{cited}")
    if found.stale:
        # a decided case gets no new advice, so what would give it is no way out there
        say("  The case has grown since" + (", and is decided." if found.decided else "; run: casedesk advise run."))


@app.command()
def replay(
    cases: Annotated[list[str] | None, typer.Argument(metavar="CASE...", help="Of these cases only.")] = None,
    json: Json = False,
    user: As = "",
) -> None:
    """Derive levels 1 and 2 of all recorded advice again. Exit 1 if any comes out otherwise."""
    with opened(user) as session:
        from casedesk.services import advice

        found = advice.replay(uow=session.desk.reading(), actor=session.actor, case_ids=cases or ())
    differing = [one for one in found if one.differs]
    if json:
        emit({"replayed": len(found), "differing": [[one.event_id, one.case_id, one.differs] for one in differing]})
    else:
        say(f"{counted(len(found), 'piece')} of advice derived again, {len(differing):,} otherwise than recorded.")
        for one in differing:
            remark(f"Event {one.event_id} of {one.case_id}: {one.differs}.")
    if differing:
        raise typer.Exit(1)


@app.command()
def budget(json: Json = False, user: As = "") -> None:
    """Show what the language model cost in the last days, and what it may cost in one."""
    with opened(user) as session:
        from casedesk.bootstrap import budget_of
        from casedesk.services import counsel

        found = counsel.spending(
            uow=session.desk.reading(), actor=session.actor, budget=budget_of(session.desk.settings)
        )  # fmt: skip
    if json:
        allowed = {"money": str(found.budget.money), "calls": found.budget.calls} if found.budget else None
        emit({
            "budget": allowed,
            "days": [
                {"day": one.day, "calls": one.calls, "cost_micros": one.cost_micros, "unsettled": one.unsettled,
                 "discarded": one.discarded, "failed": one.failed}
                for one in found.days
            ],
        })  # fmt: skip
        return
    if found.budget is None:
        say("No language model is switched on; nothing leaves this machine.")
    else:
        say(
            f"A day may cost {found.budget.money} and {counted(found.budget.calls, 'call')}, for all processes together."
        )
    table(
        ("Day", "Calls", "Cost", "Not settled", "Discarded", "Failed"),
        ((one.day, one.calls, f"{one.cost_micros / 1_000_000:.4f}", one.unsettled, one.discarded, one.failed)
         for one in found.days),
    )  # fmt: skip


@app.command()
def agreement(json: Json = False, user: As = "") -> None:
    """Compare the last advice before each decision with what people decided."""
    with opened(user) as session:
        from casedesk.domain.advice import Verdict
        from casedesk.domain.cases import Disposition
        from casedesk.services import advice

        found = advice.agreement(uow=session.desk.reading(), actor=session.actor)
    decisions = (Disposition.SAR, Disposition.ESCALATE, Disposition.NO_SAR)
    if json:
        emit({
            "cases": found.cases,
            "counts": [[advised, decided, count] for (advised, decided), count in sorted(found.counts.items())],
            "agreed": {name: [one.hits, one.of, one.low, one.high] for name, one in found.sides.items()},
            "reports_recommended": [found.reports.hits, found.reports.of],
            "reported_though_dismissed": [found.missed.hits, found.missed.of],
        })  # fmt: skip
        return
    table(
        ("Advice", *(decision.value for decision in decisions), "Agreed"),
        ((verdict.value, *(found.counts.get((verdict.value, decision.value), 0) for decision in decisions),
          found.sides.get(verdict.value, "takes no side")) for verdict in Verdict),
    )  # fmt: skip
    say(f"Report recommended, and reported or escalated: {found.reports}.")
    say(f"Reported although the advice was to dismiss: {found.missed}.")
