"""Policy values: what is in force, what is proposed, and the steps by which a bank sets its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from casedesk.domain import policy_changes as changes
from casedesk.domain.events import DESK, Event
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.policy import SETTABLE, Parameter, Policy
from casedesk.domain.policy_changes import STEPS, Change, State
from casedesk.errors import Conflict, NotFound
from casedesk.services.steps import present
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "SETTABLE", "Change", "NoSuchProposal", "Overview", "StaleValue", "State", "overview", "propose", "put_in_force",
    "reject", "waiting_for",
]  # fmt: skip


class StaleValue(Conflict):
    """Another value was put in force since the actor read it."""

    def __init__(self, latest: Parameter) -> None:
        super().__init__(
            f"“{latest.name}” has version {latest.version} by now: {latest.value:,} {latest.unit} from {latest.valid_from} on "
            f"(event {latest.event}). Read it, then try again."
        )


class NoSuchProposal(NotFound):
    """No event with this number proposed a policy value."""

    def __init__(self, proposal: int) -> None:
        super().__init__(f"Event {proposal} proposed no policy value; “casedesk policy list” shows the proposals.")


@dataclass(frozen=True, slots=True)
class Overview:
    """Every value that was, is or will be in force, and every proposal, the newest first."""

    values: tuple[Parameter, ...]
    now: dict[str, Parameter]  # by name, what is in force today
    changes: tuple[Change, ...]


def overview(*, uow: Reading, actor: Person, at: datetime) -> Overview:
    """Return the values and the proposals."""
    require(actor, Action.VIEW_LEDGER)
    with uow:
        found, policy = _read(uow)
    names = dict.fromkeys(value.name for value in policy.values)
    now = {name: policy.in_force(name, at.date()) for name in names}
    return Overview(policy.values, now, tuple(sorted(found.values(), key=lambda one: -one.proposal)))


def propose(
    *, uow: Writing, actor: Person, at: datetime, name: str, value: int, valid_from: date, source: str, reason: str,
    seen_version: int | None = None, via: str = "app",
) -> Recorded:  # fmt: skip
    """Propose a value of a parameter, in force from a day on; it counts for nothing before another manager agrees.

    :param seen_version: the newest version of the value that the actor saw; None takes whichever there is.
    :raises StaleValue: if there is a newer one.
    :raises BadPolicy: for a parameter that is none, a value out of bounds, or a day that is over.
    :raises BadText: without source or reason.
    """
    with uow:
        actor = present(uow, actor)
        _require_seen(uow.cases.policy, name, seen_version)
        event = changes.propose(
            actor, at, name=name, value=value, valid_from=valid_from, source=source, reason=reason, via=via
        )
        return _recorded(uow, event, actor, at)


def put_in_force(
    *, uow: Writing, actor: Person, at: datetime, proposal: int, seen_version: int | None = None, via: str = "app"
) -> Recorded:
    """Put a proposed value in force; never by who proposed it. What runs already keeps its due date.

    :param seen_version: the newest version of the value that the actor saw; None takes whichever there is.
    :raises StaleValue: if there is a newer one.
    :raises OwnProposal: to who proposed it.
    :raises NotProposed: if it was decided already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_POLICY_IN_FORCE)
        found, policy = _read(uow)
        one = _one(found, proposal)
        _require_seen(policy, one.name, seen_version)
        return _recorded(uow, changes.put_in_force(one, policy, actor, at, via), actor, at)


def reject(*, uow: Writing, actor: Person, at: datetime, proposal: int, reason: str, via: str = "app") -> Recorded:
    """Refuse a proposed value, or take one's own back, with a reason.

    :raises NotProposed: if it was decided already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PUT_POLICY_IN_FORCE)
        found, _ = _read(uow)
        return _recorded(uow, changes.reject(_one(found, proposal), actor, at, reason, via), actor, at)


def waiting_for(*, uow: Reading, actor: Person) -> int:
    """Return how many proposals the actor may decide on."""
    if not may(actor.role, Action.PUT_POLICY_IN_FORCE):
        return 0
    with uow:
        found, _ = _read(uow)
    return sum(one.state is State.PROPOSED and one.proposed_by != actor.user_id for one in found.values())


def _require_seen(policy: Policy, name: str, seen_version: int | None) -> None:
    latest = max((p for p in policy.values if p.name == name), key=lambda p: p.version, default=None)
    if latest is not None and seen_version is not None and latest.version != seen_version:
        raise StaleValue(latest)


def _read(uow: Reading | Writing) -> tuple[dict[int, Change], Policy]:
    return changes.fold(uow.ledger.of_desk(STEPS))


def _one(found: dict[int, Change], proposal: int) -> Change:
    if proposal not in found:
        raise NoSuchProposal(proposal)
    return found[proposal]


def _recorded(uow: Writing, event: Event, actor: Person, at: datetime) -> Recorded:
    row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
    uow.commit()
    return row
