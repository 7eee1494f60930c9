"""What several callers sent, put one behind the other: checked as one list, told apart by where each begins."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from casedesk.domain.api_keys import ApiKey
from casedesk.domain.people import Person
from casedesk.domain.rates import RateTable
from casedesk.formats.posted import batch_of, ids_of
from casedesk.formats.rejects import RejectedRow


@dataclass(frozen=True, slots=True)
class Sending:
    """What one caller sends: one transaction or a list, as JSON.

    ``via`` names the way it came; what came one way together is one import. With ``atomic`` nothing at all is stored if any is
    refused. ``key`` let the caller in, and is looked at again in the transaction that stores. ``items`` is the body as it was read, where
    the caller has read it.
    """

    actor: Person
    at: datetime
    body: bytes = field(repr=False)
    via: str
    atomic: bool = False
    key: ApiKey | None = None
    items: Sequence[Any] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Part:
    """What one caller sent. It fills the places ``start`` to ``stop`` of its lot."""

    place: int  # of the caller, among those who sent together
    sending: Sending
    items: Sequence[Any] = field(repr=False)
    start: int = 0

    @property
    def stop(self) -> int:
        """The place behind the last one."""
        return self.start + len(self.items)


class Lot:
    """The parts in their order, and their rows as one checked batch, whose row numbers begin at 1."""

    def __init__(self, parts: Sequence[Part], rates: RateTable, base_currency: str) -> None:
        self.rates, self.base_currency = rates, base_currency
        self.parts: list[Part] = []
        self.rows = 0
        for part in parts:
            self.parts.append(replace(part, start=self.rows))
            self.rows += len(part.items)
        self._starts = [part.start for part in self.parts]
        alone = len(self.parts) == 1
        self._items = self.parts[0].items if alone else [item for part in self.parts for item in part.items]
        self.batch = batch_of(self._items, rates, base_currency)
        self._ids = ids_of(self._items, self.batch)

    def holding(self, refused: Sequence[RejectedRow]) -> list[Part]:
        """Return the part of each of these rows."""
        return [self.parts[bisect_right(self._starts, row.row_number - 1) - 1] for row in refused]

    def of(self, part: Part, refused: Sequence[RejectedRow]) -> list[RejectedRow]:
        """Return those of these rows, which are in order, that are a part's."""
        first = bisect_right(refused, part.start, key=lambda row: row.row_number)
        return list(refused[first : bisect_right(refused, part.stop, key=lambda row: row.row_number)])

    def ids_of(self, part: Part) -> list[str]:
        """Return the ids of a part's rows."""
        return self._ids[part.start : part.stop]

    def ways(self) -> dict[str, Sending]:
        """Return the ways on which parts came, each with the last sending: people and keys are looked at once."""
        return {part.sending.via: part.sending for part in self.parts}

    def without(self, places: Collection[int]) -> Lot:
        """Return the lot without the parts of some callers."""
        return Lot([part for part in self.parts if part.place not in places], self.rates, self.base_currency)

    def only(self, part: Part) -> Lot:
        """Return a lot of one part."""
        return Lot([part], self.rates, self.base_currency)
