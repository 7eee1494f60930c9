"""The first rule each row of a chunk breaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from casedesk.formats.records import Column, Flags, Ints
from casedesk.formats.rejects import RejectedRow, rejected

#: A sentence, or a function from the position in the chunk to a sentence.
Reason: TypeAlias = str | Callable[[int], str]


class Faults:
    """Collect rejected rows: only the first fault of a row counts, in the order the rules are checked."""

    def __init__(self, numbers: Ints) -> None:
        self._numbers = numbers
        self.sound: Flags = np.ones(len(numbers), dtype=np.bool_)
        self.rows: list[RejectedRow] = []

    def mark(self, wrong: Flags, field: str, values: Column, reason: Reason) -> None:
        """Reject the rows that are ``wrong`` and were sound until now. ``values`` is the column as it was read."""
        fresh = wrong & self.sound
        if not fresh.any():
            return
        for i in np.flatnonzero(fresh).tolist():
            value = values[i].as_py()
            text = "" if value is None else str(value)
            self.rows.append(rejected(int(self._numbers[i]), field, text, reason(i) if callable(reason) else reason))
        self.sound &= ~fresh
