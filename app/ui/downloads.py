"""Downloads: the file is made when the button is clicked, in the transaction that records its leaving.

Streamlit makes such a file on a thread of its own beside the run that the click starts, and can say nothing there. So the
click waits for the file, and then says what became of it: the event, or why there is no file.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from threading import Condition
from threading import Event as Signal
from typing import Final, NamedTuple

import streamlit as st
from streamlit import runtime

from app.ui import event_words, flash, session
from casedesk.domain.events import DESK
from casedesk.errors import CasedeskError, Conflict
from casedesk.services.exporting import ExportedFile

_KEPT: Final = 60.0  # seconds in which a browser has fetched what was made for it
_PATIENCE: Final = 20.0  # seconds; longer than the desk waits for a lock
_TURN: Final = 20.0  # seconds; the script under way may go on so long before it sees the click
_ARRIVAL: Final = 5.0  # seconds; the browser asks for the file as it tells of the click


class NothingMade(Conflict):
    """The browser asked for a file of the page as it was before it was drawn anew. Streamlit knows that no more."""

    def __init__(self) -> None:
        super().__init__(
            "The page was being drawn anew as you clicked, so no file was made and nothing was recorded. Click again."
        )


class Delivery:
    """What one click came to: the file, or why there is none. Neither, as long as it is being made."""

    def __init__(self) -> None:
        self.done = Signal()
        self.file: ExportedFile | None = None
        self.refused: CasedeskError | None = None


class Counter:
    """Where the two halves of a click on one button meet: the run that it starts, and the browser's request for the file.

    Each comes on a thread of its own, in any order, and a request may come from the page as it was before it was drawn anew. No
    file is made unless both are there: Streamlit drops what it has ready for a browser when a run starts, so an answer that is
    given before the click's own run has started is lost, and the button then turns for three minutes.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._asking: list[Delivery] = []

    def content(self, make: Callable[[], ExportedFile]) -> bytes:
        """Make the file that a browser asks for. A refusal goes to the run, and to the browser as a failed download.

        :raises NothingMade: if no run comes, so that nobody would be told what left the desk.
        """
        delivery = Delivery()
        self._ask(delivery)
        try:
            delivery.file = make()
        except CasedeskError as error:
            delivery.refused = error
            raise
        finally:
            delivery.done.set()
        return delivery.file.content

    def _ask(self, delivery: Delivery) -> None:
        with self._changed:
            self._asking.append(delivery)
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: delivery not in self._asking, _TURN):
                self._asking.remove(delivery)
                raise NothingMade

    def answer(self) -> Delivery | None:
        """Let the file be made that is asked for, and return what came of it; nothing if nobody comes to ask."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._asking), _ARRIVAL):
                return None
            delivery = self._asking.pop(0)
            self._changed.notify_all()
        delivery.done.wait(_PATIENCE)
        return delivery


class _Made(NamedTuple):
    content: bytes
    file_name: str
    mime: str
    until: float


def _made() -> dict[str, _Made]:
    made: dict[str, _Made] = st.session_state.setdefault("downloads_made", {})
    return made


def _counter(scope: str) -> Counter:
    counters: dict[str, Counter] = st.session_state.setdefault("downloads_counters", {})
    return counters.setdefault(scope, Counter())


def _keep_for_browser(scope: str) -> None:
    """Keep a file that was made a short while ago where the browser fetches it.

    Streamlit gives a file that is made on a click to nobody's session, and drops it when two runs have ended, whoever's they are: with a
    few people at work, before a slow browser has asked for it. It stays while a session names it, which a session does until its next run.
    """
    for name in [name for name, one in _made().items() if time.monotonic() > one.until]:
        del _made()[name]
    made = _made().get(scope)
    if made is None or not runtime.exists():
        return
    files = runtime.get_instance().media_file_mgr
    files.add(made.content, made.mime, f"made {scope}", file_name=made.file_name, is_for_static_download=True)


def button(label: str, key: str, file_name: str, mime: str, make: Callable[[], ExportedFile], reason: str = "") -> None:
    """Draw a download button.

    :param make: makes the file and records it; called once for each click.
    :param reason: why nothing can be downloaded, empty if it can.
    """
    counter = _counter(key)
    _keep_for_browser(key)
    st.download_button(
        label,
        data=partial(counter.content, make),
        file_name=file_name,
        mime=mime,
        key=key,
        icon=":material/download:",
        disabled=bool(reason),
        help=reason or None,
        on_click=_say,
        args=(counter, key, file_name, mime),
    )


def _say(counter: Counter, scope: str, file_name: str, mime: str) -> None:
    session.flashes().pop(scope, None)
    delivery = counter.answer()
    if delivery is None:
        flash.refuse(scope, NothingMade())
        return
    if delivery.refused is not None:
        flash.refuse(scope, delivery.refused)
    elif delivery.file is not None:
        _made()[scope] = _Made(delivery.file.content, file_name, mime, time.monotonic() + _KEPT)
        _keep_for_browser(scope)
        event = delivery.file.event
        about = "" if event.case_id == DESK else f" of {event.case_id}"
        flash.say(f"{event_words.details(event, {})}{about} downloaded (event {event.event_id:,}).")
