"""The queue: pages and counters of cases, without decisions the reader has no need to know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from casedesk.domain.alerts import Risk
from casedesk.domain.cases import Disposition, Stage, stage_of
from casedesk.domain.events import AlertAttached, CaseOpened
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import Policy
from casedesk.errors import Invalid
from casedesk.store.queue_reader import NEWS, Filters, QueueRow, Sort, View
from casedesk.store.unit_of_work import Reading

__all__ = [
    "DUE", "BadDue", "Line", "News", "Page", "Query", "QueueRow", "Sort", "View", "due_span", "ids", "list_page", "news",
]  # fmt: skip

OVERDUE: Final = "overdue"
#: What can be asked of a due date besides a day, and how many days ahead it reaches, today being the first.
DUE: Final[dict[str, int]] = {OVERDUE: 0, "today": 1, "7": 7, "30": 30}


class BadDue(Invalid):
    """What was asked for is neither a word of ``DUE`` nor a day."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text}” is neither {', '.join(DUE)} nor a day such as 2026-12-05.")


@dataclass(frozen=True, slots=True)
class Query:
    """What the reader asks for. Empty fields do not narrow anything; ``owner`` is a user id or ``-`` for nobody."""

    view: View = View.ALL
    status: str = ""  # New, In Review, Awaiting approval, Closed
    owner: str = ""
    risk: Risk | None = None
    typology: str = ""
    search: str = ""
    include_closed: bool = False
    due: str = ""  # one of DUE, or a day as ISO 8601
    sort: Sort = Sort.URGENCY
    since: int = 0  # an event's number: only cases that began or got an alert behind it


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the queue with what it means for the reader."""

    row: QueueRow
    stage: Stage
    disposition: Disposition  # empty when not disclosed


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the queue. ``counters`` has no entry for a view the reader must not know of."""

    lines: tuple[Line, ...]
    start: int
    total: int
    counters: dict[View, int]
    typologies: tuple[str, ...]
    due_soon_days: int


def list_page(*, uow: Reading, actor: Person, at: datetime, query: Query, start: int = 0, limit: int = 25) -> Page:
    """Return one page of the queue, from position ``start``.

    :param limit: rows, 1 to 500.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        filters = _filters(actor, at, query, uow.cases.policy)
        return Page(
            lines=tuple(_line(row, actor) for row in uow.queue.page(filters, start=start, limit=min(limit, 500))),
            start=start,
            total=uow.queue.count(filters),
            counters=uow.queue.counters(filters),
            typologies=uow.queue.typologies(),
            due_soon_days=filters.due_soon_days,
        )


def ids(*, uow: Reading, actor: Person, at: datetime, query: Query, limit: int = 500) -> tuple[str, ...]:
    """Return the case ids of a queue in its order, for stepping from one case to the next."""
    require(actor, Action.VIEW_CASE)
    with uow:
        return uow.queue.ids(_filters(actor, at, query, uow.cases.policy), limit)


@dataclass(frozen=True, slots=True)
class News:
    """How many alerts joined a case and how many cases began."""

    alerts: int = 0
    cases: int = 0

    def __add__(self, other: News) -> News:
        return News(self.alerts + other.alerts, self.cases + other.cases)


def news(*, uow: Reading, actor: Person, after: int, upto: int) -> News:
    """Return what is new on the queue by the events behind ``after``, up to and with ``upto``.

    Nothing that is decided on a case is news, whoever asks.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        found = uow.figures.happened(NEWS, after=after, upto=upto)
    return News(found.get(AlertAttached.action, 0), found.get(CaseOpened.action, 0))


def due_span(due: str, at: datetime) -> tuple[datetime | None, datetime]:
    """Return from when and before when a case falls due: the first instant after its due day, as it is stored.

    :param due: one of ``DUE``, or a day. Days are days in UTC.
    :raises BadDue: for anything else.
    """
    if due == OVERDUE:
        return None, at
    midnight = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
    if due in DUE:
        return midnight + timedelta(days=1), midnight + timedelta(days=DUE[due] + 1)
    try:
        after = datetime.combine(date.fromisoformat(due) + timedelta(days=1), time(), UTC)
    except (ValueError, OverflowError):
        raise BadDue(due) from None
    return after, after + timedelta(days=1)


def _filters(actor: Person, at: datetime, query: Query, policy: Policy) -> Filters:
    sees = actor.need_to_know
    span = due_span(query.due, at) if query.due else (None, None)
    return Filters(
        user_id=actor.user_id,
        now=at,
        view=query.view if sees or query.view is not View.AWAITING else View.ALL,
        status=query.status if sees or query.status != "Awaiting approval" else "In Review",
        owner=query.owner,
        risk=query.risk,
        typology=query.typology,
        search=query.search,
        include_closed=query.include_closed or query.status == "Closed",
        due_from=span[0],
        due_before=span[1],
        since=query.since,
        sort=query.sort,
        due_soon_days=policy.in_force("due_soon_days", at.date()).value,
        sees_decisions=sees,
    )


def _line(row: QueueRow, actor: Person) -> Line:
    stage = stage_of(row.status, row.disposition)
    if actor.need_to_know or actor.user_id in (row.owner, row.decided_by):
        return Line(row, stage, Disposition(row.disposition))
    shown = Stage.WORKING if stage is Stage.AWAITING else stage
    hidden = Disposition.ESCALATE if stage is Stage.ESCALATED else Disposition.NONE
    # the version counts hidden steps too, and would tell a SAR's two from the one of another decision
    return Line(replace(row, disposition=hidden.value, decided_by="", version=0), shown, hidden)
