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


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeProposed(Event):
    """A manager proposed to remove what was written on cases whose retention has ended; the reason stands in the notes.

    ``cases`` has pairs of a case and the hash of its last event, so that nothing may happen to it in between. Desk event.
    """

    action: ClassVar[str] = "purge_proposed"
    title: ClassVar[str] = "Purge proposed"
    touches: ClassVar[bool] = False
    cases: tuple[tuple[str, str], ...]
    via: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPurged(Event):
    """Another manager agreed, and what was written on the cases was removed with this event. Desk event.

    It repeats the proposal's cases and hashes; ``texts`` is of how many events the text went, ``forms`` how many reports went, and
    ``sent`` out of how many places of batch files. Version 1 could remove texts only.
    """

    action: ClassVar[str] = "cases_purged"
    title: ClassVar[str] = "Cases purged"
    version: ClassVar[int] = 2
    touches: ClassVar[bool] = False
    proposal: int
    maker: str
    cases: tuple[tuple[str, str], ...]
    texts: int
    forms: int
    sent: int
    via: str
