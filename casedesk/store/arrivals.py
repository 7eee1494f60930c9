"""The order in which the desk took things in.

Transactions are only ever added, and writers wait for each other, so one number a bulk insert tells later runs what an
earlier one saw: everything up to the newest number of its time. The number is a row of ``counters``, so it goes back with
a transaction that is rolled back, and leaves with an exported desk.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.direct import Direct
from casedesk.store.tables import counters

#: The row of ``counters`` that holds the last number.
COUNTER: Final = "arrivals"
_OWN: Final = counters.c.name == COUNTER
_NEWEST: Final = Direct(sa.select(counters.c.value).where(_OWN))
_UP: Final = Direct(sa.update(counters).where(_OWN).values(value=counters.c.value + 1).returning(counters.c.value))


def newest_arrival(connection: Connection) -> int:
    """Return the last number that was given; 0 before the first."""
    row = _NEWEST.first(connection, {})
    return 0 if row is None else int(row[0])


def next_arrival(connection: Connection) -> int:
    """Take the next number. The ledger's lock keeps two writers apart."""
    row = _UP.first(connection, {})
    if row is None:
        connection.execute(sa.insert(counters).values(name=COUNTER, value=1))
    return 1 if row is None else int(row[0])
