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


def about(
    connection: Connection,
    table: sa.Table,
    columns: Sequence[str],
    there: sa.ColumnElement[bool],
    account_ids: Collection[str],
    rules: Collection[str],
) -> Iterator[tuple[Any, ...]]:
    """Yield these columns of the rows that are ``there`` and about one of the accounts or by one of the rules, in no order.

    A column whose name ends in ``_at``, ``_start`` or ``_end`` is a time. ``there`` has no parameters.
    """
    if not account_ids and not rules:
        return
    query = sa.select(table.c.account_id, table.c.rule, *(table.c[name] for name in columns))
    if len(account_ids) > _MANY:
        times = [place for place, name in enumerate(columns) if name.endswith(("_at", "_start", "_end"))]
        chosen, read = frozenset(account_ids), Moments()
        with closing(stream(connection, query.where(there), 5_000)) as rows:
            for account_id, rule, *values in rows:
                if account_id in chosen or rule in rules:
                    for place in times:
                        values[place] = read[values[place]]
                    yield tuple(values)
        return
    ids, seen = list(account_ids), frozenset(account_ids)
    for start in range(0, len(ids), CHUNK):
        own = table.c.account_id.in_(ids[start : start + CHUNK])
        yield from (tuple(row[2:]) for row in connection.execute(query.where(there, own)))
    if rules:
        found = connection.execute(query.where(there, table.c.rule.in_(sorted(rules))))
        yield from (tuple(row[2:]) for row in found if row[0] not in seen)
