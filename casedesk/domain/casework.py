"""Decide each step of a case: check the role, the separation of duties and the state, and return the event.

Every function takes the case as the actor saw it and either returns what happened or refuses with a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from casedesk.domain import events
from casedesk.domain.cases import Case, Disposition, Stage, require_step
from casedesk.domain.moments import canonical
from casedesk.domain.narrative import Rendered
from casedesk.domain.people import Action, Person, Role, require, require_untouched
from casedesk.domain.policy import in_force
from casedesk.errors import Conflict, Invalid, NotPermitted


class NotOwner(NotPermitted):
    """Only the owner may do this."""


class AlreadyOwned(Conflict):
    """Somebody else holds the case."""


class BadText(Invalid):
    """A note, rationale, narrative or reason is missing, too short or too long."""


class BadChoice(Invalid):
    """A field holds a value that makes no sense here."""


#: The points a reviewer ticks. Source: desk policy after FFIEC Appendix L and common QA checklists.
CHECKLIST: Final[dict[str, str]] = {
    "alerts": "All alerts are addressed in the rationale",
    "funds": "Source and use of funds are explained",
    "prior": "Prior cases and SARs were looked at",
    "counterparties": "Counterparties were screened",
    "deadline": "Deadline was met",
}

SEVERITIES: Final = ("Minor", "Major", "Critical")

_APPROVING: Final = frozenset({"disposition_approved", "disposition_returned", "filing_approved"})
#: Events by which a judge judges; having judged before does not bar anybody from judging again.
_JUDGING: Final[dict[Action, frozenset[str]]] = {
    Action.APPROVE: _APPROVING,
    Action.RETURN: _APPROVING,
    Action.APPROVE_FILING: _APPROVING,
    Action.REVIEW: frozenset({"review_passed", "review_failed"}),
}


#: Events that tell of a decision. Who has no need to know is shown none of them, whatever was decided.
TELLING: Final = frozenset(
    {
        "disposition_set", "disposition_approved", "disposition_returned", "review_passed", "review_failed",
        "case_exported", "narrative_read", "hold_placed", "hold_lifted", "filing_drafted", "filing_approved", "filing_produced",
        "filing_withdrawn", "filing_transmitted", "filing_acknowledged", "filing_rejected", "advice_given",
    }
)  # fmt: skip

#: Steps that any analyst may take on any open case. If they gave need to know, everybody could give it to themselves.
_OPEN_TO_ALL: Final = frozenset(
    {"case_opened", "alert_attached", "alert_grown", "alert_revised", "alert_lapsed", "note_added"}
)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case with the pairs (user, action) of its events, which is what the separation of duties looks at."""

    case: Case
    participants: frozenset[tuple[str, str]]

    def touched_by(self, action: Action) -> frozenset[str]:
        """Everybody who worked on the case, as far as it bars them from ``action``."""
        excused = _JUDGING[action]
        return frozenset(user for user, what in self.participants if events.KINDS[what].touches and what not in excused)

    def disclosed_to(self, person: Person) -> bool:
        """Say whether a person may know what was decided: by role, or because they held or judged the case."""
        return (
            person.need_to_know
            or person.user_id == self.case.owner
            or any(
                user == person.user_id and events.KINDS[what].touches and what not in _OPEN_TO_ALL
                for user, what in self.participants
            )
        )


def take(case: Case, actor: Person, via: str) -> events.CaseTaken:
    """Let the actor take an unowned case; one that was escalated takes a manager."""
    require(actor, Action.TAKE)
    if case.owner and case.stage is not Stage.CLOSED:  # first: see require_own_step
        raise AlreadyOwned(_owned_sentence(case, actor))
    require_step(case.case_id, case.stage, Action.TAKE)
    if case.stage is Stage.ESCALATED and actor.role is not Role.MANAGER:
        raise NotPermitted(f"Case {case.case_id} was escalated; only a manager may take it.")
    return events.CaseTaken(owner=actor.user_id, via=via)


def _owned_sentence(case: Case, actor: Person) -> str:
    if case.owner == actor.user_id:
        return f"You hold case {case.case_id} already."
    return f"{case.owner} holds case {case.case_id}; ask for it to be handed over, or take another."


def assign(case: Case, actor: Person, to: Person, reason: str, via: str, bulk: str = "") -> events.CaseAssigned:
    """Give the case to an active analyst or manager. An escalated case given to an analyst is no longer escalated."""
    require(actor, Action.ASSIGN)
    require_step(case.case_id, case.stage, Action.ASSIGN)
    _require_worker(to)
    if case.owner == to.user_id:
        raise BadChoice(f"{to.name} holds case {case.case_id} already; choose somebody else.")
    return events.CaseAssigned(
        owner=to.user_id,
        previous=case.owner,
        escalation=case.stage is Stage.ESCALATED and to.role is Role.MANAGER,
        bulk=bulk,
        via=via,
        notes=_text(reason, "The reason", shortest=0),
    )


def hand_over(case: Case, actor: Person, to: Person, reason: str, via: str) -> events.CaseHandedOver:
    """Give one's own case to a colleague, with the reason. An escalated case goes to managers only."""
    require(actor, Action.HAND_OVER)
    require_own_step(case, actor, Action.HAND_OVER)
    _require_worker(to)
    if to.user_id == actor.user_id:
        raise BadChoice("You cannot hand a case over to yourself; choose a colleague.")
    if case.stage is Stage.ESCALATED and to.role is not Role.MANAGER:
        raise BadChoice(f"Case {case.case_id} was escalated; it can only be handed over to a manager.")
    return events.CaseHandedOver(
        owner=to.user_id, previous=case.owner, via=via, notes=_text(reason, "The reason for handing over", shortest=1)
    )


def release(case: Case, actor: Person, reason: str, via: str) -> events.CaseReleased:
    """Put a case back into its queue: one's own, or anybody's for a manager."""
    require(actor, Action.RELEASE)
    if case.owner and actor.role is not Role.MANAGER:
        require_own_step(case, actor, Action.RELEASE)
    require_step(case.case_id, case.stage, Action.RELEASE)
    if not case.owner:
        raise BadChoice(f"Nobody holds case {case.case_id}; there is nothing to release.")
    return events.CaseReleased(previous=case.owner, via=via, notes=_text(reason, "The reason", shortest=0))


def add_note(case: Case, actor: Person, text: str, via: str) -> events.NoteAdded:
    """Write a note on an open case."""
    require(actor, Action.ADD_NOTE)
    require_step(case.case_id, case.stage, Action.ADD_NOTE)
    return events.NoteAdded(notes=_text(text, "The note", shortest=1), via=via)


def set_disposition(
    case: Case,
    actor: Person,
    disposition: Disposition,
    written: Rendered,
    at: datetime,
    via: str,
    *,
    approval_required: bool,
) -> events.DispositionSet:
    """Decide the case. No SAR needs a rationale, SAR a narrative, Escalate a reason (FFIEC BSA/AML Manual, SAR decision)."""
    require(actor, Action.SET_DISPOSITION)
    require_own_step(case, actor, Action.SET_DISPOSITION)
    on = at.date()
    text = written.text
    if disposition is Disposition.NO_SAR:
        text = _text(text, "A rationale", shortest=in_force("rationale_min", on).value, why="No SAR needs")
    elif disposition is Disposition.SAR:
        text = _text(
            text,
            "A narrative",
            shortest=in_force("narrative_min", on).value,
            longest=in_force("narrative_max", on).value,
            why="A SAR needs",
        )
    elif disposition is Disposition.ESCALATE:
        if case.stage is Stage.ESCALATED:
            raise BadChoice(f"Case {case.case_id} is escalated already; decide No SAR or SAR.")
        text = _text(text, "A reason", shortest=1, why="Escalating needs")
    else:
        raise BadChoice("Choose No SAR, SAR or Escalate.")
    approval = "required" if approval_required else "off by policy"
    return events.DispositionSet(
        disposition=disposition.value, approval=approval, via=via, notes=text, bound=written.record()
    )


def approve(dossier: Dossier, actor: Person, via: str) -> events.DispositionApproved:
    """Approve a SAR somebody else made. Whoever touched the case may not, managers included."""
    case = dossier.case
    require(actor, Action.APPROVE)
    require_step(case.case_id, case.stage, Action.APPROVE)
    require_untouched(actor, Action.APPROVE, dossier.touched_by(Action.APPROVE))
    return events.DispositionApproved(maker=case.decided_by, via=via)


def send_back(dossier: Dossier, actor: Person, reason: str, via: str) -> events.DispositionReturned:
    """Return a SAR to its maker with a reason."""
    case = dossier.case
    require(actor, Action.RETURN)
    require_step(case.case_id, case.stage, Action.RETURN)
    require_untouched(actor, Action.RETURN, dossier.touched_by(Action.RETURN))
    return events.DispositionReturned(
        maker=case.decided_by, via=via, notes=_text(reason, "The reason for returning", shortest=1)
    )


def reopen(case: Case, actor: Person, reason: str, via: str) -> events.CaseReopened:
    """Open a closed case again for whoever held it."""
    require(actor, Action.REOPEN)
    require_step(case.case_id, case.stage, Action.REOPEN)
    return events.CaseReopened(owner=case.owner, via=via, notes=_text(reason, "The reason for reopening", shortest=1))


@dataclass(frozen=True, slots=True)
class Review:
    """What a QA reviewer filled in. ``severity`` is needed to fail, and stays empty on a clean pass."""

    passed: bool
    checklist: frozenset[str]
    notes: str
    severity: str = ""
    draw_id: str = ""


def review(
    dossier: Dossier, actor: Person, form: Review, rework_owner: str, via: str
) -> events.ReviewPassed | events.ReviewFailed:
    """Pass a closed case, or fail it and return it for rework. Never anybody who touched the case.

    :param rework_owner: who gets a failed case back, empty if its maker is not active any more.
    """
    case = dossier.case
    require(actor, Action.REVIEW)
    require_step(case.case_id, case.stage, Action.REVIEW)
    require_untouched(actor, Action.REVIEW, dossier.touched_by(Action.REVIEW))
    if case.qa_status:
        raise Conflict(f"{case.qa_reviewer} reviewed this decision of case {case.case_id} already ({case.qa_status}).")
    unknown = form.checklist - CHECKLIST.keys()
    if unknown:
        raise BadChoice(f"The checklist has no point “{min(unknown)}”; its points are: {', '.join(CHECKLIST)}.")
    if form.severity and form.severity not in SEVERITIES:
        raise BadChoice(f"“{form.severity}” is not a severity; choose {', '.join(SEVERITIES)}.")
    ticked = tuple(key for key in CHECKLIST if key in form.checklist)
    if form.passed:
        missing = [CHECKLIST[key] for key in CHECKLIST if key not in form.checklist]
        if missing:
            raise BadChoice(f"A pass needs the whole checklist; not ticked: {'; '.join(missing)}.")
        notes = _text(form.notes, "The review notes", shortest=0)
        return events.ReviewPassed(checklist=ticked, severity=form.severity, draw_id=form.draw_id, via=via, notes=notes)
    if not form.severity:
        raise BadChoice(f"A failed review needs a severity; choose {', '.join(SEVERITIES)}.")
    notes = _text(form.notes, "A finding", shortest=1, why="Failing needs")
    return events.ReviewFailed(
        checklist=ticked, severity=form.severity, draw_id=form.draw_id, owner=rework_owner, via=via, notes=notes
    )


def move_suspicion(
    case: Case, actor: Person, suspicion_at: datetime, suspect_identified: bool, reason: str, at: datetime, via: str
) -> events.SuspicionMoved:
    """Set anew when the facts were first detected (31 CFR 1020.320(b)(3)), with a reason; never in the future."""
    require(actor, Action.MOVE_SUSPICION)
    if actor.role is not Role.MANAGER:
        require_own_step(case, actor, Action.MOVE_SUSPICION)
    require_step(case.case_id, case.stage, Action.MOVE_SUSPICION)
    moved_to = canonical(suspicion_at)
    if suspicion_at > at + timedelta(minutes=1):
        raise BadChoice("The suspicion date lies in the future; facts are detected today at the latest.")
    if suspicion_at == case.suspicion_at and suspect_identified == case.suspect_identified:
        raise BadChoice("The suspicion date is unchanged; choose another day, or leave it.")
    return events.SuspicionMoved(
        suspicion_at=moved_to,
        suspect_identified=suspect_identified,
        previous=canonical(case.suspicion_at),
        via=via,
        notes=_text(reason, "The reason for moving the date", shortest=1),
    )


def require_own_step(case: Case, actor: Person, action: Action) -> None:
    """Refuse an illegal step, and anybody but the owner.

    Where a SAR waits, ownership is looked at first: a stranger is refused as on any case in review, and so cannot learn
    from the refusal that a SAR waits (31 CFR 1020.320(e)).
    """
    if case.stage is Stage.AWAITING:
        require_owner(case, actor, action)
    require_step(case.case_id, case.stage, action)
    require_owner(case, actor, action)


def require_owner(case: Case, actor: Person, action: Action) -> None:
    if case.owner != actor.user_id:
        holder = f"{case.owner} holds it" if case.owner else "nobody holds it: take it first"
        raise NotOwner(f"Only its owner may {action.value}; {holder} (case {case.case_id}).")


def _require_worker(to: Person) -> None:
    if not to.active:
        raise BadChoice(f"{to.name} is not active any more; choose an active analyst or manager.")
    if to.role not in (Role.ANALYST, Role.MANAGER):
        raise BadChoice(f"{to.name} is {to.role.value}; only an analyst or a manager can hold a case.")


def _text(text: str, what: str, *, shortest: int, longest: int | None = None, why: str = "") -> str:
    """Trim the text and hold it against its limits, by default the newest value of ``text_max``; say the figures."""
    text = text.strip().replace(
        "\r\n", "\n"
    )  # a spreadsheet may swap them, and of a purgeable text only a digest is hashed
    longest = in_force("text_max", date.max).value if longest is None else longest
    if len(text) > longest:
        raise BadText(f"{what} may have at most {longest:,} characters; this one has {len(text):,}. Shorten it.")
    if len(text) < shortest:
        needs = why or f"{what} needs"
        noun = what[0].lower() + what[1:] if why else "text"
        if shortest == 1:
            raise BadText(f"{needs} {noun}; it is empty." if why else f"{what} is empty; write a sentence.")
        raise BadText(f"{needs} {noun} of at least {shortest} characters; this one has {len(text)}.")
    return text
