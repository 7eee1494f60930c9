"""Published data sets: recognised by their header, read with their traps, refused row by row where they are wrong."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from casedesk.domain.rates import RateTable
from casedesk.errors import Invalid
from casedesk.formats import (
    TRANSACTION_SCHEMA,
    AccountBatch,
    CustomerBatch,
    Mapping,
    TransactionBatch,
    open_source,
    open_sources,
)
from tests.formats.published import (
    AMLGENTEX,
    AMLGENTEX_ACCOUNTS,
    AMLSIM,
    AMLSIM_NODES,
    GOOD,
    LABELS,
    PAYSIM,
    SAML_D,
    row,
)
from tests.formats.reading import read

Write = Callable[..., Path]

_HOUR = 3_600_000_000
_2026 = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
NAMES = {SAML_D: "saml-d", PAYSIM: "paysim", AMLSIM: "amlsim", AMLGENTEX: "amlgentex"}


@pytest.mark.parametrize("header", GOOD, ids=NAMES.values())
def test_a_file_is_recognised_by_its_columns_in_any_order_and_case(write: Write, rates: RateTable, header: str) -> None:
    plain = read(write(GOOD[header], header=header), rates)[0]
    columns, values = header.split(","), GOOD[header].split(",")
    turned = write(",".join(reversed(values)), header=",".join(reversed(columns)).upper())
    assert open_source(turned, rates=rates).format == NAMES[header]
    assert read(turned, rates)[0] == plain
    assert read(turned, rates, format=NAMES[header])[0] == plain


def test_saml_d_is_read_with_its_two_columns_of_time_and_its_names(write: Write, rates: RateTable) -> None:
    path = write(
        GOOD[SAML_D],
        row(SAML_D, Payment_type="Cross-border", Received_currency="Dirham", Receiver_bank_location="UAE"),
        row(SAML_D, Payment_currency="Yen", Received_currency="yen", Amount="1459.50", Payment_type="Credit card"),
        header=SAML_D,
    )
    [first, abroad, yen], rejects, accounts = read(path, rates)
    assert rejects == []
    assert first == {
        "transaction_id": first["transaction_id"], "booked_at": 1_665_138_919_000_000,
        "from_account": "8724731955", "to_account": "2769355426", "amount_minor": 145_915, "currency": "GBP",
        "received_minor": 145_915, "received_currency": "GBP", "base_minor": first["base_minor"], "channel": "CASH",
        "from_country": "GB", "to_country": "GB", "branch": "", "reference": "",
    }  # fmt: skip
    assert re.fullmatch("SD[0-9a-f]{24}-1", first["transaction_id"])
    # One amount stands in the file: what arrived is worked out at the rate of the day.
    gbp, aed = rates.factor("GBP", date(2022, 10, 7), "AED")
    assert (abroad["received_minor"], abroad["received_currency"]) == (round(145_915 * gbp / aed), "AED")
    assert (abroad["channel"], abroad["to_country"], abroad["base_minor"]) == ("WIRE", "AE", first["base_minor"])
    assert (yen["amount_minor"], yen["received_minor"], yen["channel"]) == (1460, 1460, "CARD")
    assert {a.account_id: a.currency for a in accounts}["2769355426"] == "GBP"


def test_every_word_of_saml_d_is_known(write: Write, rates: RateTable) -> None:
    currencies = {
        "UK pounds": "GBP", "US dollar": "USD", "Euro": "EUR", "Yen": "JPY", "Swiss franc": "CHF", "Indian rupee": "INR",
        "Pakistani rupee": "PKR", "Naira": "NGN", "Dirham": "AED", "Moroccan dirham": "MAD", "Mexican Peso": "MXN",
        "Turkish lira": "TRY", "Albanian lek": "ALL",
    }  # fmt: skip
    countries = {
        "UK": "GB", "UAE": "AE", "USA": "US", "Nigeria": "NG", "Turkey": "TR", "Spain": "ES", "Pakistan": "PK",
        "Mexico": "MX", "Morocco": "MA", "Albania": "AL", "Italy": "IT", "Germany": "DE", "France": "FR", "India": "IN",
        "Japan": "JP", "Switzerland": "CH", "Austria": "AT", "Netherlands": "NL",
    }  # fmt: skip
    channels = {
        "Cash Deposit": "CASH", "Cash Withdrawal": "CASH", "ACH": "ACH", "Cheque": "CHEQUE", "Credit card": "CARD",
        "Debit card": "CARD", "Cross-border": "WIRE",
    }  # fmt: skip
    words = list(zip(itertools.cycle(currencies), countries, itertools.cycle(channels), strict=False))
    lines = [
        row(SAML_D, Payment_currency=money, Received_currency=money, Sender_bank_location=place, Payment_type=kind)
        for money, place, kind in words
    ]
    good, rejects, _ = read(write(*lines, header=SAML_D), rates)
    assert rejects == []
    assert [(r["currency"], r["from_country"], r["channel"]) for r in good] == [
        (currencies[money], countries[place], channels[kind]) for money, place, kind in words
    ]


def test_cash_of_paysim_has_a_blank_side_and_its_agent_as_branch(write: Write, rates: RateTable) -> None:
    lines = [row(PAYSIM, type=kind, nameDest=to) for kind, to in (
        ("CASH_IN", "C77"), ("CASH_OUT", "C77"), ("TRANSFER", "C77"), ("DEBIT", "C77"), ("PAYMENT", "M9"), ("cash-in", "M9")
    )]  # fmt: skip
    good, rejects, _ = read(write(*lines, header=PAYSIM), rates)
    assert rejects == []
    assert [(r["from_account"], r["to_account"], r["channel"], r["branch"]) for r in good] == [
        ("", "C1231006815", "CASH", "C77"),
        ("C1231006815", "", "CASH", "C77"),
        ("C1231006815", "C77", "ACH", ""),
        ("C1231006815", "C77", "ACH", ""),
        ("C1231006815", "M9", "ACH", ""),
        ("", "C1231006815", "CASH", "M9"),
    ]
    assert {r["booked_at"] for r in good} == {_2026 + _HOUR}
    assert {(r["currency"], r["amount_minor"], r["base_minor"]) for r in good} == {("USD", 983_964, 983_964)}


def test_steps_count_from_the_start_in_hours_and_in_days(write: Write, rates: RateTable) -> None:
    hours = write(*(row(PAYSIM, step=step) for step in ("0", " 1", "743")), header=PAYSIM)
    assert [r["booked_at"] - _2026 for r in read(hours, rates)[0]] == [0, _HOUR, 743 * _HOUR]
    moved = read(hours, rates, start="2026-01-01T02:00:00+01:00")[0]
    assert [r["booked_at"] - _2026 for r in moved] == [_HOUR, 2 * _HOUR, 744 * _HOUR]
    days = write(*(row(AMLSIM, time=step) for step in ("0", "150")), header=AMLSIM, name="days.csv")
    assert [r["booked_at"] - _2026 for r in read(days, rates)[0]] == [0, 150 * 24 * _HOUR]


def test_a_start_is_part_of_what_an_import_is_resumed_under(write: Write, rates: RateTable) -> None:
    path = write(GOOD[PAYSIM], header=PAYSIM)
    starts = (None, "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    found = [open_source(path, rates=rates, start=start).fingerprint for start in starts]
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("yesterday", "“--start yesterday” is not a date and time; write it as 2026-07-01T09:30:00Z"),
        ("2026-01-01T00:00:00", "has no zone"),
        ("2100-01-01T00:00:00Z", "outside the years 1970 to 2099"),
        ("1960-01-01T00:00:00Z", "outside the years 1970 to 2099"),
    ],
)
def test_a_start_that_is_no_instant_is_refused(write: Write, rates: RateTable, start: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        open_source(write(GOOD[PAYSIM], header=PAYSIM), rates=rates, start=start)


@pytest.mark.parametrize("header", [SAML_D, AMLGENTEX])
def test_a_start_for_a_file_with_times_of_its_own_is_refused(write: Write, rates: RateTable, header: str) -> None:
    with pytest.raises(Invalid, match="is for files whose times are steps; transactions.csv has times of its own"):
        open_source(write(GOOD[header], header=header), rates=rates, start="2026-01-01T00:00:00Z")


def test_amlgentex_keys_accounts_by_bank_and_keeps_the_outside_world_out(write: Write, rates: RateTable) -> None:
    path = write(
        GOOD[AMLGENTEX],
        row(AMLGENTEX, tx_id="13", nameDest="-1", bankDest="sink"),
        row(AMLGENTEX, tx_id="14", nameOrig="-2", bankOrig="source", type="INITALBALANCE"),
        row(AMLGENTEX, tx_id="15", nameOrig="-2", bankOrig="source", nameDest="-1", bankDest="sink"),
        row(AMLGENTEX, tx_id="16", nameDest="439", bankDest="bank_a", type="CASH"),
        header=AMLGENTEX,
    )
    good, rejects, accounts = read(path, rates)
    told = [(r["transaction_id"], r["from_account"], r["to_account"], r["channel"]) for r in good]
    assert told == [
        ("12", "bank_a/439", "bank_b/8669", "ACH"),
        ("13", "bank_a/439", "", "ACH"),
        ("14", "", "bank_b/8669", "OTHER"),
        ("16", "bank_a/439", "bank_a/439", "CASH"),
    ]
    assert {r["booked_at"] for r in good} == {1_672_790_400_000_000}  # the day of tx_date; there is no hour
    assert [(r.row_number, r.field) for r in rejects] == [(5, "from_account")]
    assert {a.account_id: a.bank for a in accounts} == {"bank_a/439": "bank_a", "bank_b/8669": "bank_b"}


def test_amlgentex_without_ids_and_dates_has_ids_of_its_content_and_steps(write: Write, rates: RateTable) -> None:
    columns = [name for name in AMLGENTEX.split(",") if name not in ("tx_id", "tx_date")]
    values = dict(zip(AMLGENTEX.split(","), GOOD[AMLGENTEX].split(","), strict=True))
    line = ",".join(values[name] for name in columns)
    good, rejects, _ = read(write(line, line, header=",".join(columns)), rates, start="2023-01-01T00:00:00Z")
    assert rejects == []
    assert [r["transaction_id"][-2:] for r in good] == ["-1", "-2"]
    assert {r["booked_at"] for r in good} == {1_672_790_400_000_000}


def test_parquet_and_csv_of_one_file_are_the_same_rows(write: Write, rates: RateTable, tmp_path: Path) -> None:
    names = ["tx_id", "step", "tx_date", "type", "amount", "nameOrig", "nameDest", "bankOrig", "bankDest", "is_sar"]
    values = [12, 3, date(2023, 1, 4), "TRANSFER", Decimal("480.98"), 439, 8669, "bank_a", "bank_b", 1]
    pq.write_table(pa.table({n: [v] for n, v in zip(names, values, strict=True)}), tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet", rates)[0] == read(write(GOOD[AMLGENTEX], header=AMLGENTEX), rates)[0]


BAD = [
    (SAML_D, {"Date": "2022-02-30"}, "booked_at", "no such day"),
    (SAML_D, {"Time": "noon"}, "booked_at", "not a date and time"),
    (SAML_D, {"Sender_account": "", "Receiver_account": ""}, "from_account", "Both accounts are blank"),
    (SAML_D, {"Amount": "-1"}, "amount", "negative"),
    (SAML_D, {"Amount": "NaN"}, "amount", "not a finite number"),
    (SAML_D, {"Payment_currency": "Doubloon"}, "currency", "none of SAML-D's currencies; write it as SAML-D does"),
    (SAML_D, {"Received_currency": "Doubloon"}, "received_currency", "none of SAML-D's currencies"),
    (SAML_D, {"Received_currency": ""}, "received_currency", "none of SAML-D's currencies"),
    (SAML_D, {"Date": "2019-10-07"}, "currency", "no exchange rate for GBP on 2019-10-07"),
    (
        SAML_D,
        {"Date": "2019-10-07", "Payment_currency": "US dollar"},
        "received_currency",
        "rate for GBP on 2019-10-07",
    ),
    (SAML_D, {"Sender_bank_location": "Atlantis"}, "from_country", "not a country the desk knows by name"),
    (SAML_D, {"Receiver_bank_location": "Atlantis"}, "to_country", "write its English short name"),
    (SAML_D, {"Payment_type": "Barter"}, "channel", "not a channel; SAML-D knows ACH, Cash Deposit"),
    (PAYSIM, {"step": "-1"}, "booked_at", "not a whole number of hours since the start"),
    (PAYSIM, {"step": "1.5"}, "booked_at", "write it as 24"),
    (PAYSIM, {"step": ""}, "booked_at", "not a whole number"),
    (PAYSIM, {"step": "648672"}, "booked_at", "1970 to 2099"),
    (PAYSIM, {"step": "999999999"}, "booked_at", "1970 to 2099"),
    (PAYSIM, {"step": "9999999999"}, "booked_at", "not a whole number"),
    (PAYSIM, {"type": "GIFT"}, "channel", "PaySim knows CASH_IN, CASH_OUT, DEBIT, PAYMENT and TRANSFER"),
    (PAYSIM, {"type": "CASH_IN", "nameOrig": ""}, "from_account", "Both accounts are blank"),
    (PAYSIM, {"amount": "x"}, "amount", "not a number"),
    (AMLSIM, {"time": "soon"}, "booked_at", "not a whole number of days"),
    (AMLSIM, {"value": ""}, "amount", "not a number"),
    (AMLSIM, {"sourceNodeId": "x" * 65}, "from_account", "longer than 64"),
    (AMLGENTEX, {"tx_id": ""}, "transaction_id", "has no id"),
    (AMLGENTEX, {"tx_date": "4 January"}, "booked_at", "not a date and time"),
    (AMLGENTEX, {"type": "GIFT"}, "channel", "AMLGentex knows TRANSFER, CASH and INITALBALANCE"),
    (AMLGENTEX, {"amount": "1e400"}, "amount", "larger"),
    (AMLGENTEX, {"nameOrig": "", "nameDest": ""}, "from_account", "Both accounts are blank"),
]


@pytest.mark.parametrize(("header", "changes", "field", "words"), BAD)
def test_a_bad_row_is_rejected_between_good_ones(
    write: Write, rates: RateTable, header: str, changes: dict[str, str], field: str, words: str
) -> None:
    good, rejects, _ = read(write(GOOD[header], row(header, **changes), GOOD[header], header=header), rates)
    assert len(good) == 2
    [reject] = rejects
    assert (reject.row_number, reject.field) == (3, field)
    assert re.search(words, reject.reason), reject.reason
    about_the_change = len(changes) == 1 and "rate for" not in words  # a missing rate is told of the currency
    assert not about_the_change or next(iter(changes.values()))[:60].strip() in reject.value


def test_the_last_step_before_2100_is_taken(write: Write, rates: RateTable) -> None:
    [last], rejects, _ = read(write(row(PAYSIM, step="648671"), header=PAYSIM), rates)
    assert rejects == []
    assert last["booked_at"] == 4_102_444_800_000_000 - _HOUR


def test_an_amount_that_arrives_larger_than_the_desk_can_store_is_rejected(write: Write, rates: RateTable) -> None:
    line = row(SAML_D, Amount="9000000000000000", Received_currency="Naira", Payment_currency="UK pounds")
    good, [reject], _ = read(write(line, header=SAML_D), rates, base_currency="GBP")
    assert good == []
    assert (reject.field, "larger" in reject.reason) == ("amount", True)


@pytest.mark.parametrize("header", GOOD, ids=NAMES.values())
def test_a_missing_column_of_a_named_format_is_told(write: Write, rates: RateTable, header: str) -> None:
    without = {SAML_D: "Payment_type", PAYSIM: "amount", AMLSIM: "time", AMLGENTEX: "bankDest"}[header]
    columns = [name for name in header.split(",") if name != without]
    path = write(",".join("1" for _ in columns), header=",".join(columns))
    with pytest.raises(Invalid, match=f"lacks the column {without} of {NAMES[header]}. It has: {columns[0]}"):
        open_source(path, rates=rates, format=NAMES[header])


def test_a_header_that_comes_near_a_known_one_is_told_what_it_lacks(write: Write, rates: RateTable) -> None:
    path = write("1", header=SAML_D.replace("Payment_type", "How"))
    with pytest.raises(Invalid, match=r"It comes near saml-d, but lacks Payment_type\. For transactions"):
        open_source(path, rates=rates)


def test_a_needed_column_that_comes_twice_is_refused(write: Write, rates: RateTable) -> None:
    with pytest.raises(Invalid, match="has the column “value” more than once"):
        open_source(write(GOOD[AMLSIM] + ",1", header=AMLSIM + ",value"), rates=rates)


@pytest.mark.parametrize("header", GOOD, ids=NAMES.values())
def test_ids_are_the_same_at_every_import_and_equal_rows_are_counted(
    write: Write, rates: RateTable, header: str
) -> None:
    lines = [GOOD[header]] * 3 if header != AMLGENTEX else [row(header, tx_id=str(n)) for n in range(3)]
    path = write(*lines, header=header)
    ids = [r["transaction_id"] for r in read(path, rates)[0]]
    assert len(set(ids)) == 3
    assert [r["transaction_id"] for r in read(path, rates)[0]] == ids
    late = read(path, rates, start_chunk=1, chunk_rows=2)[0]
    assert [r["transaction_id"] for r in late] == ids[2:]


@pytest.mark.parametrize("header", LABELS, ids=[NAMES[header] for header in LABELS])
def test_no_batch_has_a_label_and_no_label_changes_a_row(write: Write, rates: RateTable, header: str) -> None:
    assert not {label.casefold() for label in LABELS[header]} & {name.casefold() for name in TRANSACTION_SCHEMA.names}
    plain = read(write(GOOD[header], header=header), rates)[0]
    relabelled = write(row(header, **dict.fromkeys(LABELS[header], "5")), header=header)
    assert read(relabelled, rates)[0] == plain
    bare = [name for name in header.split(",") if name not in LABELS[header]]
    values = dict(zip(header.split(","), GOOD[header].split(","), strict=True))
    assert read(write(",".join(values[name] for name in bare), header=",".join(bare)), rates)[0] == plain


def test_balances_are_not_read(write: Write, rates: RateTable) -> None:
    nonsense = row(PAYSIM, oldbalanceOrg="x", newbalanceOrig="", oldbalanceDest="-1", newbalanceDest="NaN")
    plain = read(write(GOOD[PAYSIM], header=PAYSIM), rates)
    assert read(write(nonsense, header=PAYSIM), rates) == plain


def test_a_currency_that_the_file_leaves_out_can_be_set(write: Write, rates: RateTable) -> None:
    path = write(GOOD[AMLSIM], header=AMLSIM)
    assert read(path, rates, base_currency="EUR")[0][0]["currency"] == "EUR"
    [krona] = read(path, rates, start="2024-01-01T00:00:00Z", mapping=Mapping.parse(sets=["currency=SEK"]))[0]
    assert (krona["currency"], krona["amount_minor"]) == ("SEK", 10_355)
    assert 900 < krona["base_minor"] < 1_100
    with pytest.raises(Invalid, match=r"“--set amount=5” gives a value to a field that amlsim has a column for"):
        read(path, rates, mapping=Mapping.parse(sets=["amount=5"]))


def test_a_mapping_goes_before_a_preset(write: Write, rates: RateTable) -> None:
    maps = ["time=reference", "value=amount", "sourceNodeId=from_account"]
    mapping = Mapping.parse(maps, ["currency=USD", "channel=WIRE", "booked_at=2026-01-01T00:00:00Z"])
    source = open_source(write(GOOD[AMLSIM], header=AMLSIM), rates=rates, mapping=mapping)
    assert source.format == "mapped"


def test_an_accounts_file_of_amlgentex_gives_customers_then_accounts(write: Write, rates: RateTable) -> None:
    path = write(
        "0,C_0,50474.45,22378.42,25,city_1,false,bank_a",
        "1,C_0,1,1,25,city_1,true,bank_b",
        "2,,1,1,25,city_1,false,bank_b",
        ",C_3,1,1,25,city_1,false,bank_b",
        header=AMLGENTEX_ACCOUNTS,
        name="accounts.csv",
    )
    sources = open_sources(path, rates=rates)
    assert [(s.kind, s.format) for s in sources] == [("customers", "amlgentex"), ("accounts", "amlgentex")]
    assert sources[0].fingerprint != sources[1].fingerprint
    [customers], [accounts] = (list(source.batches()) for source in sources)
    assert isinstance(customers, CustomerBatch)
    assert isinstance(accounts, AccountBatch)
    assert [(c.customer_id, c.name, c.kind) for c in customers.customers] == [
        ("C_0", "Customer C_0", "Person"), ("C_0", "Customer C_0", "Person"), ("C_3", "Customer C_3", "Person")
    ]  # fmt: skip
    assert (customers.read, customers.rejects) == (3, ())
    assert [(a.account_id, a.customer_id, a.bank) for a in accounts.accounts] == [
        ("bank_a/0", "C_0", "bank_a"), ("bank_b/1", "C_0", "bank_b"), ("bank_b/2", "", "bank_b")
    ]  # fmt: skip
    assert [(r.row_number, r.field) for r in accounts.rejects] == [(5, "account_id")]
    told = repr([*customers.customers, *accounts.accounts])
    assert not any(word in told for word in ("city_1", "22378.42", "IS_SAR", "true"))


def test_nodes_of_amlsim_are_accounts_of_unknown_holders(write: Write, rates: RateTable) -> None:
    path = write("7,1,184.44,12", header=AMLSIM_NODES, name="nodes.csv")
    [customers], [accounts] = (list(source.batches()) for source in open_sources(path, rates=rates, format="amlsim"))
    assert isinstance(customers, CustomerBatch)
    assert isinstance(accounts, AccountBatch)
    # As the importer makes them of transactions, so that either file may come first.
    assert [(c.customer_id, c.name, c.kind) for c in customers.customers] == [("H-7", "Holder of 7", "Unknown")]
    assert [(a.account_id, a.customer_id) for a in accounts.accounts] == [("7", "H-7")]


def test_chunks_of_any_size_give_the_same_rows(write: Write, rates: RateTable) -> None:
    lines = [
        row(SAML_D, Amount=f"{n}.50", Received_currency=money) for n in range(7) for money in ("Naira", "Euro", "?")
    ]
    path = write(*lines, header=SAML_D)
    whole = read(path, rates)
    assert len(whole[1]) == 7
    for size in (1, 2, 5):
        assert read(path, rates, chunk_rows=size)[:2] == whole[:2]
    assert all(isinstance(batch, TransactionBatch) for batch in open_source(path, rates=rates).batches())
