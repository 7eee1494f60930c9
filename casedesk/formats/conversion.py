"""Base-currency amounts of a whole chunk, equal to :meth:`RateTable.convert` row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Final

import numpy as np

from casedesk.domain.money import LARGEST_MINOR
from casedesk.domain.rates import NoRate, RateTable, divide_half_even, too_large_in_base
from casedesk.formats.faults import Faults
from casedesk.formats.records import Column, Flags, Ints

_DAY: Final = 86_400_000_000
_EPOCH: Final = date(1970, 1, 1)
_INT64: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Paid:
    """Amounts of a chunk: minor units, the position of each row's currency in ``currencies``, UTC microseconds."""

    minor: Ints
    codes: Ints
    currencies: list[str]
    micros: Ints


def convert_column(
    paid: Paid, rates: RateTable, base: str, faults: Faults, raw: Mapping[str, Column], field: str = "currency"
) -> Ints:
    """Convert sound rows to minor units of ``base`` at the rate of their UTC day; mark rows without a rate.

    ``raw`` has the columns ``field`` and ``amount`` as they were read, for the rejects.
    """
    result = np.zeros(len(paid.minor), dtype=np.int64)
    days = paid.micros // _DAY
    for code, currency in enumerate(paid.currencies):
        of_currency = faults.sound & (paid.codes == code)
        if currency == base:
            result[of_currency] = paid.minor[of_currency]
        elif of_currency.any():
            for rows in _periods(of_currency, days, {*rates.starts(currency), *rates.starts(base)}):
                try:
                    # No rate begins within a period, so one factor holds for all of its days.
                    factor = rates.factor(currency, _day(int(days[rows][0])), base)
                except NoRate:
                    reason = partial(_why_no_rate, rates, currency, days, base)
                    faults.mark(rows, field, raw[field], reason)
                    continue
                converted = _multiply(paid.minor[rows], *factor)
                large = np.zeros(len(rows), dtype=np.bool_)
                large[rows] = converted < 0
                faults.mark(large, "amount", raw["amount"], str(too_large_in_base(base)))
                result[rows] = converted
    return result


def _periods(rows: Flags, days: Ints, starts: set[date]) -> Iterator[Flags]:
    """Split rows by the rate changes between which their days lie."""
    edges = np.array(sorted((start - _EPOCH).days for start in starts), dtype=np.int64)
    period = np.searchsorted(edges, days, side="right")
    for number in np.unique(period[rows]).tolist():
        yield rows & (period == number)


def _multiply(minor: Ints, numerator: int, denominator: int) -> Ints:
    """Multiply by a ratio, half to even; -1 where the result is larger than the desk can store."""
    if max(int(minor.max()), 1) * numerator > _INT64 or denominator > _INT64 // 4:
        exact = [divide_half_even(value * numerator, denominator) for value in minor.tolist()]
        return np.array([value if value < LARGEST_MINOR else -1 for value in exact], dtype=np.int64)
    quotient, remainder = np.divmod(minor * numerator, denominator)
    twice = 2 * remainder
    quotient += (twice > denominator) | ((twice == denominator) & (quotient % 2 == 1))
    return np.where(quotient < LARGEST_MINOR, quotient, -1)


def _why_no_rate(rates: RateTable, currency: str, days: Ints, base: str, row: int) -> str:
    try:
        rates.factor(currency, _day(int(days[row])), base)
    except NoRate as error:
        return str(error)
    raise AssertionError("a rate appeared between two looks at an unchanging table")


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)
