"""Countries the bank is at home in, countries its customers deal with, and what each of them calls things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: USD per unit, in millionths: the rate at which the demo bank converts between its three currencies.
RATES: Final[dict[str, int]] = {"USD": 1_000_000, "EUR": 1_090_000, "GBP": 1_270_000}


@dataclass(frozen=True, slots=True)
class Home:
    """A country with branches of the bank. ``offset`` is hours from UTC, whole and fixed: no time-zone data is read."""

    country: str
    share: int
    currency: str
    offset: int
    legal: str
    bank: str
    cities: tuple[str, ...]
    tongues: tuple[str, ...]  # where names come from, repeated by weight
    abroad: tuple[str, ...]  # where its people shop, travel and send money; none is on a FATF list


HOMES: Final = (
    Home(
        "US",
        60,
        "USD",
        -5,
        "LLC",
        "Harbour Vale Bank NA",
        ("New York", "Newark", "Boston", "Philadelphia", "Baltimore", "Miami", "Atlanta", "Charlotte"),
        (
            "en_US",
            "en_US",
            "en_US",
            "en_US",
            "es_MX",
            "es_MX",
            "vietnamese",
            "zh_CN",
            "en_IN",
            "yo_NG",
            "pl_PL",
            "arabic",
            "russian",
            "ja_JP",
            "pt_BR",
            "it_IT",
            "en_IE",
        ),
        ("CA", "MX", "GB", "BR", "IN", "PH", "JP", "PL"),
    ),
    Home(
        "GB",
        12,
        "GBP",
        0,
        "Ltd",
        "Harbour Vale Bank plc",
        ("London", "Manchester", "Leeds", "Glasgow", "Cardiff"),
        ("en_GB", "en_GB", "en_GB", "en_IN", "pl_PL", "en_NG", "ga_IE", "arabic", "greek", "ro_RO"),
        ("IE", "FR", "ES", "US", "PL", "IN"),
    ),
    Home(
        "DE",
        8,
        "EUR",
        1,
        "GmbH",
        "Harbour Vale Bank AG",
        ("Berlin", "Hamburg", "München", "Köln"),
        ("de_DE", "de_DE", "de_DE", "tr_TR", "pl_PL", "russian", "hr_HR", "greek"),
        ("AT", "NL", "PL", "TR", "CH"),
    ),
    Home(
        "FR",
        6,
        "EUR",
        1,
        "SARL",
        "Harbour Vale Banque SA",
        ("Paris", "Lyon", "Marseille"),
        ("fr_FR", "fr_FR", "fr_FR", "arabic", "pt_PT"),
        ("BE", "ES", "PT", "MA", "GB"),
    ),
    Home(
        "ES",
        5,
        "EUR",
        1,
        "S.L.",
        "Harbour Vale Banco SA",
        ("Madrid", "Barcelona", "Sevilla"),
        ("es_ES", "es_ES", "es_MX", "ro_RO"),
        ("PT", "FR", "CO", "GB"),
    ),
    Home(
        "IE",
        4,
        "EUR",
        0,
        "DAC",
        "Harbour Vale Bank DAC",
        ("Dublin", "Cork", "Galway"),
        ("en_IE", "ga_IE", "ga_IE", "pl_PL", "pt_BR"),
        ("GB", "US", "ES", "PL"),
    ),
    Home(
        "NL",
        3,
        "EUR",
        1,
        "B.V.",
        "Harbour Vale Bank NV",
        ("Amsterdam", "Rotterdam", "Utrecht"),
        ("nl_NL", "nl_NL", "nl_NL", "tr_TR"),
        ("BE", "DE", "ID", "GB"),
    ),
    Home(
        "IT",
        2,
        "EUR",
        1,
        "S.r.l.",
        "Harbour Vale Banca SpA",
        ("Milano", "Torino", "Bologna"),
        ("it_IT", "it_IT", "ro_RO", "arabic"),
        ("CH", "FR", "AT", "GB"),
    ),
)

#: Where burst cards are used and layered money goes: far from the homes, on no FATF list of June 2026.
FAR: Final = ("AE", "SG", "TH", "ZA", "CY", "LV", "HK", "PA", "MY", "GE", "KZ", "CL")
#: Call for action or increased monitoring in the FATF lists of 19 June 2026.
HIGH_RISK: Final = ("IR", "MM", "SY", "YE", "HT", "CD", "SS", "LB")

_EURO: Final = frozenset("AT BE CY DE ES FI FR IE IT LV NL PT".split())


def currency_of(country: str) -> str:
    """Name the currency an outside account is kept in: dollars wherever it is neither euro nor sterling."""
    if country in _EURO:
        return "EUR"
    return "GBP" if country == "GB" else "USD"


def convert(minor: int, source: str, target: str) -> int:
    """Convert minor units at the demo bank's rate, rounding down."""
    return minor if source == target else minor * RATES[source] // RATES[target]
