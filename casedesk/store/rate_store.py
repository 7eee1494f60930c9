"""The dated exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from casedesk.domain.rates import Rate, RateTable
from casedesk.store.direct import Direct
from casedesk.store.tables import counters, exchange_rates

_NAME: Final = "rates"
_OWN: Final = counters.c.name == _NAME
_PUT_SO_OFTEN: Final = Direct(sa.select(counters.c.value).where(_OWN))
#: The table that this process read last of each database, and how often rates had been put then.
_READ_LAST: Final[WeakKeyDictionary[Engine, tuple[int, RateTable]]] = WeakKeyDictionary()


def rates_read_last(engine: Engine) -> RateTable | None:
    """Return the table that this process read last, which may be another by now; the database is not asked."""
    known = _READ_LAST.get(engine)
    return None if known is None or not known[0] else known[1]


class RateReader:
    """Reads rates."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def table(self) -> RateTable:
        """Return every rate as a table, read only if rates were put since this process last read them."""
        row = _PUT_SO_OFTEN.first(self._connection, {})
        put = int(row[0]) if row else 0
        known = _READ_LAST.get(self._connection.engine)
        if known is None or not put or known[0] != put:
            known = (put, RateTable(self.all()))
            self._keep(known)
        return known[1]

    def _keep(self, read: tuple[int, RateTable]) -> None:
        _READ_LAST[self._connection.engine] = read

    def all(self) -> tuple[Rate, ...]:
        """Return every rate, by currency and day."""
        query = sa.select(exchange_rates).order_by(exchange_rates.c.currency, exchange_rates.c.valid_from)
        return tuple(
            Rate(row.currency, row.valid_from, Decimal(row.usd_per_unit), row.source)
            for row in self._connection.execute(query)
        )


class RateStore(RateReader):
    """Writes rates."""

    def _keep(self, read: tuple[int, RateTable]) -> None:
        """Keep nothing of a transaction that may yet be rolled back."""

    def put(self, rates: Sequence[Rate]) -> None:
        """Add rates; one that stands under the same currency and day is replaced."""
        if self._connection.execute(sa.update(counters).where(_OWN).values(value=counters.c.value + 1)).rowcount == 0:
            self._connection.execute(sa.insert(counters).values(name=_NAME, value=1))
        for rate in rates:
            self._connection.execute(
                sa.delete(exchange_rates).where(
                    exchange_rates.c.currency == rate.currency, exchange_rates.c.valid_from == rate.valid_from
                )
            )
        if rates:
            self._connection.execute(
                sa.insert(exchange_rates),
                [
                    {
                        "currency": r.currency,
                        "valid_from": r.valid_from,
                        "usd_per_unit": format(r.usd_per_unit, "f"),
                        "source": r.source,
                    }
                    for r in rates
                ],
            )
