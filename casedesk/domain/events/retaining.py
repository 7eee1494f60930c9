"""What keeps a case beyond its retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from casedesk.domain.events.event import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldPlaced(Event):
    """A manager placed a legal hold on a case; the reason stands in the notes. The hold is named by this event."""

    action: ClassVar[str] = "hold_placed"
    title: ClassVar[str] = "Legal hold placed"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted(Event):
    """A manager lifted a legal hold, by the event that placed it; the reason stands in the notes."""

    action: ClassVar[str] = "hold_lifted"
    title: ClassVar[str] = "Legal hold lifted"
    touches: ClassVar[bool] = False
    changes: ClassVar[bool] = False
    hold: int
    via: str
