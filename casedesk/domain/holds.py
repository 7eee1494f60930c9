"""Legal holds: a case under one is kept, whatever its retention. Each is two events of the case and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from casedesk.domain import events
from casedesk.domain.casework import BadText
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.domain.policy import in_force
from casedesk.errors import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold that is not lifted, named by the event that placed it."""

    event: int
    case_id: str
    placed_by: str
    placed_at: str  # canonical time
    reason: str


class NoSuchHold(Conflict):
    """The hold was lifted already, or there never was one."""

    def __init__(self, hold: int) -> None:
        super().__init__(f"No hold of event {hold} stands any more; “casedesk retention holds” lists those that do.")


class BrokenHold(Invalid):
    """An event lifts a hold that does not stand on its case."""


#: Events that place and lift holds.
STEPS: Final = (events.HoldPlaced.action, events.HoldLifted.action)


def place(actor: Person, reason: str, via: str) -> events.HoldPlaced:
    """Place a hold on a case, closed or not, with the reason. Several may stand on one case, each for its own reason."""
    require(actor, Action.HOLD)
    return events.HoldPlaced(via=via, notes=_reason(reason, "A legal hold"))


def lift(hold: Hold, actor: Person, reason: str, via: str) -> events.HoldLifted:
    """Lift a hold, with the reason."""
    require(actor, Action.HOLD)
    return events.HoldLifted(hold=hold.event, via=via, notes=_reason(reason, "Lifting a hold"))


def standing(history: Iterable[Recorded]) -> dict[int, Hold]:
    """Return the holds that stand, by the events that placed them; ``history`` is in the order of the ledger.

    :raises BrokenHold: if an event lifts a hold that does not stand on its case.
    :raises KeyError: if an event lacks a field, as only one that was tampered with can.
    """
    found: dict[int, Hold] = {}
    for event in history:
        if event.action == events.HoldPlaced.action:
            found[event.event_id] = Hold(event.event_id, event.case_id, event.user, event.ts, event.notes)
        elif event.action == events.HoldLifted.action:
            hold = found.pop(event.data["hold"], None)
            if hold is None or hold.case_id != event.case_id:
                raise BrokenHold(f"Event {event.event_id} lifts a hold that does not stand on {event.case_id}.")
    return found


def _reason(text: str, what: str) -> str:
    text = text.strip()
    shortest, longest = in_force("rationale_min", date.max).value, in_force("text_max", date.max).value
    if not shortest <= len(text) <= longest:
        raise BadText(f"{what} needs a reason of {shortest} to {longest:,} characters; this one has {len(text):,}.")
    return text
