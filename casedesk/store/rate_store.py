"""The dated exchange rates."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.rates import Rate
from casedesk.store.tables import exchange_rates


class RateReader:
    """Reads rates."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Rate, ...]:
        """Return every rate, by currency and day."""
        query = sa.select(exchange_rates).order_by(exchange_rates.c.currency, exchange_rates.c.valid_from)
        return tuple(
            Rate(row.currency, row.valid_from, Decimal(row.usd_per_unit), row.source)
            for row in self._connection.execute(query)
        )


class RateStore(RateReader):
    """Writes rates."""

    def put(self, rates: Sequence[Rate]) -> None:
        """Add rates; one that stands under the same currency and day is replaced."""
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
