"""A few rows, converted one by one: what is not left to the validator comes out as the validator has it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from casedesk.domain.transactions import Channel
from casedesk.formats.few_rows import few_rows
from casedesk.formats.posted import by_columns
from casedesk.formats.rate_files import default_rates

PLAIN: dict[str, Any] = {
    "transaction_id": "T-1", "booked_at": "2026-07-01T09:30:00Z", "from_account": "B/1", "to_account": "B/2",
    "amount": "9500.00", "currency": "USD", "received_amount": "", "received_currency": None, "channel": "WIRE",
    "from_country": "US", "to_country": "", "branch": "", "reference": "for rent",
}  # fmt: skip

#: What stands at the edge of being plain, field by field.
TEXTS: list[Any] = [
    "",
    " ",
    "a",
    " a",
    "a ",
    "a b",
    "é",
    "e\u0301",
    "a\tb",
    "\x7f",
    "x" * 64,
    "x" * 65,
    "x" * 140,
    "x" * 141,
    None,
    False,
    0,
    [],
    7,
]
EDGES: dict[str, list[Any]] = {
    "booked_at": [
        "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2099-12-31T23:59:59.999999Z", "2100-01-01T00:00:00Z", "2026-02-29T00:00:00Z",
        "2028-02-29T23:59:59Z", "2026-07-01T24:00:00Z", "2026-07-01T09:30:60Z", "2026-07-01T09:30:00.5Z", "2026-07-01T09:30:00.123456Z",
        "2026-07-01T09:30:00+02:00", "2026-07-01T09:30:00", "2026-07-01 09:30Z", "2026-07-01", "２026-07-01T09:30:00Z", "", None,
    ],
    "amount": [
        "0", "1", "1.5", "1.50", "1.505", "007.10", "1.", ".5", "-1", "+1", "1e3", " 1", "1,000.00", "99999999999.99", "100000000000.00", "99999999999", "0.12345678", "999999999999999.99",
        "9" * 19, "٣", "", None, 5, 5.25,
    ],
    "currency": ["EUR", "XBT", "XBT", "JPY", "usd", " USD", "XXX", "", None], "received_amount": ["1", "0", " "],
    "received_currency": ["USD", "EUR", " "], "channel": [*Channel, "wire", " WIRE", "", None],
    "from_country": ["DE", "de", "XX", " US", None], "to_country": ["KP", "ZZ"],
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_few_rows_come_out_as_the_validator_has_them(data: st.DataObject) -> None:
    rows = [dict(PLAIN, transaction_id=f"T-{n}") for n in range(data.draw(st.integers(1, 4)))]
    for row in rows:
        for name in data.draw(st.lists(st.sampled_from(sorted(PLAIN)), max_size=2)):
            row[name] = data.draw(st.sampled_from(EDGES.get(name, TEXTS)))
            if data.draw(st.integers(0, 9)) == 0:
                del row[name]
    base = data.draw(st.sampled_from(["USD", "USD", "EUR", "JPY"]))
    few = few_rows(rows, default_rates(), base)
    if few is None:
        return
    judged = by_columns(rows, default_rates(), base)
    assert judged.rejects == ()
    assert (few.table, few.accounts) == (judged.table, judged.accounts)
    assert (few.numbers.tolist(), few.rounded, few.read) == (judged.numbers.tolist(), judged.rounded, judged.read)


def test_plain_rows_are_converted_and_others_left() -> None:
    assert (
        few_rows([PLAIN, dict(PLAIN, from_account="", amount="1", currency="EUR")], default_rates(), "USD") is not None
    )
    for name, edge in (
        ("amount", 5),
        ("currency", "XXX"),
        ("reference", " a"),
        ("booked_at", "2026-07-01"),
        ("branch", False),
    ):
        assert few_rows([PLAIN, PLAIN | {name: edge}], default_rates(), "USD") is None
