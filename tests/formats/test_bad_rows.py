"""Rows that are refused one by one, with row, field, value and reason; and rows that only look bad."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from casedesk.domain.rates import RateTable
from casedesk.formats import RejectedRow
from tests.formats.reading import line, read


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"transaction_id": ""}, "transaction_id", "has no id"),
        ({"transaction_id": "x" * 65}, "transaction_id", "longer than 64"),
        ({"booked_at": "2026-02-31T10:00:00Z"}, "booked_at", "no such day"),
        ({"booked_at": "2023-02-29T10:00:00Z"}, "booked_at", "no such day"),
        ({"booked_at": "2026-07-01T25:00:00Z"}, "booked_at", "no such day or hour"),
        ({"booked_at": "2026-07-01T09:30:00"}, "booked_at", "has no zone.*--zone UTC"),
        ({"booked_at": "01/07/2026"}, "booked_at", "not a date and time; write it as 2026-07-01T09:30:00Z"),
        ({"booked_at": "1969-12-31T23:59:59Z"}, "booked_at", "1970 to 2099"),
        ({"booked_at": "2100-01-01T00:00:00Z"}, "booked_at", "1970 to 2099"),
        ({"from_account": "", "to_account": " "}, "from_account", "Both accounts are blank"),
        ({"amount": "-5"}, "amount", "negative"),
        ({"amount": "NaN"}, "amount", "not a finite number"),
        ({"amount": "inf"}, "amount", "not a finite number"),
        ({"amount": ""}, "amount", "not a number; write it as 1234.50"),
        ({"amount": "1,234.50"}, "amount", "not a number"),
        ({"amount": "12.345"}, "amount", "more than the 2 decimals of USD"),
        ({"amount": "12.5", "currency": "JPY"}, "amount", "more than the 0 decimals of JPY"),
        ({"amount": "x", "currency": "JPY"}, "amount", "write it as 1234."),
        ({"amount": "1" * 18}, "amount", "larger than the desk can store"),
        ({"currency": "DOL"}, "currency", "not an ISO 4217 currency code"),
        ({"currency": ""}, "currency", "not an ISO 4217 currency code"),
        ({"received_currency": "EUR"}, "received_amount", "received_amount is blank"),
        ({"received_amount": "-1"}, "received_amount", "negative"),
        ({"received_amount": "1", "received_currency": "Euro"}, "received_currency", "ISO 4217"),
        ({"channel": "wire"}, "channel", "write one of CASH, ACH, WIRE"),
        ({"from_country": "USA"}, "from_country", "two capital letters"),
        ({"to_country": "XX"}, "to_country", "two capital letters"),
        ({"reference": "a\tb"}, "reference", "control character"),
        ({"reference": "two\nlines"}, "reference", "control character"),
        ({"reference": "x" * 141}, "reference", "longer than 140"),
        (
            {"booked_at": "2019-05-01T00:00:00Z", "currency": "EUR"},
            "currency",
            "no exchange rate for EUR on 2019-05-01",
        ),
        ({"currency": "MOP"}, "currency", "the table has no MOP rate"),
        ({"amount": "9000000000000000", "currency": "KWD"}, "amount", "larger"),
    ],
)
def test_a_bad_row_is_rejected_between_good_ones(
    write: Callable[..., Path], rates: RateTable, changes: dict[str, str], field: str, words: str
) -> None:
    path = write(line(transaction_id="T1"), line(**{"transaction_id": "T2", **changes}), line(transaction_id="T3"))
    good, rejects, _ = read(path, rates)
    assert [row["transaction_id"] for row in good] == ["T1", "T3"]
    [reject] = rejects
    assert (reject.row_number, reject.field) == (3, field)
    assert re.search(words, reject.reason), reject.reason


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"amount": "0"}, {"amount_minor": 0, "base_minor": 0}),
        ({"amount": "1e3"}, {"amount_minor": 100_000}),
        ({"amount": " 12.5 "}, {"amount_minor": 1250}),
        ({"amount": "9999999999999999.99"}, {"amount_minor": 999_999_999_999_999_999}),
        ({"amount": "999999999999999.99"}, {"amount_minor": 99_999_999_999_999_999}),
        ({"amount": "70368744177664.01"}, {"amount_minor": 7_036_874_417_766_401}),
        ({"from_account": ""}, {"from_account": "", "to_account": "A2"}),
        ({"from_account": "A", "to_account": "A"}, {"from_account": "A", "to_account": "A"}),
        (
            {"received_amount": "11.10", "received_currency": "EUR"},
            {"received_minor": 1110, "received_currency": "EUR"},
        ),
        ({}, {"received_minor": 1250, "received_currency": "USD"}),
        ({"received_amount": "12.40"}, {"received_minor": 1240, "received_currency": "USD"}),
        ({"booked_at": "2024-07-01T11:30:00.5+02:00"}, {"booked_at": 1_719_826_200_500_000}),
        ({"reference": "Cafe\u0301 "}, {"reference": "Café"}),
        ({"reference": "=HYPERLINK(1)"}, {"reference": "=HYPERLINK(1)"}),
        ({"reference": '<b>, "quoted"'}, {"reference": '<b>, "quoted"'}),
        ({"amount": "100", "currency": "EUR"}, {"amount_minor": 10_000, "base_minor": 10_823}),
        ({"from_country": "", "to_country": ""}, {"from_country": "", "to_country": ""}),
    ],
)
def test_an_unusual_row_is_taken(
    write: Callable[..., Path], rates: RateTable, changes: dict[str, str], expected: dict[str, Any]
) -> None:
    [row], rejects, _ = read(write(line(**changes)), rates)
    assert rejects == []
    assert {name: row[name] for name in expected} == expected


def test_the_first_fault_of_a_row_is_told(write: Callable[..., Path], rates: RateTable) -> None:
    _, rejects, _ = read(write(line(channel="?", amount="-1", booked_at="never")), rates)
    assert [(r.field, r.value) for r in rejects] == [("booked_at", "never")]


def test_a_value_is_cut_to_eighty_characters_with_control_characters_written_out(
    write: Callable[..., Path], rates: RateTable
) -> None:
    _, [cut, escaped], _ = read(write(line(reference="x" * 500), line(reference="a\x1b[31m")), rates)
    assert cut.value == "x" * 80
    assert escaped.value == "a\\x1b[31m"


def test_rows_of_another_width_are_rejected_with_both_widths(write: Callable[..., Path], rates: RateTable) -> None:
    good, rejects, _ = read(write(line(), "T2,2024", line(transaction_id="T3"), line() + ",1,2"), rates)
    assert [row["transaction_id"] for row in good] == ["T1", "T3"]
    assert rejects == [
        RejectedRow(3, "row", "T2,2024", "The row has 2 columns where the header has 13."),
        RejectedRow(5, "row", line() + ",1,2", "The row has 15 columns where the header has 13."),
    ]


def test_row_numbers_count_records_and_blank_lines(write: Callable[..., Path], rates: RateTable) -> None:
    path = write(line(), "", ",,,,,,,,,,,,", line(reference="two\nlines"), "short", line(amount="x"), line(amount="y"))
    good, rejects, _ = read(path, rates)
    assert len(good) == 1
    assert [(r.row_number, r.field) for r in rejects] == [(5, "reference"), (6, "row"), (7, "amount"), (8, "amount")]


def test_the_clock_change_is_told_apart(write: Callable[..., Path], rates: RateTable) -> None:
    path = write(
        line(booked_at="2024-03-31 02:30:00"),  # skipped in Berlin
        line(booked_at="2024-10-27 02:30:00"),  # happens twice: the first is meant
        line(booked_at="2024-10-27T02:30:00+01:00"),  # a zone of its own is kept
    )
    good, rejects, _ = read(path, rates, zone="Europe/Berlin")
    assert [(r.row_number, r.field) for r in rejects] == [(2, "booked_at")]
    assert "put forward" in rejects[0].reason
    assert [row["booked_at"] for row in good] == [1_729_989_000_000_000, 1_729_992_600_000_000]
