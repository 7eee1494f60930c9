"""Customers, their accounts, and the transactions between accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from casedesk.domain.money import Money


class CustomerKind(StrEnum):
    """What sort of subject a customer is."""

    PERSON = "Person"
    BUSINESS = "Business"
    UNKNOWN = "Unknown"  # made for an account whose holder no file has named


class Channel(StrEnum):
    """How the money moved."""

    CASH = "CASH"
    ACH = "ACH"
    WIRE = "WIRE"
    CARD = "CARD"
    CHEQUE = "CHEQUE"
    CRYPTO = "CRYPTO"
    INTERNAL = "INTERNAL"  # between accounts of one customer, or reinvestment
    OTHER = "OTHER"


#: Electronic funds transfers, the "EFT" of the original structuring rule.
EFT = frozenset({Channel.ACH, Channel.WIRE})


@dataclass(frozen=True, slots=True)
class Customer:
    """The subject of alerts and cases."""

    customer_id: str
    name: str
    kind: CustomerKind
    country: str  # ISO 3166-1 alpha-2, empty when unknown
    segment: str = ""  # retail, salaried, cash business, marketplace ...
    occupation: str = ""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One account, the desk's own or a counterparty's; ``customer_id`` is empty for the latter."""

    account_id: str
    customer_id: str
    holder: str
    bank: str = ""
    currency: str = ""
    country: str = ""
    opened_on: date | None = None

    @property
    def external(self) -> bool:
        return not self.customer_id


@dataclass(frozen=True, slots=True)
class Transaction:
    """Money that left ``from_account`` and reached ``to_account``; one of them is empty for cash.

    ``from_country`` and ``to_country`` say where each side stood: the branch of a cash deposit, the terminal of a card
    payment, the bank of a wire. An account sees its counterparty's country.
    """

    transaction_id: str
    booked_at: datetime  # aware, UTC
    from_account: str
    to_account: str
    amount: Money  # as it left
    received: Money  # as it arrived
    base_minor: int  # ``amount`` in minor units of the desk's base currency, at the rate of the day
    channel: Channel
    from_country: str = ""
    to_country: str = ""
    branch: str = ""
    reference: str = ""
