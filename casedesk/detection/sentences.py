"""The words that explanations share: times, counts and lists, in plain English without the machine's locale."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from casedesk.domain.counts import counted as counted  # the rules take their words from here
from casedesk.domain.money import format_minor

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def instant(at: int) -> datetime:
    """Return the aware UTC time of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=at)


def when(first: datetime, last: datetime) -> str:
    """Say when something happened: “at 09:02 UTC on 4 Nov 2026” or “between 09:02 and 09:48 UTC on 4 Nov 2026”."""
    if first.date() != last.date():
        return f"between {_clock(first)} UTC on {day(first)} and {_clock(last)} UTC on {day(last)}"
    if _clock(first) == _clock(last):
        return f"at {_clock(first)} UTC on {day(first)}"
    return f"between {_clock(first)} and {_clock(last)} UTC on {day(first)}"


def moment(at: datetime) -> str:
    """Say one minute: “14:32 UTC on 4 Nov 2026”."""
    return f"{_clock(at)} UTC on {day(at)}"


def day(at: datetime) -> str:
    """Say a day: “4 Nov 2026”."""
    return f"{at.day} {MONTHS[at.month - 1]} {at.year}"


def minutes(number: int) -> str:
    """Say a length of time: “1 minute”, “10 minutes”."""
    return counted(number, "minute")


def money(minor: int, currency: str) -> str:
    """Say an amount: “USD 52,300.00”."""
    return f"{currency} {format_minor(minor, currency)}"


def listed(words: Sequence[str], most: int = 12) -> str:
    """Join words with commas; beyond ``most`` of them only say how many more there are."""
    shown = ", ".join(words[:most])
    return shown if len(words) <= most else f"{shown} and {len(words) - most} more"


def _clock(at: datetime) -> str:
    return f"{at.hour:02d}:{at.minute:02d}"
