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

#: SAML-D's currencies, with the singular and plural its versions use.
SAML_D_CURRENCIES: Final = {
    **dict.fromkeys(("uk pounds", "uk pound", "british pound", "pound sterling"), "GBP"),
    **dict.fromkeys(("us dollar", "us dollars"), "USD"),
    **dict.fromkeys(("euro", "euros"), "EUR"),
    **dict.fromkeys(("yen", "japanese yen"), "JPY"),
    **dict.fromkeys(("swiss franc", "swiss francs"), "CHF"),
    **dict.fromkeys(("indian rupee", "indian rupees"), "INR"),
    **dict.fromkeys(("pakistani rupee", "pakistani rupees"), "PKR"),
    **dict.fromkeys(("naira", "nigerian naira"), "NGN"),
    **dict.fromkeys(("dirham", "uae dirham", "emirati dirham"), "AED"),
    **dict.fromkeys(("moroccan dirham", "moroccan dirhams"), "MAD"),
    **dict.fromkeys(("mexican peso", "mexican pesos"), "MXN"),
    **dict.fromkeys(("turkish lira", "turkish liras"), "TRY"),
    **dict.fromkeys(("albanian lek", "lek"), "ALL"),
}

#: SAML-D's seven payment types.
SAML_D_CHANNELS: Final = {
    "cash deposit": Channel.CASH.value,
    "cash withdrawal": Channel.CASH.value,
    "ach": Channel.ACH.value,
    "cheque": Channel.CHEQUE.value,
    "credit card": Channel.CARD.value,
    "debit card": Channel.CARD.value,
    "cross-border": Channel.WIRE.value,
}

#: PaySim's five types of mobile money. CASH_IN and CASH_OUT have cash on one side.
PAYSIM_CHANNELS: Final = {
    "cash_in": Channel.CASH.value,
    "cash_out": Channel.CASH.value,
    "debit": Channel.ACH.value,
    "payment": Channel.ACH.value,
    "transfer": Channel.ACH.value,
}

#: AMLGentex's types. The opening balance is a booking, no payment; both spellings occur.
AMLGENTEX_CHANNELS: Final = {
    "transfer": Channel.ACH.value,
    "cash": Channel.CASH.value,
    "initalbalance": Channel.OTHER.value,
    "initialbalance": Channel.OTHER.value,
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
