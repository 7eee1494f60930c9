"""Alerts as somebody watches them: from the desk's own database, or pushed by the API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from casedesk.bootstrap import Desk
from casedesk.domain.people import Person
from casedesk.errors import Invalid, NotPermitted, Unavailable
from casedesk.services import alerts
from casedesk.stream.announcing import as_told

#: Seconds between two looks.
_LOOK: Final = 0.25
#: Seconds in which a page of the API must have been pushed before a broken line is noticed.
_PATIENCE: Final = 5.0


class NoApi(Unavailable):
    """The API does not answer."""


class NotLetIn(NotPermitted):
    """The API does not take the key."""


def local(desk: Desk, actor: Person, *, beginning: bool = False) -> Iterator[dict[str, Any] | None]:
    """Yield alerts as runs store them, and None after each look.

    :param beginning: with those that are stored already.
    """
    after = "" if beginning else alerts.newest(uow=desk.reading(), actor=actor)
    while True:
        found = alerts.page(uow=desk.reading(), actor=actor, after=after)
        for alert in found:
            after = alert.alert_id
            yield as_told(alert, desk.settings.base_currency)
        yield None
        if not found:
            time.sleep(_LOOK)


def pushed(url: str, key: str) -> Iterator[dict[str, Any] | None]:
    """Yield what the API pushes from now on, and None whenever there is none for a moment.

    A line that breaks is opened again where it broke.

    :raises NoApi: if the API does not answer.
    :raises NotLetIn: if it does not take the key.
    """
    from websockets.exceptions import ConnectionClosed, InvalidHandshake
    from websockets.sync.client import connect

    address, cursor, opened = _socket(url), "", False
    while True:
        try:
            with connect(
                f"{address}?after={cursor}", additional_headers={"Authorization": f"Bearer {key}"}, proxy=None,
                open_timeout=_PATIENCE,
            ) as socket:  # fmt: skip
                opened = True
                while True:
                    try:
                        told = orjson.loads(socket.recv(timeout=_LOOK))
                    except TimeoutError:
                        yield None
                        continue
                    cursor = told.get("cursor") or cursor
                    yield told.get("alert")
        except InvalidHandshake as refusal:
            response = getattr(refusal, "response", None)
            if response is not None and response.status_code in (401, 403):
                raise NotLetIn(f"The API at {url} does not take the key; it needs one with the scope “read”.") from None
            raise NoApi(f"The API at {url} does not speak of alerts; is this the desk’s address?") from None
        except (OSError, TimeoutError, ConnectionClosed):
            if not opened:
                raise NoApi(f"No API answers at {url}; is it served?") from None
            yield None
            time.sleep(_LOOK)


def _socket(url: str) -> str:
    parts = urlsplit(url)
    schemes = {"http": "ws", "https": "wss"}
    if parts.scheme not in schemes or not parts.netloc:
        raise Invalid(f"“{url}” is no address of the API; write it as http://127.0.0.1:8501.")
    return f"{schemes[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/')}/ws/alerts"
