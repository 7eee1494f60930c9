"""Who holds a case: take, take next, assign, hand over, release, and assigning many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from casedesk.domain import casework
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.errors import CasedeskError, Invalid, NotFound
from casedesk.services.steps import present, record, seen
from casedesk.store.unit_of_work import Reading, Writing


class NothingWaits(NotFound):
    """No unassigned case is left."""

    def __init__(self) -> None:
        super().__init__("No unassigned case is waiting; there is nothing to take.")


def take_next(*, uow: Writing, actor: Person, at: datetime, via: str = "app") -> Recorded:
    """Give the actor the most urgent unassigned case. Two analysts never get the same one: the ledger's lock is held.

    :raises NothingWaits: if every open case has an owner.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.TAKE)
        case_id = uow.queue.next_unassigned()
        if not case_id:
            raise NothingWaits
        case = uow.cases.get(case_id)
        _, row = record(uow, case, casework.take(case, actor, via), actor, at)
        uow.commit()
    return row


def take(
    *, uow: Writing, actor: Person, at: datetime, case_id: str, seen_version: int | None, via: str = "app"
) -> Recorded:
    """Let the actor take one unowned case."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.TAKE, case_id, seen_version)
        _, row = record(uow, case, casework.take(case, actor, via), actor, at)
        uow.commit()
    return row


def assign(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    to: str,
    reason: str = "",
    via: str = "app",
) -> Recorded:
    """Give a case to somebody (managers)."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.ASSIGN, case_id, seen_version)
        event = casework.assign(case, actor, uow.people.get(to), reason, via)
        _, row = record(uow, case, event, actor, at)
        uow.commit()
    return row


def hand_over(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    to: str,
    reason: str,
    via: str = "app",
) -> Recorded:
    """Give one's own case to a colleague."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.HAND_OVER, case_id, seen_version)
        event = casework.hand_over(case, actor, uow.people.get(to), reason, via)
        _, row = record(uow, case, event, actor, at)
        uow.commit()
    return row


def release(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    case_id: str,
    seen_version: int | None,
    reason: str = "",
    via: str = "app",
) -> Recorded:
    """Put a case back into its queue."""
    with uow:
        actor = present(uow, actor)
        case = seen(uow, actor, Action.RELEASE, case_id, seen_version)
        _, row = record(uow, case, casework.release(case, actor, reason, via), actor, at)
        uow.commit()
    return row


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as the manager saw it in the list."""

    case_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a bulk assignment would do. ``refused`` pairs a case id with the reason."""

    assignable: tuple[Seen, ...]
    refused: tuple[tuple[str, str], ...]


def preview_assignment(*, uow: Reading, actor: Person, selected: Sequence[Seen], to: str, at: datetime) -> Preview:
    """Say which of the cases can be given to somebody, and why the others cannot. Changes nothing."""
    require(actor, Action.ASSIGN)
    assignable: list[Seen] = []
    refused: list[tuple[str, str]] = []
    with uow:
        person = uow.people.get(to)
        for one in selected:
            try:
                case = uow.cases.get(one.case_id, seen_version=one.version)
                casework.assign(case, actor, person, "", "app")
            except CasedeskError as refusal:
                refused.append((one.case_id, str(refusal)))
            else:
                assignable.append(one)
    return Preview(tuple(assignable), tuple(refused))


def bulk_assign(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    selected: Sequence[Seen],
    to: str,
    reason: str,
    via: str = "app",
) -> tuple[Recorded, ...]:
    """Give many cases to somebody in one transaction: all of them, or none.

    :raises StaleCase: if any of them changed since it was listed.
    """
    if not selected:
        raise Invalid("No case is selected; tick the cases to assign.")
    with uow:
        actor = present(uow, actor)
        require(actor, Action.ASSIGN)
        person = uow.people.get(to)
        bulk = f"B-{uow.ledger.head().size + 1}"
        rows = []
        for one in selected:
            case = uow.cases.get(one.case_id, seen_version=one.version)
            rows.append(record(uow, case, casework.assign(case, actor, person, reason, via, bulk), actor, at)[1])
        uow.commit()
    return tuple(rows)
