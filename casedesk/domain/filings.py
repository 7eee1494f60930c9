"""A report on its way. Produced is not transmitted, and transmitted is not acknowledged; nothing is called filed before that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from casedesk.domain import events
from casedesk.domain.ledger import Recorded
from casedesk.domain.moments import canonical, parse
from casedesk.errors import Conflict


class FilingState(StrEnum):
    """How far a report has come."""

    DRAFT = "draft"
    APPROVED = "approved"
    PRODUCED = "produced"
    TRANSMITTED = "transmitted"
    ACKNOWLEDGED = "acknowledged"
    REJECTED = "rejected"


#: Once it stands in a batch, a report is what it is: what changes after that is another report.
OPEN: Final = frozenset({FilingState.DRAFT, FilingState.APPROVED})

#: The states from which each event may follow; a first draft follows from none.
_FROM: Final[dict[str, frozenset[FilingState]]] = {
    events.FilingDrafted.action: OPEN,
    events.FilingApproved.action: OPEN,  # again, where a reopened case was decided anew and the form left as it was
    events.FilingProduced.action: frozenset({FilingState.APPROVED}),
    events.FilingWithdrawn.action: frozenset({FilingState.PRODUCED}),
    events.FilingTransmitted.action: frozenset({FilingState.PRODUCED}),
    events.FilingAcknowledged.action: frozenset({FilingState.TRANSMITTED}),
    events.FilingRejected.action: frozenset({FilingState.TRANSMITTED}),
}

_TO: Final[dict[str, FilingState]] = {
    events.FilingDrafted.action: FilingState.DRAFT,
    events.FilingApproved.action: FilingState.APPROVED,
    events.FilingProduced.action: FilingState.PRODUCED,
    events.FilingWithdrawn.action: FilingState.APPROVED,
    events.FilingTransmitted.action: FilingState.TRANSMITTED,
    events.FilingAcknowledged.action: FilingState.ACKNOWLEDGED,
    events.FilingRejected.action: FilingState.REJECTED,
}

#: The events of a case that are about its reports.
ACTIONS: Final = frozenset(_TO)


class NotThere(Conflict):
    """The step does not start from where the report stands."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What the filing system says of a report: ``WARN`` or ``FATAL``, a code, the element, its path, a sentence."""

    level: str
    code: str
    element: str
    path: str
    text: str

    @property
    def fatal(self) -> bool:
        return self.level.upper() not in ("WARN", "WARNING")


@dataclass(frozen=True, slots=True)
class Filing:
    """One report of a case as it stands. What is not known yet is empty or 0.

    ``decision`` is the event whose narrative the report was approved with. ``state_event`` is the ledger's event that brought it
    into its state. ``place`` counts the reports of its batch from 1.
    """

    filing_id: str
    case_id: str
    state: FilingState
    state_event: int
    kind: str
    digest: str
    drafted_by: str
    drafted_at: datetime
    decision: int = 0
    approved_by: str = ""
    approved_at: datetime | None = None
    batch_id: str = ""
    place: int = 0
    tracking_id: str = ""
    bsa_id: str = ""
    remarks: tuple[Remark, ...] = ()


def after(before: Filing | None, event: Recorded) -> Filing:
    """Return what a report is after an event of its case. The stored row is made by this, and checked.

    :raises NotThere: if the event does not follow from where it stood.
    :raises KeyError: if the event lacks a field, as only one that was tampered with can.
    """
    data = event.data
    if before is None:
        if event.action != events.FilingDrafted.action:
            raise NotThere(f"Filing {data['filing_id']} of case {event.case_id} was never drafted.")
        return Filing(
            data["filing_id"], event.case_id, FilingState.DRAFT, event.event_id, data["kind"], data["digest"],
            event.user, parse(event.ts),
        )  # fmt: skip
    require_state(before, event.action)
    changed = replace(before, state=_TO[event.action], state_event=event.event_id)
    return replace(changed, **_CHANGES[event.action](event, data))


def require_state(filing: Filing, action: str) -> None:
    """Refuse what does not follow from where a report stands.

    :raises NotThere: naming where it stands, and where it would have to.
    """
    if filing.state not in _FROM[action]:
        wanted = " or ".join(sorted(state.value for state in _FROM[action]))
        raise NotThere(
            f"Filing {filing.filing_id} of case {filing.case_id} is {filing.state.value}: it would have to be {wanted}. "
            "Load the page again."
        )


def _drafted(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    withdrawn = {"decision": 0, "approved_by": "", "approved_at": None}
    drafted = {"drafted_by": event.user, "drafted_at": parse(event.ts)}
    return {**drafted, **withdrawn, "digest": data["digest"], "kind": data["kind"]}


def _approved(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    return {"decision": data["decision"], "approved_by": event.user, "approved_at": parse(event.ts)}


def _produced(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    return {"batch_id": data["batch_id"], "place": data["place"]}


def _withdrawn(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    return {"batch_id": "", "place": 0}


def _transmitted(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    return {"tracking_id": data["tracking_id"]}


def _answered(event: Recorded, data: dict[str, Any]) -> dict[str, Any]:
    return {"bsa_id": data["bsa_id"], "remarks": tuple(Remark(*one) for one in data["remarks"])}


_CHANGES: Final = {
    events.FilingDrafted.action: _drafted,
    events.FilingApproved.action: _approved,
    events.FilingProduced.action: _produced,
    events.FilingWithdrawn.action: _withdrawn,
    events.FilingTransmitted.action: _transmitted,
    events.FilingAcknowledged.action: _answered,
    events.FilingRejected.action: _answered,
}


def fold(history: Iterable[Recorded]) -> dict[str, Filing]:
    """Add up what events, oldest first, say of reports: by id, in the order in which they were begun.

    :raises NotThere: if an event does not follow.
    """
    found: dict[str, Filing] = {}
    for event in history:
        if event.action in ACTIONS:
            filing_id = event.data["filing_id"]
            found[filing_id] = after(found.get(filing_id), event)
    return found


def columns(one: Filing) -> dict[str, str]:
    """Write a report column by column as text, for comparing a row with its events."""
    values = {name: getattr(one, name) for name in one.__slots__ if name != "remarks"}
    return {**{name: _plain(value) for name, value in values.items()}, "remarks": remarks_text(one.remarks)}


def remarks_text(remarks: Iterable[Remark]) -> str:
    """Write remarks as they are stored."""
    rows = [[one.level, one.code, one.element, one.path, one.text] for one in remarks]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return canonical(value)
    return "" if value is None else str(value)
