"""What falls due, of every kind: counts by day for grids, and lines in the order of their days for lists."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.clocks import Clock, Kind, report_clock
from casedesk.domain.policy import Policy
from casedesk.store.queue_reader import QueueReader, held_by
from casedesk.store.tables import cases, clocks, customers, users

CHUNK: Final = 400  # SQL Server takes 2,100 parameters a statement


@dataclass(frozen=True, slots=True)
class Span:
    """From when and before when something falls due, as it is stored; ``owner`` is a user id, ``-`` or empty for all."""

    before: datetime
    after: datetime | None = None
    owner: str = ""


class Due(NamedTuple):
    """One due date of a case, in the order in which lists have them."""

    due_at: datetime
    case_id: str
    kind: Kind
    source_event: int  # 0 for the report of a case, which has one due date


class Case(NamedTuple):
    """What a line says of its case."""

    case_id: str
    customer: str
    owner: str
    owner_name: str
    disposition: str


class DueReader:
    """Reads what falls due. A report's due date stands in the row of its case, every other in ``clocks``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counts(self, kinds: Collection[Kind], span: Span) -> dict[tuple[Kind, datetime], int]:
        """Count what falls due, and is still to be done, by kind and time."""
        found: dict[tuple[Kind, datetime], int] = {}
        if Kind.REPORT in kinds:
            by_time = QueueReader(self._connection).due_counts(span.before, after=span.after, owner=span.owner)
            found |= {(Kind.REPORT, due): count for due, count in by_time.items()}
        for kind in Kind:
            if kind is not Kind.REPORT and kind in kinds:
                query = _of_kind(kind, span, sa.select(clocks.c.due_at, sa.func.count()))
                for due, count in self._connection.execute(query.group_by(clocks.c.due_at)):
                    found[kind, due] = count
        return found

    def page(self, kinds: Collection[Kind], span: Span, *, start: int = 0, limit: int | None = None) -> tuple[Due, ...]:
        """Return what falls due from a position on, the first due first; all of it without a limit.

        Each kind has an index in this order, and is read as far as the page needs at most.
        """
        end = None if limit is None else start + limit
        found = [one for kind in Kind if kind in kinds for one in self._first(kind, span, end)]
        return tuple(sorted(found)[start:end])

    def _first(self, kind: Kind, span: Span, limit: int | None) -> Iterator[Due]:
        if kind is Kind.REPORT:
            query = _open_cases(span, sa.select(cases.c.due_at, cases.c.case_id, sa.literal(0)))
            query = query.order_by(cases.c.due_at, cases.c.case_id)
        else:
            query = _of_kind(kind, span, sa.select(clocks.c.due_at, clocks.c.case_id, clocks.c.source_event))
            query = query.order_by(clocks.c.due_at, clocks.c.case_id, clocks.c.source_event)
        for due_at, case_id, event in self._connection.execute(query.limit(limit)):
            yield Due(due_at, case_id, kind, event)

    def next(self, kind: Kind, after: datetime) -> tuple[datetime, int] | None:
        """Return when clocks of a kind run out next from a time on, and how many do then."""
        span = Span(datetime.max.replace(tzinfo=UTC), after)
        query = _of_kind(kind, span, sa.select(clocks.c.due_at, sa.func.count()))
        row = self._connection.execute(query.group_by(clocks.c.due_at).order_by(clocks.c.due_at).limit(1)).one_or_none()
        return (row[0], row[1]) if row else None

    def cases(self, case_ids: Collection[str]) -> dict[str, Case]:
        """Return what lines say of these cases, by id."""
        found = {}
        for part in _parts(sorted(set(case_ids))):
            for row in self._connection.execute(_CASES.where(cases.c.case_id.in_(part))):
                found[row.case_id] = Case(*row)
        return found

    def clocks(self, due: Sequence[Due], policy: Policy) -> dict[Due, Clock]:
        """Return the derivation of each, with the policy value that counted."""
        reports = {one.case_id: one for one in due if one.kind is Kind.REPORT}
        others = {(one.case_id, one.kind.value, one.source_event): one for one in due if one.kind is not Kind.REPORT}
        found = {}
        for part in _parts(sorted(reports)):
            for row in self._connection.execute(_SUSPICIONS.where(cases.c.case_id.in_(part))):
                found[reports[row.case_id]] = report_clock(
                    suspicion_at=row.suspicion_at, event=row.suspicion_event, moved=row.suspicion_moved,
                    suspect_identified=row.suspect_identified, policy=policy,
                )  # fmt: skip
        for part in _parts(sorted({case_id for case_id, _, _ in others})):
            for row in self._connection.execute(_CLOCKS.where(clocks.c.case_id.in_(part))):
                one = others.get((row.case_id, row.kind, row.source_event))
                if one is not None:
                    found[one] = _clock(row, policy)
        return found


_CASES = (
    sa.select(
        cases.c.case_id,
        customers.c.name,
        sa.func.coalesce(cases.c.owner, ""),
        sa.func.coalesce(users.c.name, ""),
        cases.c.disposition,
    )
    .join(customers, customers.c.customer_id == cases.c.customer_id)
    .outerjoin(users, users.c.user_id == cases.c.owner)
)
_SUSPICIONS = sa.select(
    cases.c.case_id, cases.c.suspicion_at, cases.c.suspicion_event, cases.c.suspicion_moved, cases.c.suspect_identified
)
_CLOCKS = sa.select(clocks)


def _of_kind(kind: Kind, span: Span, query: sa.Select[Any]) -> sa.Select[Any]:
    found = query.where(clocks.c.kind == kind.value, clocks.c.stands == sa.true(), clocks.c.due_at < span.before)
    if span.after is not None:
        found = found.where(clocks.c.due_at >= span.after)
    if span.owner:
        found = found.join(cases, cases.c.case_id == clocks.c.case_id).where(held_by(span.owner))
    return found


def _open_cases(span: Span, query: sa.Select[Any]) -> sa.Select[Any]:
    found = query.where(cases.c.is_open == sa.true(), cases.c.due_at < span.before)
    if span.after is not None:
        found = found.where(cases.c.due_at >= span.after)
    return found.where(held_by(span.owner)) if span.owner else found


def _parts(case_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(case_ids), CHUNK):
        yield case_ids[start : start + CHUNK]


def _clock(row: Any, policy: Policy) -> Clock:
    due_on = row.due_at.date().fromordinal(row.due_at.date().toordinal() - 1)
    rule = policy.version(row.rule, row.rule_version)
    return Clock(due_on, row.due_at, row.source, row.started_on, rule, Kind(row.kind), row.source_event)
