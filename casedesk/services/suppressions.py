"""Governed suppression: propose, approve or reject, end; and what is hidden, for everybody who has to know."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from casedesk.detection.rules import RULES
from casedesk.domain import suppression_steps as steps
from casedesk.domain import suppressions
from casedesk.domain.events import DESK, Event
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, may, require
from casedesk.domain.suppressions import Hidden, State, Suppression
from casedesk.domain.transactions import Account
from casedesk.errors import Conflict, Invalid
from casedesk.services.steps import present
from casedesk.store.party_store import Match
from casedesk.store.suppression_store import Count, NoSuchSuppression
from casedesk.store.unit_of_work import Reading, Writing

__all__ = [
    "RULES", "Count", "Covered", "Hidden", "Listed", "Match", "NoSuchSuppression", "State", "Suppression", "UnknownScope",
    "accounts_of", "approve", "end", "find_customers", "hidden", "listed", "on_customer", "page", "propose", "reject",
    "sizes", "waiting_for",
]  # fmt: skip


class UnknownScope(Invalid):
    """The rule is none of the desk's, or the account is not the customer's."""


class Covered(Conflict):
    """Another suppression covers the same already."""

    def __init__(self, other: Suppression) -> None:
        super().__init__(
            f"{other.suppression_id}, which is {other.state.value}, covers all of this from {other.covers_from} to "
            f"{other.covers_until} already; end it first, or choose later days."
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """A suppression with the name of its customer and what it hid."""

    suppression: Suppression
    customer: str
    count: Count


def propose(
    *,
    uow: Writing,
    actor: Person,
    at: datetime,
    rule: str,
    customer_id: str,
    account_id: str = "",
    reason: str,
    covers_from: date,
    covers_until: date,
    via: str = "app",
) -> tuple[Suppression, Recorded]:
    """Propose to hide new alerts of a rule on a customer; it hides nothing before another manager approves it.

    :param account_id: one account of the customer; empty for all of them.
    :param covers_until: exclusive; the window of a hidden alert ends before it.
    :raises UnknownScope: if there is no such rule, or the account is not the customer's.
    :raises NoSuchCustomer: if there is no such customer.
    :raises Covered: if a suppression that is proposed or in force covers all of it already.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_SUPPRESSION)
        _require_scope(uow, rule, customer_id, account_id)
        for other in uow.suppressions.of_customer(customer_id):
            if _covers(other, rule, account_id, covers_from, covers_until):
                raise Covered(other)
        event = steps.propose(
            actor, at, suppression_id=uow.suppressions.next_id(), rule=rule, customer_id=customer_id,
            account_id=account_id, reason=reason, covers_from=covers_from, covers_until=covers_until, via=via,
        )  # fmt: skip
        row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
        new = suppressions.after(None, row)
        uow.suppressions.insert(new)
        uow.commit()
    return new, row


def approve(
    *, uow: Writing, actor: Person, at: datetime, suppression_id: str, note: str = "", via: str = "app"
) -> tuple[Suppression, Recorded]:
    """Put a proposal in force; never by who proposed it. The next run looks at new alerts with it.

    :raises SelfApproval: to who proposed it.
    :raises NotThere: if it is not proposed any more.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.APPROVE_SUPPRESSION)
        found = uow.suppressions.get(suppression_id)
        return _step(uow, found, steps.approve(found, actor, at, note, via), actor, at)


def reject(
    *, uow: Writing, actor: Person, at: datetime, suppression_id: str, reason: str, via: str = "app"
) -> tuple[Suppression, Recorded]:
    """Refuse a proposal, with a reason; never by who proposed it.

    :raises SelfApproval: to who proposed it.
    :raises NotThere: if it is not proposed any more.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.APPROVE_SUPPRESSION)
        found = uow.suppressions.get(suppression_id)
        return _step(uow, found, steps.reject(found, actor, at, reason, via), actor, at)


def end(
    *, uow: Writing, actor: Person, at: datetime, suppression_id: str, reason: str, via: str = "app"
) -> tuple[Suppression, Recorded]:
    """Take a suppression out of force. The next run raises what it hid.

    :raises NotThere: if it is not in force.
    """
    with uow:
        actor = present(uow, actor)
        require(actor, Action.PROPOSE_SUPPRESSION)
        found = uow.suppressions.get(suppression_id)
        count = uow.suppressions.counts([suppression_id]).get(suppression_id, Count())
        return _step(uow, found, steps.end(found, actor, at, reason, count.hidden, via), actor, at)


def _step(uow: Writing, found: Suppression, event: Event, actor: Person, at: datetime) -> tuple[Suppression, Recorded]:
    row = uow.ledger.append(event, stream=DESK, user=actor.user_id, at=at)
    changed = suppressions.after(found, row)
    uow.suppressions.save(changed)
    uow.commit()
    return changed, row


def listed(*, uow: Reading, actor: Person) -> tuple[Listed, ...]:
    """Return all suppressions, the newest proposal first."""
    _require_look(actor)
    with uow:
        names, counts = uow.suppressions.customer_names(), uow.suppressions.counts()
        return tuple(
            Listed(one, names.get(one.customer_id, ""), counts.get(one.suppression_id, Count()))
            for one in uow.suppressions.all()
        )


def sizes(*, uow: Reading, actor: Person, search: str = "") -> dict[State, int]:
    """Count the suppressions in each state; a state that none is in is left out.

    :param search: only those with this in the customer's name, or at the start of their id, the customer's or the account's.
    """
    _require_look(actor)
    with uow:
        return uow.suppressions.sizes(search=search.strip())


def page(
    *, uow: Reading, actor: Person, states: Collection[State], start: int = 0, limit: int = 50, search: str = ""
) -> tuple[Listed, ...]:
    """Return some of the suppressions in these states, the newest proposal first, from position ``start``.

    :param search: as for :func:`sizes`.
    """
    _require_look(actor)
    with uow:
        found = uow.suppressions.page(states, start, limit, search.strip())
        names, counts = (
            uow.suppressions.customer_names(),
            uow.suppressions.counts([one.suppression_id for one in found]),
        )
        return tuple(
            Listed(one, names.get(one.customer_id, ""), counts.get(one.suppression_id, Count())) for one in found
        )


def hidden(*, uow: Reading, actor: Person, suppression_id: str) -> tuple[Hidden, ...]:
    """Return the alerts that a suppression hid, the newest first, those raised since included.

    :raises NoSuchSuppression: if there is none.
    """
    _require_look(actor)
    with uow:
        uow.suppressions.get(suppression_id)
        return uow.suppressions.hidden(suppression_id)


def waiting_for(*, uow: Reading, actor: Person) -> int:
    """Return how many proposals the actor may decide on."""
    if not may(actor.role, Action.APPROVE_SUPPRESSION):
        return 0
    with uow:
        return uow.suppressions.sizes(but_proposed_by=actor.user_id).get(State.PROPOSED, 0)


def on_customer(*, uow: Reading, actor: Person, customer_id: str) -> tuple[Listed, ...]:
    """Return what is in force on a customer, for whoever works on their case: nothing is hidden silently."""
    require(actor, Action.VIEW_CASE)
    with uow:
        found = [one for one in uow.suppressions.of_customer(customer_id) if one.state is State.IN_FORCE]
        counts = uow.suppressions.counts([one.suppression_id for one in found]) if found else {}
    return tuple(Listed(one, "", counts.get(one.suppression_id, Count())) for one in found)


def find_customers(*, uow: Reading, actor: Person, text: str, limit: int = 20) -> tuple[Match, ...]:
    """Return customers by name, id or account, for choosing whom a proposal is about."""
    require(actor, Action.PROPOSE_SUPPRESSION)
    if not text.strip():
        return ()
    with uow:
        return uow.parties.search(text.strip(), limit)


def accounts_of(*, uow: Reading, actor: Person, customer_id: str) -> Sequence[Account]:
    """Return the accounts of a customer, for choosing one."""
    require(actor, Action.PROPOSE_SUPPRESSION)
    with uow:
        return uow.parties.accounts_of(customer_id)


def _require_look(actor: Person) -> None:
    """Whoever tunes the rules, or reads the ledger, may look."""
    require(actor, Action.TUNE if may(actor.role, Action.TUNE) else Action.VIEW_LEDGER)


def _require_scope(uow: Writing, rule: str, customer_id: str, account_id: str) -> None:
    names = [one.name for one in RULES]
    if rule not in names:
        raise UnknownScope(f"There is no rule “{rule}”; the rules are: {', '.join(sorted(names))}.")
    customer = uow.parties.customer(customer_id)
    if account_id and account_id not in [one.account_id for one in uow.parties.accounts_of(customer_id)]:
        raise UnknownScope(f"Account “{account_id}” is not an account of {customer.name} ({customer_id}); choose one.")


def _covers(other: Suppression, rule: str, account_id: str, first: date, until: date) -> bool:
    return (
        other.state in (State.PROPOSED, State.IN_FORCE)
        and other.rule == rule
        and other.account_id in ("", account_id)
        and other.covers_from <= first < until <= other.covers_until
    )
