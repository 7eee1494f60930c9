"""Keys of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from casedesk.domain.api_keys import ApiKey, Scope, columns
from casedesk.domain.people import SYSTEM
from casedesk.errors import NotFound
from casedesk.store.direct import Direct
from casedesk.store.tables import api_key_uses, api_keys

_BY_ID = sa.select(api_keys).where(api_keys.c.key_id == sa.bindparam("key_id"))
_REVOKED = Direct(sa.select(api_keys.c.revoked_at).where(api_keys.c.key_id == sa.bindparam("key_id")))


class NoSuchKey(NotFound):
    """No key has this id."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no API key “{key_id}”; “casedesk apikey list” shows them.")


class ApiKeyReader:
    """Reads ``api_keys``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, key_id: str) -> ApiKey | None:
        """Return a key, or None."""
        row = self._connection.execute(_BY_ID, {"key_id": key_id}).one_or_none()
        return None if row is None else _key(row)

    def get(self, key_id: str) -> ApiKey:
        """Return a key.

        :raises NoSuchKey: if there is none.
        """
        found = self.find(key_id)
        if found is None:
            raise NoSuchKey(key_id)
        return found

    def revoked(self, key_id: str) -> bool:
        """Say whether a key was revoked: all that may change of one.

        :raises NoSuchKey: if there is none.
        """
        row = _REVOKED.first(self._connection, {"key_id": key_id})
        if row is None:
            raise NoSuchKey(key_id)
        return row[0] is not None

    def all(self) -> tuple[ApiKey, ...]:
        """Return every key, the newest first."""
        query = sa.select(api_keys).order_by(api_keys.c.created_at.desc(), api_keys.c.key_id)
        return tuple(_key(row) for row in self._connection.execute(query))

    def uses(self) -> dict[str, datetime]:
        """Return when each key was last seen; one that never was is left out."""
        return {row[0]: row[1] for row in self._connection.execute(sa.select(api_key_uses))}

    def projections(self) -> tuple[dict[str, Any], ...]:
        """Return every row as it is stored, by id."""
        query = sa.select(api_keys).order_by(api_keys.c.key_id)
        return tuple(dict(row) for row in self._connection.execute(query).mappings())


class ApiKeyStore(ApiKeyReader):
    """Writes ``api_keys``."""

    def put(self, key: ApiKey) -> None:
        """Add a key, or replace what is stored under its id."""
        values = columns(key)
        changed = self._connection.execute(sa.update(api_keys).where(api_keys.c.key_id == key.key_id).values(values))
        if changed.rowcount == 0:
            self._connection.execute(sa.insert(api_keys).values(values))

    def note_use(self, key_id: str, at: datetime) -> None:
        """Note when a key was last seen."""
        update = sa.update(api_key_uses).where(api_key_uses.c.key_id == key_id)
        if self._connection.execute(update.values(used_at=at)).rowcount == 0:
            self._connection.execute(sa.insert(api_key_uses).values(key_id=key_id, used_at=at))


def _key(row: sa.Row[*tuple[Any, ...]]) -> ApiKey:
    return ApiKey(
        row.key_id, row.label, row.user_id or SYSTEM.user_id, frozenset(map(Scope, row.scopes.split())),
        row.secret_sha256, row.created_by, row.created_at, row.expires_at, row.revoked_by or "", row.revoked_at,
    )  # fmt: skip
