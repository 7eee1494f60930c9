"""camt.053, the account statement: every booked entry is money into or out of the account of the statement.

An entry of several transactions becomes one row for each of them when their amounts are given in the account's currency
and add up to the entry; otherwise the entry is one row, without the other side.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final
from xml.etree.ElementTree import Element

from casedesk.domain.transactions import Channel
from casedesk.formats.iso_parties import account_id, bank_code, country_of, moment, remittance
from casedesk.formats.xml_messages import EntryRefused, Message, first_text, inside, local, text

#: Families of the external bank transaction codes (domain PMNT) and the desk's channel for them.
_FAMILIES: Final = {
    **dict.fromkeys(("RCDT", "ICDT", "RDDT", "IDDT", "RRCT", "IRCT"), Channel.ACH),
    **dict.fromkeys(("CCRD", "MCRD"), Channel.CARD),
    **dict.fromkeys(("RCHQ", "ICHQ"), Channel.CHEQUE),
    "CNTR": Channel.CASH,
}
#: Sub-families that say more than their family: cross-border transfers, and cash at a counter or machine.
_SUB_FAMILIES: Final = {
    **dict.fromkeys(("XBCT", "XRCT", "XBSA", "XBST"), Channel.WIRE),
    **dict.fromkeys(("CWDL", "CDPT", "BCDP", "BCWD", "MSCD", "XBCW"), Channel.CASH),
    **dict.fromkeys(("CHKD", "CHCO"), Channel.CHEQUE),
}
_NO_ACCOUNT: Final = "The statement does not say whose it is: it has neither an IBAN nor another account number."
_NO_DIRECTION: Final = "The entry does not say its direction; CdtDbtInd is CRDT or DBIT."
_NOT_BOOKED: Final = "The entry is not booked yet; import the statement in which its status is BOOK."


def statement_rows(entry: Element, statement: Element) -> list[dict[str, str]]:
    """Build the rows of one ``Ntry``.

    :raises EntryRefused: if the entry has no account or direction, or is not booked.
    """
    account = inside(statement, "Acct")
    servicer = inside(account, "Svcr")
    own = account_id(account, bank_code(servicer))
    if not own:
        raise EntryRefused("account", "", _NO_ACCOUNT)
    status = first_text(entry, ("Sts", "Cd"), ("Sts", "Prtry"), ("Sts",))
    if status not in ("BOOK", ""):
        raise EntryRefused("status", status, _NOT_BOOKED)
    direction = text(entry, "CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise EntryRefused("direction", direction, _NO_DIRECTION)
    home = country_of(account, servicer, inside(account, "Ownr"))
    amount = inside(entry, "Amt")
    details = _details(entry)
    parts = _parts(details, amount)
    if parts is None:
        details, parts = details[:1] if len(details) == 1 else [None], [(text(amount), _currency(amount))]
    return [
        _row(entry, detail, own, home, direction, value, currency)
        for detail, (value, currency) in zip(details, parts, strict=True)
    ]


def _row(
    entry: Element, detail: Element | None, own: str, home: str, direction: str, amount: str, currency: str
) -> dict[str, str]:
    channel = _channel(detail) or _channel(entry) or Channel.OTHER
    other, abroad = _other_side(entry, detail, direction)
    if channel is Channel.CASH:
        other, abroad = "", home  # cash is paid in and out where the account is kept
    sides = ("to", "from") if direction == "CRDT" else ("from", "to")
    refs = inside(detail, "Refs")
    identity = (
        own,
        first_text(entry, ("AcctSvcrRef",), ("NtryRef",)),
        *(text(refs, name) for name in ("UETR", "TxId", "EndToEndId", "InstrId", "AcctSvcrRef")),
    )
    return {
        "booked_at": moment(inside(entry, "BookgDt")) or moment(inside(entry, "ValDt")),
        f"{sides[0]}_account": own,
        f"{sides[1]}_account": other,
        "amount": amount,
        "currency": currency,
        "channel": channel.value,
        f"{sides[0]}_country": home,
        f"{sides[1]}_country": abroad,
        "reference": remittance(detail),
        "identity": "\x1f".join(identity),
    }


def _details(entry: Element) -> list[Element | None]:
    return [
        detail
        for group in entry
        if local(group) == "NtryDtls"
        for detail in group
        if local(detail) == "TxDtls"
    ]  # fmt: skip


def _parts(details: list[Element | None], amount: Element | None) -> list[tuple[str, str]] | None:
    """Give amount and currency of each transaction, if there are several and they add up to the entry."""
    if len(details) < 2:
        return None
    found = [inside(detail, "Amt") if inside(detail, "Amt") is not None else inside(detail, "AmtDtls", "TxAmt", "Amt")
             for detail in details]  # fmt: skip
    parts = [(text(part), _currency(part)) for part in found]
    try:
        whole = sum(Decimal(value) for value, _ in parts) == Decimal(text(amount))
    except InvalidOperation:
        return None
    return parts if whole and {currency for _, currency in parts} == {_currency(amount)} else None


def _currency(amount: Element | None) -> str:
    return amount.get("Ccy", "") if amount is not None else ""


def _other_side(entry: Element, detail: Element | None, direction: str) -> tuple[str, str]:
    """Find account and country of whoever paid or was paid. A reversal names the parties of what it takes back."""
    backwards = text(entry, "RvslInd").lower() in ("true", "1")
    role = "Dbtr" if (direction == "CRDT") is not backwards else "Cdtr"
    parties, agents = inside(detail, "RltdPties"), inside(detail, "RltdAgts")
    account, agent = inside(parties, f"{role}Acct"), inside(agents, f"{role}Agt")
    return account_id(account, bank_code(agent)), country_of(account, agent, inside(parties, role))


def _channel(element: Element | None) -> Channel | None:
    family = inside(element, "BkTxCd", "Domn", "Fmly")
    return _SUB_FAMILIES.get(text(family, "SubFmlyCd")) or _FAMILIES.get(text(family, "Cd"))


CAMT053: Final = Message("camt.053", "BkToCstmrStmt", "Ntry", statement_rows)
