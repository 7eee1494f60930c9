"""What a worker announces outside the desk, an alert once it is committed, and what the rules have still to look at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from casedesk.domain.alerts import Alert
from casedesk.domain.people import Action, Person, require
from casedesk.services.run_records import read
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["PAGE", "Due", "begin", "due", "move_on", "unseen"]

#: The most alerts that are announced before the place is noted.
PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class Due:
    """Alerts to announce, in the order in which runs stored them, and the one before them as it was noted."""

    after: str
    alerts: tuple[Alert, ...]


def begin(*, uow: Writing, actor: Person, at: datetime, place: str) -> None:
    """Note, where nobody did yet, that alerts are announced at this place from now on: what is stored already is old news."""
    require(actor, Action.DETECT)
    with uow:
        if uow.announcements.last(place) is None:
            uow.announcements.begin(place, uow.alerts.newest(), at)
            uow.commit()


def due(*, uow: Reading, actor: Person, place: str) -> Due:
    """Return the next alerts that were not announced at this place."""
    require(actor, Action.DETECT)
    with uow:
        after = uow.announcements.last(place) or ""
        return Due(after, uow.alerts.page(after=after, since=None, limit=PAGE))


def move_on(*, uow: Writing, actor: Person, at: datetime, place: str, done: Due) -> bool:
    """Note that these were announced; return False where another worker did it first, so that both announced them."""
    require(actor, Action.DETECT)
    with uow:
        moved = uow.announcements.move(place, done.after, done.alerts[-1].alert_id, at)
        uow.commit()
    return moved


def unseen(*, uow: Reading, actor: Person) -> bool:
    """Say whether a transaction arrived that no run of the rules has looked at."""
    require(actor, Action.DETECT)
    with uow:
        last = uow.runs.last()
        # a run's own place is later than the arrivals it saw: others may have come while it looked
        return uow.run_data.arrived(read(last).arrival if last else 0)
