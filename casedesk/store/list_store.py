"""Lists of parties: every version of every source, with its lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.listed import Listed, ListVersion, PartyKind
from casedesk.store.tables import party_list_entries as entries
from casedesk.store.tables import party_lists as lists

CHUNK = 5_000


class ListReader:
    """Reads lists."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[ListVersion, ...]:
        """Return every version, the newest first."""
        query = sa.select(lists).order_by(lists.c.loaded_at.desc(), lists.c.list_id.desc())
        return tuple(ListVersion(**row) for row in self._connection.execute(query).mappings())

    def in_force(self) -> tuple[ListVersion, ...]:
        """Return the versions in force, one a source, by id."""
        query = sa.select(lists).where(lists.c.in_force == sa.true()).order_by(lists.c.list_id)
        return tuple(ListVersion(**row) for row in self._connection.execute(query).mappings())

    def entries(self, list_id: str) -> Iterator[Listed]:
        """Yield a version's lines in the order of its file."""
        query = sa.select(entries).where(entries.c.list_id == list_id).order_by(entries.c.number)
        for row in self._connection.execute(query):
            yield Listed(PartyKind(row.kind), row.party, row.reason, row.ref, row.about)

    def of(self, list_ids: Sequence[str], kinds: Sequence[PartyKind]) -> tuple[tuple[str, Listed], ...]:
        """Return the lines of some kinds in some versions, each with the version's id, in their order."""
        query = (
            sa.select(entries)
            .where(entries.c.list_id.in_(list_ids), entries.c.kind.in_([kind.value for kind in kinds]))
            .order_by(entries.c.list_id, entries.c.number)
        )
        return tuple(
            (row.list_id, Listed(PartyKind(row.kind), row.party, row.reason, row.ref, row.about))
            for row in self._connection.execute(query)
        )

    def refs(self, list_ids: Sequence[str]) -> frozenset[tuple[str, str]]:
        """Return of the versions each source with each party's id there."""
        query = (
            sa.select(lists.c.source, entries.c.ref)
            .join(entries, entries.c.list_id == lists.c.list_id)
            .where(lists.c.list_id.in_(list_ids), entries.c.kind == PartyKind.NAME.value)
            .distinct()
        )
        return frozenset((row.source, row.ref) for row in self._connection.execute(query))


class ListStore(ListReader):
    """Writes lists."""

    def put_in_force(self, new: ListVersion, lines: Sequence[Listed]) -> None:
        """Store a version and take the one of the same source out of force."""
        of_source = lists.c.source == new.source
        self._connection.execute(sa.update(lists).where(of_source).values(in_force=False))
        self._connection.execute(sa.insert(lists).values(asdict(new)))
        for start in range(0, len(lines), CHUNK):
            rows = [
                {**asdict(line), "kind": line.kind.value, "list_id": new.list_id, "number": number}
                for number, line in enumerate(lines[start : start + CHUNK], start + 1)
            ]
            self._connection.execute(sa.insert(entries), rows)
