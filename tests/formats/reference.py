"""The rules of a native transaction row, written a second time, slowly: one pydantic model, one row, no NumPy."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ValidationError, ValidationInfo

from casedesk.domain.countries import COUNTRIES
from casedesk.domain.money import MINOR_DIGITS
from casedesk.domain.rates import RateTable
from casedesk.domain.transactions import Channel
from casedesk.errors import CasedeskError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIME = re.compile(
    r"(\d{4})([-/])(\d\d)\2(\d\d)(?:[Tt ](\d\d):(\d\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)? ?"
    r"(Z|z|UTC|[+-]\d\d(?::?[0-5]\d)?)?)?",
    re.ASCII,
)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


def text(limit: int) -> BeforeValidator:
    def check(value: str) -> str:
        if any(unicodedata.category(c) == "Cc" for c in value):
            raise ValueError("control")
        value = unicodedata.normalize("NFC", value.strip())
        if len(value.encode("utf-16-le")) // 2 > limit:
            raise ValueError("long")
        return value

    return BeforeValidator(check)


def named(value: str) -> str:
    if not value:
        raise ValueError("blank")
    return value


def instant(value: str, info: ValidationInfo) -> int:
    found = TIME.fullmatch(value.strip(" "))
    if not found:
        raise ValueError("shape")
    year, _, month, day, hour, minute, second, fraction, zone = found.groups()
    local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC)
    local = (local + timedelta(microseconds=int((fraction or "").ljust(6, "0")[:6]))).replace(tzinfo=None)
    if zone is None:
        assumed: ZoneInfo | None = (info.context or {})["zone"]
        if assumed is None:
            raise ValueError("naive")
        aware = local.replace(tzinfo=assumed)
        try:
            round_trip = aware.astimezone(UTC).astimezone(assumed).replace(tzinfo=None)
        except OverflowError:
            raise ValueError("range") from None
        if round_trip != local:
            raise ValueError("gap")
    elif zone in ("Z", "z", "UTC"):
        aware = local.replace(tzinfo=UTC)
    else:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        aware = local.replace(tzinfo=timezone(-offset if zone[0] == "-" else offset))
    micros = (aware - EPOCH) // timedelta(microseconds=1)
    if not 0 <= micros < (datetime(2100, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1):
        raise ValueError("range")
    return micros


def one_of(known: Any) -> BeforeValidator:
    def check(value: str) -> str:
        value = value.strip()
        if value not in known:
            raise ValueError("unknown")
        return value

    return BeforeValidator(check)


def minor(value: str, currency: str) -> int:
    value = value.strip()
    if len(value) > 100 or not NUMBER.fullmatch(value):
        raise ValueError("number")
    sign, digits, exponent = Decimal(value).as_tuple()
    assert isinstance(exponent, int)
    whole = int("".join(map(str, digits)))
    if sign and whole:
        raise ValueError("negative")
    shift = exponent + MINOR_DIGITS[currency]
    result, rest = (whole * 10**shift, 0) if shift >= 0 else divmod(whole, 10**-shift)
    if rest or result >= 10**18:
        raise ValueError("decimals or size")
    return int(result)


def both_or_one(value: str, info: ValidationInfo) -> str:
    if not value and not info.data.get("from_account", "?"):
        raise ValueError("no account")
    return value


def code_or_same(value: str, info: ValidationInfo) -> str:
    code = value.strip() or str(info.data.get("currency", "USD"))
    if code not in MINOR_DIGITS:
        raise ValueError("unknown")
    return code


def received(value: str, info: ValidationInfo) -> int:
    if value.strip():
        return minor(value, info.data.get("received_currency", "USD"))
    if info.data.get("received_currency") != info.data.get("currency"):
        raise ValueError("no received amount")
    return int(info.data.get("amount", 0))


class Row(BaseModel):
    """Fields stand in the order the rules are checked."""

    transaction_id: Annotated[str, BeforeValidator(named), text(64)]
    booked_at: Annotated[int, BeforeValidator(instant)]
    from_account: Annotated[str, text(64)]
    to_account: Annotated[str, BeforeValidator(both_or_one), text(64)]
    currency: Annotated[str, one_of(MINOR_DIGITS)]
    amount: Annotated[int, BeforeValidator(lambda v, i: minor(v, i.data.get("currency", "USD")))]
    received_currency: Annotated[str, BeforeValidator(code_or_same)]
    received_amount: Annotated[int, BeforeValidator(received)]
    channel: Annotated[str, one_of(Channel.__members__)]
    from_country: Annotated[str, one_of({"", *COUNTRIES})]
    to_country: Annotated[str, one_of({"", *COUNTRIES})]
    branch: Annotated[str, text(64)]
    reference: Annotated[str, text(140)]


def judge(row: dict[str, str], rates: RateTable, base: str, zone: ZoneInfo | None) -> dict[str, Any] | str:
    """Give the row as the store wants it, or the name of the field that is at fault."""
    try:
        good = Row.model_validate(row, context={"zone": zone})
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        blank = field == "to_account" and error.errors()[0]["msg"].endswith("no account")
        return "from_account" if blank else field
    day = (EPOCH + timedelta(microseconds=good.booked_at)).date()
    try:
        base_minor = rates.convert(good.amount, good.currency, day, base)
    except CasedeskError as error:
        return "amount" if "larger" in str(error) else "currency"
    return {
        "transaction_id": good.transaction_id,
        "booked_at": good.booked_at,
        "from_account": good.from_account,
        "to_account": good.to_account,
        "amount_minor": good.amount,
        "currency": good.currency,
        "received_minor": good.received_amount,
        "received_currency": good.received_currency,
        "base_minor": base_minor,
        "channel": good.channel,
        "from_country": good.from_country,
        "to_country": good.to_country,
        "branch": good.branch,
        "reference": good.reference,
    }
