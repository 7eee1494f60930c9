"""`casedesk case`: one step on one case, by the same use cases and permissions as in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from casedesk.cli.casefile import show
from casedesk.cli.moments import moment
from casedesk.cli.printing import emit, say
from casedesk.cli.session import As, Json, Session, opened
from casedesk.cli.texts import File, Text, written
from casedesk.domain.cases import Disposition
from casedesk.domain.casework import CHECKLIST, Review
from casedesk.domain.events import KINDS, NoteAdded
from casedesk.errors import Invalid

if TYPE_CHECKING:
    from casedesk.domain.ledger import Recorded

app = typer.Typer(help="One case: look at it, and every step on it.", no_args_is_help=True, rich_markup_mode=None)
app.command("show")(show)

VIA = "cli"

CaseId = Annotated[str, typer.Argument(metavar="CASE", help="A case id, such as C-26-00042.")]
Seen = Annotated[
    int | None,
    typer.Option("--version", metavar="N", help="The version you looked at; refused if the case has changed since."),
]
Colleague = Annotated[str, typer.Argument(metavar="USER_ID", help="Who gets the case.")]


def _meant(s: Session, case: str, version: int | None) -> int | None:
    """Return the true version for the one that was shown, which counts no step that the person is not shown."""
    from casedesk.services import steps

    if version is None:
        return None
    return steps.true_version(uow=s.desk.reading(), actor=s.actor, case_id=case, version=version)


#: What is told of a step. A note may be a stranger's, to whom its number within the case would tell of hidden steps.
_TOLD = ("event_id", "case_id", "case_seq", "ts", "user", "action", "event_hash")
_TOLD_OF_A_NOTE = tuple(name for name in _TOLD if name != "case_seq")


def _tell(row: Recorded, json: bool) -> None:
    if json:
        told = _TOLD_OF_A_NOTE if row.action == NoteAdded.action else _TOLD
        emit({name: getattr(row, name) for name in told})
    else:
        say(f"{row.case_id}: {KINDS[row.action].title.lower()} (event {row.event_id}).")


@app.command()
def take(case: CaseId, user: As = "", version: Seen = None, json: Json = False) -> None:
    """Take a case that nobody holds."""
    with opened(user) as s:
        from casedesk.services import assignment

        row = assignment.take(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=_meant(s, case, version), via=VIA
        )
    _tell(row, json)


@app.command("take-next")
def take_next(user: As = "", json: Json = False) -> None:
    """Take the most urgent case that nobody holds."""
    with opened(user) as s:
        from casedesk.services import assignment

        row = assignment.take_next(uow=s.desk.writing(), actor=s.actor, at=s.at, via=VIA)
    _tell(row, json)


@app.command()
def assign(
    case: CaseId, to: Colleague, user: As = "", text: Text = None, file: File = None, version: Seen = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Give a case to somebody (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import assignment

        row = assignment.assign(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            to=to,
            reason=reason,
            via=VIA,
        )
    _tell(row, json)


@app.command("hand-over")
def hand_over(
    case: CaseId, to: Colleague, user: As = "", text: Text = None, file: File = None, version: Seen = None,
    json: Json = False,
) -> None:  # fmt: skip
    """Give your own case to a colleague, with a reason."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import assignment

        row = assignment.hand_over(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            to=to,
            reason=reason,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def release(
    case: CaseId, user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False
) -> None:
    """Put a case back into the queue."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import assignment

        row = assignment.release(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            reason=reason,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def note(
    case: CaseId, user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False
) -> None:
    """Write a note on an open case. It cannot be changed afterwards."""
    words = written(text, file)
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.add_note(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            text=words,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def dispose(
    case: CaseId,
    disposition: Annotated[str, typer.Argument(metavar="DISPOSITION", help="no-sar, sar or escalate.")],
    user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False,
) -> None:  # fmt: skip
    """Decide a case: no-sar with a rationale, sar with a narrative, escalate with a reason."""
    decision = _disposition(disposition)
    words = written(text, file)
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.set_disposition(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=_meant(s, case, version), disposition=decision,
            text=words, base_currency=s.desk.settings.base_currency,
            approval_required=s.desk.settings.approval_required, via=VIA,
        )  # fmt: skip
    _tell(row, json)


def _disposition(text: str) -> Disposition:
    wanted = " ".join(text.casefold().replace("-", " ").replace("_", " ").split())
    for known in Disposition:
        if known and known.value.casefold() == wanted:
            return known
    raise Invalid(f"“{text}” is not a disposition; write no-sar, sar or escalate.")


@app.command()
def approve(case: CaseId, user: As = "", version: Seen = None, json: Json = False) -> None:
    """Approve a decision somebody else made (managers who have not touched the case)."""
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.approve(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=_meant(s, case, version), via=VIA
        )
    _tell(row, json)


@app.command("return")
def send_back(
    case: CaseId, user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False
) -> None:
    """Return a decision to its maker, with a reason (managers who have not touched the case)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.send_back(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            reason=reason,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def reopen(
    case: CaseId, user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False
) -> None:
    """Open a closed case again, with a reason (managers)."""
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.reopen(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            reason=reason,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def review(
    case: CaseId,
    passed: Annotated[bool | None, typer.Option("--pass/--fail", help="The outcome.", show_default=False)] = None,
    tick: Annotated[
        list[str] | None,
        typer.Option(metavar="POINT", help=f"A point of the checklist: {', '.join(CHECKLIST)}, or all. Repeatable."),
    ] = None,
    severity: Annotated[str, typer.Option(metavar="SEVERITY", help="Minor, Major or Critical.")] = "",
    user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False,
) -> None:  # fmt: skip
    """Review a closed case. A pass needs the whole checklist, a fail a severity and the finding."""
    if passed is None:
        raise Invalid("Say the outcome: add --pass or --fail.")
    ticked = frozenset(CHECKLIST) if tick and "all" in tick else frozenset(tick or ())
    form = Review(passed, ticked, written(text, file), severity.strip().capitalize())
    with opened(user) as s:
        from casedesk.services import quality

        row = quality.review(
            uow=s.desk.writing(),
            actor=s.actor,
            at=s.at,
            case_id=case,
            seen_version=_meant(s, case, version),
            form=form,
            via=VIA,
        )
    _tell(row, json)


@app.command()
def suspicion(
    case: CaseId,
    detected: Annotated[
        str, typer.Option("--at", metavar="TIME", help="When the facts were first detected: a day, or an instant.")
    ] = "",
    suspect: Annotated[
        bool, typer.Option("--suspect/--no-suspect", help="Whether a suspect is identified: 30 or 60 days.")
    ] = True,
    user: As = "", text: Text = None, file: File = None, version: Seen = None, json: Json = False,
) -> None:  # fmt: skip
    """Set anew when the facts were first detected, with a reason; the clock follows (31 CFR 1020.320(b)(3))."""
    if not detected:
        raise Invalid("Say when the facts were first detected: add --at 2026-07-01.")
    at = moment(detected, "--at")
    reason = written(text, file)
    with opened(user) as s:
        from casedesk.services import decisions

        row = decisions.move_suspicion(
            uow=s.desk.writing(), actor=s.actor, at=s.at, case_id=case, seen_version=_meant(s, case, version), suspicion_at=at,
            suspect_identified=suspect, reason=reason, via=VIA,
        )  # fmt: skip
    _tell(row, json)
