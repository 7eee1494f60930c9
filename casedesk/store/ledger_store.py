"""The ledger in the database: one locked head, appended rows, and the stream for the verifier."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.deadlines import moved_by
from casedesk.domain.events import DESK, CasesPurged, Event, PolicyPutInForce
from casedesk.domain.ledger import ZERO_HASH, Recorded, link
from casedesk.domain.merkle import EMPTY_ROOT, Frontier
from casedesk.domain.moments import canonical
from casedesk.domain.policy import SHIPPED, Policy
from casedesk.domain.policy_changes import policy_of
from casedesk.errors import Unavailable
from casedesk.store.about_subjects import CHUNK
from casedesk.store.dialects import id_contains, stream
from casedesk.store.direct import Direct, locks_at_begin
from casedesk.store.known_tips import Tip, known_tips
from casedesk.store.tables import case_events, ledger_head
from casedesk.store.tables.ledger import GOVERNING

#: Columns in the order of :class:`Recorded`.
COLUMNS = (
    "event_id", "case_id", "case_seq", "ts", "user", "action", "notes", "meta", "prev_hash", "event_hash", "nonce",
    "format", "salt", "body",
)  # fmt: skip
_SELECT = sa.select(*(case_events.c[name] for name in COLUMNS))

_TIP = Direct(
    sa.select(case_events.c.case_seq, case_events.c.event_hash)
    .where(case_events.c.case_id == sa.bindparam("stream"))
    .order_by(case_events.c.case_seq.desc())
    .limit(1)
)
# the condition of the index stands there as it is, because SQLite takes the index only for the same words
_OWN_POLICY = Direct(
    sa.select(case_events.c.event_id)
    .where(sa.text(GOVERNING), case_events.c.action == PolicyPutInForce.action)
    .limit(1)
)
_INSERT = Direct(sa.insert(case_events), COLUMNS)
_HEAD = sa.select(ledger_head.c.size, ledger_head.c.root, ledger_head.c.frontier).where(ledger_head.c.head_id == 1)
# SQL Server has no snapshot unless the operator turned it on: whoever has read the head keeps writers out until
# the transaction ends, so that the events and cases read next belong to it.
_HELD_HEAD = _HEAD.with_hint(ledger_head, "WITH (HOLDLOCK)", "mssql")
_OF_HEAD = sa.update(ledger_head).where(ledger_head.c.head_id == 1)
_HEAD_COLUMNS = ("size", "root", "frontier")
_MOVE_HEAD = Direct(_OF_HEAD, _HEAD_COLUMNS)
# An UPDATE is the one statement that locks the row on all three databases; FOR UPDATE renders nothing on SQL Server. The
# table can have one row only, and a condition would be planned anew each time.
_LOCK_HEAD = Direct(
    sa.update(ledger_head).values(locks=ledger_head.c.locks + 1).returning(ledger_head.c.size, ledger_head.c.frontier)
)
_READ_HEAD = Direct(sa.select(ledger_head.c.size, ledger_head.c.frontier))


def recording(change: sa.CTE) -> Direct:
    """Return a statement of PostgreSQL that makes a change and, if it met a row, records the event it belongs to.

    Its parameters are those of the change, and the event's and the head's columns with ``new_`` before their names. It
    says of how many rows of the head were moved: one, or none if the change met no row.
    """
    event = sa.select(*(sa.bindparam(f"new_{name}", type_=case_events.c[name].type) for name in COLUMNS))
    inserted = sa.insert(case_events).from_select(COLUMNS, event.select_from(change)).cte("recorded")
    head = {name: sa.bindparam(f"new_{name}", type_=ledger_head.c[name].type) for name in _HEAD_COLUMNS}
    return Direct(_OF_HEAD.where(sa.exists().select_from(change)).values(head).add_cte(inserted))


class NoLedgerHead(Unavailable):
    """The single row of ``ledger_head`` is gone."""

    def __init__(self) -> None:
        super().__init__(
            "The ledger has lost its head row, so nothing can be written; run: casedesk audit verify --database."
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The ledger's size, its RFC 6962 root in hex, and the frontier to append to."""

    size: int
    root: str
    frontier: str


class LedgerReader:
    """Reads events. Every list is in the order of the ledger."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def head(self) -> Head:
        """Return the head row.

        :raises NoLedgerHead: if it was deleted.
        """
        row = self._connection.execute(_HELD_HEAD).one_or_none()
        if row is None:
            raise NoLedgerHead
        return Head(*row)

    def of(self, stream: str, *, newest: int | None = None) -> tuple[Recorded, ...]:
        """Return the events of a case or of ``DESK``, oldest first; with ``newest``, only the last so many."""
        query = _SELECT.where(case_events.c.case_id == stream).order_by(case_events.c.case_seq.desc())
        if newest is not None:
            query = query.limit(newest)
        return tuple(_recorded(row) for row in reversed(self._connection.execute(query).all()))

    def of_each(self, streams: Collection[str]) -> dict[str, tuple[Recorded, ...]]:
        """Return the events of some cases, oldest first; they are few enough for one statement."""
        query = _SELECT.where(case_events.c.case_id.in_(list(streams))).order_by(
            case_events.c.case_id, case_events.c.case_seq
        )
        found: dict[str, list[Recorded]] = {stream: [] for stream in streams}
        for row in self._connection.execute(query):
            found[row.case_id].append(_recorded(row))
        return {stream: tuple(events) for stream, events in found.items()}

    def newest(
        self,
        limit: int,
        *,
        before: int | None = None,
        search: str = "",
        action: str = "",
        user: str = "",
        actions: Sequence[str] = (),
    ) -> tuple[Recorded, ...]:
        """Return the newest events, newest first, below ``before`` and with the given action, person or case."""
        query = _SELECT.order_by(case_events.c.event_id.desc()).limit(limit)
        if before is not None:
            query = query.where(case_events.c.event_id < before)
        if action:
            query = query.where(case_events.c.action == action)
        if actions:
            query = query.where(case_events.c.action.in_(actions))
        if user:
            query = query.where(case_events.c.user == user)
        if search.isdecimal():
            query = query.where(case_events.c.event_id == int(search[:18]))
        elif search:
            query = query.where(id_contains(case_events.c.case_id, search))
        return tuple(_recorded(row) for row in self._connection.execute(query))

    def governing(self, *actions: str) -> tuple[Recorded, ...]:
        """Return all events that put policy in force, or place or lift holds; an index of their own finds them."""
        query = _SELECT.where(sa.text(GOVERNING), case_events.c.action.in_(actions)).order_by(case_events.c.event_id)
        return tuple(_recorded(row) for row in self._connection.execute(query))

    def desk_since(self, since: str, action: str) -> tuple[Recorded, ...]:
        """Return the events of one kind on the desk's own stream from a canonical time on, oldest first."""
        query = _SELECT.where(
            case_events.c.case_id == DESK, case_events.c.action == action, case_events.c.ts >= since
        ).order_by(case_events.c.event_id)
        return tuple(_recorded(row) for row in self._connection.execute(query))

    def purges(self) -> dict[str, int]:
        """Return the cases that were purged, each with the last event that says so."""
        found = self.governing(CasesPurged.action)
        return {case_id: event.event_id for event in found for case_id, _ in event.data["cases"]}

    def policy(self) -> Policy:
        """Return the policy that the ledger's events make. Most banks keep to the values as shipped."""
        if _OWN_POLICY.first(self._connection, {}) is None:
            return SHIPPED
        return policy_of(self.governing(PolicyPutInForce.action))

    def of_desk(self, actions: Sequence[str], *, newest: int | None = None) -> tuple[Recorded, ...]:
        """Return the desk's own events of some kinds, oldest first; with ``newest``, only the last so many.

        Unlike :meth:`newest`, it finds them by their stream and does not look at every event there is.
        """
        query = (
            _SELECT.where(case_events.c.case_id == DESK, case_events.c.action.in_(actions))
            .order_by(case_events.c.case_seq.desc())
            .limit(newest)
        )
        return tuple(_recorded(row) for row in reversed(self._connection.execute(query).all()))

    def participants(self, stream: str) -> frozenset[tuple[str, str]]:
        """Return who did what on a case, as pairs (user, action)."""
        query = sa.select(case_events.c.user, case_events.c.action).where(case_events.c.case_id == stream).distinct()
        return frozenset((row.user, row.action) for row in self._connection.execute(query))

    def everything(self, chunk: int = 500) -> Iterator[Recorded]:
        """Stream the whole ledger in order; memory stays bounded by ``chunk`` rows."""
        return map(_as_recorded, stream(self._connection, _SELECT.order_by(case_events.c.event_id), chunk))

    def bodies(self, *, after: int, upto: int | None = None) -> Iterator[bytes]:
        """Stream the bodies of the events behind ``after``, up to and with ``upto``, in order."""
        query = sa.select(case_events.c.body).where(case_events.c.event_id > sa.literal_column(str(after)))
        if upto is not None:
            query = query.where(case_events.c.event_id <= sa.literal_column(str(upto)))
        for (body,) in stream(self._connection, query.order_by(case_events.c.event_id)):
            yield bytes(body)

    def actions(self) -> tuple[str, ...]:
        """Return the kinds of event that occur."""
        return tuple(self._connection.execute(sa.select(case_events.c.action).distinct().order_by("action")).scalars())

    def users(self) -> tuple[str, ...]:
        """Return everybody who occurs."""
        return tuple(self._connection.execute(sa.select(case_events.c.user).distinct().order_by("user")).scalars())


# What Recorded._make does, without its Python frame for each of millions of rows.
_as_recorded: Callable[[Sequence[Any]], Recorded] = partial(tuple.__new__, Recorded)


def _recorded(row: sa.Row[*tuple[object, ...]]) -> Recorded:
    return Recorded(*row)  # type: ignore[arg-type]  # the columns are those of Recorded, in order


# Joined to what the index alone gives: of a long history only the last event is read.
_LAST = (
    sa.select(case_events.c.case_id, sa.func.max(case_events.c.case_seq).label("case_seq"))
    .where(case_events.c.case_id.in_(sa.bindparam("streams", expanding=True)))
    .group_by(case_events.c.case_id)
    .subquery("last")
)
_TIPS = sa.select(case_events.c.case_id, case_events.c.case_seq, case_events.c.event_hash).join(
    _LAST, sa.and_(case_events.c.case_id == _LAST.c.case_id, case_events.c.case_seq == _LAST.c.case_seq)
)


class Ledger(LedgerReader):
    """Appends events. The lock on the head is taken when it is made and held until the transaction ends."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        # The lock comes first in the transaction, so that no two writers wait for each other crosswise.
        head = (_READ_HEAD if locks_at_begin(connection) else _LOCK_HEAD).first_of_all(connection)
        if head is None:
            raise NoLedgerHead
        size, frontier = head
        self._frontier, self._edge = Frontier.load(size, frontier), str(frontier)
        self._known = known_tips(connection.engine)
        self._before = self._known.at(frontier)
        self._tips: dict[str, Tip] = {}
        self._pending: list[Recorded] = []
        self._recorded = False  # whether something was written already
        self.moved: set[str] = set()  # the cases whose due dates an appended event may have moved

    def append(self, event: Event, *, stream: str, user: str, at: datetime) -> Recorded:
        """Link an event to its stream's tip. It is written with :meth:`flush`, in the caller's transaction."""
        seq, tip = self._tips.get(stream) or self._before.get(stream) or self._asked(stream)
        row = link(
            event,
            stream=stream,
            user=user,
            ts=canonical(at),
            event_id=self._frontier.size + 1,
            case_seq=seq + 1,
            prev_hash=tip,
            nonce=secrets.token_hex(16),
            salt=secrets.token_hex(32) if event.notes and event.removable and stream != DESK else "",
        )
        self._frontier.append(row.body)
        self._tips[stream] = (row.case_seq, row.event_hash)
        self._pending.append(row)
        self.moved.update(moved_by(event, stream))
        return row

    def look_up(self, streams: Iterable[str]) -> None:
        """Learn at once where these streams end. Without it, each is asked for when something is first appended to it."""
        unknown = sorted({stream for stream in streams if stream not in self._tips and stream not in self._before})
        found: dict[str, Tip] = dict.fromkeys(unknown, (0, ZERO_HASH))
        for start in range(0, len(unknown), CHUNK):
            for name, seq, tip in self._connection.execute(_TIPS, {"streams": unknown[start : start + CHUNK]}):
                found[name] = seq, tip
        self._before = {**self._before, **found}

    def _asked(self, stream: str) -> Tip:
        seq, tip = _TIP.first(self._connection, {"stream": stream}) or (0, ZERO_HASH)
        return seq, tip

    def purge(self, case_id: str) -> int:
        """Remove what people wrote in the events of a case; the database lets this one change through. Return how many."""
        emptied = sa.update(case_events).where(case_events.c.case_id == case_id, case_events.c.salt != "")
        return self._connection.execute(emptied.values(notes="", salt="")).rowcount

    @property
    def size(self) -> int:
        """How many events there are, the appended ones included."""
        return self._frontier.size

    def first_event(self) -> Recorded | None:
        """Return the one event that waits to be written, unless more wait or some were written before."""
        return self._pending[0] if len(self._pending) == 1 and not self._recorded else None

    def written(self) -> None:
        """Note that what waited stands in the database, and the head with it."""
        self._pending.clear()
        self._recorded = True

    def moved_head(self) -> dict[str, Any]:
        """Return what the head row must say once everything that waits is written."""
        self._edge = self._frontier.dump()
        return {"size": self._frontier.size, "root": self._frontier.root(), "frontier": self._edge}

    def flush(self) -> bool:
        """Write the appended rows and the new head; return whether there are any in this transaction."""
        if self._pending:
            _INSERT.run_each(self._connection, [row._asdict() for row in self._pending])
            _MOVE_HEAD.run(self._connection, self.moved_head())
            self.written()
        return self._recorded

    def committed(self) -> None:
        """Keep the ends of the streams for the next transaction."""
        self._known.remember(self._before, self._tips, self._edge)


def first_head() -> dict[str, object]:
    """Return the head row of an empty ledger."""
    return {"head_id": 1, "size": 0, "root": EMPTY_ROOT, "frontier": "", "locks": 0}
