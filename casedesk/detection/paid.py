"""The amount of a transaction as it was paid, in its own currency, written so that the rules need not know the currency.

``paid_minor`` has as many decimals as the base currency: JPY 150,000 is 15,000,000 where the base is USD, KWD 1,250.500 is
125,050. What has more decimals than that, or more digits than the engines' whole numbers, is below 0: no unit of the base
currency divides it. Where the data says no currency, it is the amount in the base currency.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from casedesk.domain.money import MINOR_DIGITS

#: Columns that transactions may have, both or neither.
OWN_AMOUNT: Final = ("amount_minor", "currency")

#: The largest whole number that both engines hold.
_LARGEST: Final = 2**63 - 1
#: How an engine writes the whole part of a quotient.
_DIVIDED: Final = {"duckdb": "//", "pyspark": "div"}
#: How an engine looks a currency up. DuckDB would make a join of a long IN, and run it also where nobody asks for the amount.
_AMONG: Final = {"duckdb": "list_contains([{codes}], currency)", "pyspark": "currency IN ({codes})"}


def paid_minor(columns: Collection[str], base_currency: str, dialect: str) -> str:
    """Return SQL for the amount as paid, over transactions with these columns."""
    if not set(OWN_AMOUNT) <= set(columns):
        return "base_minor"
    by_shift: dict[int, list[str]] = {}
    for code, digits in MINOR_DIGITS.items():
        by_shift.setdefault(MINOR_DIGITS[base_currency] - digits, []).append(code)
    # the base currency comes first, because nearly all rows have it, and then those with as many decimals
    arms = [
        f"WHEN {_AMONG[dialect].format(codes=', '.join(map(repr, codes)))} THEN {_shifted(shift, dialect)}"
        for shift, codes in sorted(by_shift.items(), key=lambda one: abs(one[0]))
    ]
    return f"CASE WHEN currency = '{base_currency}' THEN amount_minor {' '.join(arms)} WHEN currency = '' THEN base_minor ELSE -1 - base_minor END"


def as_paid(row: Mapping[str, Any], base_currency: str) -> int:
    """Return the amount of one transaction as paid, from its columns, as the SQL of :func:`paid_minor` does."""
    if OWN_AMOUNT[0] not in row or row["currency"] == "":
        return int(row["base_minor"])
    minor, digits = int(row["amount_minor"]), MINOR_DIGITS.get(row["currency"])
    if digits is None:
        return -1 - int(row["base_minor"])
    shift = MINOR_DIGITS[base_currency] - digits
    power = 10 ** abs(shift)
    if shift >= 0:
        return minor * power if minor <= _LARGEST // power else -1 - minor
    return -1 - minor if minor % power else minor // power


def _shifted(shift: int, dialect: str) -> str:
    if not shift:
        return "amount_minor"
    power = 10 ** abs(shift)
    fits, value = (
        (f"amount_minor <= {_LARGEST // power}", f"amount_minor * {power}")
        if shift > 0
        else (f"amount_minor % {power} = 0", f"amount_minor {_DIVIDED[dialect]} {power}")
    )
    return f"CASE WHEN {fits} THEN {value} ELSE -1 - amount_minor END"
