"""Names that are alike, and what people decided of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.name_matches import MatchState, NameMatch
from casedesk.domain.transactions import CustomerKind
from casedesk.errors import NotFound
from casedesk.store.tables import customers
from casedesk.store.tables import name_matches as matches

CHUNK = 500


class NoSuchMatch(NotFound):
    """No match has this id."""

    def __init__(self, match_id: str) -> None:
        super().__init__(f"There is no match “{match_id}”; “casedesk score matches” lists them.")


class MatchReader:
    """Reads matches."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, match_id: str) -> NameMatch:
        """Return a match.

        :raises NoSuchMatch: if there is none.
        """
        row = (
            self._connection.execute(sa.select(matches).where(matches.c.match_id == match_id)).mappings().one_or_none()
        )
        if row is None:
            raise NoSuchMatch(match_id)
        return _match(row)

    def page(self, state: MatchState, start: int, limit: int) -> tuple[NameMatch, ...]:
        """Return some of those in a state, the most alike first, from position ``start``."""
        query = (
            sa.select(matches)
            .where(matches.c.state == state.value)
            .order_by(matches.c.likeness.desc(), matches.c.match_id)
            .offset(start)
            .limit(limit)
        )
        return tuple(_match(row) for row in self._connection.execute(query).mappings())

    def counts(self) -> dict[MatchState, int]:
        """Count the matches in each state."""
        query = sa.select(matches.c.state, sa.func.count().label("n")).group_by(matches.c.state)
        found = {MatchState(row.state): row.n for row in self._connection.execute(query)}
        return {state: found.get(state, 0) for state in MatchState}

    def confirmed(self, upto: int | None = None) -> tuple[NameMatch, ...]:
        """Return the confirmed ones by id, or those that were when the ledger had ``upto`` events."""
        query = sa.select(matches).where(matches.c.state == MatchState.CONFIRMED.value).order_by(matches.c.match_id)
        if upto is not None:
            query = query.where(matches.c.state_event <= upto)
        return tuple(_match(row) for row in self._connection.execute(query).mappings())

    def decided(self) -> Iterator[NameMatch]:
        """Yield those that a person decided, by id."""
        query = sa.select(matches).where(matches.c.state != MatchState.WAITING.value).order_by(matches.c.match_id)
        yield from (_match(row) for row in self._connection.execute(query).mappings())

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield every customer's id and name, by id; holders whom no file has named have none."""
        query = (
            sa.select(customers.c.customer_id, customers.c.name)
            .where(customers.c.kind != CustomerKind.UNKNOWN.value)
            .order_by(customers.c.customer_id)
        )
        yield from (tuple(row) for row in self._connection.execute(query))


class MatchStore(MatchReader):
    """Writes matches."""

    def replace_waiting(self, found: Sequence[NameMatch]) -> int:
        """Let wait what was found and is not decided yet, and nothing else. Return how many wait.

        What was decided keeps its decision and learns by which version of the list it was found last.
        """
        self._connection.execute(sa.delete(matches).where(matches.c.state == MatchState.WAITING.value))
        known = self._known([one.match_id for one in found])
        again = [
            {"m": one.match_id, "list_id": one.list_id, "found_at": one.found_at}
            for one in found
            if one.match_id in known
        ]
        if again:
            own = matches.c.match_id == sa.bindparam("m")
            self._connection.execute(sa.update(matches).where(own), again)
        new = [_values(one) for one in found if one.match_id not in known]
        for start in range(0, len(new), CHUNK):
            self._connection.execute(sa.insert(matches), new[start : start + CHUNK])
        return len(new)

    def _known(self, ids: Sequence[str]) -> set[str]:
        known: set[str] = set()
        for start in range(0, len(ids), CHUNK):
            query = sa.select(matches.c.match_id).where(matches.c.match_id.in_(ids[start : start + CHUNK]))
            known.update(self._connection.execute(query).scalars())
        return known

    def decide(self, match_id: str, state: MatchState, by: str, at: datetime, event: int, decision: str) -> None:
        """Store what a person decided."""
        values = {"state": state.value, "decided_by": by, "decided_at": at, "state_event": event, "decision": decision}
        self._connection.execute(sa.update(matches).where(matches.c.match_id == match_id).values(values))


def _match(row: sa.RowMapping) -> NameMatch:
    return NameMatch(**{**row, "state": MatchState(row["state"]), "decided_by": row["decided_by"] or ""})


def _values(one: NameMatch) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in NameMatch.__slots__}
    return {**values, "state": one.state.value, "decided_by": one.decided_by or None}
