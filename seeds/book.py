"""The transactions of the world: staged as numbers while it is made, read as native rows when it is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from casedesk.domain.transactions import Channel
from seeds.timeline import DAY, Timeline

CHANNELS: Final = tuple(channel.value for channel in Channel)
_CODE: Final = {channel: CHANNELS.index(channel.value) for channel in Channel}
_SHAPE: Final = np.dtype(
    [
        ("second", "<i8"), ("source", "<i4"), ("target", "<i4"), ("minor", "<i8"), ("currency", "<i4"),
        ("received", "<i8"), ("received_currency", "<i4"), ("channel", "<i4"), ("from_country", "<i4"),
        ("to_country", "<i4"), ("branch", "<i4"), ("reference", "<i4"),
    ]
)  # fmt: skip
_BATCH: Final = 100_000
Rows = NDArray[np.void]


def transaction_id(number: int) -> str:
    """Write the id of the n-th transaction of the world."""
    return f"T-{number:08d}"


class Row(NamedTuple):
    """One transaction as the native format writes it: every field is text, blank where there is nothing to say."""

    transaction_id: str
    booked_at: str
    from_account: str
    to_account: str
    amount: str
    currency: str
    received_amount: str
    received_currency: str
    channel: str
    from_country: str
    to_country: str
    branch: str
    reference: str


class Staging:
    """Collect movements of money; the number :meth:`add` returns stands for the transaction until it has an id."""

    def __init__(self) -> None:
        self._words: dict[str, int] = {"": 0}
        self._done: list[Rows] = []
        self._open: list[tuple[int, ...]] = []
        self._count = 0

    def add(
        self, second: int, source: str, target: str, minor: int, currency: str, received: int, received_currency: str,
        channel: Channel, from_country: str, to_country: str, branch: str, reference: str,
    ) -> int:  # fmt: skip
        """Stage one movement. ``minor`` and ``received`` are minor units; a blank currency received means the same."""
        word = self._word
        self._open.append((
            second, word(source), word(target), minor, word(currency), received, word(received_currency),
            _CODE[channel], word(from_country), word(to_country), word(branch), word(reference),
        ))  # fmt: skip
        self._count += 1
        if len(self._open) == _BATCH:
            self._flush()
        return self._count - 1

    def rows(self) -> Rows:
        """Return everything staged so far, in order of staging."""
        self._flush()
        if len(self._done) != 1:
            self._done = [np.concatenate(self._done) if self._done else np.empty(0, _SHAPE)]
        return self._done[0]

    def code(self, word: str) -> int:
        """Return the number that stands for a word in :meth:`rows`; -1 if it was never staged."""
        return self._words.get(word, -1)

    def close(self, timeline: Timeline, marked: Sequence[int]) -> tuple[Book, dict[int, str]]:
        """Order everything by time, number it, and keep the period.

        The second part maps the ``marked`` staging numbers to transaction ids. Ids are given before the cut, so the
        same event keeps its id when ``end`` moves within a week.
        """
        rows = self.rows()
        order = np.argsort(rows["second"], kind="stable")
        place = np.empty(len(rows), dtype=np.int64)
        place[order] = np.arange(len(rows))
        first, after = timeline.shown()
        seconds = rows["second"][order]
        kept = slice(int(np.searchsorted(seconds, first)), int(np.searchsorted(seconds, after)))
        ids = {number: transaction_id(int(place[number]) + 1) for number in marked}
        return Book(rows[order[kept]], kept.start, tuple(self._words), timeline), ids

    def _word(self, text: str) -> int:
        words = self._words
        code = words.get(text)
        if code is None:
            code = words[text] = len(words)
        return code

    def _flush(self) -> None:
        if self._open:
            self._done.append(np.array(self._open, dtype=_SHAPE))
            self._open = []


class Book(Sequence[Row]):
    """The finished transactions in order of booking. Rows are made as they are read: millions fit in memory."""

    def __init__(self, rows: Rows, first_number: int, words: tuple[str, ...], timeline: Timeline) -> None:
        self._rows = rows
        self._first = first_number
        self._words = words
        self._timeline = timeline

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Book: ...
    def __getitem__(self, index: int | slice) -> Row | Book:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("A book is cut in one direction, without steps.")
            return Book(self._rows[start:stop], self._first + start, self._words, self._timeline)
        place = range(len(self))[index]
        return next(iter(self[place : place + 1]))

    def __iter__(self) -> Iterator[Row]:
        dates: dict[int, str] = {}
        for start in range(0, len(self._rows), _BATCH):
            batch: list[tuple[Any, ...]] = self._rows[start : start + _BATCH].tolist()
            for number, fields in enumerate(batch, self._first + start + 1):
                yield self._row(number, fields, dates)

    def _row(self, number: int, fields: tuple[Any, ...], dates: dict[int, str]) -> Row:
        second, source, target, minor, currency, received, received_in, channel, left, reached, branch, text = fields
        words = self._words
        day, rest = divmod(second, DAY)
        if day not in dates:
            dates[day] = self._timeline.date(day).isoformat()
        return Row(
            transaction_id(number),
            f"{dates[day]}T{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}Z",
            words[source], words[target],
            f"{minor // 100}.{minor % 100:02d}", words[currency],
            f"{received // 100}.{received % 100:02d}" if received_in else "", words[received_in],
            CHANNELS[channel], words[left], words[reached], words[branch], words[text],
        )  # fmt: skip
