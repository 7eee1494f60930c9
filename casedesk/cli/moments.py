"""Times and days as they are typed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from casedesk.errors import Invalid


def moment(text: str, option: str) -> datetime:
    """Read an instant: ISO 8601 with a zone, or a day, which stands for its first instant in UTC.

    :raises Invalid: for anything else, naming the option.
    """
    text = text.strip()
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), UTC)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            f"“{option} {text}” is not a time; write it as 2026-07-01T09:30:00Z, or as a day: 2026-07-01."
        ) from None
    if at.tzinfo is None:
        raise Invalid(f"“{option} {text}” names no zone, so it names no instant; add Z for UTC, or +02:00.")
    return at.astimezone(UTC)


def day(text: str, option: str) -> date:
    """Read a day as 2026-07-01.

    :raises Invalid: for anything else, naming the option.
    """
    try:
        if len(text.strip()) != 10:
            raise ValueError
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(f"“{option} {text}” is not a day of the calendar; write it as 2026-07-01.") from None
