"""A few transactions made ready in memory are as the engine makes them: digest, keys, legs, ids; and what it refuses, it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa
import pytest

from casedesk.detection import arriving_few
from casedesk.detection.arriving_few import FewTransactions
from casedesk.detection.engine import KeptData, digests_of
from casedesk.detection.limits import Limits
from casedesk.detection.sources import UnfitSource
from casedesk.domain.money import MINOR_DIGITS
from casedesk.store.run_copies import coded

LIMITS: Final = Limits(memory_mib=256, threads=1)
KINDS: Final = {"booked_at": pa.timestamp("us", "UTC"), "base_minor": pa.int64(), "amount_minor": pa.int64()}
PLAIN: Final[dict[str, Any]] = {
    "transaction_id": "T1", "booked_at": datetime(2026, 7, 1, 9, 30, 0, 123456, UTC), "from_account": "A/1", "to_account": "X",
    "base_minor": 100, "channel": "WIRE", "from_country": "US", "to_country": "DE", "amount_minor": 90, "currency": "EUR",
}  # fmt: skip
ACCOUNTS: Final = pa.table(
    {
        "account_id": ["A/1", "A/2", "B/1", "X", "Y", "Ä\u0301"],
        "customer_id": ["A", "A", "B", "", "", "C"],
        "opened_on": ["", "2020-01-01", "", "", "", ""],
    }
)
SIDES: Final = [
    ("A/1", "X"), ("X", "A/1"), ("A/1", "A/2"), ("A/1", "B/1"), ("B/1", "B/1"), ("", "A/2"), ("B/1", ""), ("X", "Y"), ("X", "X"),
    ("Ä\u0301", "B/1"),
]  # fmt: skip


def table(*rows: dict[str, Any]) -> pa.Table:
    whole = [PLAIN | {"transaction_id": f"T{number}"} | row for number, row in enumerate(rows)]
    return pa.table({name: pa.array([row[name] for row in whole], KINDS.get(name, pa.string())) for name in PLAIN})


def everywhere() -> pa.Table:
    """Every kind of sides, odd texts, early and late times, and amounts of every currency near what the engine's numbers hold."""
    rows: list[dict[str, Any]] = [{"from_account": source, "to_account": target} for source, target in SIDES]
    rows += [{"transaction_id": text} for text in ("e\u0301", "🤦🏼\u200d♂️", "a\x1fb", " ", "'\"\\", "ß" * 64)]
    rows += [{"booked_at": datetime(1931, 1, 1, tzinfo=UTC) + timedelta(microseconds=step)} for step in (-1, 0, 1)]
    largest = 2**63 - 1
    amounts = (0, 1, 10, 15, 100, 12_345_678, largest // 1000, largest // 1000 + 1, largest // 100, largest)
    rows += [{"currency": one, "amount_minor": minor} for one in sorted(MINOR_DIGITS) for minor in amounts][::7]
    rows += [{"currency": one, "amount_minor": minor} for one in ("JPY", "KWD", "CLF", "USD", "") for minor in amounts]
    rows += [{"currency": "none such", "base_minor": 7}]
    return table(*rows)


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD"])
def test_the_digest_is_the_engines(currency: str) -> None:
    nobody = ACCOUNTS.slice(0, 0)
    plain = everywhere()
    for given in (plain, plain.drop_columns(["amount_minor", "currency"]), plain.slice(3, 1)):
        few = FewTransactions.of(given, currency)
        assert few is not None
        assert few.digest() == digests_of(given, nobody, LIMITS, currency)["transactions"]


def test_an_instant_is_the_same_in_any_zone_and_unit() -> None:
    row = table({"booked_at": datetime(2026, 7, 1, 9, 30, tzinfo=UTC)})
    kinds = (pa.timestamp("us"), pa.timestamp("s", "UTC"), pa.timestamp("ms", "America/New_York"))
    digests = set()
    for kind in kinds:
        given = row.set_column(1, "booked_at", row["booked_at"].cast(kind))
        few = FewTransactions.of(given, "USD")
        assert few is not None
        assert few.digest() == digests_of(given, ACCOUNTS.slice(0, 0), LIMITS, "USD")["transactions"]
        digests.add(few.digest().words)
    assert len(digests) == 1


@pytest.mark.parametrize("most", [1_000, 0], ids=["in memory", "by the engine"])
def test_keys_legs_and_ids_are_the_engines(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving_few, "MOST", most)
    rows = everywhere()
    whole = KeptData(coded(rows), ACCOUNTS, LIMITS, "USD")
    kept = KeptData(coded(rows.slice(0, 4)), ACCOUNTS, LIMITS, "USD")
    for part in (rows.slice(4, 7), rows.slice(11)):
        kept.add(part, ACCOUNTS.slice(0, 0), kept.digests_of(part, ACCOUNTS.slice(0, 0)))
    for name in ("all_keyed", "standing_legs", "ids"):
        one, other = (sorted(data._connection.sql(f"FROM {name}").fetchall()) for data in (whole, kept))
        assert one == other, name
        columns = [data._connection.sql(f"FROM {name}").columns for data in (whole, kept)]
        assert columns[0] == columns[1]
    assert kept.beginning == whole.beginning
    whole.close()
    kept.close()


def test_what_was_digested_and_not_added_is_not_taken_for_what_comes_next() -> None:
    nobody = ACCOUNTS.slice(0, 0)
    one, other = (table({"transaction_id": name, "from_account": "A/2"}) for name in ("one", "other"))
    kept = KeptData(coded(table({})), ACCOUNTS, LIMITS, "USD")
    assert kept.digests_of(one, nobody) == digests_of(one, nobody, LIMITS, "USD")
    digests = kept.digests_of(other, nobody)
    assert digests == digests_of(other, nobody, LIMITS, "USD")
    kept.digests_of(one, nobody)
    kept.add(other, nobody, digests)
    assert kept._connection.sql("SELECT transaction_id FROM ids").fetchall() == [("T0",), ("other",)]
    kept.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"from_account": "nobody's"}, "Account “nobody's” of transaction “T1” is not among the accounts"),
        ({"base_minor": -1}, "Transaction “T1” has a negative base_minor"),
        ({"channel": None}, "Column “channel” of the transactions is empty"),
        ({"amount_minor": None}, "Column “amount_minor” of the transactions is empty"),
    ],
)
def test_what_the_engine_refuses_is_refused_in_its_words(wrong: dict[str, Any], said: str) -> None:
    kept = KeptData(coded(table({})), ACCOUNTS, LIMITS, "USD")
    nobody = ACCOUNTS.slice(0, 0)
    rows = table({"from_account": "A/2"}, wrong)
    with pytest.raises(UnfitSource, match=said):
        kept.add(rows, nobody, kept.digests_of(rows, nobody))
    kept.close()


def test_many_are_left_to_the_engine() -> None:
    rows = table(*({} for _ in range(1_001)))
    assert FewTransactions.of(rows, "USD") is None
    assert FewTransactions.of(rows.slice(1), "USD") is not None
    assert FewTransactions.of(rows.slice(0, 0), "USD") is None
