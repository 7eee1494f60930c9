"""Proposals of any kind: proposed, in force, superseded, rejected, withdrawn. Each kind has a table and a store of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.moments import canonical
from casedesk.domain.proposals import Proposal, ProposalState
from casedesk.domain.rule_sets import sha256
from casedesk.errors import NotFound

P = TypeVar("P", bound=Proposal)
Part = TypeVar("Part", bound=Proposal)


@cache
def _first_with(table: sa.Table, column: str, key: str) -> sa.Select[Any]:
    return sa.select(table).where(table.c[column] == sa.bindparam("asked")).order_by(table.c[key]).limit(1)


class ProposalReader(Generic[P]):
    """Reads the proposals of one kind."""

    TABLE: ClassVar[sa.Table]
    MISSING: ClassVar[type[NotFound]]
    HASHED: ClassVar[frozenset[str]] = frozenset()  # columns that the ledger knows by their SHA-256
    _made: type[P]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, proposal_id: str) -> P:
        """Return a proposal.

        :raises NotFound: if there is none, by the kind's own class.
        """
        found = self._one(self._made.KEY, proposal_id)
        if found is None:
            raise self.MISSING(proposal_id)
        return found

    def in_force(self) -> P | None:
        """Return the one in force; None while that is what ships with the desk."""
        return self._one("state", ProposalState.IN_FORCE.value)

    def waiting(self) -> P | None:
        """Return the proposal that waits for its checker."""
        return self._one("state", ProposalState.PROPOSED.value)

    def projections(self) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield the id and, as text, what the ledger says of a proposal."""
        query = sa.select(self.TABLE).order_by(self.TABLE.c[self._made.KEY])
        for row in self._connection.execute(query).mappings():
            yield row[self._made.KEY], {name: self._said(name, value) for name, value in row.items()}

    def _newest_first(self, made: type[Part]) -> tuple[Part, ...]:
        query = sa.select(*(self.TABLE.c[one.name] for one in fields(made))).order_by(
            self.TABLE.c.proposed_at.desc(), self.TABLE.c[self._made.KEY].desc()
        )
        return tuple(made(**_read(row)) for row in self._connection.execute(query).mappings())

    def _one(self, column: str, value: str) -> P | None:
        query = _first_with(self.TABLE, column, self._made.KEY)
        row = self._connection.execute(query, {"asked": value}).mappings().one_or_none()
        return None if row is None else self._made(**_read(row))

    def _said(self, name: str, value: object) -> str:
        if name in self.HASHED:
            return sha256(str(value))
        return canonical(value) if isinstance(value, datetime) else str(value or "")


class ProposalStore(ProposalReader[P]):
    """Writes the proposals of one kind."""

    PREFIX: ClassVar[str]

    def next_id(self) -> str:
        """Return the id of the next proposal. None is ever deleted."""
        count = self._connection.execute(sa.select(sa.func.count()).select_from(self.TABLE)).scalar_one()
        return f"{self.PREFIX}-{count + 1:06}"

    def insert(self, proposal: P) -> None:
        """Store a proposal."""
        values = asdict(proposal) | {"decided_by": proposal.decided_by or None}
        self._connection.execute(sa.insert(self.TABLE).values(**values))

    def decide(self, proposal_id: str, state: ProposalState, by: str, at: datetime, decision: str) -> None:
        """Note how a proposal was decided."""
        self._update(proposal_id, state=state, decided_by=by, decided_at=at, decision=decision)

    def supersede(self, proposal_id: str) -> None:
        """Note that one is in force no more. First: only one may be in force at a time."""
        self._update(proposal_id, state=ProposalState.SUPERSEDED)

    def _update(self, proposal_id: str, **values: Any) -> None:
        own = self.TABLE.c[self._made.KEY] == proposal_id
        self._connection.execute(sa.update(self.TABLE).where(own).values(**values))


def _read(row: sa.RowMapping) -> dict[str, Any]:
    return dict(row) | {"state": ProposalState(row["state"]), "decided_by": row["decided_by"] or ""}
