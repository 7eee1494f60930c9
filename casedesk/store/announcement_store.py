"""How far alerts were announced outside the desk, place by place."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.store.tables import announcements


class AnnouncementReader:
    """Reads ``announcements``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self, place: str) -> str | None:
        """Return the alert that was announced last at a place, empty before the first; None where nobody began yet."""
        query = sa.select(announcements.c.alert_id).where(announcements.c.place == place)
        return self._connection.execute(query).scalar_one_or_none()


class AnnouncementStore(AnnouncementReader):
    """Writes ``announcements``."""

    def begin(self, place: str, after: str, at: datetime) -> None:
        """Note that at a place alerts are announced from after this one on."""
        self._connection.execute(sa.insert(announcements).values(place=place, alert_id=after, moved_at=at))

    def move(self, place: str, seen: str, to: str, at: datetime) -> bool:
        """Move on where the place stands as it was seen; return False where somebody else moved it meanwhile."""
        there = sa.and_(announcements.c.place == place, announcements.c.alert_id == seen)
        moved = sa.update(announcements).where(there).values(alert_id=to, moved_at=at)
        return self._connection.execute(moved).rowcount == 1

    def pass_over(self, upto: str) -> None:
        """Let alerts up to this one be announced nowhere: they came with a whole desk, and are old news."""
        self._connection.execute(sa.update(announcements).values(alert_id=upto))
