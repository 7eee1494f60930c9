"""Exchange rates with dates, and exact conversion of minor units from one currency to another.

Every rate says what one unit of a currency was worth in US dollars from a day on; the latest rate before a booking day
counts until the next one. Conversion is integer arithmetic, rounded half to even once, so that two machines agree.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from math import gcd
from typing import Final

from casedesk.domain.money import LARGEST_MINOR, MINOR_DIGITS, BadAmount, UnknownCurrency
from casedesk.errors import Invalid

#: Rates are quoted against the dollar, as the sources publish them; the desk's base currency may be another.
PIVOT: Final = "USD"

#: Decimals a rate may carry. Twelve hold six significant digits of the cheapest unit (one Iranian rial, 0.0000238 USD).
RATE_DECIMALS: Final = 12


class BadRate(Invalid):
    """The rate breaks a rule of the table."""


class NoRate(Invalid):
    """No rate of the currency is valid on the day."""

    def __init__(self, currency: str, on: date, first: date | None) -> None:
        known = f"the first {currency} rate is of {first}" if first else f"the table has no {currency} rate"
        super().__init__(
            f"There is no exchange rate for {currency} on {on}: {known}. "
            "Add one to a rates file and load it with “casedesk rates load FILE”."
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of ``currency`` was worth in US dollars, from ``valid_from`` (inclusive, UTC) on.

    :raises UnknownCurrency: if the currency is not in ISO 4217.
    :raises BadRate: if the rate is not a positive number of at most 12 decimals, or is one for the dollar itself.
    """

    currency: str
    valid_from: date
    usd_per_unit: Decimal
    source: str

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise UnknownCurrency(self.currency)
        if self.currency == PIVOT:
            raise BadRate(f"A rate for {PIVOT} is not allowed: one dollar is always one dollar.")
        value = self.usd_per_unit
        if not value.is_finite() or not Decimal(0) < value < Decimal(10) ** 9:
            raise BadRate(f"The {self.currency} rate “{value}” must be a number above 0 and below 1000000000.")
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and -exponent > RATE_DECIMALS:
            raise BadRate(f"The {self.currency} rate “{value}” has more than {RATE_DECIMALS} decimals.")


def divide_half_even(numerator: int, denominator: int) -> int:
    """Divide two non-negative integers and round a half to the even neighbour."""
    quotient, remainder = divmod(numerator, denominator)
    twice = 2 * remainder
    if twice > denominator or (twice == denominator and quotient % 2):
        quotient += 1
    return quotient


class RateTable:
    """Look up and apply dated rates.

    :raises BadRate: if two rates of one currency start on the same day.
    """

    def __init__(self, rates: Iterable[Rate]) -> None:
        self._days: dict[str, list[date]] = {}
        self._rates: dict[str, list[Rate]] = {}
        for rate in sorted(rates, key=lambda r: (r.currency, r.valid_from)):
            days = self._days.setdefault(rate.currency, [])
            if days and days[-1] == rate.valid_from:
                raise BadRate(f"Two {rate.currency} rates start on {rate.valid_from}; keep one.")
            days.append(rate.valid_from)
            self._rates.setdefault(rate.currency, []).append(rate)

    @property
    def rates(self) -> tuple[Rate, ...]:
        """All rates, by currency and day."""
        return tuple(rate for rates in self._rates.values() for rate in rates)

    @cached_property
    def sha256(self) -> str:
        """Name the content of the table: equal tables have equal digests, whatever the order they were loaded in."""
        lines = (f"{r.currency},{r.valid_from},{r.usd_per_unit.normalize():f}" for r in self.rates)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def starts(self, currency: str) -> tuple[date, ...]:
        """Give the days on which a rate of the currency begins, oldest first; none for the dollar."""
        return tuple(self._days.get(currency, ()))

    def at(self, currency: str, on: date) -> Decimal:
        """Give US dollars per unit on a day.

        :raises UnknownCurrency: if the currency is not in ISO 4217.
        :raises NoRate: if the day lies before the currency's first rate, or it has none.
        """
        if currency not in MINOR_DIGITS:
            raise UnknownCurrency(currency)
        if currency == PIVOT:
            return Decimal(1)
        days = self._days.get(currency, [])
        position = bisect_right(days, on)
        if not position:
            raise NoRate(currency, on, days[0] if days else None)
        return self._rates[currency][position - 1].usd_per_unit

    def factor(self, currency: str, on: date, base: str) -> tuple[int, int]:
        """Give the exact ratio, in lowest terms, that turns minor units of ``currency`` into minor units of ``base``.

        :raises UnknownCurrency: if a currency is not in ISO 4217.
        :raises NoRate: if either currency has no rate on the day; none is needed when they are the same.
        """
        if currency == base and currency in MINOR_DIGITS:
            return 1, 1
        numerator, below = self.at(currency, on).as_integer_ratio()
        base_numerator, base_below = self.at(base, on).as_integer_ratio()
        numerator *= base_below * 10 ** MINOR_DIGITS[base]
        denominator = below * base_numerator * 10 ** MINOR_DIGITS[currency]
        common = gcd(numerator, denominator)
        return numerator // common, denominator // common

    def convert(self, minor: int, currency: str, on: date, base: str) -> int:
        """Turn minor units of ``currency`` into minor units of ``base`` at the rate of the day, half to even.

        :raises UnknownCurrency: if a currency is not in ISO 4217.
        :raises NoRate: if a rate is missing on the day.
        :raises BadAmount: if the result is larger than the desk can store.
        """
        result = divide_half_even(*_scaled(minor, self.factor(currency, on, base)))
        if result >= LARGEST_MINOR:
            raise too_large_in_base(base)
        return result


def _scaled(minor: int, factor: tuple[int, int]) -> tuple[int, int]:
    return minor * factor[0], factor[1]


def too_large_in_base(base: str) -> BadAmount:
    """Build the refusal of an amount that outgrows the ledger only once converted."""
    return BadAmount(f"The amount is larger than the desk can store once converted to {base}.")
