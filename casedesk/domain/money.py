"""Money as integer minor units of an ISO 4217 currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from casedesk.errors import Invalid

#: Decimal places of the minor unit. Source: ISO 4217, list one (2024 amendment); XBT is not in the list, its minor unit
#: here is the satoshi because AMLworld books Bitcoin.
MINOR_DIGITS: Final[dict[str, int]] = {
    **dict.fromkeys(
        [
            "AED",
            "AFN",
            "ALL",
            "AMD",
            "ANG",
            "AOA",
            "ARS",
            "AUD",
            "AWG",
            "AZN",
            "BAM",
            "BBD",
            "BDT",
            "BGN",
            "BMD",
            "BND",
            "BOB",
            "BRL",
            "BSD",
            "BTN",
            "BWP",
            "BYN",
            "BZD",
            "CAD",
            "CDF",
            "CHF",
            "CNY",
            "COP",
            "CRC",
            "CUP",
            "CVE",
            "CZK",
            "DKK",
            "DOP",
            "DZD",
            "EGP",
            "ERN",
            "ETB",
            "EUR",
            "FJD",
            "FKP",
            "GBP",
            "GEL",
            "GHS",
            "GIP",
            "GMD",
            "GTQ",
            "GYD",
            "HKD",
            "HNL",
            "HTG",
            "HUF",
            "IDR",
            "ILS",
            "INR",
            "IRR",
            "JMD",
            "KES",
            "KGS",
            "KHR",
            "KPW",
            "KYD",
            "KZT",
            "LAK",
            "LBP",
            "LKR",
            "LRD",
            "LSL",
            "MAD",
            "MDL",
            "MGA",
            "MKD",
            "MMK",
            "MNT",
            "MOP",
            "MRU",
            "MUR",
            "MVR",
            "MWK",
            "MXN",
            "MYR",
            "MZN",
            "NAD",
            "NGN",
            "NIO",
            "NOK",
            "NPR",
            "NZD",
            "PAB",
            "PEN",
            "PGK",
            "PHP",
            "PKR",
            "PLN",
            "QAR",
            "RON",
            "RSD",
            "RUB",
            "SAR",
            "SBD",
            "SCR",
            "SDG",
            "SEK",
            "SGD",
            "SHP",
            "SLE",
            "SOS",
            "SRD",
            "SSP",
            "STN",
            "SVC",
            "SYP",
            "SZL",
            "THB",
            "TJS",
            "TMT",
            "TOP",
            "TRY",
            "TTD",
            "TWD",
            "TZS",
            "UAH",
            "USD",
            "UYU",
            "UZS",
            "VED",
            "VES",
            "WST",
            "XCD",
            "YER",
            "ZAR",
            "ZMW",
            "ZWG",
        ],
        2,
    ),
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    "XBT": 8,
}

#: BIGINT holds 19 digits; the desk stops one digit earlier so that a sum of nine amounts still fits.
LARGEST_MINOR: Final = 10**18

_NUMBER: Final = re.compile(r"0*([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_LONGEST: Final = 19


class UnknownCurrency(Invalid):
    """The code is not in ISO 4217."""

    def __init__(self, code: str) -> None:
        super().__init__(f"“{code}” is not an ISO 4217 currency code; write three capital letters such as USD or EUR.")


class BadAmount(Invalid):
    """The text is not an amount of the currency."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in integer minor units (cents, satoshi) of one currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if self.currency not in MINOR_DIGITS:
            raise UnknownCurrency(self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Read a decimal number such as ``1234.50``.

        :raises UnknownCurrency: if ``currency`` is not in ISO 4217.
        :raises BadAmount: if the text is not a finite, non-negative number, or has more decimals than the currency.
        """
        if currency not in MINOR_DIGITS:
            raise UnknownCurrency(currency)
        written = _NUMBER.fullmatch(text.strip())
        if written is None:
            raise BadAmount(f"“{text}” is not an amount; write a number that is not negative, such as 1234.50.")
        digits = MINOR_DIGITS[currency]
        whole, fraction = written[1], (written[2] or "").rstrip("0")
        if len(fraction) > digits:
            raise BadAmount(f"“{text}” has more than the {digits} decimals of {currency}.")
        # Integers throughout: Decimal would round what is longer than its context.
        minor = int(whole + fraction.ljust(digits, "0")) if len(whole) <= _LONGEST else LARGEST_MINOR
        if minor >= LARGEST_MINOR:
            raise BadAmount(f"“{text}” is larger than any amount the desk can store ({LARGEST_MINOR} minor units).")
        return cls(minor, currency)

    def __str__(self) -> str:
        return f"{self.currency} {format_minor(self.minor, self.currency)}"


def format_minor(minor: int, currency: str) -> str:
    """Write minor units with thousands commas and the currency's decimals: ``1,234.50``."""
    digits = MINOR_DIGITS[currency]
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}"
