"""What does not fit is refused with a sentence that says where and what to do."""

from __future__ import annotations

import pyarrow as pa
import pytest

from casedesk.detection.duck import Limits, OutOfMemory, loaded
from casedesk.detection.engine import detect
from casedesk.detection.rules.structuring import Structuring
from casedesk.detection.sources import UnfitSource
from casedesk.domain.money import UnknownCurrency
from tests.detection.bank import SMALL, accounts_of, arrow, deposit, named

BANK = named(deposit(step, id=f"T{step}") for step in range(5))
TABLE, ACCOUNTS = arrow(BANK), accounts_of(BANK)


def refused(transactions: pa.Table, accounts: pa.Table = ACCOUNTS) -> str:
    with pytest.raises(UnfitSource) as refusal:
        detect(transactions, accounts, limits=SMALL)
    return str(refusal.value)


def test_a_missing_column_is_named() -> None:
    assert refused(TABLE.drop_columns(["channel"])) == ("The transactions have no column “channel”; add it as text.")
    assert "The accounts have no column “customer_id”" in refused(TABLE, ACCOUNTS.drop_columns(["customer_id"]))


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("base_minor", pa.float64()),
        ("booked_at", pa.timestamp("ns")),
        ("booked_at", pa.string()),
        ("transaction_id", pa.binary()),
    ],
)
def test_a_wrong_type_is_named_with_the_right_one(column: str, kind: pa.DataType) -> None:
    at = TABLE.column_names.index(column)
    table = TABLE.set_column(at, column, TABLE[column].cast(kind))
    assert refused(table).startswith(f"Column “{column}” of the transactions is {kind}; give it as ")


def test_the_first_null_is_named_with_its_row_and_the_way_out() -> None:
    table = TABLE.set_column(6, "from_country", pa.array(["US", None, "US", None, "US"]))
    assert refused(table) == (
        "Column “from_country” of the transactions is empty (null) in row “T1”; write '' where it is unknown."
    )
    holes = pa.array([None, 1, None, 1, 1], pa.int64())
    table = TABLE.set_column(TABLE.column_names.index("base_minor"), "base_minor", holes)
    assert refused(table) == "Column “base_minor” of the transactions is empty (null) in row “T0”; give every row one."
    table = TABLE.set_column(0, "transaction_id", pa.nulls(5, pa.string()))
    assert refused(table) == "Column “transaction_id” of the transactions is empty (null) in row; give every row one."


def test_an_id_that_comes_twice_is_named() -> None:
    assert "Two rows of the transactions have the transaction_id “T0”" in refused(pa.concat_tables([TABLE, TABLE]))
    assert "Two rows of the accounts have the account_id “A”" in refused(TABLE, pa.concat_tables([ACCOUNTS, ACCOUNTS]))


def test_an_account_nobody_listed_is_named() -> None:
    message = refused(arrow([*BANK, *named([deposit(9, to="Q", id="T9")])]))
    assert message.startswith("Account “Q” of transaction “T9” is not among the accounts")


def test_a_negative_amount_is_named() -> None:
    assert refused(arrow([*BANK, *named([deposit(9, -1, id="T9")])])).startswith("Transaction “T9” has a negative")


@pytest.mark.parametrize(("left", "sentence"), [("amount_minor", "have no column “currency”; add it as text"),
                                                ("currency", "have no column “amount_minor”; add it as int64")])  # fmt: skip
def test_half_of_an_amount_as_paid_is_a_mistake_and_none_of_it_is_the_base_currency(left: str, sentence: str) -> None:
    neither = TABLE.drop_columns(["amount_minor", "currency"])
    assert sentence in refused(neither.append_column(left, TABLE[left]))
    assert (
        detect(neither, ACCOUNTS, limits=SMALL).data_fingerprint
        == detect(TABLE, ACCOUNTS, limits=SMALL).data_fingerprint
    )


def test_an_unknown_base_currency_is_refused() -> None:
    with pytest.raises(UnknownCurrency):
        detect(TABLE, ACCOUNTS, base_currency="ZZZ")


def test_sentences_speak_the_base_currency() -> None:
    (alert,) = detect(TABLE, ACCOUNTS, limits=SMALL, base_currency="EUR", rules=(Structuring(),)).alerts
    assert alert.sentence.endswith("5 of them below EUR 10,000.00, total EUR 35,000.00.")


def test_too_little_memory_is_said_plainly() -> None:
    rows = 400_000
    wide = pa.table(
        {
            "transaction_id": pa.array([f"T{row}" for row in range(rows)]),
            "booked_at": pa.array(range(rows), pa.timestamp("us")),
            "from_account": pa.array([""] * rows),
            "to_account": pa.array(["A"] * rows),
            "base_minor": pa.array([1] * rows, pa.int64()),
            "channel": pa.array(["CASH"] * rows),
            "from_country": pa.array(["US"] * rows),
            "to_country": pa.array(["US"] * rows),
        }
    )
    with pytest.raises(OutOfMemory, match="could not finish within 5 MiB of memory; raise the memory limit"):
        detect(wide, ACCOUNTS, limits=Limits(5, 1))


def test_the_engine_reads_no_file_and_takes_no_other_settings() -> None:
    with loaded(TABLE, ACCOUNTS, SMALL) as data:
        run = data._connection.execute
        with pytest.raises(Exception, match="disabled by configuration"):
            run("SELECT * FROM read_csv('pyproject.toml')")
        with pytest.raises(Exception, match="locked"):
            run("SET enable_external_access = true")
        settings = dict(run("SELECT name, value FROM duckdb_settings()").fetchall())
    assert settings["autoinstall_known_extensions"] == settings["autoload_known_extensions"] == "false"
    assert settings["threads"] == "1"
