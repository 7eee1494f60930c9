"""pacs.008, customer credit transfers between banks: every transaction is money from debtor's to creditor's account.

What left is the amount instructed, what arrived the amount settled between the banks; without the former they are one.
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Element

from casedesk.domain.transactions import Channel
from casedesk.formats.iso_parties import account_id, bank_code, country_of, remittance
from casedesk.formats.xml_messages import Message, first_text, inside, text

#: Settlement over accounts the two banks keep with each other, or with a cover payment: correspondent banking.
_CORRESPONDENT: Final = ("INDA", "INGA", "COVE")


def transfer_rows(transfer: Element, message: Element) -> list[dict[str, str]]:
    """Build the row of one ``CdtTrfTxInf``."""
    header = inside(message, "GrpHdr")
    settled, instructed = inside(transfer, "IntrBkSttlmAmt"), inside(transfer, "InstdAmt")
    left = instructed if instructed is not None else settled
    sides = [_side(transfer, role) for role in ("Dbtr", "Cdtr")]
    (payer, payer_country), (payee, payee_country) = sides
    identity = [text(transfer, "PmtId", name) for name in ("UETR", "TxId", "EndToEndId", "InstrId")]
    return [
        {
            "booked_at": _moment(transfer, header),
            "from_account": payer,
            "to_account": payee,
            "amount": text(left),
            "currency": _currency(left),
            "received_amount": text(settled),
            "received_currency": _currency(settled),
            "channel": _channel(transfer, header, payer_country, payee_country).value,
            "from_country": payer_country,
            "to_country": payee_country,
            "reference": remittance(transfer),
            "identity": "\x1f".join(identity),
        }
    ]


def _side(transfer: Element, role: str) -> tuple[str, str]:
    account, agent = inside(transfer, f"{role}Acct"), inside(transfer, f"{role}Agt")
    return account_id(account, bank_code(agent)), country_of(account, agent, inside(transfer, role))


def _currency(amount: Element | None) -> str:
    return amount.get("Ccy", "") if amount is not None else ""


def _moment(transfer: Element, header: Element | None) -> str:
    """Choose the best time there is: debited, accepted, the day of settlement, or when the message was made."""
    ours = first_text(transfer, ("SttlmTmIndctn", "DbtDtTm"), ("AccptncDtTm",), ("IntrBkSttlmDt",))
    return ours or first_text(header, ("IntrBkSttlmDt",), ("CreDtTm",))


def _channel(transfer: Element, header: Element | None, payer: str, payee: str) -> Channel:
    levels = (("PmtTpInf", "SvcLvl", "Cd"), ("PmtTpInf", "SvcLvl", "Prtry"))
    if "SEPA" in (first_text(transfer, *levels), first_text(header, *levels)):
        return Channel.ACH  # a clearing scheme, also across its members' borders
    abroad = bool(payer and payee) and payer != payee
    correspondent = text(header, "SttlmInf", "SttlmMtd") in _CORRESPONDENT
    return Channel.WIRE if abroad or correspondent else Channel.ACH


PACS008: Final = Message("pacs.008", "FIToFICstmrCdtTrf", "CdtTrfTxInf", transfer_rows)
