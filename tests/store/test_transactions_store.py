from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.engine import Engine

from casedesk.domain.money import Money
from casedesk.domain.transactions import Channel
from casedesk.store.unit_of_work import Reading, Writing
from tests.store.builders import NOON, micros, transactions


def insert(engine: Engine, columns: dict[str, list[object]]) -> tuple[int, int, tuple[int, ...]]:
    """Return how many were stored, how many were there already, and where the others stand."""
    with Writing(engine) as uow:
        done = uow.transactions.insert_new(columns)
        uow.commit()
    return done.stored, done.duplicates, done.conflicting


def count(engine: Engine) -> int:
    with Reading(engine) as uow:
        return uow.transactions.count()


def test_new_rows_are_stored_and_counted(engine: Engine) -> None:
    assert insert(engine, transactions(["a", "b", "c"])) == (3, 0, ())
    assert count(engine) == 3


def test_the_same_rows_again_are_duplicates_and_store_nothing(engine: Engine) -> None:
    insert(engine, transactions(["a", "b", "c"]))
    assert insert(engine, transactions(["a", "b", "c"])) == (0, 3, ())
    assert count(engine) == 3


def test_new_rows_among_known_ones_are_stored(engine: Engine) -> None:
    insert(engine, transactions(["a", "b"]))
    assert insert(engine, transactions(["a", "b", "c", "d"])) == (2, 2, ())
    assert count(engine) == 4


def test_a_row_twice_in_one_batch_is_stored_once(engine: Engine) -> None:
    batch = {name: [column[0], column[0]] for name, column in transactions(["a"]).items()}
    assert insert(engine, batch) == (1, 1, ())
    assert count(engine) == 1


@pytest.mark.parametrize(
    ("column", "other"),
    [
        ("booked_at", micros(NOON) + 1),
        ("from_account", "AC-9"),
        ("to_account", "AC-9"),
        ("amount_minor", 1),
        ("currency", "EUR"),
        ("received_minor", 1),
        ("received_currency", "EUR"),
        ("channel", "WIRE"),
        ("from_country", "GB"),
        ("to_country", "GB"),
        ("branch", "main street"),
        ("reference", "Deposit"),
    ],
)
def test_a_known_id_with_another_content_is_named_and_changes_nothing(
    engine: Engine, column: str, other: object
) -> None:
    insert(engine, transactions(["a", "b"]))
    changed = transactions(["a", "b", "c"])
    changed[column] = [changed[column][0], other if column != "booked_at" else micros(NOON) + 1, changed[column][2]]
    assert insert(engine, changed) == (1, 1, (1,))


def test_a_base_amount_at_a_newer_rate_is_no_conflict(engine: Engine) -> None:
    insert(engine, transactions(["a"]))
    assert insert(engine, transactions(["a"], base_minor=[1])) == (0, 1, ())


def test_two_contents_under_one_id_in_one_batch_conflict(engine: Engine) -> None:
    assert insert(engine, transactions(["a", "a"])) == (1, 0, (1,))


def test_each_row_that_was_there_is_named_and_the_first_of_a_new_id_is_not(engine: Engine) -> None:
    insert(engine, transactions(["a", "b"]))
    rows = {name: [*column, column[2]] for name, column in transactions(["b", "a", "c"]).items()}
    for name, column in transactions(["a", "b"]).items():
        rows[name][:2] = [column[1], column[0]]
    with Writing(engine) as uow:
        done = uow.transactions.insert_new(rows)
    assert (done.stored, done.repeated, done.conflicting) == (1, (0, 1, 3), ())


def test_an_empty_batch_stores_nothing(engine: Engine) -> None:
    assert insert(engine, transactions([])) == (0, 0, ())


def test_more_rows_than_a_statement_takes_come_back_as_they_went_in_each_once(engine: Engine) -> None:
    ids = [f"t{n:05}" for n in range(4_203)]
    said = ["", 'say "no", then\n\\N, \\.', "NULL", "é€𝄞;\t"]
    batch = transactions(ids, reference=[said[n % 4] for n in range(len(ids))])
    twice = {name: [*column, column[7]] for name, column in batch.items()}
    assert insert(engine, twice) == (4_203, 1, ())
    assert insert(engine, batch) == (0, 4_203, ())
    with Reading(engine) as uow:
        stored = uow.transactions.get_many(ids)
    told = [(one.transaction_id, micros(one.booked_at), one.base_minor, one.branch, one.reference) for one in stored]
    columns = ("transaction_id", "booked_at", "base_minor", "branch", "reference")
    assert told == list(zip(*(batch[name] for name in columns), strict=True))


def test_every_field_comes_back_as_it_went_in(bank_engine: Engine) -> None:
    insert(
        bank_engine,
        transactions(
            ["x"],
            from_account=["AC-00002"],
            to_account=["AC-00001"],
            amount_minor=[10**18 - 1],
            currency=["EUR"],
            received_minor=[123],
            received_currency=["JPY"],
            base_minor=[2**53 + 1],
            channel=["WIRE"],
            from_country=["DE"],
            to_country=["US"],
            branch=["Zürich ①"],
            reference=["“rent”, =1+1\n🏠"],
        ),
    )
    with Reading(bank_engine) as uow:
        (leg,) = (leg for leg in uow.transactions.legs("CU-00001") if leg.transaction.transaction_id == "x")
    found = leg.transaction
    assert found.booked_at == NOON
    assert (found.amount, found.received) == (Money(10**18 - 1, "EUR"), Money(123, "JPY"))
    assert found.base_minor == 2**53 + 1
    assert (found.channel, found.from_country, found.to_country) == (Channel.WIRE, "DE", "US")
    assert (found.branch, found.reference) == ("Zürich ①", "“rent”, =1+1\n🏠")
    assert (leg.into, leg.counterparty, leg.counterparty_name, leg.country) == (True, "AC-00002", "Customer 2", "DE")


@pytest.mark.parametrize("moment", [0, 1, 999_999, 123_457, 500_000])
def test_microseconds_survive(bank_engine: Engine, moment: int) -> None:
    at = datetime(2026, 2, 28, 23, 59, 59, moment, tzinfo=UTC)
    insert(bank_engine, transactions(["x"], booked_at=[micros(at)]))
    with Reading(bank_engine) as uow:
        legs = uow.transactions.legs("CU-00001")
    assert at in {leg.transaction.booked_at for leg in legs}


def test_the_columnar_reader_agrees_with_the_rows(bank_engine: Engine) -> None:
    insert(bank_engine, transactions(["x"], reference=["ü"], branch=["é"], from_country=["GB"]))
    with Reading(bank_engine) as uow:
        table = uow.transactions.arrow()
        legs = [leg.transaction for n in (1, 2, 3) for leg in uow.transactions.legs(f"CU-{n:05}")]
    assert [str(t) for t in table.schema.types] == [
        "string",
        "timestamp[us]",
        *["string"] * 2,
        "int64",
        *["string"] * 3,
        "int64",
        "string",
    ]
    rows = sorted(table.to_pylist(), key=lambda row: row["transaction_id"])
    assert len(rows) == 10
    expected = sorted(legs, key=lambda t: t.transaction_id)
    assert [
        (r["transaction_id"], r["booked_at"].replace(tzinfo=UTC), r["base_minor"], r["from_country"]) for r in rows
    ] == [(t.transaction_id, t.booked_at, t.base_minor, t.from_country) for t in expected]


def test_the_columnar_reader_stops_before_until(bank_engine: Engine) -> None:
    with Reading(bank_engine) as uow:
        assert uow.transactions.arrow(until=NOON).num_rows == 0
        assert uow.transactions.arrow(until=NOON + timedelta(microseconds=1)).num_rows == 3
        assert uow.transactions.arrow(until=NOON + timedelta(minutes=1, microseconds=1)).num_rows == 6


def test_the_columnar_reader_keeps_its_types_over_no_rows(engine: Engine) -> None:
    with Reading(engine) as uow:
        table = uow.transactions.arrow()
        parties = uow.transactions.arrow_accounts()
    assert table.num_rows == parties.num_rows == 0
    assert str(table.schema.field("booked_at").type) == "timestamp[us]"
    assert str(parties.schema.field("customer_id").type) == "string"


def test_accounts_are_read_with_their_customer(bank_engine: Engine) -> None:
    with Reading(bank_engine) as uow:
        pairs = uow.transactions.arrow_accounts().to_pylist()
    assert {(p["account_id"], p["customer_id"]) for p in pairs} == {(f"AC-{n:05}", f"CU-{n:05}") for n in (1, 2, 3)}


def test_flows_add_up_per_counterparty_largest_first(bank_engine: Engine) -> None:
    sides = {"from_account": ["AC-00001", "AC-00002", "AC-00001"], "to_account": ["AC-00002", "AC-00001", "AC-00003"]}
    insert(bank_engine, transactions(["x", "y", "z"], **sides, base_minor=[5_000_000, 1, 10]))
    with Reading(bank_engine) as uow:
        flows = uow.transactions.flows("CU-00001")
    assert [(f.counterparty, f.into, f.out, f.transactions) for f in flows] == [
        ("AC-00002", 1, 5_000_000, 2),
        ("", 2_700_003, 0, 3),
        ("AC-00003", 0, 10, 1),
    ]
