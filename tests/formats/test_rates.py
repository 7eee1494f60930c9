"""Exact conversion, dated rates, and files of rates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casedesk.domain.money import MINOR_DIGITS, BadAmount, UnknownCurrency
from casedesk.domain.rates import BadRate, NoRate, Rate, RateTable
from casedesk.errors import Invalid
from casedesk.formats import read_rates
from casedesk.formats.conversion import Paid, convert_column
from casedesk.formats.faults import Faults

DAY = date(2024, 7, 1)


def rate(currency: str, since: str, value: str) -> Rate:
    return Rate(currency, date.fromisoformat(since), Decimal(value), "test")


TABLE = RateTable(
    [
        rate("EUR", "2020-01-01", "1.10"),
        rate("EUR", "2024-07-01", "1.0825"),
        rate("JPY", "2022-01-01", "0.0066"),
        rate("KWD", "2023-05-01", "3.257"),
        rate("XBT", "2021-01-01", "47400"),
        rate("IRR", "2021-01-01", "0.000023809523"),
        rate("BHD", "2021-01-01", "999999999.999999999999"),
    ]
)


@pytest.mark.parametrize(
    ("minor", "currency", "base", "expected"),
    [
        (10_000, "USD", "USD", 10_000),
        (10_000, "EUR", "USD", 10_825),
        (10_825, "USD", "EUR", 10_000),
        (100, "JPY", "USD", 66),
        (1_000, "KWD", "USD", 326),  # 325.7
        (100_000_000, "XBT", "USD", 4_740_000),
        (10_000, "EUR", "JPY", 16_402),  # 16401.51...
        (200, "EUR", "USD", 216),  # 216.5 is halfway: the even neighbour below
        (600, "EUR", "USD", 650),  # 649.5 is halfway: the even neighbour above
    ],
)
def test_an_amount_converts_exactly_and_half_to_even(minor: int, currency: str, base: str, expected: int) -> None:
    assert TABLE.convert(minor, currency, DAY, base) == expected


def test_a_rate_counts_from_its_day_until_the_next() -> None:
    assert TABLE.convert(10_000, "EUR", date(2024, 6, 30), "USD") == 11_000
    assert TABLE.convert(10_000, "EUR", date(2024, 7, 1), "USD") == 10_825
    assert TABLE.convert(10_000, "EUR", date(2099, 1, 1), "USD") == 10_825


def test_a_day_before_the_first_rate_names_currency_day_and_fix() -> None:
    with pytest.raises(NoRate, match=r"no exchange rate for EUR on 2019-12-31.*2020-01-01.*casedesk rates load FILE"):
        TABLE.convert(1, "EUR", date(2019, 12, 31), "USD")
    with pytest.raises(NoRate, match="the table has no SEK rate"):
        TABLE.convert(1, "SEK", DAY, "USD")
    with pytest.raises(NoRate, match="SEK"):
        TABLE.convert(1, "USD", DAY, "SEK")


def test_a_currency_needs_no_rate_for_itself() -> None:
    assert TABLE.convert(5, "SEK", date(1980, 1, 1), "SEK") == 5
    assert TABLE.convert(5, "USD", date(1980, 1, 1), "USD") == 5


def test_an_unknown_currency_is_refused_even_for_itself() -> None:
    with pytest.raises(UnknownCurrency):
        TABLE.convert(5, "XXX", DAY, "XXX")


def test_a_result_too_large_to_store_is_refused() -> None:
    assert TABLE.convert(10**9, "BHD", DAY, "USD") == 10**17
    with pytest.raises(BadAmount, match="once converted to USD"):
        TABLE.convert(10**10, "BHD", DAY, "USD")


@pytest.mark.parametrize(
    ("currency", "value", "words"),
    [
        ("EUR", "0", "above 0"),
        ("EUR", "-1", "above 0"),
        ("EUR", "NaN", "above 0"),
        ("EUR", "1000000000", "below 1000000000"),
        ("EUR", "0.0000000000001", "12 decimals"),
        ("USD", "1", "one dollar"),
    ],
)
def test_a_bad_rate_is_refused(currency: str, value: str, words: str) -> None:
    with pytest.raises(BadRate, match=words):
        rate(currency, "2024-01-01", value)


def test_two_rates_of_one_day_are_refused() -> None:
    with pytest.raises(BadRate, match="Two EUR rates start on 2024-01-01"):
        RateTable([rate("EUR", "2024-01-01", "1"), rate("EUR", "2024-01-01", "2")])


def test_the_digest_names_the_content_not_the_order() -> None:
    turned = RateTable(reversed(TABLE.rates))
    assert turned.sha256 == TABLE.sha256
    assert RateTable([*TABLE.rates, rate("SEK", "2024-01-01", "0.1")]).sha256 != TABLE.sha256


KNOWN = ["USD", "EUR", "JPY", "KWD", "XBT", "IRR", "BHD", "SEK"]
MINOR = st.one_of(st.integers(0, 10**7), st.integers(0, 10**18 - 1), st.sampled_from([0, 10**18 - 1, 2**53 + 1]))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(MINOR, st.sampled_from(KNOWN), st.dates(date(2019, 6, 1), date(2025, 1, 1))), min_size=1, max_size=30
    ),
    st.sampled_from(KNOWN),
)
@example([(minor, "EUR", DAY) for minor in (0, 200, 600, 199)], "USD")
@example([(minor, "EUR", DAY) for minor in (200, 600, 10**18 - 1)], "USD")
@example([(10**15, "XBT", DAY), (7, "XBT", DAY), (7, "EUR", date(2024, 6, 30))], "USD")
def test_a_column_converts_as_its_rows_do(table: list[tuple[int, str, date]], base: str) -> None:
    faults = Faults(np.arange(len(table), dtype=np.int64))
    micros = [(day - date(1970, 1, 1)) // timedelta(days=1) * 86_400_000_000 + 86_399_999_999 for _, _, day in table]
    paid = Paid(
        np.array([minor for minor, _, _ in table], dtype=np.int64),
        np.array([KNOWN.index(currency) for _, currency, _ in table], dtype=np.int64),
        KNOWN,
        np.array(micros, dtype=np.int64),
    )
    texts = pa.array([currency for _, currency, _ in table])
    converted = convert_column(paid, TABLE, base, faults, {"currency": texts, "amount": texts})
    reasons = {row.row_number: row.reason for row in faults.rows}
    for i, (minor, currency, day) in enumerate(table):
        expected = _converted(minor, currency, day, base)
        assert reasons.get(i, int(converted[i])) == expected


def _converted(minor: int, currency: str, day: date, base: str) -> int | str:
    try:
        return TABLE.convert(minor, currency, day, base)
    except Invalid as error:
        return str(error)


@given(
    st.integers(0, 10**12), st.sampled_from(["EUR", "JPY", "KWD", "XBT", "IRR"]), st.sampled_from(["USD", "EUR", "JPY"])
)
def test_conversion_agrees_with_decimal_arithmetic(minor: int, currency: str, base: str) -> None:
    with localcontext(prec=90):
        dollars = Decimal(minor).scaleb(-MINOR_DIGITS[currency]) * TABLE.at(currency, DAY)
        units = (dollars / TABLE.at(base, DAY)).scaleb(MINOR_DIGITS[base])
        assert TABLE.convert(minor, currency, DAY, base) == int(units.to_integral_value(ROUND_HALF_EVEN))


def test_the_shipped_rates_cover_the_currencies_of_amlworld_and_say_what_they_are(rates: RateTable) -> None:
    for currency in ("EUR", "GBP", "JPY", "CNY", "INR", "RUB", "ILS", "CHF", "CAD", "AUD", "MXN", "BRL", "SAR", "XBT"):
        assert rates.at(currency, date(2022, 9, 1)) > 0
    assert all(r.source.startswith("illustrative") for r in rates.rates)
    assert rates.convert(95_100, "EUR", date(2022, 9, 1), "USD") == 100_000
    assert abs(rates.convert(131_454, "JPY", date(2022, 9, 1), "USD") - 100_000) <= 1


HEADER = "currency,valid_from,usd_per_unit,source"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("EUR,2024-02-31,1.1,ecb", "Row 3 of rates.csv, valid_from"),
        ("EUR,2024-02-01,much,ecb", "Row 3 of rates.csv, usd_per_unit"),
        ("EUR,2024-02-01,-1,ecb", "Row 3 of rates.csv, currency or usd_per_unit"),
        ("EURO,2024-02-01,1,ecb", "“EURO” is not an ISO 4217"),
        ("EUR,2024-02-01,1,", "Row 3 of rates.csv, source"),
        ("EUR,2024-02-01,1", "it has 3 columns where the header has 4"),
        ("GBP,2024-01-01,1.3,ecb", "GBP has another rate from 2024-01-01"),
    ],
)
def test_a_bad_row_refuses_the_whole_rates_file(write: Callable[..., Path], line: str, words: str) -> None:
    path = write("GBP,2024-01-01,1.3,ecb", line, header=HEADER, name="rates.csv")
    with pytest.raises(Invalid, match=words) as caught:
        read_rates(path)
    assert str(caught.value).endswith("No rate was loaded.")


def test_a_good_rates_file_loads(write: Callable[..., Path]) -> None:
    path = write(
        " GBP ,2024-01-01, 1.3,ecb",
        "",
        "EUR,2024-01-01,1.1,ecb",
        header="\ufeffCurrency,valid_from,usd_per_unit,source",
    )
    assert [(r.currency, r.usd_per_unit) for r in read_rates(path)] == [
        ("GBP", Decimal("1.3")),
        ("EUR", Decimal("1.1")),
    ]


def test_a_rates_file_without_a_column_names_it(write: Callable[..., Path]) -> None:
    with pytest.raises(Invalid, match="lacks the column usd_per_unit of a rates file"):
        read_rates(write("x", header="currency,valid_from,source", name="rates.csv"))
