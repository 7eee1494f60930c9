"""Simulations count steps; a clock says when step 0 was and how long a step is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.errors import Invalid
from casedesk.formats.faults import Faults
from casedesk.formats.records import Column, Ints
from casedesk.formats.times import LAST, OUT_OF_RANGE, WRITTEN

#: The instant of step 0 where ``--start`` names no other. Round, so that nobody takes it for a fact of the file.
DEFAULT_START: Final = "2026-01-01T00:00:00Z"

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Nine digits: a billion steps of a microsecond's clock would still not overflow.
_STEP: Final = r"^ *[0-9]{1,9} *$"


class BadStart(Invalid):
    """A ``--start`` option cannot be followed."""


@dataclass(frozen=True, slots=True)
class StepClock:
    """``start`` in microseconds since 1970 UTC; the length of a step, and its name."""

    start: int
    length: int
    unit: str

    @classmethod
    def of(cls, start: str | None, unit: str) -> StepClock:
        """Build a clock whose steps are hours or days.

        :raises BadStart: if ``start`` is not an instant with a zone in the years 1970 to 2099.
        """
        length = {"hour": timedelta(hours=1), "day": timedelta(days=1)}[unit]
        return cls(start_instant(start or DEFAULT_START), length // timedelta(microseconds=1), unit)

    def micros(self, column: Column, *, field: str, faults: Faults) -> Ints:
        """Turn a column of step numbers into UTC microseconds and mark what is no step."""
        whole = pc.match_substring_regex(column, _STEP)
        reason = f"The step is not a whole number of {self.unit}s since the start of the simulation; write it as 24."
        faults.mark(~whole.to_numpy(zero_copy_only=False), field, column, reason)
        steps = pc.utf8_trim_whitespace(pc.if_else(whole, column, "0")).cast(pa.int64()).to_numpy(zero_copy_only=False)
        # Before the product: a billion days of microseconds do not fit 64 bits.
        late = steps >= (LAST - self.start + self.length - 1) // self.length
        faults.mark(late, field, column, OUT_OF_RANGE)
        return self.start + np.where(late, 0, steps) * self.length


def start_instant(text: str) -> int:
    """Read the instant of step 0 as microseconds since 1970 UTC.

    :raises BadStart: if it is no instant, has no zone, or lies outside the years 1970 to 2099.
    """
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadStart(f"“--start {text}” is not a date and time; {WRITTEN}.") from None
    if instant.tzinfo is None:
        raise BadStart(f"“--start {text}” has no zone; {WRITTEN}.")
    micros = (instant - _EPOCH) // timedelta(microseconds=1)
    if not 0 <= micros < LAST:
        raise BadStart(f"“--start {text}” lies outside the years 1970 to 2099.")
    return micros
