"""Money is integer minor units of an ISO 4217 currency, and text becomes money exactly or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casedesk.domain.money import LARGEST_MINOR, MINOR_DIGITS, BadAmount, Money, UnknownCurrency, format_minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1234.50", "USD", 123450),
        ("0", "USD", 0),
        ("007.5", "USD", 750),
        ("1.500", "USD", 150),
        ("1500", "JPY", 1500),
        ("1.234", "KWD", 1234),
        ("0.00000001", "XBT", 1),
        ("9999999999999999.99", "USD", LARGEST_MINOR - 1),
    ],
)
def test_an_amount_becomes_minor_units(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    ["", "-1", "nan", "inf", "1e5", "1_000", "1,000.00", "٣", "1.005", "0.1" + "0" * 32 + "1", "1" * 17, "1" * 40],
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount, match="amount|decimals"):
        Money.parse(text, "USD")


def test_an_unknown_currency_is_named() -> None:
    with pytest.raises(UnknownCurrency, match="“DOL” is not an ISO 4217 currency code"):
        Money.parse("1", "DOL")


@given(st.integers(0, LARGEST_MINOR - 1), st.sampled_from(sorted(MINOR_DIGITS)))
def test_what_is_shown_can_be_read_back(minor: int, currency: str) -> None:
    shown = format_minor(minor, currency).replace(",", "")
    assert Money.parse(shown, currency).minor == minor
