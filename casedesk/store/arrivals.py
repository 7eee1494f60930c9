"""The order in which the desk took things in.

Transactions are only ever added, and writers wait for each other, so one number a bulk insert tells later runs what an
earlier one saw: everything up to the newest number of its time. The number is a row of ``counters``, so it goes back with
a transaction that is rolled back, and leaves with an exported desk.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.tables import counters

#: The row of ``counters`` that holds the last number.
COUNTER: Final = "arrivals"


def newest_arrival(connection: Connection) -> int:
    """Return the last number that was given; 0 before the first."""
    return connection.execute(sa.select(counters.c.value).where(counters.c.name == COUNTER)).scalar_one_or_none() or 0


def next_arrival(connection: Connection) -> int:
    """Take the next number. The ledger's lock keeps two writers apart."""
    up = sa.update(counters).where(counters.c.name == COUNTER).values(value=counters.c.value + 1)
    if connection.execute(up).rowcount == 0:
        connection.execute(sa.insert(counters).values(name=COUNTER, value=1))
    return newest_arrival(connection)
