"""What calls to a language model may cost and did: reserved before the call, settled after it, counted by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.tables import language_calls
from casedesk.store.tables.advising import CallState

__all__ = ["CallState", "LanguageReader", "LanguageStore", "Spent"]


@dataclass(frozen=True, slots=True)
class Spent:
    """A day in UTC: calls, and what they cost in millionths, those not settled yet at what was reserved for them."""

    day: date
    calls: int
    cost_micros: int
    unsettled: int
    discarded: int
    failed: int


class LanguageReader:
    """Reads ``language_calls``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def spent(self, day: date) -> tuple[int, int]:
        """Return how many calls were made on a day and what they cost, reservations included."""
        query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(language_calls.c.cost_micros), 0)).where(
            language_calls.c.day == day
        )
        calls, cost = self._connection.execute(query).one()
        return int(calls), int(cost)

    def days(self, limit: int) -> tuple[Spent, ...]:
        """Return the last days on which there was a call, the newest first."""

        def of(state: CallState) -> sa.ColumnElement[int]:
            return sa.func.sum(sa.case((language_calls.c.state == state.value, 1), else_=0))

        query = (
            sa.select(
                language_calls.c.day,
                sa.func.count(),
                sa.func.sum(language_calls.c.cost_micros),
                of(CallState.RESERVED),
                of(CallState.DISCARDED),
                of(CallState.FAILED),
            )
            .group_by(language_calls.c.day)
            .order_by(language_calls.c.day.desc())
            .limit(limit)
        )
        return tuple(Spent(row[0], *map(int, row[1:])) for row in self._connection.execute(query))


class LanguageStore(LanguageReader):
    """Writes ``language_calls``. The lock under which all writers queue keeps two reservations apart."""

    def reserve(self, call_id: str, model: str, prompt_sha256: str, cost_micros: int, at: datetime) -> None:
        """Count a call at the most that it can cost."""
        self._connection.execute(
            sa.insert(language_calls).values(
                call_id=call_id, day=at.date(), model=model, prompt_sha256=prompt_sha256,
                state=CallState.RESERVED.value, cost_micros=cost_micros, reserved_at=at, settled_at=None,
            )
        )  # fmt: skip

    def settle(self, call_id: str, state: CallState, cost_micros: int, at: datetime) -> None:
        """Say what became of a call and what it did cost."""
        changed = sa.update(language_calls).where(
            language_calls.c.call_id == call_id, language_calls.c.state == CallState.RESERVED.value
        )
        self._connection.execute(changed.values(state=state.value, cost_micros=cost_micros, settled_at=at))
