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
        times = [name.endswith(("_at", "_start", "_end")) for name in columns]
        chosen = frozenset(account_ids)
        with closing(stream(connection, query.where(there), 5_000)) as rows:
            for row in rows:
                if row[0] in chosen or row[1] in rules:
                    yield tuple(_moment(v) if time else v for v, time in zip(row[2:], times, strict=True))
        return
    ids, seen = list(account_ids), frozenset(account_ids)
    for start in range(0, len(ids), CHUNK):
        own = table.c.account_id.in_(ids[start : start + CHUNK])
        yield from (tuple(row[2:]) for row in connection.execute(query.where(there, own)))
    if rules:
        found = connection.execute(query.where(there, table.c.rule.in_(sorted(rules))))
        yield from (tuple(row[2:]) for row in found if row[0] not in seen)


def _moment(value: Any) -> datetime | None:
    """Read a time as the database holds it; SQLite has text."""
    return None if value is None else value if isinstance(value, datetime) else parse(stored_time(value))
