"""The desk, the actor and the clock of this browser session. The only owner of session-state keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar, cast

import streamlit as st

from casedesk import logs
from casedesk.bootstrap import Desk, open_desk
from casedesk.domain.people import SYSTEM, Person
from casedesk.services import ledger, people

T = TypeVar("T")

#: Keys of our own, none of them a widget's. A widget's key is made by :func:`key`.
_PERSONA: Final = "_persona"
_ACTOR: Final = "_actor"
_WORKLIST: Final = "_worklist"
_FLASH: Final = "_flash"
_MEMO: Final = "_memo"
_DIALOG: Final = "_dialog"
_VERDICT: Final = "_verdict"
_NEWS: Final = "_news"

#: Keys of fields that people type into or tick on a case; never a button's, which cannot be set.
_TYPED: Final = re.compile(
    r"(note|narrative|disposition|reason|to|to_reason|suspicion_day|suspicion_suspect|suspicion_reason|panel)_C-\d"
    r"|review_[a-z]+_C-\d"
    r"|form_[a-z0-9_]+_C-\d"
)


@dataclass(frozen=True, slots=True)
class Worklist:
    """The cases of the queue a case was opened from, frozen, so that Next and Previous do not jump about."""

    name: str
    case_ids: tuple[str, ...]


@st.cache_resource(show_spinner=False)
def desk() -> Desk:
    """Return the desk, opened once for all sessions. A desk that could not be opened is tried again on the next run.

    :raises Unavailable: for a wrong setting, or a database that does not answer or is of another version.
    """
    opened = open_desk()
    logs.configure(opened.settings)
    return opened


def now() -> datetime:
    """Return the time of this moment. Tests replace it."""
    return datetime.now(UTC)


def currency() -> str:
    """Return the code of the base currency."""
    return desk().settings.base_currency


def key(*parts: str) -> str:
    """Build a widget's key; what belongs to a case carries the case's id, so that no text moves to another case."""
    return "_".join(parts)


def persona() -> str:
    """Return the user id chosen at the demo sign-in, or the empty string."""
    return cast(str, st.session_state.get(_PERSONA, ""))


def choose_persona(user_id: str) -> None:
    """Sign a demo persona in."""
    st.session_state[_PERSONA] = user_id


def forget() -> None:
    """Forget the actor and everything they typed or looked at."""
    st.session_state.clear()


def set_actor(person: Person) -> None:
    """Say who acts in this run. Only the sign-in calls this, once a run."""
    st.session_state[_ACTOR] = person


def actor() -> Person:
    """Return who acts. There always is one where a page is drawn."""
    return cast(Person, st.session_state[_ACTOR])


def take(name: str) -> str:
    """Return what stands in a text field."""
    return str(st.session_state.get(name) or "")


def value(name: str, default: Any) -> Any:
    """Return what a widget holds, or the default before it was first drawn."""
    held = st.session_state.get(name)
    return default if held is None else held


def put(name: str, new: Any) -> None:
    """Give a widget a value before it is drawn, or in a callback."""
    st.session_state[name] = new


def known(name: str) -> bool:
    """Say whether the widget has a value in this session."""
    return name in st.session_state


def clear(*names: str) -> None:
    """Empty fields after their text was saved. Only in a callback, before the fields are drawn again."""
    for name in names:
        st.session_state.pop(name, None)


def keep_typed() -> None:
    """Keep what stands in the fields of cases before a callback leaves the page.

    A field's text is kept for the session when the field is drawn. Text that was typed right before the click has not
    been drawn: the callback switches the page first. Set by hand, it is kept as well.
    """
    for name in [str(name) for name in st.session_state if _TYPED.match(str(name))]:
        st.session_state[name] = st.session_state[name]


def set_worklist(found: Worklist) -> None:
    """Remember the queue that cases are opened from."""
    st.session_state[_WORKLIST] = found


def worklist() -> Worklist:
    """Return the queue that cases were opened from; empty when a case was opened by a link."""
    return cast(Worklist, st.session_state.get(_WORKLIST, Worklist("", ())))


def flashes() -> dict[str, Any]:
    """Return what :mod:`app.ui.flash` keeps from a callback to the run that follows it."""
    return cast("dict[str, Any]", st.session_state.setdefault(_FLASH, {}))


def open_dialog(name: str) -> None:
    """Note that a dialog is open: the page under it must then have no shortcuts."""
    st.session_state[_DIALOG] = name


def close_dialog() -> None:
    """Note that no dialog is open."""
    st.session_state[_DIALOG] = ""


def dialog() -> str:
    """Return which dialog is open, or the empty string."""
    return cast(str, st.session_state.get(_DIALOG, ""))


def keep_verdict(verdict: Any) -> None:
    """Keep the outcome of the last verification of this session."""
    st.session_state[_VERDICT] = verdict


def verdict() -> Any:
    """Return the outcome of the last verification of this session, or None."""
    return st.session_state.get(_VERDICT)


def keep_news(told: Any) -> None:
    """Keep what the queue's page has told of; None on leaving it."""
    st.session_state[_NEWS] = told


def news() -> Any:
    """Return what the queue's page has told of since it was opened, or None."""
    return st.session_state.get(_NEWS)


def names() -> dict[str, str]:
    """Return the name of every user id."""
    everybody = people.everybody(uow=desk().reading())
    return {SYSTEM.user_id: SYSTEM.name} | {person.user_id: person.name for person in everybody}


def memo(name: str, make: Callable[[], T]) -> T:
    """Return a reading that only an event can change, made anew when the ledger has grown or somebody else acts."""
    kept = cast("dict[str, tuple[tuple[int, str], Any]]", st.session_state.setdefault(_MEMO, {}))
    stamp = (ledger.size(uow=desk().reading()), actor().user_id)
    if name not in kept or kept[name][0] != stamp:
        kept[name] = (stamp, make())
    return cast(T, kept[name][1])
