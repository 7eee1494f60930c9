"""The published layouts the desk knows: SAML-D, PaySim, AMLSim and AMLGentex.

Column names are those the authors publish. Label columns are listed so that they can be kept apart; no field is made of
one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from casedesk.domain.countries import country_named
from casedesk.domain.transactions import Channel
from casedesk.formats.plans import Known, account_key
from casedesk.formats.preset_plans import Preset
from casedesk.formats.presets import (
    AMLGENTEX_CHANNELS,
    PAYSIM_CHANNELS,
    SAML_D_CHANNELS,
    SAML_D_CURRENCIES,
    same_spelling,
)
from casedesk.formats.records import Column

#: AMLGentex books income from a bank named "source" and spending to one named "sink": the world outside, no account.
_OUTSIDE: Final = ("source", "sink")


def _among(known: Mapping[str, str]) -> Known:
    return lambda word: known.get(word.casefold())


def _place(word: str) -> str | None:
    return country_named(word) if word else ""


def _moment(day: Column, time: Column) -> Column:
    return pc.binary_join_element_wise(pc.utf8_trim_whitespace(day), pc.utf8_trim_whitespace(time), "T")


def _is(kind: Column, word: str) -> Column:
    return pc.equal(pc.replace_substring(pc.utf8_upper(pc.utf8_trim_whitespace(kind)), "-", "_"), word)


def _paysim_from(origin: Column, kind: Column) -> Column:
    return pc.if_else(_is(kind, "CASH_IN"), "", origin)


def _paysim_to(origin: Column, destination: Column, kind: Column) -> Column:
    return pc.if_else(_is(kind, "CASH_IN"), origin, pc.if_else(_is(kind, "CASH_OUT"), "", destination))


def _paysim_agent(destination: Column, kind: Column) -> Column:
    """Where cash changed hands: the destination of a cash row is an agent, no account the money went to."""
    return pc.if_else(pc.or_(_is(kind, "CASH_IN"), _is(kind, "CASH_OUT")), destination, "")


def _gentex_account(bank: Column, account: Column) -> Column:
    outside = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(bank)), value_set=pa.array(_OUTSIDE))
    return pc.if_else(outside, "", account_key(bank, account))


SAML_D: Final = Preset(
    name="saml-d",
    columns={
        "booked_at": ("Date", "Time"),
        "from_account": ("Sender_account",),
        "to_account": ("Receiver_account",),
        "amount": ("Amount",),
        "currency": ("Payment_currency",),
        "received_currency": ("Received_currency",),
        "channel": ("Payment_type",),
        "from_country": ("Sender_bank_location",),
        "to_country": ("Receiver_bank_location",),
    },
    labels=("Is_laundering", "Laundering_type"),
    channel=_among(same_spelling(SAML_D_CHANNELS)),
    channel_words="SAML-D knows ACH, Cash Deposit, Cash Withdrawal, Cheque, Credit card, Cross-border and Debit card",
    id_prefix="SD",
    joined={"booked_at": _moment},
    currency=_among(same_spelling(SAML_D_CURRENCIES)),
    currency_words="This is none of SAML-D's currencies; write it as SAML-D does (UK pounds, US dollar, Euro ...) or as "
    "an ISO 4217 code that it uses, such as GBP.",
    country=_place,
    country_words="This is not a country the desk knows by name; write its English short name or its two letters, such as "
    "UK, UAE or DE, or leave it blank.",
    received_at_rate=True,
)

PAYSIM: Final = Preset(
    name="paysim",
    columns={
        "booked_at": ("step",),
        "channel": ("type",),
        "amount": ("amount",),
        "from_account": ("nameOrig", "type"),
        "to_account": ("nameOrig", "nameDest", "type"),
        "branch": ("nameDest", "type"),
    },
    labels=("isFraud", "isFlaggedFraud"),
    channel=lambda word: PAYSIM_CHANNELS.get(word.casefold().replace("-", "_")),
    channel_words="PaySim knows CASH_IN, CASH_OUT, DEBIT, PAYMENT and TRANSFER",
    id_prefix="PS",
    joined={"from_account": _paysim_from, "to_account": _paysim_to, "branch": _paysim_agent},
    step="hour",
)

AMLSIM: Final = Preset(
    name="amlsim",
    columns={
        "booked_at": ("time",),
        "from_account": ("sourceNodeId",),
        "to_account": ("targetNodeId",),
        "amount": ("value",),
    },
    labels=(),
    channel=lambda word: word if word in Channel.__members__ else None,
    channel_words="write one of " + ", ".join(Channel),
    id_prefix="AS",
    step="day",
    constants={"channel": Channel.ACH.value},
)

AMLGENTEX: Final = Preset(
    name="amlgentex",
    columns={
        "booked_at": ("step",),
        "channel": ("type",),
        "amount": ("amount",),
        "from_account": ("bankOrig", "nameOrig"),
        "to_account": ("bankDest", "nameDest"),
    },
    instead={"transaction_id": ("tx_id",), "booked_at": ("tx_date",)},
    labels=("is_sar", "isSAR", "pattern_id", "patternID", "alert_id", "alertID", "model_type", "modelType"),
    channel=_among(AMLGENTEX_CHANNELS),
    channel_words="AMLGentex knows TRANSFER, CASH and INITALBALANCE",
    id_prefix="AG",
    joined={"from_account": _gentex_account, "to_account": _gentex_account},
    step="day",
    banked=True,
)

#: In the order a header is tried: AMLGentex has PaySim's columns and more.
PRESETS: Final = (SAML_D, AMLGENTEX, PAYSIM, AMLSIM)


def recognised(header: Sequence[str]) -> Preset | None:
    """Find the layout that a header has all needed columns of."""
    return next((preset for preset in PRESETS if preset.share(header) == 1.0), None)


def nearest(header: Sequence[str]) -> Preset | None:
    """Find the layout that a header lacks little of, to say what is missing."""
    best = max(PRESETS, key=lambda preset: preset.share(header))
    return best if best.share(header) > 0.7 else None
