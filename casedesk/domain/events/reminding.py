"""Who was reminded of what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindersGiven(Event):
    """People were told that work items are due. Desk event.

    ``given`` has pairs of people and cases: each of these people was told of each of these cases.
    """

    action: ClassVar[str] = "reminders_given"
    title: ClassVar[str] = "Reminders given"
    touches: ClassVar[bool] = False
    day: str
    given: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
    via: str
