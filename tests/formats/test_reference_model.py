"""The vectorised rules against the same rules written slowly, on rows made to sit at their edges."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from casedesk.domain.rates import RateTable
from tests.formats.reading import GOOD, read
from tests.formats.reference import judge

SPACES = st.sampled_from(["", "", "", " ", "\u00a0", "  "])
WORDS = st.one_of(
    st.sampled_from(["", "A1", "é", "e\u0301", "𝒳" * 33, "x" * 64, "x" * 65, "x" * 140, "x" * 141, "𝒳" * 70, "𝒳" * 71]),
    st.sampled_from(["a\tb", "a\nb", "\x7f", "\x85", "a\u2028b", "=1+1", 'say "hi"', "a,b", "İ", "\ufeffA"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8),
)
FIELDS = {
    "transaction_id": WORDS,
    "booked_at": st.one_of(
        st.datetimes().map(lambda t: t.isoformat() + "Z"),
        st.datetimes().map(lambda t: t.isoformat(sep=" ", timespec="minutes")),
        st.datetimes(timezones=st.just(ZoneInfo("Asia/Kolkata"))).map(lambda t: t.isoformat()),
        st.sampled_from(
            [
                "2023-02-29T00:00Z", "2024-02-29T00:00Z", "1900-02-29T00:00Z", "2000-02-29T00:00Z", "2024-02-31T10:00:00Z",
                "2024/07/01 09:30", "2024/07-01 09:30", "2024-07-01", "2024-13-01T00:00Z", "2024-00-10T00:00Z",
                "2024-07-01T24:00:00Z", "2024-07-01T23:60:00Z", "2024-07-01T23:59:60Z", "1969-12-31T23:59:59.999999Z",
                "1970-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z", "2024-03-31 02:30:00",
                "2024-10-27 02:30:00", "2024-07-01T09:30:00.1234567Z", "2024-07-01T09:30:00,5+0530", "now", "", "0000-01-01T00:00Z",
                "2024-07-01T09:30:00+24:00", "2024-07-01T09:30:00 UTC", "２０２４-07-01T00:00Z", "2024-07-01T0é:30Z",
                "1970-01-01T01:00+02:00", "2099-12-31T23:00:00-02:00", "2024-07-01T09:30:00+0", "2024-07-01t09:30z",
            ]
        ),
    ),
    "from_account": WORDS,
    "to_account": WORDS,
    "amount": st.one_of(
        st.decimals(min_value=-10, max_value=10**17, places=2).map(str),
        st.floats().map(repr),
        st.sampled_from(
            [
                "0", "-0", "-0.00", "+5", ".5", "5.", ".", "", "1e3", "1E-2", "1e999", "1e-999", "1e9999", "nan", "-inf",
                "Infinity", "1,234.50", "1_000", "١٢", "0.001", "0.00000001", "0.000000001", "999999999999999.99",
                "9999999999999999.99", "10000000000000000", "1" * 40, "0" * 60 + "1.10", "1." + "0" * 60, "$5", "5 USD",
                "1." + "0" * 40 + "1", "0x10", "1234567890123.45", "4503599627370497.5", "70368744177664.01",
            ]
        ),
    ),
    "currency": st.sampled_from(["USD", "USD", "EUR", "JPY", "KWD", "XBT", "INR", "ZWG", "usd", "XXX", "", "US Dollar", " GBP"]),
    "received_amount": st.sampled_from(["", "", "", " ", "12.50", "0", "-1", "nan", "12.505", "x"]),
    "received_currency": st.sampled_from(["", "", "", "USD", "EUR", "JPY", "???"]),
    "channel": st.sampled_from(["CASH", "ACH", "WIRE", "OTHER", "INTERNAL", "cash", "", "withdrawal", " CARD "]),
    "from_country": st.sampled_from(["", "US", "GB", "UK", "us", "XX", "XK", " DE"]),
    "to_country": st.sampled_from(["", "US", "KP", "ZZ"]),
    "branch": WORDS,
    "reference": WORDS,
}  # fmt: skip


@st.composite
def rows(draw: st.DrawFn) -> dict[str, str]:
    changed = draw(st.sets(st.sampled_from(list(FIELDS)), max_size=4))
    row = dict(GOOD)
    for name in changed:
        row[name] = draw(SPACES) + draw(FIELDS[name])
    return row


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(rows(), min_size=1, max_size=12),
    st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
    st.sampled_from(["USD", "EUR", "JPY"]),
)
@example([{**GOOD, "booked_at": "2024-03-31 02:30:00"}], "Europe/Berlin", "EUR")
def test_the_fast_rules_are_the_slow_rules(
    rates: RateTable, table: list[dict[str, str]], zone: str | None, base: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transactions.csv"
        with path.open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, list(GOOD), quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(table)
        good, rejects, _ = read(path, rates, zone=zone, base_currency=base)
    expected = [judge(row, rates, base, ZoneInfo(zone) if zone else None) for row in table]
    assert [(r.row_number, r.field) for r in rejects] == [
        (i, verdict) for i, verdict in enumerate(expected, start=2) if isinstance(verdict, str)
    ]
    assert good == [verdict for verdict in expected if isinstance(verdict, dict)]


@pytest.mark.parametrize("field", FIELDS)
def test_the_generator_reaches_both_verdicts_on_every_field(field: str, rates: RateTable) -> None:
    seen: set[bool] = set()

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(FIELDS[field])
    def look(value: str) -> None:
        seen.add(isinstance(judge({**GOOD, field: value}, rates, "USD", None), str))

    look()
    assert seen == {True, False}
