"""Instants as text: one canonical form for everything that is hashed or compared."""

from __future__ import annotations

from datetime import UTC, datetime

from casedesk.errors import Invalid


class NaiveTime(Invalid):
    """A time without a zone names no instant."""

    def __init__(self) -> None:
        super().__init__("A time without a zone was given; the desk only takes times that name an instant, in UTC.")


def canonical(at: datetime) -> str:
    """Write an aware time as ``YYYY-MM-DDTHH:MM:SS.ffffffZ``.

    The microseconds are always there: the same instant must have one text on every database.

    :raises NaiveTime: if ``at`` has no zone.
    """
    if at.tzinfo is None:
        raise NaiveTime
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat(timespec="microseconds")[:26] + "Z"


def parse(text: str) -> datetime:
    """Read the canonical form back.

    :raises ValueError: if the text is not in the canonical form.
    """
    if len(text) != 27 or text[-1] != "Z":
        raise ValueError(f"{text!r} is not a canonical time")
    return datetime.fromisoformat(text)
