"""Accounts, banks and texts as ISO 20022 messages write them, in every version."""

from __future__ import annotations

import re
from typing import Final
from xml.etree.ElementTree import Element

from casedesk.domain.countries import COUNTRIES
from casedesk.formats.text_fields import TEXT_LENGTH, utf16_length
from casedesk.formats.xml_messages import first_text, inside, local, text

_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII)
_IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", re.ASCII)


def bank_code(agent: Element | None) -> str:
    """Give a bank's BIC (ISO 9362), or its number in a clearing system."""
    paths = (("BICFI",), ("BIC",), ("ClrSysMmbId", "MmbId"), ("Othr", "Id"))
    return first_text(inside(agent, "FinInstnId"), *paths)


def account_id(account: Element | None, bank: str) -> str:
    """Build the key of an account: its IBAN, which names its bank; else bank and number, which is the bank's own."""
    iban = text(account, "Id", "IBAN").replace(" ", "").upper()
    number = text(account, "Id", "Othr", "Id")
    return iban or (f"{bank}/{number}" if number and bank else number)


def country_of(account: Element | None, agent: Element | None, party: Element | None) -> str:
    """Find where an account is kept: by its IBAN, its bank's BIC or address, or last its holder's address."""
    iban = text(account, "Id", "IBAN").replace(" ", "").upper()
    bic = first_text(inside(agent, "FinInstnId"), ("BICFI",), ("BIC",)).upper()
    candidates = (
        iban[:2] if _IBAN.fullmatch(iban) else "",
        bic[4:6] if len(bic) in (8, 11) else "",
        text(agent, "FinInstnId", "PstlAdr", "Ctry"),
        first_text(party, ("PstlAdr", "Ctry"), ("Pty", "PstlAdr", "Ctry"), ("CtryOfRes",), ("Pty", "CtryOfRes")),
    )
    return next((code for code in candidates if code in COUNTRIES), "")


def remittance(details: Element | None) -> str:
    """Join what the payer wrote, cut to what the desk keeps; the end-to-end reference where nothing was written."""
    info = inside(details, "RmtInf")
    written = [text(child) for child in info if local(child) == "Ustrd"] if info is not None else []
    structured = text(info, "Strd", "CdtrRefInf", "Ref")
    end_to_end = first_text(details, ("Refs", "EndToEndId"), ("PmtId", "EndToEndId"))
    words = " ".join(filter(None, written)) or structured or end_to_end.replace("NOTPROVIDED", "")
    while utf16_length(words) > TEXT_LENGTH:
        words = words[: TEXT_LENGTH - (utf16_length(words) - len(words))] if len(words) > TEXT_LENGTH else words[:-1]
    return words.strip()


def moment(date: Element | None) -> str:
    """Give the instant of a date choice (``Dt`` or ``DtTm``) as the desk reads it; a day may bear a zone."""
    day = text(date, "Dt")
    if zoned := _DAY.fullmatch(day):
        return f"{zoned[1]}T00:00:00{zoned[2]}"
    return text(date, "DtTm") or day
