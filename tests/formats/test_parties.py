"""Customers and accounts files, folders of all three, and the list of countries."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from casedesk.domain.countries import COUNTRIES, country_named
from casedesk.domain.rates import RateTable
from casedesk.domain.transactions import Account, Customer, CustomerKind
from casedesk.errors import Invalid
from casedesk.formats import AccountBatch, CustomerBatch, Mapping, SourceKind, open_source, open_sources
from tests.formats.reading import GOOD, line

CUSTOMERS = "customer_id,name,kind,country,segment,occupation,since"
ACCOUNTS = "account_id,customer_id,holder,bank,currency,country,opened_on"


def test_customers_are_read(write: Callable[..., Path], rates: RateTable) -> None:
    path = write("C1,Ada Müller,Person,DE,retail,baker,2020-02-29", "C2,Acme,Business,,,,", header=CUSTOMERS)
    source = open_source(path, rates=rates)
    assert source.kind is SourceKind.CUSTOMERS
    [batch] = source.batches()
    assert isinstance(batch, CustomerBatch)
    assert batch.customers == (
        Customer("C1", "Ada Müller", CustomerKind.PERSON, "DE", "retail", "baker", date(2020, 2, 29)),
        Customer("C2", "Acme", CustomerKind.BUSINESS, ""),
    )
    assert (batch.read, batch.rejects) == (2, ())


def test_accounts_are_read_and_a_blank_customer_is_external(write: Callable[..., Path], rates: RateTable) -> None:
    path = write("A1,C1,Ada,Bank,EUR,DE,2020-01-01", "X1,,Shell Ltd,Other,,,", header=ACCOUNTS)
    [batch] = open_source(path, rates=rates).batches()
    assert isinstance(batch, AccountBatch)
    assert batch.accounts == (
        Account("A1", "C1", "Ada", "Bank", "EUR", "DE", date(2020, 1, 1)),
        Account("X1", "", "Shell Ltd", "Other"),
    )
    assert batch.accounts[1].external


@pytest.mark.parametrize(
    ("header", "bad", "field", "words"),
    [
        (CUSTOMERS, ",Ada,Person,,,,", "customer_id", "blank"),
        (CUSTOMERS, "C,,Person,,,,", "name", "blank"),
        (CUSTOMERS, "C,Ada,person,,,,", "kind", "Person, Business, Unknown"),
        (CUSTOMERS, "C,Ada,Person,Germany,,,", "country", "ISO 3166"),
        (CUSTOMERS, "C,Ada,Person,,,,2023-02-29", "since", "not a day"),
        (CUSTOMERS, "C,Ada,Person,,,,20230201", "since", "not a day"),
        (CUSTOMERS, "C,Ada,Person,,,,0001-01-01", "since", "1900 to 2099"),
        (CUSTOMERS, f"C,{'x' * 141},Person,,,,", "name", "longer than 140"),
        (CUSTOMERS, f"{'x' * 65},Ada,Person,,,,", "customer_id", "longer than 64"),
        (CUSTOMERS, 'C,"A\nda",Person,,,,', "name", "control character"),
        (CUSTOMERS, "C,Ada", "row", "2 columns where the header has 7"),
        (ACCOUNTS, ",C,Ada,,,,", "account_id", "blank"),
        (ACCOUNTS, "A,C,Ada,,Dollar,,", "currency", "ISO 4217"),
        (ACCOUNTS, "A,C,Ada,,,,31.12.2020", "opened_on", "not a day"),
    ],
)
def test_a_bad_party_is_rejected_alone(
    write: Callable[..., Path], rates: RateTable, header: str, bad: str, field: str, words: str
) -> None:
    good = "G,Name,Person,,,," if header == CUSTOMERS else "G,C,Name,,,,"
    [batch] = open_source(write(good, bad, good, header=header), rates=rates).batches()
    [reject] = batch.rejects
    assert (reject.row_number, reject.field, batch.read) == (3, field, 3)
    assert words in reject.reason


def test_missing_party_columns_are_named(write: Callable[..., Path], rates: RateTable) -> None:
    with pytest.raises(Invalid, match="lacks the column kind of a customers file"):
        open_source(write("x", header="customer_id,name,segment,occupation"), rates=rates)
    with pytest.raises(Invalid, match="lacks the columns account_id, holder of an accounts file"):
        open_source(write("x", header="customer_id,bank,currency,opened_on"), rates=rates)


def test_a_folder_gives_customers_accounts_and_transactions_in_that_order(
    write: Callable[..., Path], tmp_path: Path, rates: RateTable
) -> None:
    write(line())
    write("A1,C1,Ada,,,,", header=ACCOUNTS, name="accounts.csv")
    write("C1,Ada,Person,,,,", header=CUSTOMERS, name="customers.csv")
    write("T1,structuring", header="transaction_id,label", name="labels.csv")
    sources = open_sources(tmp_path, rates=rates)
    assert [s.kind for s in sources] == [SourceKind.CUSTOMERS, SourceKind.ACCOUNTS, SourceKind.TRANSACTIONS]
    mapped = open_sources(tmp_path, rates=rates, mapping=Mapping.parse([f"{n}={n}" for n in GOOD]))
    assert [s.format for s in mapped] == ["native", "native", "mapped"]
    assert [s.path.name for s in sources] == ["customers.csv", "accounts.csv", "transactions.csv"]


def test_the_list_of_countries_is_iso_3166_and_kosovo() -> None:
    assert len(COUNTRIES) == 250
    assert all(len(code) == 2 and code.isalpha() and code.isupper() for code in COUNTRIES)
    assert len(set(COUNTRIES.values())) == len(COUNTRIES)
    for code in ("KP", "IR", "MM", "VG", "XK", "SS", "CW", "BQ"):
        assert code in COUNTRIES
    for gone in ("UK", "AN", "CS", "YU", "SU", "EU"):
        assert gone not in COUNTRIES


@pytest.mark.parametrize(
    ("text", "code"),
    [("GB", "GB"), ("gb", "GB"), ("UK", "GB"), ("Germany", "DE"), ("TURKEY", "TR"), ("Türkiye", "TR"), ("", None), ("ZZ", None)],
)  # fmt: skip
def test_a_country_is_found_by_code_name_or_alias(text: str, code: str | None) -> None:
    assert country_named(text) == code
