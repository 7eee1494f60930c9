"""Rows of a transactions file, checked a column at a time.

The order of the checks is the order of this file: id, time, accounts, currency, amount, what was received, channel,
countries, branch, reference, and last the rate. A row is rejected for the first rule it breaks.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.rates import RateTable
from casedesk.formats.amounts import Amounts, parse_amounts, reason_for
from casedesk.formats.batches import ACCOUNT_SEEN_SCHEMA, TRANSACTION_SCHEMA, TransactionBatch
from casedesk.formats.conversion import Paid, convert_column
from casedesk.formats.faults import Faults
from casedesk.formats.identity import Counted, Ordinals, derive_ids
from casedesk.formats.plans import Plan
from casedesk.formats.records import Column, Flags, Ints, Records
from casedesk.formats.text_fields import ID_LENGTH, TEXT_LENGTH, clean_column, is_blank, translate
from casedesk.formats.times import parse_times

NO_ID: Final = "The transaction has no id; every row needs one of its own."
NO_ACCOUNT: Final = "Both accounts are blank; a transaction leaves or reaches at least one account."
UNKNOWN_CURRENCY: Final = "This is not an ISO 4217 currency code; write three capital letters such as USD or EUR."
NO_RECEIVED: Final = (
    "The received currency differs from the currency paid, but received_amount is blank; give the amount that arrived."
)
UNKNOWN_COUNTRY: Final = (
    "This is not an ISO 3166-1 country code; write two capital letters such as US or DE, or leave it blank."
)
UNKNOWN_CHANNEL: Final = "This is not a channel; {}."


class TransactionValidator:
    """Check chunks of one file, in order: ids of identical rows are counted from chunk to chunk, and on in ``counted``.

    Rows with an identity of their own are not counted on: statements overlap, and the same entry is the same transaction.
    """

    def __init__(self, plan: Plan, rates: RateTable, base: str, counted: Counted) -> None:
        self._plan, self._rates, self._base = plan, rates, base
        self._ordinals = Ordinals() if "identity" in plan.sources else counted[plan.id_prefix or ""]

    def batch(self, index: int, records: Records) -> TransactionBatch:
        """Validate and convert one chunk."""
        faults = Faults(records.numbers)
        columns, rounded = self._checked(records, faults)
        kept = columns if faults.sound.all() else _filtered(columns, pa.array(faults.sound))
        if self._plan.id_prefix:
            hashed = [kept[name] for name in TRANSACTION_SCHEMA.names if name not in ("transaction_id", "base_minor")]
            hashed += [kept["identity"]] if "identity" in kept else []
            kept["transaction_id"] = derive_ids(hashed, self._plan.id_prefix, self._ordinals)
        return TransactionBatch(
            index=index,
            read=len(records.numbers) + len(records.broken),
            rejects=tuple(sorted((*records.broken, *faults.rows))),
            bytes_read=records.bytes_read,
            table=pa.table([kept[name] for name in TRANSACTION_SCHEMA.names], schema=TRANSACTION_SCHEMA),
            accounts=distinct_accounts(kept, banked=self._plan.banked),
            rounded=int((rounded & faults.sound).sum()),
            numbers=records.numbers[faults.sound],
        )

    def _checked(self, records: Records, faults: Faults) -> tuple[dict[str, Column], Flags]:
        plan = self._plan
        raw = {name: plan.column(records, name) for name in plan.sources.keys() | plan.constants.keys()}
        empty = pa.repeat(pa.scalar("", pa.string()), len(records.numbers))
        columns: dict[str, Column] = {}

        def text(name: str, limit: int) -> None:
            column = raw.get(name)
            columns[name] = empty if column is None else clean_column(column, field=name, limit=limit, faults=faults)

        text("transaction_id", ID_LENGTH)
        if not plan.id_prefix:
            faults.mark(is_blank(columns["transaction_id"]), "transaction_id", raw["transaction_id"], NO_ID)
        if "identity" in raw:
            columns["identity"] = raw["identity"]
        if plan.clock:
            micros = plan.clock.micros(raw["booked_at"], field="booked_at", faults=faults)
        else:
            micros = parse_times(raw["booked_at"], field="booked_at", zone=plan.zone, faults=faults)
        columns["booked_at"] = pa.array(micros)
        text("from_account", ID_LENGTH)
        text("to_account", ID_LENGTH)
        no_account = is_blank(columns["from_account"]) & is_blank(columns["to_account"])
        faults.mark(no_account, "from_account", columns["from_account"], NO_ACCOUNT)
        columns["currency"], paid = self._money(raw, "currency", "amount", faults)
        columns["amount_minor"] = pa.array(paid.minor)
        rounded = paid.rounded | self._received(raw, columns, paid, faults)
        columns["channel"], unknown = translate(raw["channel"], plan.channel)
        faults.mark(unknown, "channel", raw["channel"], UNKNOWN_CHANNEL.format(plan.channel_words))
        for name in ("from_country", "to_country"):
            columns[name], unknown = translate(raw.get(name, empty), plan.country)
            faults.mark(unknown, name, raw.get(name, empty), plan.country_words or UNKNOWN_COUNTRY)
        text("branch", ID_LENGTH)
        text("reference", TEXT_LENGTH)
        codes, currencies = _encoded(columns["currency"])
        paid_in = Paid(paid.minor, codes, currencies, micros)
        columns["base_minor"] = pa.array(convert_column(paid_in, self._rates, self._base, faults, raw))
        if plan.received_at_rate:
            self._receive_at_rate(raw, columns, paid_in, faults)
        return columns, rounded

    def _money(self, raw: dict[str, Column], currency: str, amount: str, faults: Faults) -> tuple[Column, Amounts]:
        codes, unknown = translate(raw[currency], self._plan.currency)
        faults.mark(unknown, currency, raw[currency], self._plan.currency_words or UNKNOWN_CURRENCY)
        amounts = parse_amounts(raw[amount], _decimals(codes), round_excess=self._plan.round_amounts)
        wrong = amounts.fault > 0
        faults.mark(wrong, amount, raw[amount], lambda i: reason_for(int(amounts.fault[i]), codes[i].as_py()))
        return codes, amounts

    def _received(self, raw: dict[str, Column], columns: dict[str, Column], paid: Amounts, faults: Faults) -> Flags:
        """Fill in what arrived: blank means the same as what left."""
        currency, minor = columns["currency"], columns["amount_minor"]
        columns["received_currency"], columns["received_minor"] = currency, minor
        given = [raw[name] for name in ("received_amount", "received_currency") if name in raw]
        if self._plan.received_at_rate or all(bool(_blank(column).all()) for column in given):
            return np.zeros(len(paid.minor), dtype=np.bool_)
        empty = pa.repeat(pa.scalar("", pa.string()), len(paid.minor))
        amounts, currencies = raw.get("received_amount", empty), raw.get("received_currency", empty)
        no_amount, no_currency = _blank(amounts), _blank(currencies)
        filled = {
            "received_currency": pc.if_else(pa.array(no_currency), currency, currencies),
            "received_amount": pc.if_else(pa.array(no_amount), "0", amounts),
        }
        codes, received = self._money(filled, "received_currency", "received_amount", faults)
        differs = pc.not_equal(codes, currency).to_numpy(zero_copy_only=False)
        faults.mark(no_amount & differs, "received_amount", amounts, NO_RECEIVED)
        columns["received_currency"] = codes
        columns["received_minor"] = pc.if_else(pa.array(no_amount), minor, pa.array(received.minor))
        return received.rounded

    def _receive_at_rate(self, raw: dict[str, Column], columns: dict[str, Column], paid: Paid, faults: Faults) -> None:
        """Work out what arrived in the currency that arrived; a row without a rate on its day is rejected."""
        given = raw["received_currency"]
        codes, unknown = translate(given, self._plan.currency)
        faults.mark(unknown, "received_currency", given, self._plan.currency_words or UNKNOWN_CURRENCY)
        arrived, currencies = _encoded(codes)
        minor = paid.minor.copy()
        for number, currency in enumerate(currencies):
            rows = (
                (arrived == number) & (np.array(paid.currencies, dtype=object)[paid.codes] != currency) & faults.sound
            )
            if rows.any():
                part = Paid(paid.minor, np.where(rows, paid.codes, -1), paid.currencies, paid.micros)
                minor[rows] = convert_column(part, self._rates, currency, faults, raw, "received_currency")[rows]
        columns["received_currency"], columns["received_minor"] = codes, pa.array(minor)


def _filtered(columns: dict[str, Column], keep: Column) -> dict[str, Column]:
    return {name: column.filter(keep) for name, column in columns.items()}


def _blank(column: Column) -> Flags:
    return is_blank(pc.utf8_trim_whitespace(column))


def _encoded(column: Column) -> tuple[Ints, list[str]]:
    encoded = column.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary.to_pylist()


def _decimals(codes: Column) -> Ints:
    """Look up the decimals of each row's currency; of a row without one, as many as any currency has."""
    positions, currencies = _encoded(codes)
    most = max(MINOR_DIGITS.values())
    digits = np.array([MINOR_DIGITS.get(code, most) for code in currencies] or [0], dtype=np.int64)
    return digits[positions]


def distinct_accounts(columns: dict[str, Column], *, banked: bool) -> Column:
    """List the distinct accounts of a chunk, each with the currency and country of the first row that names it.

    ``banked`` says that what stands before the slash of an account id is its bank.
    """
    ids = pa.concat_arrays([columns["from_account"], columns["to_account"]])
    codes, _ = _encoded(ids)
    # Codes count up in order of first appearance; writing positions backwards leaves the first of each.
    first = np.zeros(int(codes.max()) + 1 if len(codes) else 0, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    picked = pa.array(first[~is_blank(ids.take(pa.array(first)))])
    ids = ids.take(picked)
    pairs = (("currency", "received_currency"), ("from_country", "to_country"))
    currencies, countries = (pa.concat_arrays([columns[left], columns[right]]).take(picked) for left, right in pairs)
    banks = pa.repeat(pa.scalar("", pa.string()), len(ids))
    if banked:
        banks = pc.if_else(pc.match_substring(ids, "/"), pc.replace_substring_regex(ids, "/.*", ""), banks)
    return pa.table([ids, banks, currencies, countries], schema=ACCOUNT_SEEN_SCHEMA)
