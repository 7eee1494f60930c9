"""Instants as programs write them: text with a zone. A number would be taken for seconds, or milliseconds, since 1970."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def _written(value: object) -> object:
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError("This is not a date and time; write it as 2026-07-01T09:30:00Z.")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("The time lies outside the calendar.") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
