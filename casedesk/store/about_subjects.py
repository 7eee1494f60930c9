"""Read what is said of some subjects: of these accounts by any rule, and of any account by these rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.moments import parse
from casedesk.store.dialects import stored_time, stream

#: SQL Server takes 2,100 parameters a statement.
CHUNK: Final = 500
#: From so many accounts on, reading everything is quicker than looking them up.
_MANY: Final = 2_000


class Moments(dict[Any, "datetime | None"]):
    """Times as the database holds them, which is text in SQLite, and what they say: many stand on several rows."""

    def __missing__(self, value: Any) -> datetime | None:
        moment = value if value is None or isinstance(value, datetime) else parse(stored_time(value))
        self[value] = moment
        return moment


class About:
    """Columns of the rows of a table that are ``there``: statements that are written once, however often they are asked.

    :param columns: one whose name ends in ``_at``, ``_start`` or ``_end`` is a time.
    :param there: has no parameters.
    """

    def __init__(self, table: sa.Table, columns: Sequence[str], there: sa.ColumnElement[bool]) -> None:
        named = (table.c[name].label(f"told_{name}") for name in columns)
        self._all = sa.select(table.c.account_id, table.c.rule, *named).where(there)
        self._of_accounts = self._all.where(table.c.account_id.in_(sa.bindparam("asked", expanding=True)))
        self._by_rules = self._all.where(table.c.rule.in_(sa.bindparam("asked", expanding=True)))
        self._times = [place for place, name in enumerate(columns) if name.endswith(("_at", "_start", "_end"))]

    def rows(
        self, connection: Connection, account_ids: Collection[str], rules: Collection[str]
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows about one of the accounts or by one of the rules, in no order."""
        if not account_ids and not rules:
            return
        if len(account_ids) > _MANY:
            yield from self._chosen(connection, frozenset(account_ids), rules)
            return
        ids, seen = list(account_ids), frozenset(account_ids)
        for start in range(0, len(ids), CHUNK):
            found = connection.execute(self._of_accounts, {"asked": ids[start : start + CHUNK]})
            yield from (tuple(row[2:]) for row in found)
        if rules:
            found = connection.execute(self._by_rules, {"asked": sorted(rules)})
            yield from (tuple(row[2:]) for row in found if row[0] not in seen)

    def _chosen(
        self, connection: Connection, chosen: Collection[str], rules: Collection[str]
    ) -> Iterator[tuple[Any, ...]]:
        read = Moments()
        with closing(stream(connection, self._all, 5_000)) as rows:
            for account_id, rule, *values in rows:
                if account_id in chosen or rule in rules:
                    for place in self._times:
                        values[place] = read[values[place]]
                    yield tuple(values)
