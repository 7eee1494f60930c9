"""Texts that name an instant to microseconds since 1970 in UTC, a column at a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from casedesk.errors import Invalid
from casedesk.formats.faults import Faults
from casedesk.formats.records import Column, Flags, Ints

_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_DAY: Final = 24 * 60 * _MINUTE
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Bookings from 1970 up to, not including, 2100: beyond lie typing errors and spreadsheets' day zero.
LAST: Final = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)

#: What may follow ``YYYY-MM-DDTHH:MM``: seconds, a fraction, a zone (ISO 8601; a space before the zone is tolerated).
_TAIL: Final = re.compile(r"(?::([0-5][0-9])(?:[.,]([0-9]{1,9}))?)? ?(Z|z|UTC|[+-][0-9]{2}(?::?[0-5][0-9])?)?")
_NAIVE: Final = np.iinfo(np.int64).min

WRITTEN: Final = "write it as 2026-07-01T09:30:00Z"
NOT_A_TIME: Final = f"This is not a date and time; {WRITTEN}."
NO_SUCH_DAY: Final = f"There is no such day or hour in the calendar; {WRITTEN}."
NO_ZONE: Final = f"The time has no zone; {WRITTEN}, or import with --zone UTC (or the zone of the bank)."
NO_SUCH_HOUR: Final = "The clocks of the zone were put forward over this hour, so the time does not exist there."
OUT_OF_RANGE: Final = "The time lies outside the years 1970 to 2099."


class UnknownZone(Invalid):
    """The name is not an IANA time zone."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is not a time zone; write UTC or an IANA name such as Europe/Berlin.")


def zone_named(name: str) -> ZoneInfo:
    """Find a zone by its IANA name.

    :raises UnknownZone: if there is none.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None


def parse_times(column: Column, *, field: str, zone: ZoneInfo | None, faults: Faults) -> Ints:
    """Turn a column of texts (or Arrow timestamps) into UTC microseconds and mark what names no instant.

    A time without a zone is read in ``zone``; of an hour that happens twice there, the first is meant.
    """
    if pa.types.is_timestamp(column.type):
        local, naive = _from_timestamps(column, field, faults)
    else:
        local, naive = _from_text(column, field, faults)
    if naive.any():
        if zone is None:
            faults.mark(naive, field, column, NO_ZONE)
        else:
            local = local - _offsets(local, naive, zone, column, field, faults)
    faults.mark((local < 0) | (local >= LAST), field, column, OUT_OF_RANGE)
    return local


def _from_timestamps(column: Column, field: str, faults: Faults) -> tuple[Ints, Flags]:
    faults.mark(pc.is_null(column).to_numpy(zero_copy_only=False), field, column, NOT_A_TIME)
    # Casting drops the fraction of a microsecond; the division of nanoseconds must not fail for that.
    micros = column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).fill_null(0)
    naive = np.full(len(column), column.type.tz is None)
    return micros.to_numpy(zero_copy_only=False).copy(), naive


def _from_text(column: Column, field: str, faults: Faults) -> tuple[Ints, Flags]:
    raw, column = column, pc.utf8_trim(column, " ")
    lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
    if (lengths == 10).any():
        days = pc.equal(pc.binary_length(column), 10)
        column = pc.if_else(days, pc.binary_join_element_wise(column, "T00:00", ""), column)
        lengths = pc.binary_length(column).to_numpy(zero_copy_only=False)
    shaped, exists, minutes = _civil(_prefixes(column), lengths >= 16)
    tails = pc.utf8_slice_codeunits(column, 16).dictionary_encode()
    codes = tails.indices.to_numpy(zero_copy_only=False)
    parsed = [_parse_tail(tail) for tail in tails.dictionary.to_pylist()] or [None]
    known = np.array([tail is not None for tail in parsed], dtype=np.bool_)
    added = np.array([tail[0] if tail else 0 for tail in parsed], dtype=np.int64)
    offset = np.array([tail[1] if tail else 0 for tail in parsed], dtype=np.int64)
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    faults.mark(~(shaped & known[codes]), field, raw, NOT_A_TIME)
    faults.mark(~exists, field, raw, NO_SUCH_DAY)
    naive = offset[codes] == _NAIVE
    return minutes * _MINUTE + added[codes] - np.where(naive, 0, offset[codes]), naive


def _prefixes(column: Column) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    """Gather the first sixteen bytes of every text; what lies beyond a short text is not looked at."""
    _, offsets, data = column.buffers()
    if data is None or not data.size:
        return np.zeros((len(column), 16), dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column)]
    values = np.frombuffer(data, dtype=np.uint8)
    gathered: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    gathered = values[np.minimum(starts[:, None] + np.arange(16), len(values) - 1)]
    return gathered


def _civil(text: np.ndarray[tuple[int, int], np.dtype[np.uint8]], long_enough: Flags) -> tuple[Flags, Flags, Ints]:
    """Read ``YYYY-MM-DDTHH:MM``: whether it has that shape, whether the calendar has it, minutes since 1970."""
    digits = text[:, [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15]].astype(np.int64) - ord("0")
    dash = text[:, 4]
    shaped = long_enough & ((digits >= 0) & (digits <= 9)).all(axis=1)
    shaped &= ((dash == ord("-")) | (dash == ord("/"))) & (text[:, 7] == dash) & (text[:, 13] == ord(":"))
    shaped &= (text[:, 10] == ord("T")) | (text[:, 10] == ord(" ")) | (text[:, 10] == ord("t"))
    year = digits[:, 0] * 1000 + digits[:, 1] * 100 + digits[:, 2] * 10 + digits[:, 3]
    month, day, hour, minute = (digits[:, i] * 10 + digits[:, i + 1] for i in (4, 6, 8, 10))
    exists = (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (year >= 1)
    month = np.where(exists, month, 1)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    lengths = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[month - 1] + (leap & (month == 2))
    exists &= (day >= 1) & (day <= lengths)
    # Days of the civil calendar: years are counted from March, so that the leap day is the last of a year.
    shifted = year - (month <= 2)
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + day_of_year - 719_468
    return shaped, exists, np.where(shaped & exists, days * 1440 + hour * 60 + minute, 0)


def _parse_tail(tail: str) -> tuple[int, int] | None:
    """Give the microseconds that seconds and fraction add, and the offset from UTC, or the mark of none."""
    found = _TAIL.fullmatch(tail)
    if not found:
        return None
    second, fraction, zone = found.groups()
    added = int(second or 0) * _SECOND + int((fraction or "").ljust(6, "0")[:6])
    if zone is None:
        return added, _NAIVE
    if zone in ("Z", "z", "UTC"):
        return added, 0
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
    if hours > 23:
        return None
    return added, (hours * 60 + minutes) * _MINUTE * (-1 if zone[0] == "-" else 1)


def _offsets(local: Ints, naive: Flags, zone: ZoneInfo, column: Column, field: str, faults: Faults) -> Ints:
    """Look up the zone's offset once for each distinct minute."""
    offsets = np.zeros(len(local), dtype=np.int64)
    if zone.key == "UTC":
        return offsets
    asked = naive & faults.sound & (local >= -_DAY) & (local < LAST + _DAY)
    minutes, codes = np.unique(local[asked] // _MINUTE, return_inverse=True)
    answers = [_offset(int(minute), zone) for minute in minutes]
    offsets[asked] = np.array([answer or 0 for answer in answers], dtype=np.int64)[codes] if answers else 0
    skipped = np.zeros(len(local), dtype=np.bool_)
    skipped[asked] = np.array([answer is None for answer in answers], dtype=np.bool_)[codes] if answers else False
    faults.mark(skipped, field, column, NO_SUCH_HOUR)
    return offsets


def _offset(minute: int, zone: ZoneInfo) -> int | None:
    local = (_EPOCH + timedelta(minutes=minute)).replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return None
    offset = local.utcoffset()
    return offset // timedelta(microseconds=1) if offset is not None else 0
