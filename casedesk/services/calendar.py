"""The calendar: what falls due on which day, of every kind, one's own or everybody's, and why it does."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final

from casedesk.domain.clocks import Clock, Kind
from casedesk.domain.holds import STEPS, standing
from casedesk.domain.people import Action, Person, may, require
from casedesk.services.queue import DUE, OVERDUE, due_span
from casedesk.store.due_reader import Case, Due, Span
from casedesk.store.queue_reader import NOBODY
from casedesk.store.unit_of_work import Reading

__all__ = [
    "DUE", "NOBODY", "OVERDUE", "Asked", "Days", "Kind", "Line", "Page", "by_day", "following", "kinds_of", "listed", "pressing",
    "sees_everybody", "shown",
]  # fmt: skip

#: What a person must be allowed to do, to be shown a kind of due date on a case that is not theirs. That activity is to be
#: looked at again tells that a report was filed; until when a case is kept tells whether one was (31 CFR 1020.320(e)).
_NEEDS: Final[dict[Kind, Action]] = {
    Kind.REPORT: Action.VIEW_CASE,
    Kind.CTR: Action.VIEW_CASE,
    Kind.REVIEW: Action.SEE_DECISIONS,
    Kind.CONTINUING: Action.SEE_DECISIONS,
    Kind.RETENTION: Action.VIEW_LEDGER,
}
#: What whoever holds a case is shown of it in any event: they know what was decided on it.
_OWN: Final = (Kind.REPORT, Kind.CTR, Kind.REVIEW, Kind.CONTINUING)
#: What is work that somebody can be late with. Records that need not be kept any longer are nobody's delay.
_WORK: Final = _OWN


@dataclass(frozen=True, slots=True)
class Asked:
    """Which due dates are asked for: kinds, none for all, and whose: a user id, ``-`` for nobody's, empty for everybody's."""

    kinds: frozenset[Kind] = frozenset()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """What falls due from ``first`` to ``last``, by day and kind; a day on which nothing does is left out.

    Days are days in UTC. ``ahead`` counts what is overdue and what falls due within so many days, by the words of ``DUE``.
    """

    first: date
    last: date
    days: dict[date, Counter[Kind]]
    ahead: dict[str, int]
    soon_days: int

    @property
    def total(self) -> int:
        return sum(counts.total() for counts in self.days.values())


@dataclass(frozen=True, slots=True)
class Line:
    """One due date with its derivation. ``holds`` names the events of the legal holds on a case that is kept."""

    case: Case
    clock: Clock
    holds: tuple[int, ...] = ()

    @property
    def kind(self) -> Kind:
        return self.clock.kind


@dataclass(frozen=True, slots=True)
class Page:
    """Lines from position ``start`` on, the first due first, and how many there are in all."""

    lines: tuple[Line, ...]
    start: int
    total: int


def sees_everybody(actor: Person) -> bool:
    """Say whether the whole desk's calendar is the actor's to look at: a manager's, a reviewer's, an auditor's."""
    return may(actor.role, Action.SEE_DECISIONS)


def kinds_of(actor: Person) -> tuple[Kind, ...]:
    """Return the kinds of due dates that are the actor's to look at."""
    if not sees_everybody(actor):
        return _OWN
    return tuple(kind for kind in Kind if may(actor.role, _NEEDS[kind]))


def shown(*, uow: Reading, actor: Person, at: datetime, first: date, last: date, asked: Asked) -> Days:
    """Return what falls due from a day to another, both included.

    Who only works on cases of their own is shown no other, and nothing that their role has no need to know, in no count.
    """
    require(actor, Action.VIEW_CASE)
    kinds, owner = _narrowed(actor, asked)
    ahead, around = _ahead(at, owner), replace(_span((first, last), at), owner=owner)
    with uow:
        found = dict(ChainMap(*(uow.due.counts(kinds, span) for span in _joined(ahead, around))))
        late = uow.due.counts(kinds.intersection(_WORK), Span(at, None, owner))
        soon = uow.cases.policy.in_force("due_soon_days", at.date()).value
    days: dict[date, Counter[Kind]] = {}
    for (kind, due), count in found.items():
        day = due.date() - timedelta(days=1)
        if first <= day <= last:
            days.setdefault(day, Counter())[kind] += count
    near = {name: sum(n for (_, due), n in found.items() if _within(due, name, at)) for name in DUE if name != OVERDUE}
    return Days(first, last, days, {OVERDUE: sum(late.values()), **near}, soon)


def listed(
    *, uow: Reading, actor: Person, at: datetime, due: str | tuple[date, date], asked: Asked, start: int = 0,
    limit: int | None = 25,
) -> Page:  # fmt: skip
    """Return what falls due then with its derivation, the first due first.

    :param due: a word of ``DUE``, a day, or the first and the last of several days.
    :raises BadDue: for another word.
    """
    require(actor, Action.VIEW_CASE)
    kinds, owner = _narrowed(actor, asked)
    if due == OVERDUE:
        kinds = kinds.intersection(_WORK)
    span = replace(_span(due, at), owner=owner)
    with uow:
        total = sum(uow.due.counts(kinds, span).values())
        found = uow.due.page(kinds, span, start=start, limit=limit)
        return Page(_lines(uow, found), start, total)


def by_day(*, uow: Reading, actor: Person, at: datetime, days: Days, asked: Asked, most: int) -> dict[date, Page]:
    """Return the first lines of each day on which something falls due, ``most`` of each.

    :param days: what :func:`shown` returned for the same that is asked for.
    """
    require(actor, Action.VIEW_CASE)
    _, owner = _narrowed(actor, asked)
    with uow:
        found = sorted(one for kind in Kind for one in _first(uow, kind, days, owner, at, most))
        by_due = {due: tuple(part)[:most] for due, part in groupby(found, key=lambda one: one.due_at)}
        lines = _lines(uow, [one for part in by_due.values() for one in part])
    on = {day: tuple(line for line in lines if line.clock.due_on == day) for day in days.days}
    return {day: Page(on[day], 0, counts.total()) for day, counts in days.days.items()}


#: So many of a kind are read at once rather than day by day.
_FEW: Final = 200


def _first(uow: Reading, kind: Kind, days: Days, owner: str, at: datetime, most: int) -> Iterator[Due]:
    """Yield at least the first due dates of each day of a kind that was counted."""
    on = [day for day, counts in days.days.items() if counts[kind]]
    few = sum(days.days[day][kind] for day in on) <= _FEW
    for first, last in [(days.first, days.last)] if few and on else [(day, day) for day in on]:
        span = replace(_span((first, last), at), owner=owner)
        yield from uow.due.page((kind,), span, limit=None if few else most)


def _lines(uow: Reading, found: Sequence[Due]) -> tuple[Line, ...]:
    about = uow.due.cases([one.case_id for one in found])
    clocks = uow.due.clocks(found, uow.cases.policy)
    held = _held(uow, found)
    return tuple(Line(about[one.case_id], clocks[one], held.get(one.case_id, ())) for one in found)


def pressing(*, uow: Reading, actor: Person, at: datetime) -> int:
    """Count what is overdue or falls due today: what the actor holds, and for managers what is overdue with anybody."""
    require(actor, Action.VIEW_CASE)
    with uow:
        mine = uow.due.counts(_OWN, Span(due_span("today", at)[1], None, actor.user_id))
        everybody = uow.due.counts(_WORK, Span(at)) if may(actor.role, Action.ASSIGN) else {}
    return sum((mine | everybody).values())


def following(first: date) -> date:
    """Return the first day of the next month."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1)


def _ahead(at: datetime, owner: str) -> Span:
    """Return the days ahead that are counted by the words of ``DUE``."""
    return Span(max(due_span(name, at)[1] for name in DUE), _after(at.astimezone(UTC).date()), owner)


def _joined(one: Span, other: Span) -> tuple[Span, ...]:
    """Return two spans, as one where they overlap: what both hold is then counted once."""
    starts = [span.after for span in (one, other) if span.after is not None]
    if len(starts) < 2 or max(starts) > min(one.before, other.before):
        return one, other
    return (Span(max(one.before, other.before), min(starts), one.owner),)


def _narrowed(actor: Person, asked: Asked) -> tuple[frozenset[Kind], str]:
    kinds = frozenset(kinds_of(actor))
    owner = asked.owner if sees_everybody(actor) else actor.user_id
    return (kinds & asked.kinds if asked.kinds else kinds), owner


def _held(uow: Reading, found: Collection[Due]) -> dict[str, tuple[int, ...]]:
    """Return the holds on cases of which it is asked until when they are kept."""
    kept = {one.case_id for one in found if one.kind is Kind.RETENTION}
    held: dict[str, tuple[int, ...]] = {}
    for hold in standing(uow.ledger.governing(*STEPS)).values() if kept else ():
        if hold.case_id in kept:
            held[hold.case_id] = (*held.get(hold.case_id, ()), hold.event)
    return held


def _span(due: str | tuple[date, date], at: datetime) -> Span:
    if isinstance(due, str):
        after, before = due_span(due, at)
        return Span(before, after)
    return Span(_after(due[1]) + timedelta(days=1), _after(due[0]))


def _within(due: datetime, name: str, at: datetime) -> bool:
    after, before = due_span(name, at)
    return (after is None or due >= after) and due < before


def _after(day: date) -> datetime:
    """Return the first instant after a day, which is how its due dates are stored."""
    return datetime.combine(day + timedelta(days=1), time(), UTC)
