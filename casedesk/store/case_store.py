"""Cases: read as frozen objects, saved only over the version that was seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.alerts import risk_rank
from casedesk.domain.cases import AlertFigures, Case, CaseStatus, Disposition, QaStatus
from casedesk.domain.casework import Dossier
from casedesk.domain.events import DESK, KINDS, PolicyPutInForce
from casedesk.domain.expected_value import value_rank
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.errors import Conflict, NotFound
from casedesk.store.about_subjects import CHUNK
from casedesk.store.dialects import stored_time, stream
from casedesk.store.direct import Direct, saves_trips
from casedesk.store.ledger_store import Ledger, LedgerReader, recording
from casedesk.store.tables import alerts, case_events, cases, counters
from casedesk.store.tables.ledger import GOVERNING
from casedesk.store.types import UtcDateTime


class NoSuchCase(NotFound):
    """No case has this id."""

    def __init__(self, case_id: str) -> None:
        super().__init__(f"There is no case “{case_id}”; a case id looks like C-26-00042.")


@dataclass(frozen=True, slots=True)
class Change:
    """What a colleague did in the meantime."""

    event_id: int
    user: str
    title: str
    ts: str


class StaleCase(Conflict):
    """The case changed after the actor read it. ``changes`` says who did what."""

    def __init__(self, case_id: str, changes: tuple[Change, ...]) -> None:
        self.case_id = case_id
        self.changes = changes
        last = changes[-1] if changes else None
        what = f"{last.user}: {last.title} (event {last.event_id})" if last else "its row was replaced"
        super().__init__(f"Case {case_id} changed since you opened it. {what}. Read the change, then try again.")


class CaseReader:
    """Reads cases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._policy: Policy | None = None

    @property
    def policy(self) -> Policy:
        """The values from which due dates follow, as the ledger had them when they were first asked for."""
        if self._policy is None:
            self._policy = LedgerReader(self._connection).policy()
        return self._policy

    def get(self, case_id: str, *, seen_version: int | None = None) -> Case:
        """Return a case, if it still is what the actor saw.

        :raises NoSuchCase: if there is none.
        :raises StaleCase: if ``seen_version`` is given and is not the stored one.
        """
        row = self._connection.execute(_GET, {"case": case_id}).mappings().one_or_none()
        if row is None:
            raise NoSuchCase(case_id)
        if seen_version is not None and row["version"] != seen_version:
            raise StaleCase(case_id, self._changes(case_id, seen_version))
        policy = SHIPPED if row["policy_event"] is None else self.policy
        return _case(row, self._figures(case_id), policy)

    def get_many(self, case_ids: Collection[str]) -> dict[str, Case]:
        """Return those of these cases that there are, by id."""
        found: dict[str, Case] = {}
        ids = sorted(case_ids)
        for start in range(0, len(ids), CHUNK):
            part = ids[start : start + CHUNK]
            figures: dict[str, list[AlertFigures]] = {case_id: [] for case_id in part}
            for case_id, *values in self._connection.execute(_FIGURES_OF_MANY, {"cases": part}):
                figures[case_id].append(AlertFigures(*values))
            for row in self._connection.execute(_GET_MANY, {"cases": part}).mappings():
                case_id = row["case_id"]
                policy = SHIPPED if row["policy_event"] is None else self.policy
                found[case_id] = _case(row, tuple(figures[case_id]), policy)
        return found

    def dossier(self, case_id: str, *, seen_version: int | None = None) -> Dossier:
        """Return a case with who did what on it, for the separation of duties."""
        case = self.get(case_id, seen_version=seen_version)
        return Dossier(case, LedgerReader(self._connection).participants(case_id))

    def open_of(self, customer_id: str) -> str:
        """Return the id of the customer's newest case that is not closed, or the empty string."""
        row = _OPEN_OF.first(self._connection, {"customer": customer_id})
        return str(row[0]) if row else ""

    def open_of_each(self, customer_ids: Collection[str]) -> dict[str, str]:
        """Return the id of the newest case that is not closed, by customer; who has none is left out."""
        found: dict[str, str] = {}
        ids = sorted(customer_ids)
        for start in range(0, len(ids), CHUNK):
            for customer_id, case_id in self._connection.execute(
                _OPEN_OF_EACH, {"customers": ids[start : start + CHUNK]}
            ):
                found.setdefault(customer_id, case_id)
        return found

    def of_customer(self, customer_id: str) -> tuple[Case, ...]:
        """Return all cases of a customer, newest first."""
        query = sa.select(cases.c.case_id).where(cases.c.customer_id == customer_id)
        ids = self._connection.execute(query.order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())).scalars().all()
        return tuple(self.get(case_id) for case_id in ids)

    def _figures(self, case_id: str) -> tuple[AlertFigures, ...]:
        return tuple(AlertFigures(*row) for row in self._connection.execute(_FIGURES, {"case": case_id}))

    def _changes(self, case_id: str, seen_version: int) -> tuple[Change, ...]:
        changing = [e for e in LedgerReader(self._connection).of(case_id) if KINDS[e.action].changes]
        return tuple(_change(event) for event in changing[seen_version:])

    def active(self, start: datetime, end: datetime) -> tuple[str, ...]:
        """Return the cases to which something happened from ``start`` to before ``end``, by id."""
        query = (
            sa.select(case_events.c.case_id)
            .where(
                case_events.c.ts >= canonical(start), case_events.c.ts < canonical(end), case_events.c.case_id != DESK
            )
            .distinct()
            .order_by(case_events.c.case_id)
        )
        return tuple(self._connection.execute(query).scalars())

    def projections(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every row, all its columns, as the verifier compares it: canonical times, absent values as empty text."""
        for row in stream(self._connection, sa.select(cases).order_by(cases.c.case_id)):
            said = dict(zip(_NAMES, ["" if value is None else value for value in row], strict=True))
            for name in _TIMES:
                if said[name]:
                    said[name] = stored_time(said[name])
            yield row[0], said


_NAMES = tuple(cases.columns.keys())
_TIMES = tuple(column.name for column in cases.columns if isinstance(column.type, UtcDateTime))


def _change(event: Recorded) -> Change:
    return Change(event.event_id, event.user, KINDS[event.action].title, event.ts)


class CaseStore(CaseReader):
    """Writes cases, each over the version that was seen and with the event that changed it."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        super().__init__(connection)
        self._ledger = ledger

    def next_id(self, year: int) -> str:
        """Take the next number of a year: ``C-26-00042``. The ledger's lock keeps two writers apart."""
        return self.next_ids(year, 1)[0]

    def next_ids(self, year: int, count: int) -> list[str]:
        """Take so many numbers of a year, one at least, in their order."""
        name = f"case-{year}"
        row = _NEXT.first(self._connection, {"counter": name, "taken": count})
        if row is None:
            self._connection.execute(sa.insert(counters).values(name=name, value=count))
        last = row[0] if row else count
        return [f"C-{year % 100:02}-{number:05}" for number in range(last - count + 1, last + 1)]

    def insert(self, *new: Case) -> None:
        """Store new cases."""
        self._connection.execute(_INSERT, [{"case_id": case.case_id, **_values(case)} for case in new])

    def purge(self, case_ids: Sequence[str]) -> None:
        """Empty what people wrote in the rows of these cases, as their purged events have it."""
        for case_id in case_ids:
            self._connection.execute(_PURGE.where(cases.c.case_id == case_id))

    def save(self, case: Case, *, over: Case, alerts: bool = False) -> None:
        """Store what became of a case, over the version that was read: the columns that changed and no others.

        :param over: the case as it was read.
        :param alerts: whether an alert came or grew. Alerts stand in a table of their own and may have been saved before the
            case was read, so comparing does not tell.
        :raises StaleCase: if the stored version is another one.
        """
        changed = _changed(over, case, alerts)
        values = {name: _COLUMNS[name](case) for name in changed}
        if self._save(changed, values, {"saved_case": case.case_id, "seen_version": over.version}) != 1:
            raise StaleCase(case.case_id, self._changes(case.case_id, over.version))

    def save_all(self, changed: Iterable[tuple[Case, Case, bool]]) -> None:
        """Store what became of many cases, those with the same columns together.

        :param changed: for each what :meth:`save` takes: the case, as it was read, and whether an alert came or grew.
        :raises StaleCase: if the stored version of one is another than was read; the transaction is then of no use any more.
        """
        alike: dict[tuple[str, ...], list[tuple[Case, Case]]] = {}
        for case, over, of_alerts in changed:
            alike.setdefault(_changed(over, case, of_alerts), []).append((case, over))
        for columns, pairs in alike.items():
            rows = [
                {name: _COLUMNS[name](case) for name in columns}
                | {"saved_case": case.case_id, "seen_version": over.version}
                for case, over in pairs
            ]
            if _saving(columns).run_each(self._connection, rows) != len(rows):
                raise self._stale(columns, pairs)

    def _stale(self, columns: tuple[str, ...], pairs: Sequence[tuple[Case, Case]]) -> StaleCase:
        """Tell which of these cases was not saved: a colleague's step follows what was seen, or its row says something else."""
        for case, over in pairs:
            query = sa.select(*(cases.c[name] for name in columns)).where(cases.c.case_id == case.case_id)
            row, changes = self._connection.execute(query).one_or_none(), self._changes(case.case_id, over.version)
            if changes or row is None or tuple(row) != tuple(_COLUMNS[name](case) for name in columns):
                return StaleCase(case.case_id, changes)
        # the row of one was replaced by what would be written now, so that it cannot be told which
        return StaleCase(pairs[0][0].case_id, ())

    def _save(self, changed: tuple[str, ...], values: dict[str, Any], key: dict[str, Any]) -> int:
        """Update the row and return how many there were.

        Where that saves trips, the row, its event and the head are one statement. That is done for the first step of a
        transaction, mostly the only one; many steps move the head once, when they are committed.
        """
        event = self._ledger.first_event() if saves_trips(self._connection) else None
        if event is None:
            return _saving(changed).run(self._connection, values | key)
        given = {f"to_{name}": value for name, value in values.items()} | key
        new = event._asdict() | self._ledger.moved_head()
        count = _saving_with_event(changed).run(self._connection, given | {f"new_{name}": new[name] for name in new})
        if count == 1:
            self._ledger.written()
        return count


_PURGE = sa.update(cases).values(decision_text="", qa_notes="")

_STORED = tuple(
    cases.c[name]
    for name in (
        "case_id", "customer_id", "status", "owner", "disposition", "version", "opened_at", "alerted_at",
        "suspicion_at", "suspicion_event", "suspicion_moved", "suspect_identified", "decision_text", "decided_by",
        "decided_at", "approved_by", "approved_at", "closed_at", "qa_status", "qa_reviewer", "qa_reviewed_at",
        "qa_severity", "qa_notes",
    )
)  # fmt: skip

# Statements of every step, built once: building them anew would cost more than running them.
# Whether the bank has a policy of its own comes with the case: asking apart would be a trip more for every step.
_POLICY_EVENT = (
    sa.select(sa.func.max(case_events.c.event_id))
    .where(sa.text(GOVERNING), case_events.c.action == PolicyPutInForce.action)
    .scalar_subquery()
)
_ROW = sa.select(*_STORED, _POLICY_EVENT.label("policy_event"))
_GET = _ROW.where(cases.c.case_id == sa.bindparam("case"))
_GET_MANY = _ROW.where(cases.c.case_id.in_(sa.bindparam("cases", expanding=True)))
_FIGURE = (alerts.c.alert_id, alerts.c.rule, alerts.c.severity, alerts.c.amount_minor, alerts.c.transaction_count)
_FIGURE_ORDER = (alerts.c.raised_at, alerts.c.alert_id)
_FIGURES = sa.select(*_FIGURE).where(alerts.c.case_id == sa.bindparam("case")).order_by(*_FIGURE_ORDER)
_FIGURES_OF_MANY = (
    sa.select(alerts.c.case_id, *_FIGURE)
    .where(alerts.c.case_id.in_(sa.bindparam("cases", expanding=True)))
    .order_by(*_FIGURE_ORDER)
)
_INSERT = sa.insert(cases)
_OPEN_OF = Direct(
    sa.select(cases.c.case_id)
    .where(cases.c.customer_id == sa.bindparam("customer"), cases.c.status != CaseStatus.CLOSED.value)
    .order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())
    .limit(1)
)
_OPEN_OF_EACH = (
    sa.select(cases.c.customer_id, cases.c.case_id)
    .where(
        cases.c.customer_id.in_(sa.bindparam("customers", expanding=True)), cases.c.status != CaseStatus.CLOSED.value
    )
    .order_by(cases.c.opened_at.desc(), cases.c.case_id.desc())
)
_NEXT = Direct(
    sa.update(counters)
    .where(counters.c.name == sa.bindparam("counter"))
    .values(value=counters.c.value + sa.bindparam("taken"))
    .returning(counters.c.value)
)


_SAVING = sa.update(cases).where(
    cases.c.case_id == sa.bindparam("saved_case"), cases.c.version == sa.bindparam("seen_version")
)


@lru_cache(maxsize=256)  # there are as many sets as kinds of step, and a few more
def _saving(columns: tuple[str, ...]) -> Direct:
    return Direct(_SAVING, columns)


@lru_cache(maxsize=256)
def _saving_with_event(columns: tuple[str, ...]) -> Direct:
    values = {name: sa.bindparam(f"to_{name}", type_=cases.c[name].type) for name in columns}
    return recording(_SAVING.values(values).returning(cases.c.case_id).cte("saved"))


def _case(row: sa.RowMapping, figures: tuple[AlertFigures, ...], policy: Policy) -> Case:
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "policy_event"}
    for name in ("owner", "decided_by", "approved_by", "qa_reviewer"):
        values[name] = values[name] or ""
    values |= {
        "status": CaseStatus(values["status"]),
        "disposition": Disposition(values["disposition"]),
        "qa_status": QaStatus(values["qa_status"]),
        "alerts": figures,
        "policy": policy,
    }
    return Case(**values)


#: How each column but the key is read off a case.
_COLUMNS: Final[dict[str, Callable[[Case], Any]]] = {
    "customer_id": lambda case: case.customer_id,
    "status": lambda case: case.status.value,
    "owner": lambda case: case.owner or None,
    "disposition": lambda case: case.disposition.value,
    "version": lambda case: case.version,
    "opened_at": lambda case: case.opened_at,
    "alerted_at": lambda case: case.alerted_at,
    "suspicion_at": lambda case: case.suspicion_at,
    "suspicion_event": lambda case: case.suspicion_event,
    "suspicion_moved": lambda case: case.suspicion_moved,
    "suspect_identified": lambda case: case.suspect_identified,
    "decision_text": lambda case: case.decision_text,
    "decided_by": lambda case: case.decided_by or None,
    "decided_at": lambda case: case.decided_at,
    "approved_by": lambda case: case.approved_by or None,
    "approved_at": lambda case: case.approved_at,
    "closed_at": lambda case: case.closed_at,
    "qa_status": lambda case: case.qa_status.value,
    "qa_reviewer": lambda case: case.qa_reviewer or None,
    "qa_reviewed_at": lambda case: case.qa_reviewed_at,
    "qa_severity": lambda case: case.qa_severity,
    "qa_notes": lambda case: case.qa_notes,
    "due_at": lambda case: case.clock.due_at,
    "is_open": lambda case: case.status is not CaseStatus.CLOSED,
    "severity": lambda case: case.severity,
    "risk_rank": lambda case: risk_rank(case.severity),
    "typology": lambda case: case.typology,
    "alert_count": lambda case: len(case.alerts),
    "transaction_count": lambda case: case.transactions,
    "amount_minor": lambda case: case.amount_minor,
    "value_rank": lambda case: value_rank(case.severity, case.amount_minor, case.clock.due_at),
}

_CLOCK: Final = ("due_at", "value_rank")
_ALERTS: Final = ("severity", "risk_rank", "typology", "alert_count", "transaction_count", "amount_minor", "value_rank")

#: Which columns to write when a field of a case changed: its own, and what is computed from it.
_WRITES: Final[dict[str, tuple[str, ...]]] = {
    field.name: (field.name,) for field in fields(Case) if field.name not in ("alerts", "policy")
} | {
    "status": ("status", "is_open"),
    "suspicion_at": ("suspicion_at", *_CLOCK),
    "suspect_identified": ("suspect_identified", *_CLOCK),
}
_fields = attrgetter(*_WRITES)


def _changed(before: Case, after: Case, alerts: bool) -> tuple[str, ...]:
    """Return the columns to write between two states of a case, each once; those of its alerts if one came or grew."""
    pairs = zip(_WRITES.values(), _fields(before), _fields(after), strict=True)
    own = [name for columns, old, new in pairs if old != new for name in columns]
    return tuple(dict.fromkeys((*own, *_ALERTS) if alerts else own))


def _values(case: Case) -> dict[str, Any]:
    return {name: read(case) for name, read in _COLUMNS.items()}
