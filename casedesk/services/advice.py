"""Read advice: what was said of a case and why, whether it can be derived again, and how it agrees with people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from casedesk.domain.advice import Facts, Step, Verdict, cascade, facts_digest, steps_digest
from casedesk.domain.advice_table import NoTable, table_of
from casedesk.domain.cases import Disposition
from casedesk.domain.events import AdviceGiven, AlertAttached, AlertGrown, AlertLapsed, AlertRevised, DispositionSet
from casedesk.domain.intervals import Proportion, proportion
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.errors import NotFound, NotPermitted
from casedesk.store.advice_store import Outcome
from casedesk.store.unit_of_work import Reading

__all__ = ["Agreement", "Given", "NoAdvice", "Replayed", "agreement", "given", "of_events", "read", "replay"]


#: Events by which the alerts of a case are not what the advice was given upon.
_NEW_TO_ADVICE: Final = frozenset({AlertAttached.action, AlertGrown.action, AlertRevised.action, AlertLapsed.action})


class NoAdvice(NotFound):
    """Nothing was advised on the case so far."""

    def __init__(self, case_id: str) -> None:
        super().__init__(f"No advice was given on case {case_id} yet; “casedesk advise run” gives it.")


class NotDisclosed(NotPermitted):
    """The person has no need to know."""

    def __init__(self, case_id: str) -> None:
        super().__init__(
            f"Advice on case {case_id} is for whoever works on it, and for managers, QA and auditors; take the case first."
        )


@dataclass(frozen=True, slots=True)
class Said:
    """One reason: what it is for, the sentence, and the alerts and transactions it cites."""

    about: str
    text: str
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """Advice as it is shown. ``reasons`` are empty where the text was purged.

    :ivar stale: whether an alert joined the case, or a run found one otherwise or no longer, since.
    :ivar decided: what a person decided after it, empty so far; ``agrees`` is None where the advice took no side.
    """

    event: Recorded
    verdict: Verdict
    priority: int
    report: bool
    score: int
    level: int
    reasons: tuple[Said, ...]
    stale: bool
    decided: str
    agrees: bool | None

    def about(self, what: str) -> tuple[Said, ...]:
        """Return the reasons for one part of the advice."""
        return tuple(reason for reason in self.reasons if reason.about == what)


#: Which decisions agree with which advice; a review takes no side.
AGREES: Final[dict[str, frozenset[str]]] = {
    Verdict.ESCALATE: frozenset({Disposition.SAR, Disposition.ESCALATE}),
    Verdict.DISMISS: frozenset({Disposition.NO_SAR}),
}


def of_events(history: Sequence[Recorded]) -> Given | None:
    """Return the newest advice among the events of a case that a reader is shown, or None.

    Whoever has no need to know is shown no such event, and so no advice either.
    """
    place = next((n for n in reversed(range(len(history))) if history[n].action == AdviceGiven.action), None)
    if place is None:
        return None
    event, after = history[place], history[place + 1 :]
    try:
        return _given(event, after)
    except (KeyError, TypeError, ValueError):
        return None  # edited behind the desk's back; the chain's badge says so


def _given(event: Recorded, after: Sequence[Recorded]) -> Given:
    said = event.data
    lines = [] if event.purged else event.notes.split("\n")
    decided = next((e.data["disposition"] for e in reversed(after) if e.action == DispositionSet.action), "")
    sides = AGREES.get(said["verdict"])
    return Given(
        event=event,
        verdict=Verdict(said["verdict"]),
        priority=said["priority"],
        report=said["report"],
        score=said["score"],
        level=said["level"],
        reasons=tuple(
            Said(about, line, tuple(cites)) for (about, cites), line in zip(said["reasons"], lines, strict=False)
        ),
        stale=any(e.action in _NEW_TO_ADVICE for e in after),
        decided=decided,
        agrees=decided in sides if decided and sides is not None else None,
    )


def read(*, uow: Reading, actor: Person, case_id: str) -> Given:
    """Return the newest advice on a case, with its reasons.

    :raises NotDisclosed: to whoever may not know what is decided on the case (31 CFR 1020.320(e)).
    :raises NoAdvice: if there is none.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        if not uow.cases.dossier(case_id).disclosed_to(actor):
            raise NotDisclosed(case_id)
        found = of_events(uow.ledger.of(case_id))
    if found is None:
        raise NoAdvice(case_id)
    return found


@dataclass(frozen=True, slots=True)
class Replayed:
    """Advice that was derived again. ``differs`` names what did not come out as it was recorded, empty if nothing."""

    event_id: int
    case_id: str
    differs: str


def replay(*, uow: Reading, actor: Person, case_ids: Sequence[str] = ()) -> tuple[Replayed, ...]:
    """Derive levels 1 and 2 of recorded advice again from what they were given.

    What a language model answered is not asked again: of level 3 only the digest is compared.

    :param case_ids: of these cases only; of all when empty.
    """
    require(actor, Action.SEE_DECISIONS)
    with uow:
        events = uow.ledger.newest(10_000_000, actions=(AdviceGiven.action,))
        chosen = [event for event in reversed(events) if not case_ids or event.case_id in case_ids]
        return tuple(
            Replayed(event.event_id, event.case_id, _difference(event, uow.advice.steps(event.event_id)))
            for event in chosen
        )


def _difference(event: Recorded, steps: Sequence[Step]) -> str:
    said = event.data
    try:
        table = table_of(said["table"])
        facts = Facts.read(steps[0].inputs)
        again = cascade(facts, table)
    except (NoTable, IndexError, KeyError, TypeError, ValueError):
        return "its steps cannot be read"
    if steps_digest(steps) != said["steps_sha256"]:
        return "its steps are not those that the ledger vouches for"
    if facts_digest(facts, table) != said["facts_sha256"]:
        return "the first levels were given something else"
    own = tuple(step for step in steps if step.level < 3)
    for was, now in zip(own, again, strict=False):
        if was.record() != now.record():
            return f"level {was.level} gives {now.verdict or 'no answer'} now, and gave {was.verdict or 'none'}"
    return "" if len(own) == len(again) else "another number of levels answers"


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the last advice before each decision compares with it, as the cases stand now.

    :ivar counts: cases by advice and decision.
    :ivar sides: of the advice that took a side, the share that people agreed with, with its exact interval.
    :ivar reports: of the cases where a report was recommended, the share that people reported or escalated.
    """

    counts: dict[tuple[str, str], int]
    sides: dict[str, Proportion]
    reports: Proportion
    missed: Proportion  # of the cases that people reported, those whose advice was to dismiss

    @property
    def cases(self) -> int:
        return sum(self.counts.values())


def agreement(*, uow: Reading, actor: Person) -> Agreement:
    """Compare advice with what people decided. It tells of decisions, and so takes need-to-know."""
    require(actor, Action.SEE_DECISIONS)
    with uow:
        found = uow.advice.outcomes()
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        counts[one.verdict, one.disposition] = counts.get((one.verdict, one.disposition), 0) + one.cases
    reported = [one for one in found if one.disposition == Disposition.SAR]
    return Agreement(
        counts=counts,
        sides={
            verdict: _share((one for one in found if one.verdict == verdict), agreeing)
            for verdict, agreeing in AGREES.items()
        },
        reports=_share((one for one in found if one.report), AGREES[Verdict.ESCALATE]),
        missed=proportion(
            sum(one.cases for one in reported if one.verdict == Verdict.DISMISS), sum(one.cases for one in reported)
        ),
    )


def _share(found: Iterator[Outcome], agreeing: frozenset[str]) -> Proportion:
    kept = list(found)
    return proportion(sum(one.cases for one in kept if one.disposition in agreeing), sum(one.cases for one in kept))


def given(found: Given) -> dict[str, Any]:
    """Write advice as JSON values."""
    return {
        "event_id": found.event.event_id,
        "verdict": found.verdict.value,
        "priority": found.priority,
        "report_recommended": found.report,
        "score": None if found.score < 0 else found.score,
        "level": found.level,
        "stale": found.stale,
        "decided": found.decided,
        "agrees": found.agrees,
        "reasons": [{"about": one.about, "text": one.text, "cites": one.cites} for one in found.reasons],
    }
