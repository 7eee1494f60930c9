"""Every table of the desk as rows: read for a full export, written into an empty desk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.advice import Verdict
from casedesk.domain.cases import CaseStatus, Disposition, QaStatus
from casedesk.domain.dataset import Column, Kind, Shape, Value
from casedesk.domain.filings import FilingState
from casedesk.domain.ledger import Recorded
from casedesk.domain.line_yields import Placement
from casedesk.domain.listed import PartyKind
from casedesk.domain.merkle import Frontier
from casedesk.domain.name_matches import MatchState
from casedesk.domain.people import PERSON_ROLES
from casedesk.domain.proposals import ProposalState
from casedesk.domain.suppressions import State
from casedesk.domain.transactions import Channel, CustomerKind
from casedesk.errors import Invalid
from casedesk.store.ledger_store import COLUMNS
from casedesk.store.tables import (
    announcements,
    api_key_uses,
    case_events,
    language_calls,
    ledger_head,
    metadata,
    receipts,
    run_copies,
    webhook_deliveries,
)
from casedesk.store.tables.advising import CallState
from casedesk.store.tables.clocks import STORED
from casedesk.store.types import UtcDateTime

CHUNK = 2000

#: The events travel in their own format, and the head follows from them. The copy that runs keep stays behind, and so do what tells
#: of this desk's own operation, what it spent on a language model, and how far its alerts were announced: another desk announces
#: from where it begins.
_APART: Final = {
    announcements.name, case_events.name, language_calls.name, ledger_head.name, run_copies.name, receipts.name,
    api_key_uses.name, webhook_deliveries.name,
}  # fmt: skip

#: Closed lists, as the CHECKs have them.
_ALLOWED: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("advice", "verdict"): tuple(verdict.value for verdict in Verdict),
    ("language_calls", "state"): tuple(state.value for state in CallState),
    ("users", "role"): tuple(role.value for role in PERSON_ROLES),
    ("customers", "kind"): tuple(kind.value for kind in CustomerKind),
    ("transactions", "channel"): tuple(channel.value for channel in Channel),
    ("cases", "status"): tuple(status.value for status in CaseStatus),
    ("cases", "disposition"): tuple(disposition.value for disposition in Disposition),
    ("cases", "qa_status"): tuple(status.value for status in QaStatus),
    ("clocks", "kind"): tuple(kind.value for kind in STORED),
    ("filings", "state"): tuple(state.value for state in FilingState),
    ("line_test_picks", "placement"): tuple(placement.value for placement in Placement),
    ("model_versions", "state"): tuple(state.value for state in ProposalState),
    ("name_matches", "state"): tuple(state.value for state in MatchState),
    ("party_list_entries", "kind"): tuple(kind.value for kind in PartyKind),
    ("rule_sets", "state"): tuple(state.value for state in ProposalState),
    ("qa_picks", "outcome"): tuple(status.value for status in QaStatus),
    ("suppressions", "state"): tuple(state.value for state in State),
}


#: What an empty desk may hold: the ledger's head, and how far alerts were announced by a worker that waits for the first.
_IN_EMPTY: Final = {announcements.name, ledger_head.name}


class NotTaken(Invalid):
    """The database refused a row."""

    def __init__(self, table: str, error: sa.exc.IntegrityError) -> None:
        super().__init__(f"{table}.csv holds a row that breaks a rule of the database ({str(error.orig)[:200]}).")


class DatasetStore:
    """Reads and writes whole tables."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def shapes(self) -> tuple[Shape, ...]:
        """Describe every table but the ledger's, each after those it refers to."""
        return tuple(_shape(table) for table in metadata.sorted_tables if table.name not in _APART)

    def rows(self, name: str) -> Iterator[tuple[Value, ...]]:
        """Yield a table's rows by its key."""
        table = metadata.tables[name]
        query = sa.select(table).order_by(*table.primary_key.columns)
        for row in self._connection.execute(query, execution_options={"yield_per": CHUNK}):
            yield tuple(row)

    def filled(self) -> str:
        """Name a table that holds something, or return the empty string. The ledger counts as one."""
        for table in metadata.sorted_tables:
            if table.name in _IN_EMPTY:
                continue
            if self._connection.execute(sa.select(table.primary_key.columns[0]).limit(1)).first() is not None:
                return table.name
        return ""

    def insert(self, name: str, rows: Sequence[Sequence[Value]]) -> None:
        """Write rows.

        :raises NotTaken: if a constraint refuses one.
        """
        table = metadata.tables[name]
        names = table.columns.keys()
        try:
            for start in range(0, len(rows), CHUNK):
                values = [dict(zip(names, row, strict=True)) for row in rows[start : start + CHUNK]]
                self._connection.execute(sa.insert(table), values)
        except sa.exc.IntegrityError as error:
            raise NotTaken(name, error) from None

    def insert_events(self, events: Sequence[Recorded], frontier: Frontier) -> None:
        """Write the whole ledger and the head that belongs to it.

        :raises NotTaken: if a constraint refuses an event.
        """
        rows: list[tuple[Any, ...]] = [tuple(getattr(event, name) for name in COLUMNS) for event in events]
        try:
            for start in range(0, len(rows), CHUNK):
                values = [dict(zip(COLUMNS, row, strict=True)) for row in rows[start : start + CHUNK]]
                self._connection.execute(sa.insert(case_events), values)
        except sa.exc.IntegrityError as error:
            raise NotTaken(case_events.name, error) from None
        self._connection.execute(
            sa.update(ledger_head)
            .where(ledger_head.c.head_id == 1)
            .values(size=frontier.size, root=frontier.root(), frontier=frontier.dump())
        )


def _shape(table: sa.Table) -> Shape:
    return Shape(
        table.name,
        tuple(_column(table.name, column) for column in table.columns),
        tuple(column.name for column in table.primary_key.columns),
    )


def _column(table: str, column: sa.Column[Any]) -> Column:
    refers = next((key.column.table.name for key in column.foreign_keys), "")
    return Column(
        name=column.name,
        kind=_kind(column.type),
        optional=bool(column.nullable),
        longest=(getattr(column.type, "length", None) or 0) if _kind(column.type) is Kind.TEXT else 0,
        allowed=_ALLOWED.get((table, column.name), ()),
        least=0 if column.name.endswith("_minor") else None,
        refers=refers,
    )


def _kind(type_: sa.types.TypeEngine[Any]) -> Kind:
    if isinstance(type_, UtcDateTime):
        return Kind.MOMENT
    if isinstance(type_, sa.Boolean):
        return Kind.FLAG
    if isinstance(type_, sa.Integer):
        return Kind.INTEGER
    if isinstance(type_, sa.Date):
        return Kind.DAY
    if isinstance(type_, sa.String):
        return Kind.TEXT
    if isinstance(type_, sa.LargeBinary):
        return Kind.BYTES
    raise TypeError(f"no cell form for {type_!r}")
