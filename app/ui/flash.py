"""What a step came to: one shown sentence for a refusal, one toast for a success."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from app.ui import formats, session
from casedesk.domain.events import KINDS
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import parse
from casedesk.errors import CasedeskError
from casedesk.services.casefile import Change, StaleCase

#: What a colleague did, as the predicate of a sentence. What tells of a decision is for those who may know of it.
_DID = {
    "Alert attached": "attached an alert to this case",
    "Alert grew": "added transactions to an alert of this case",
    "Alert revised": "found an alert of this case otherwise",
    "Alert lapsed": "no longer found an alert of this case",
    "Case taken": "took this case",
    "Case assigned": "assigned this case",
    "Case handed over": "handed this case over",
    "Case released": "released this case",
    "Note added": "added a note",
    "Case reopened": "reopened this case",
    "Suspicion date moved": "moved the suspicion date",
}
_DECIDED = {
    "Decision made": "decided this case",
    "Decision approved": "approved the decision",
    "Decision returned": "returned the decision",
    "QA passed": "passed this case in QA",
    "QA failed": "failed this case in QA",
    "Filing drafted": "changed the filing's form",
    "Filing approved": "approved the filing's form",
    "Filing rejected": "recorded that the filing was rejected",
}
#: Titles of events that a toast must not repeat: somebody may be looking over the shoulder.
_NEUTRAL = {
    "Decision made": "Decision saved",
    "Decision approved": "Approved",
    "Decision returned": "Returned",
    "Filing drafted": "Form saved",
    "Filing approved": "Approved",
}
_TOAST = "toast"
_SAID = "said"


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a step was not done, and when it was tried. ``changes`` are a colleague's steps in the meantime."""

    sentence: str
    changes: tuple[Change, ...]
    at: datetime


def attempt(scope: str, step: Callable[[], Recorded], *, clears: tuple[str, ...] = ()) -> Recorded | None:
    """Do a step in a callback. A refusal is kept for ``scope``; after a success the fields in ``clears`` are emptied."""
    session.flashes().pop(scope, None)
    try:
        done = step()
    except CasedeskError as error:
        refuse(scope, error)
        return None
    session.clear(*clears)
    say(recorded(done))
    return done


def refuse(scope: str, error: CasedeskError) -> None:
    """Keep a refusal until it was shown."""
    changes = error.changes if isinstance(error, StaleCase) else ()
    session.flashes()[scope] = Refused(str(error), changes, session.now())


def recorded(event: Recorded) -> str:
    """Say what was done in the past tense, with the event's number."""
    title = KINDS[event.action].title
    return f"{_NEUTRAL.get(title, title)} (event {event.event_id:,})."


def say(sentence: str) -> None:
    """Show a toast on the next run."""
    session.flashes()[_TOAST] = sentence


def show_toast() -> None:
    """Draw the toast of the last callback, once."""
    sentence = session.flashes().pop(_TOAST, "")
    session.flashes()[_SAID] = sentence
    if sentence:
        st.toast(sentence, icon=":material/check:")


def saved() -> str:
    """Return what the callback of this very run saved, or the empty string. Asked for when the page then fails."""
    return str(session.flashes().pop(_TOAST, "") or session.flashes().pop(_SAID, ""))


def show(
    scope: str, *, names: dict[str, str] | None = None, disclosed: bool = False, kept: str = "Your text is kept"
) -> None:
    """Draw the refusal of a form above it. It stays until the form is tried again or the page is left."""
    refused = session.flashes().get(scope)
    if refused is None:
        return
    if refused.changes:
        st.warning(conflict(refused, names or {}, disclosed, kept), icon=":material/sync_problem:")
    else:
        sentence = formats.plain(refused.sentence)
        done = "nothing was saved" in refused.sentence
        end = f" {kept}." if kept else ""
        st.error(sentence + end if done else f"Not saved. {sentence}{end}", icon=":material/block:")


def show_plain(scope: str) -> None:
    """Draw a refusal where nothing was to be saved."""
    refused = session.flashes().get(scope)
    if refused is not None:
        st.error(formats.plain(refused.sentence), icon=":material/block:")


def conflict(refused: Refused, names: dict[str, str], disclosed: bool, kept: str) -> str:
    """Say who changed the case in the meantime, and what."""
    last = refused.changes[-1]
    who = formats.plain(names.get(last.user, last.user))
    known = _DID | _DECIDED if disclosed else _DID
    did = known.get(last.title, "changed this case")
    before = max(parse(last.ts), refused.at)
    more = f" after {len(refused.changes) - 1} more" if len(refused.changes) > 1 else ""
    keeps = f" {kept}: read the change, then submit again." if kept else " Read the change, then try again."
    return f"Not saved. **{who}** {did} {formats.ago(parse(last.ts), before)} (event {last.event_id:,}{more}).{keeps}"


def drop(prefix: str = "") -> None:
    """Forget refusals, as on leaving a page."""
    for scope in [name for name in session.flashes() if name.startswith(prefix) and name not in (_TOAST, _SAID)]:
        session.flashes().pop(scope)
