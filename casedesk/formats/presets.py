"""Words of foreign files, and what the desk calls the same thing."""

from __future__ import annotations

from typing import Final

from casedesk.domain.transactions import Channel

#: AMLworld spells currencies out (all fifteen of its generator).
AMLWORLD_CURRENCIES: Final = {
    "us dollar": "USD",
    "euro": "EUR",
    "uk pound": "GBP",
    "yen": "JPY",
    "yuan": "CNY",
    "rupee": "INR",
    "ruble": "RUB",
    "shekel": "ILS",
    "swiss franc": "CHF",
    "canadian dollar": "CAD",
    "australian dollar": "AUD",
    "mexican peso": "MXN",
    "brazil real": "BRL",
    "saudi riyal": "SAR",
    "bitcoin": "XBT",
}

#: AMLworld's seven payment formats.
AMLWORLD_CHANNELS: Final = {
    "cash": Channel.CASH.value,
    "ach": Channel.ACH.value,
    "wire": Channel.WIRE.value,
    "credit card": Channel.CARD.value,
    "cheque": Channel.CHEQUE.value,
    "bitcoin": Channel.CRYPTO.value,
    "reinvestment": Channel.INTERNAL.value,
}

#: Usual words for a channel, folded to lower case with ``_`` and ``-`` read as a space. There is no word for OTHER: a word
#: that is not here is a question for a person, who answers it with ``--map-value``.
CHANNEL_WORDS: Final = {
    **dict.fromkeys(("cash", "withdrawal", "deposit", "cash withdrawal", "cash deposit", "cash in", "cash out", "atm"), "CASH"),
    **dict.fromkeys(("ach", "transfer", "payment", "credit transfer", "direct debit", "debit", "sepa", "bank transfer"), "ACH"),
    **dict.fromkeys(("wire", "wire transfer", "cross border", "trade payment", "swift", "international transfer"), "WIRE"),
    **dict.fromkeys(("card", "credit card", "debit card", "pos", "purchase", "card payment"), "CARD"),
    **dict.fromkeys(("cheque", "check"), "CHEQUE"),
    **dict.fromkeys(("crypto", "bitcoin", "cryptocurrency", "virtual asset"), "CRYPTO"),
    **dict.fromkeys(("internal", "reinvestment", "own transfer", "internal transfer"), "INTERNAL"),
}  # fmt: skip


def channel_named(word: str) -> str | None:
    """Find the channel of a usual word such as ``withdrawal`` or ``Credit Card``; a channel's own name stands for itself."""
    if word in Channel.__members__:
        return word
    return CHANNEL_WORDS.get(" ".join(word.casefold().replace("_", " ").replace("-", " ").split()))


def same_spelling(known: dict[str, str]) -> dict[str, str]:
    """Let the desk's own codes pass where foreign words are translated."""
    return known | {code.casefold(): code for code in known.values()}
