"""Exchange rates from a CSV: the bank's own, or the table the desk ships."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from casedesk.domain.counts import counted
from casedesk.domain.rates import Rate, RateTable
from casedesk.errors import Invalid
from casedesk.formats.file_types import FileType, WrongFileType, recognise
from casedesk.formats.headers import MissingColumns
from casedesk.formats.prescan import scan

RATE_COLUMNS: Final = ("currency", "valid_from", "usd_per_unit", "source")

#: Yearly averages for a first look at the desk. Their source column says so; a bank loads its own table.
DEFAULT_RATES: Final = Path(__file__).with_name("default_rates.csv")


class BadRateRow(Invalid):
    """A row of a rates file breaks a rule."""

    def __init__(self, path: Path, row: int, field: str, why: str) -> None:
        super().__init__(f"Row {row} of {path.name}, {field}: {why} No rate was loaded.")


def read_rates(path: Path) -> list[Rate]:
    """Read a rates file (CSV with the columns currency, valid_from, usd_per_unit, source), all or nothing.

    :raises MissingColumns: if a column is missing.
    :raises BadRateRow: naming the row (the header is row 1), the field and what is wrong.
    """
    opened = recognise(path)
    if opened.type is not FileType.CSV:
        raise WrongFileType(path, f"it is {opened.type}, and rates are read from CSV")
    scan(opened)
    with io.TextIOWrapper(opened.stream(), encoding="utf-8-sig", newline="") as text:
        rows = list(csv.reader(text))
    header = [name.strip().casefold() for name in rows[0]]
    missing = [name for name in RATE_COLUMNS if name not in header]
    if missing:
        raise MissingColumns(path, "a rates file", missing, rows[0], "Add them.")
    rates: list[Rate] = []
    for number, values in enumerate(rows[1:], start=2):
        if any(value.strip() for value in values):
            if len(values) != len(header):
                raise BadRateRow(
                    path, number, "row", f"it has {counted(len(values), 'column')} where the header has {len(header)}."
                )
            rates.append(_rate(path, number, dict(zip(header, values, strict=True))))
            _refuse_repeated(path, number, rates)
    return rates


def default_rates() -> RateTable:
    """Give the table the desk ships: illustrative yearly averages."""
    return RateTable(read_rates(DEFAULT_RATES))


def _rate(path: Path, number: int, row: Mapping[str, str]) -> Rate:
    try:
        valid_from = date.fromisoformat(row["valid_from"].strip())
    except ValueError:
        why = f"“{row['valid_from']}” is not a day of the calendar; write it as 2026-07-01."
        raise BadRateRow(path, number, "valid_from", why) from None
    try:
        value = Decimal(row["usd_per_unit"].strip())
    except InvalidOperation:
        why = f"“{row['usd_per_unit']}” is not a number; write it as 1.0825."
        raise BadRateRow(path, number, "usd_per_unit", why) from None
    source = row["source"].strip()
    if not source:
        raise BadRateRow(path, number, "source", "it is blank; say where the rate comes from.")
    currency = row["currency"].strip()
    try:
        return Rate(currency, valid_from, value, source)
    except Invalid as error:
        raise BadRateRow(path, number, "currency or usd_per_unit", str(error)) from None


def _refuse_repeated(path: Path, number: int, rates: list[Rate]) -> None:
    last = rates[-1]
    if any((rate.currency, rate.valid_from) == (last.currency, last.valid_from) for rate in rates[:-1]):
        why = f"{last.currency} has another rate from {last.valid_from}; keep one."
        raise BadRateRow(path, number, "valid_from", why)
