"""Deliveries of webhooks: tried until they arrive, ever more seldom, and not for ever."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Seconds until the second try; each further one waits twice as long, up to the longest.
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 3600.0
#: Tries before the desk gives up: about half a day after the first.
TRIES: Final = 20


class State(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One alert on its way to one webhook. The id is the same at each try, so that a receiver knows it again."""

    delivery_id: str
    hook_id: str
    alert_id: str
    created_at: datetime
    state: State = State.WAITING
    tries: int = 0
    next_at: datetime | None = None  # not before; None once it is over
    status: int | None = None  # the last answer's, None if there was none
    problem: str = ""  # of the last try
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """What came of one try; ``status`` is None where nobody answered."""

    status: int | None
    problem: str = ""

    @property
    def arrived(self) -> bool:
        """Whether the receiver took it: any status from 200 to 299."""
        return self.status is not None and 200 <= self.status < 300


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries."""
    return timedelta(seconds=min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)))


def after(delivery: Delivery, tried: Try, at: datetime) -> Delivery:
    """Return what becomes of a delivery by a try."""
    tries = delivery.tries + 1
    told = replace(delivery, tries=tries, status=tried.status, problem=tried.problem)
    if tried.arrived:
        return replace(told, state=State.DELIVERED, next_at=None, done_at=at)
    if tries >= TRIES:
        return replace(told, state=State.GIVEN_UP, next_at=None, done_at=at)
    return replace(told, next_at=at + pause(tries))
