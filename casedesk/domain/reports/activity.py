"""What a report says happened: amounts, days, kinds of activity, products, and traces in networks.

Source: FinCEN SAR XML Schema User Guide, Part II of the report. Codes are FinCEN's; ``codes`` has their titles.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from casedesk.domain.reports.part import Code, Dollars, Part, Text


class Involved(StrEnum):
    """Whether an amount can be told."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    NONE = "no amount involved"


class Classification(Part):
    """A kind of suspicious activity, by its subtype's code. ``other`` says what an “other” is."""

    subtype: Code
    other: Text = ""


class Product(Part):
    """A product, instrument or payment mechanism that was involved, by its code."""

    code: Code
    other: Text = ""


class Attribute(Part):
    """A CUSIP number, commodity, instrument or market, by its code and in words."""

    code: Code
    text: Text


class IpAddress(Part):
    """An address the activity came from, and when, as far as that is known; ``at`` is ``HH:MM:SS`` in UTC."""

    address: Text
    on: date | None = None
    at: Text = ""


class CyberIndicator(Part):
    """A trace of a cyber event, by its code."""

    code: Code
    value: Text
    other: Text = ""
    on: date | None = None
    at: Text = ""


class Activity(Part):
    """The suspicious activity. Amounts are whole US dollars, rounded up.

    ``cumulative`` is the total over a continuing report and those before it.
    """

    involved: Involved = Involved.KNOWN
    amount: Dollars | None = None
    cumulative: Dollars | None = None
    first_on: date | None = None
    last_on: date | None = None
    classifications: tuple[Classification, ...] = ()
    products: tuple[Product, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    ip_addresses: tuple[IpAddress, ...] = ()
    cyber: tuple[CyberIndicator, ...] = ()
    loss: Dollars | None = None  # to the institution
