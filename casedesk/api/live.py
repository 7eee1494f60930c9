"""`WebSocket /ws/alerts`: alerts as they are stored, from where a client left off."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeVar

from anyio import to_thread
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from fastapi.encoders import jsonable_encoder
from pydantic import TypeAdapter, ValidationError

from casedesk.api.access import TooOften, address_of, authenticated, key_of, too_often
from casedesk.api.alerts import AlertId, alert_json
from casedesk.api.problems import problem, refusal
from casedesk.api.state import Served
from casedesk.bootstrap import Desk
from casedesk.domain.api_keys import Scope, require_scope
from casedesk.errors import CasedeskError, Unavailable
from casedesk.services import alerts, ledger
from casedesk.services.api_keys import Caller

router = APIRouter()
T = TypeVar("T")

#: How often a process looks whether the ledger has grown, while anybody listens: a quarter of what a push may take.
_LOOK: Final = 0.25
#: Seconds after which a client's key is looked at again, and the client told that the line is alive.
_BEAT: Final = 10.0
#: Seconds in which a client must have taken a message. One that does not is dropped; it comes back with its cursor.
_PATIENCE: Final = 10.0
_PAGE: Final = 200

#: Why the desk hangs up (RFC 6455, and its registry).
_NOT_PERMITTED, _TRY_AGAIN = 1008, 1013


class TooManyListen(Unavailable):
    """As many clients listen as a process may have."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"{most:,} programs listen to this process already, which is as many as CASEDESK_API_LISTENERS lets it have; "
            "ask another one, or follow /api/v1/alerts."
        )


class Pulse:
    """What the listeners of one process share: one look at the ledger's size for all, one reading of each page for all.

    :param most: how many may listen at a time.
    """

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._size = 0
        self._pages: dict[str, list[tuple[str, str]]] = {}
        self._lock = asyncio.Lock()
        self._news: asyncio.Future[None] | None = None
        self._looking: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def listening(self, desk: Desk) -> Iterator[None]:
        """Count one listener, and look while there is one.

        :raises TooManyListen: if there are enough.
        """
        if self._count >= self._most:
            raise TooManyListen(self._most)
        self._count += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(desk))
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self._looking.cancel()

    def news(self) -> asyncio.Future[None]:
        """Return what is done when the ledger has grown, or the look at it has failed, the next time."""
        if self._news is None or self._news.done():
            self._news = asyncio.get_running_loop().create_future()
        return self._news

    async def page(self, desk: Desk, caller: Caller, cursor: str) -> list[tuple[str, str]]:
        """Return the alerts after one, each as its id and the message that tells of it."""
        async with self._lock:
            if cursor not in self._pages:
                self._pages[cursor] = await _in_thread(partial(_page, desk, caller, cursor))
            return self._pages[cursor]

    async def _look(self, desk: Desk) -> None:
        while True:
            try:
                size = await _in_thread(partial(_size, desk))
            except CasedeskError:  # the database is away: whoever listens asks for a page, and is told
                size = -1
            if size != self._size:
                async with self._lock:
                    self._size = size
                    self._pages.clear()
                if not self.news().done():
                    self.news().set_result(None)
            await asyncio.sleep(_LOOK)


@router.websocket("/ws/alerts")
async def follow(socket: WebSocket, after: str = "") -> None:
    """Push each alert once it is stored, with a cursor from which to go on after a broken line.

    Without ``after`` a client is told of what comes from now on.
    """
    served: Served = socket.app.state.served
    sent = key_of(socket.headers.get("authorization", ""))
    try:
        TypeAdapter(AlertId).validate_python(after)
        desk, caller = await _in_thread(partial(_let_in, served, sent, address_of(socket)))
        cursor = after or await _in_thread(partial(_newest, desk, caller))
    except ValidationError:
        await socket.send_denial_response(problem(422, "“after” is not the id of an alert, such as A-0123456789AB."))
        return
    except TooOften as error:
        await socket.send_denial_response(too_often(error))
        return
    except CasedeskError as error:
        await socket.send_denial_response(refusal(error))
        return
    if wait := served.buckets.take(caller.key.key_id):
        await socket.send_denial_response(too_often(TooOften(wait)))
        return
    pulse: Pulse = socket.app.state.pulse
    try:
        with pulse.listening(desk):
            await socket.accept()
            await _told(socket, served, pulse, sent, cursor)
    except TooManyListen as error:
        await socket.send_denial_response(refusal(error))


async def _told(socket: WebSocket, served: Served, pulse: Pulse, sent: str, cursor: str) -> None:
    """Push until the client leaves, and hang up with a reason where it is the desk that ends it."""
    gone = asyncio.create_task(_gone(socket))
    served.metrics.listeners.inc()
    try:
        await _push(socket, served, pulse, sent, cursor, gone)
    except (TooOften, Unavailable) as error:
        await _hang_up(socket, _TRY_AGAIN, str(error))
    except CasedeskError as error:
        await _hang_up(socket, _NOT_PERMITTED, str(error))
    except TimeoutError:
        await _hang_up(socket, _TRY_AGAIN, "Too slow; go on with the cursor of the last message.")
    except (WebSocketDisconnect, RuntimeError):
        pass  # the client went away while something was sent; what it missed, its cursor brings
    finally:
        served.metrics.listeners.dec()
        gone.cancel()


async def _push(
    socket: WebSocket, served: Served, pulse: Pulse, sent: str, cursor: str, gone: asyncio.Task[None]
) -> None:
    """Send what is new until the client leaves, is too slow, or may not listen any more."""
    while not gone.done():
        desk, caller = await _in_thread(partial(_let_in, served, sent, address_of(socket)))
        await _send(socket, json.dumps({"cursor": cursor or None}))
        end = time.monotonic() + _BEAT
        while (left := end - time.monotonic()) > 0 and not gone.done():
            news = pulse.news()  # before the page is read: what is stored meanwhile is told of by the next
            page = await pulse.page(desk, caller, cursor)
            for alert_id, message in page:
                cursor = alert_id
                await _send(socket, message)
            if len(page) < _PAGE:
                await asyncio.wait({gone, news}, timeout=left, return_when=asyncio.FIRST_COMPLETED)


async def _gone(socket: WebSocket) -> None:
    """Wait until the client hangs up; whatever it says is passed over."""
    with contextlib.suppress(WebSocketDisconnect, KeyError):
        while True:
            await socket.receive_text()


async def _send(socket: WebSocket, message: str) -> None:
    await asyncio.wait_for(socket.send_text(message), _PATIENCE)


async def _hang_up(socket: WebSocket, code: int, why: str) -> None:
    with contextlib.suppress(RuntimeError, TimeoutError):
        await asyncio.wait_for(socket.close(code, why.encode()[:120].decode("utf-8", "ignore")), 1)


async def _in_thread(work: Callable[[], T]) -> T:
    return await to_thread.run_sync(work)


def _let_in(served: Served, sent: str, address: str) -> tuple[Desk, Caller]:
    caller = authenticated(served, sent, address)
    require_scope(caller.key, Scope.READ)
    return served.desk(), caller


def _newest(desk: Desk, caller: Caller) -> str:
    return alerts.newest(uow=desk.reading(), actor=caller.person)


def _size(desk: Desk) -> int:
    return ledger.size(uow=desk.reading())


def _page(desk: Desk, caller: Caller, cursor: str) -> list[tuple[str, str]]:
    found = alerts.page(uow=desk.reading(), actor=caller.person, after=cursor, limit=_PAGE)
    currency = desk.settings.base_currency
    told = [jsonable_encoder(alert_json(alert, currency)) for alert in found]
    return [
        (alert["alert_id"], json.dumps({"alert": alert, "cursor": alert["alert_id"]}, ensure_ascii=False))
        for alert in told
    ]
