"""Decimal text to integer minor units, a column at a time and exactly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import IntEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.money import LARGEST_MINOR, MINOR_DIGITS
from casedesk.formats.records import Column, Flags, Ints

#: What nearly every amount looks like. Up to fifteen digits fit a double exactly, so doubles may carry them.
_USUAL: Final = r"^[0-9]{1,15}(\.[0-9]{1,8})?$"
_EXACT_BELOW: Final = 10**15

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_NOT_FINITE: Final = frozenset({"nan", "inf", "infinity"})
_LONGEST: Final = 100
_CONTEXT: Final = Context(prec=1200, rounding=ROUND_HALF_EVEN)


class AmountFault(IntEnum):
    """What is wrong with an amount."""

    NONE = 0
    NOT_A_NUMBER = 1
    NOT_FINITE = 2
    NEGATIVE = 3
    DECIMALS = 4
    TOO_LARGE = 5


@dataclass(frozen=True, slots=True)
class Amounts:
    """Minor units (0 where there is a fault), the fault, and whether decimals were rounded away."""

    minor: Ints
    fault: Ints
    rounded: Flags


def minor_units(text: str, digits: int, round_excess: bool) -> tuple[int, AmountFault, bool]:
    """Turn one decimal text into minor units of a currency with ``digits`` decimals."""
    text = text.strip()
    if text.lstrip("+-").lower() in _NOT_FINITE:
        return 0, AmountFault.NOT_FINITE, False
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        return 0, AmountFault.NOT_A_NUMBER, False
    value = Decimal(text)
    if value < 0:
        return 0, AmountFault.NEGATIVE, False
    scaled = value.scaleb(digits, _CONTEXT)
    if scaled >= LARGEST_MINOR:
        return 0, AmountFault.TOO_LARGE, False
    whole = scaled.to_integral_value(ROUND_HALF_EVEN)
    if whole != scaled and not round_excess:
        return 0, AmountFault.DECIMALS, False
    if whole >= LARGEST_MINOR:
        return 0, AmountFault.TOO_LARGE, False
    return int(whole), AmountFault.NONE, whole != scaled


def parse_amounts(column: Column, digits: Ints, *, round_excess: bool) -> Amounts:
    """Turn a column of decimal texts into minor units; ``digits`` has the decimals of each row's currency."""
    usual = pc.match_substring_regex(column, _USUAL)
    values = pc.if_else(usual, column, "0").cast(pa.float64()).to_numpy(zero_copy_only=False)
    scaled = np.rint(values * np.power(10.0, digits))
    point = pc.find_substring(column, ".").to_numpy(zero_copy_only=False)
    decimals = np.where(point < 0, 0, pc.binary_length(column).to_numpy(zero_copy_only=False) - 1 - point)
    fast = usual.to_numpy(zero_copy_only=False) & (decimals <= digits) & (scaled < _EXACT_BELOW)
    minor = np.where(fast, scaled, 0).astype(np.int64)
    fault = np.zeros(len(minor), dtype=np.int64)
    rounded = np.zeros(len(minor), dtype=np.bool_)
    for i in np.flatnonzero(~fast).tolist():
        minor[i], fault[i], rounded[i] = minor_units(column[i].as_py(), int(digits[i]), round_excess)
    return Amounts(minor, fault, rounded)


def reason_for(fault: int, currency: str) -> str:
    """Say what is wrong with an amount of a currency, and how it is written."""
    digits = MINOR_DIGITS.get(currency, 2)
    example = "1234" if digits == 0 else "1234." + "5".ljust(digits, "0")
    return {
        AmountFault.NOT_A_NUMBER: f"The amount is not a number; write it as {example}.",
        AmountFault.NOT_FINITE: "The amount is not a finite number.",
        AmountFault.NEGATIVE: "The amount is negative; the direction is told by from_account and to_account.",
        AmountFault.DECIMALS: f"The amount has more than the {digits} decimals of {currency}.",
        AmountFault.TOO_LARGE: f"The amount is larger than the desk can store ({LARGEST_MINOR} minor units).",
    }[AmountFault(fault)]
