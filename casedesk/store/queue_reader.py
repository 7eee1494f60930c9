"""The lists analysts live in: explicit columns, keyset pages, always ordered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.alerts import BANDS, Risk
from casedesk.domain.events import AlertAttached, CaseOpened
from casedesk.store.dialects import contains, id_contains, id_starts_with
from casedesk.store.tables import accounts, alerts, case_events, cases, customers, users

#: The owner filter's word for cases that nobody holds.
NOBODY: Final = "-"
#: Events by which something new is on the queue. They tell of no decision, so everybody who sees the queue may know them.
NEWS: Final = (CaseOpened.action, AlertAttached.action)


class View(StrEnum):
    """The counters of the triage page; each is also a filter."""

    MINE = "mine"
    UNASSIGNED = "unassigned"
    DUE_SOON = "due_soon"
    OVERDUE = "overdue"
    AWAITING = "awaiting"
    ESCALATED = "escalated"
    ALL = "all"


class Sort(StrEnum):
    """Orders of the queue."""

    URGENCY = "urgency"  # due first, then risk
    RISK = "risk"  # worst first, then due
    VALUE = "value"  # what is at stake, halved for every week until it is due
    NEWEST = "newest"


@dataclass(frozen=True, slots=True)
class Filters:
    """What to list. Empty fields do not narrow anything.

    :param hidden: dispositions not disclosed to ``user_id``: they neither match a filter nor are counted.
    """

    user_id: str
    now: datetime
    view: View = View.ALL
    status: str = ""
    owner: str = ""  # a user id, or ``-`` for nobody
    risk: Risk | None = None
    typology: str = ""
    search: str = ""
    include_closed: bool = False
    due_from: datetime | None = None  # inclusive
    due_before: datetime | None = None  # exclusive
    since: int = 0  # only cases that began or got an alert behind this event
    sort: Sort = Sort.URGENCY
    due_soon_days: int = 7
    sees_decisions: bool = False


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue."""

    case_id: str
    customer_id: str
    customer: str
    status: str
    disposition: str
    owner: str
    owner_name: str
    decided_by: str
    due_at: datetime
    opened_at: datetime
    severity: int
    typology: str
    alert_count: int
    amount_minor: int
    version: int
    lapsed_count: int  # of the alerts


_ROW = (
    cases.c.case_id,
    cases.c.customer_id,
    customers.c.name.label("customer"),
    cases.c.status,
    cases.c.disposition,
    sa.func.coalesce(cases.c.owner, "").label("owner"),
    sa.func.coalesce(users.c.name, "").label("owner_name"),
    sa.func.coalesce(cases.c.decided_by, "").label("decided_by"),
    cases.c.due_at,
    cases.c.opened_at,
    cases.c.severity,
    cases.c.typology,
    cases.c.alert_count,
    cases.c.amount_minor,
    cases.c.version,
    sa.select(sa.func.count())
    .where(alerts.c.case_id == cases.c.case_id, alerts.c.lapsed_in.is_not(None))
    .scalar_subquery()
    .label("lapsed_count"),
)

_KEYS: dict[Sort, tuple[tuple[sa.Column[Any], bool], ...]] = {
    # column and whether it descends; the case id makes every order total
    Sort.URGENCY: ((cases.c.due_at, False), (cases.c.risk_rank, False), (cases.c.case_id, False)),
    Sort.RISK: ((cases.c.risk_rank, False), (cases.c.due_at, False), (cases.c.case_id, False)),
    Sort.VALUE: ((cases.c.value_rank, False), (cases.c.due_at, False), (cases.c.case_id, False)),
    Sort.NEWEST: ((cases.c.opened_at, True), (cases.c.case_id, True)),
}


class QueueReader:
    """Reads pages of the queue."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, filters: Filters, *, start: int = 0, limit: int = 25) -> tuple[QueueRow, ...]:
        """Return ``limit`` rows from position ``start``.

        The position is turned into a key by an index-only look-up; the rows are then read from that key on, so a page
        far down costs hardly more than the first.
        """
        keys = _KEYS[filters.sort]
        anchor: tuple[Any, ...] | None = None
        if start:
            query = sa.select(*(column for column, _ in keys)).where(*_conditions(filters))
            row = self._connection.execute(_ordered(query, keys).offset(start).limit(1)).one_or_none()
            if row is None:
                return ()
            anchor = tuple(row)
        inner = sa.select(cases.c.case_id).where(*_conditions(filters))
        if anchor is not None:
            inner = inner.where(_from(keys, anchor))
        ids = list(self._connection.execute(_ordered(inner, keys).limit(limit)).scalars())
        return self.rows(ids)

    def rows(self, case_ids: Sequence[str]) -> tuple[QueueRow, ...]:
        """Return the lines of these cases, in this order."""
        found: dict[str, QueueRow] = {}
        for start in range(0, len(case_ids), 500):
            query = (
                sa.select(*_ROW)
                .join(customers, customers.c.customer_id == cases.c.customer_id)
                .outerjoin(users, users.c.user_id == cases.c.owner)
                .where(cases.c.case_id.in_(case_ids[start : start + 500]))
            )
            found |= {row["case_id"]: QueueRow(**row) for row in self._connection.execute(query).mappings()}
        return tuple(found[case_id] for case_id in case_ids)

    def count(self, filters: Filters) -> int:
        """Return how many cases the filters let through."""
        query = sa.select(sa.func.count()).select_from(cases).where(*_conditions(filters))
        return self._connection.execute(query).scalar_one()

    def counters(self, filters: Filters) -> dict[View, int]:
        """Return the size of every view, whatever other filters are set."""
        bare = Filters(
            filters.user_id,
            filters.now,
            due_soon_days=filters.due_soon_days,
            sees_decisions=filters.sees_decisions,
        )
        views = [view for view in View if filters.sees_decisions or view is not View.AWAITING]
        return {view: self.count(replace(bare, view=view)) for view in views}

    def ids(self, filters: Filters, limit: int = 500) -> tuple[str, ...]:
        """Return the case ids of the queue in its order."""
        query = _ordered(sa.select(cases.c.case_id).where(*_conditions(filters)), _KEYS[filters.sort])
        return tuple(self._connection.execute(query.limit(limit)).scalars())

    def next_unassigned(self, skip: Sequence[str] = ()) -> str:
        """Return the most urgent new case that nobody holds, or the empty string."""
        query = sa.select(cases.c.case_id).where(
            cases.c.owner.is_(None), cases.c.is_open == sa.true(), cases.c.disposition == ""
        )
        if skip:
            query = query.where(cases.c.case_id.not_in(skip))
        query = _ordered(query, _KEYS[Sort.URGENCY]).limit(1)
        return self._connection.execute(query).scalar_one_or_none() or ""

    def open_since(self) -> dict[str, tuple[int, datetime]]:
        """Count the open cases by status, each with when the oldest was opened; a status without one is left out."""
        query = (
            sa.select(cases.c.status, sa.func.count(), sa.func.min(cases.c.opened_at))
            .where(cases.c.is_open == sa.true())
            .group_by(cases.c.status)
        )
        return {status: (count, oldest) for status, count, oldest in self._connection.execute(query)}

    def next_due(self, user_id: str) -> datetime | None:
        """Return when the next open case of a person is due."""
        query = sa.select(sa.func.min(cases.c.due_at)).where(cases.c.owner == user_id, cases.c.is_open == sa.true())
        return self._connection.execute(query).scalar_one_or_none()

    def due_counts(self, before: datetime, *, after: datetime | None = None, owner: str = "") -> dict[datetime, int]:
        """Count the open cases by their due time: those of a person, of nobody (``-``), or all.

        :param before: exclusive.
        :param after: inclusive; None for however long ago.
        """
        query = sa.select(cases.c.due_at, sa.func.count()).where(cases.c.is_open == sa.true(), cases.c.due_at < before)
        if after is not None:
            query = query.where(cases.c.due_at >= after)
        if owner:
            query = query.where(held_by(owner))
        query = query.group_by(cases.c.due_at).order_by(cases.c.due_at)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def typologies(self) -> tuple[str, ...]:
        """Return the typologies that occur."""
        query = sa.select(cases.c.typology).distinct().order_by(cases.c.typology)
        return tuple(self._connection.execute(query).scalars())


def held_by(owner: str) -> sa.ColumnElement[bool]:
    """Say whose a case is: a person's, or nobody's for ``-``."""
    return cases.c.owner.is_(None) if owner == NOBODY else cases.c.owner == owner


def _conditions(f: Filters) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if not f.include_closed or f.view is not View.ALL:
        found.append(cases.c.is_open == sa.true())
    found += [*_VIEWS[f.view](f), *_of_status(f)]
    if f.owner:
        found.append(held_by(f.owner))
    if f.risk is not None:
        found.append(cases.c.risk_rank == [risk for _, risk in BANDS].index(f.risk))
    if f.due_from is not None:
        found.append(cases.c.due_at >= f.due_from)
    if f.due_before is not None:
        found.append(cases.c.due_at < f.due_before)
    if f.typology:
        found.append(cases.c.typology == f.typology)
    if f.search.strip():
        found.append(_matches(f.search.strip()))
    if f.since:
        new = sa.select(case_events.c.case_id).where(case_events.c.event_id > f.since, case_events.c.action.in_(NEWS))
        found.append(cases.c.case_id.in_(new))
    return found


#: What each view asks of a case, besides being open.
_VIEWS: Final[dict[View, Callable[[Filters], list[sa.ColumnElement[bool]]]]] = {
    View.MINE: lambda f: [cases.c.owner == f.user_id],
    # what “take next” gives out: an escalated case has no owner either, but waits for a manager
    View.UNASSIGNED: lambda f: [cases.c.owner.is_(None), cases.c.disposition == ""],
    View.DUE_SOON: lambda f: [cases.c.due_at >= f.now, cases.c.due_at < f.now + timedelta(days=f.due_soon_days)],
    View.OVERDUE: lambda f: [cases.c.due_at < f.now],
    View.AWAITING: lambda f: [cases.c.disposition == "SAR"],
    View.ESCALATED: lambda f: [cases.c.disposition == "Escalate"],
    View.ALL: lambda f: [],
}


def _of_status(f: Filters) -> list[sa.ColumnElement[bool]]:
    if not f.status:
        return []
    if f.status == "Awaiting approval":
        return [cases.c.disposition == "SAR", cases.c.is_open == sa.true()]
    if f.status == "In Review" and f.sees_decisions:
        return [cases.c.status == f.status, cases.c.disposition != "SAR"]
    return [cases.c.status == f.status]


def _matches(text: str) -> sa.ColumnElement[bool]:
    """Find the text anywhere in the case id or the customer's name, or at the start of one of their account ids.

    The ids that match are gathered first: asked row by row, the same question takes five times as long.
    """
    of_customers = sa.union(
        sa.select(customers.c.customer_id).where(
            sa.or_(contains(customers.c.name, text), customers.c.customer_id == text)
        ),
        sa.select(accounts.c.customer_id).where(
            accounts.c.customer_id.is_not(None), id_starts_with(accounts.c.account_id, text)
        ),
    )
    found = cases.alias("found")
    ids = sa.union(
        sa.select(found.c.case_id).where(id_contains(found.c.case_id, text)),
        sa.select(found.c.case_id).where(found.c.customer_id.in_(of_customers)),
    )
    return cases.c.case_id.in_(ids)


def _ordered(query: sa.Select[Any], keys: tuple[tuple[sa.Column[Any], bool], ...]) -> sa.Select[Any]:
    return query.order_by(*(column.desc() if descends else column.asc() for column, descends in keys))


def _from(keys: tuple[tuple[sa.Column[Any], bool], ...], anchor: tuple[Any, ...]) -> sa.ColumnElement[bool]:
    """Write "at or after the anchor" out, because SQL Server compares no tuples.

    The leading bound on the first column is implied by the rest; it is there for the planners, which use it to seek.
    """
    last_column, last_descends = keys[-1]
    condition = last_column <= anchor[-1] if last_descends else last_column >= anchor[-1]
    for (column, descends), value in zip(reversed(keys[:-1]), reversed(anchor[:-1]), strict=True):
        beyond = column < value if descends else column > value
        condition = sa.or_(beyond, sa.and_(column == value, condition))
    first, descends = keys[0]
    return sa.and_(first <= anchor[0] if descends else first >= anchor[0], condition)
