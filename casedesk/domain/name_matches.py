"""Names alike: a customer's and a listed party's. A person confirms that they are one, or refuses, and says why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from casedesk.domain import events
from casedesk.domain.canonical_json import canonical_json
from casedesk.domain.casework import BadText
from casedesk.domain.events import Event
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.errors import Conflict


class MatchState(StrEnum):
    """What became of a match."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


#: The event by which a match comes into a state.
STATES: Final = {
    events.NameMatchConfirmed.action: MatchState.CONFIRMED,
    events.NameMatchRefused.action: MatchState.REFUSED,
}
STEPS: Final = tuple(STATES)


class AlreadyDecided(Conflict):
    """Somebody decided, since the actor looked, just the same or otherwise."""

    def __init__(self, match: NameMatch) -> None:
        super().__init__(
            f"{match.match_id} was {match.state} by {match.decided_by} (event {match.state_event}); reload the list."
        )


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A customer whose name is like one of a listed party's.

    Its id follows from both names, the source and the party's ``ref`` there, so the same pair found again, also by a later
    version of the list, keeps what was decided. ``likeness`` is in millionths.
    """

    match_id: str
    customer_id: str
    customer_name: str
    source: str
    ref: str
    listed_name: str
    reason: str
    likeness: int
    list_id: str
    found_at: datetime
    state: MatchState = MatchState.WAITING
    decided_by: str = ""
    decided_at: datetime | None = None
    state_event: int = 0
    decision: str = ""


def match_id(customer_id: str, customer_name: str, source: str, ref: str, listed_name: str) -> str:
    """Return the id of a match: ``M-`` and twelve hexadecimal digits."""
    text = canonical_json([customer_id, customer_name, source, ref, listed_name])
    return f"M-{hashlib.sha256(text).hexdigest()[:12].upper()}"


def matches_digest(matches: Iterable[NameMatch]) -> str:
    """Return the SHA-256 (hex) over matches with their likeness, whatever was decided of them."""
    rows = sorted((one.match_id, one.likeness) for one in matches)
    return hashlib.sha256(canonical_json([list(row) for row in rows])).hexdigest()


def decide(match: NameMatch, actor: Person, at: datetime, *, confirmed: bool, reason: str, via: str) -> Event:
    """Confirm or refuse a match. Either is final: a customer who is renamed, or listed anew, is another match.

    :raises AlreadyDecided: if it was decided before.
    :raises BadText: if the reason is too short or too long.
    """
    require(actor, Action.DECIDE_MATCH)
    if match.state is not MatchState.WAITING:
        raise AlreadyDecided(match)
    text, shortest, longest = (
        reason.strip(),
        in_force("rationale_min", at.date()).value,
        in_force("text_max", date.max).value,
    )
    if not shortest <= len(text) <= longest:
        raise BadText(
            f"The reason needs {shortest} to {longest:,} characters; this one has {len(text):,}. Say what was compared besides "
            "the names: a day of birth, an address, a document."
        )
    kind = events.NameMatchConfirmed if confirmed else events.NameMatchRefused
    return kind(
        match_id=match.match_id, customer_id=match.customer_id, source=match.source, ref=match.ref, via=via, notes=text
    )


def decided(rows: Iterable[Recorded]) -> dict[str, dict[str, Any]]:
    """Return what the events say of each match that was decided: its columns by name."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        found[str(row.data["match_id"])] = {
            "customer_id": row.data["customer_id"],
            "source": row.data["source"],
            "ref": row.data["ref"],
            "state": STATES[row.action].value,
            "decided_by": row.user,
            "decided_at": row.ts,
            "state_event": row.event_id,
            "decision": row.notes,
        }
    return found
