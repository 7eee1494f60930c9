"""The shape every step on a case shares: the event and the new state, both or neither."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Final

from casedesk.domain import events
from casedesk.domain.cases import Case
from casedesk.domain.casework import TELLING
from casedesk.domain.events import Event
from casedesk.domain.history import after, after_all
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.store.case_store import StaleCase
from casedesk.store.unit_of_work import Reading, Writing

#: Changes that may be named to anybody: who holds a case shows in the queue.
_PLAIN: Final = frozenset(
    kind.title
    for kind in (events.CaseTaken, events.CaseAssigned, events.CaseHandedOver, events.CaseReleased, events.CaseReopened)
)
#: Changes that may move what a case shows of its alerts.
_OF_ALERTS: Final = frozenset(kind.action for kind in (events.AlertAttached, events.AlertGrown, events.AlertRevised))
_HIDDEN: Final = frozenset(events.KINDS[action].title for action in TELLING)


def present(uow: Reading | Writing, actor: Person) -> Person:
    """Return the actor as the database knows them now: a role may have changed since they signed in."""
    return uow.people.get(actor.user_id)


def seen(uow: Writing, actor: Person, action: Action, case_id: str, seen_version: int | None) -> Case:
    """Return a case, if the role may take the step at all and the case still is what the actor saw.

    :raises RoleForbids: before anything is said about the case.
    Without need to know, a step that the actor is not shown has not happened (31 CFR 1020.320(e)): a refusal after which
    nothing has changed on screen would tell that there was one.

    :raises StaleCase: saying who changed what; without need to know, only who holds the case.
    """
    require(actor, action)
    try:
        return uow.cases.get(case_id, seen_version=seen_version)
    except StaleCase as stale:
        if uow.cases.dossier(case_id).disclosed_to(actor):
            raise
        shown = [change for change in stale.changes if change.title not in _HIDDEN]
        if stale.changes and not shown:
            return uow.cases.get(case_id)
        changes = (
            change if change.title in _PLAIN else replace(change, user="A colleague", title="Case changed")
            for change in shown
        )
        raise StaleCase(case_id, tuple(changes)) from None


def true_version(*, uow: Reading, actor: Person, case_id: str, version: int) -> int:
    """Return the true version of a case that somebody means by the one they were shown.

    Without need to know, the version that is shown counts no hidden step. Whoever sends the true one then has guessed it, and is
    answered as on a case where nothing is hidden: a version that they cannot have been shown is one that the case does not have.
    """
    with uow:
        dossier = uow.cases.dossier(case_id)
        if dossier.disclosed_to(actor):
            return version
        changing = [event.action for event in uow.ledger.of(case_id) if events.KINDS[event.action].changes]
    shown = [0, *(place for place, action in enumerate(changing, start=1) if action not in TELLING)]
    newest = len(shown) - 1
    if version < newest:
        return shown[max(version, 0)]
    return dossier.case.version + (version - newest)


def record(uow: Writing, case: Case, event: Event, actor: Person, at: datetime) -> tuple[Case, Recorded]:
    """Append an event to a case and save what the case thereby becomes, over the version that was read.

    :raises StaleCase: if the case was changed since ``case`` was read.
    """
    row = uow.ledger.append(event, stream=case.case_id, user=actor.user_id, at=at)
    changed = after(case, row)
    if changed.version != case.version:
        uow.cases.save(changed, over=case, alerts=row.action in _OF_ALERTS)
    return changed, row


class Together:
    """Steps that change many cases within one transaction: each event as it would be alone, each case read and stored once.

    :param case_ids: all cases there will be steps on; those that there are not yet begin with their first event.
    """

    def __init__(self, uow: Writing, case_ids: Collection[str], actor: Person, at: datetime) -> None:
        self._uow, self._actor, self._at = uow, actor, at
        self._before = uow.cases.get_many(case_ids)
        self._rows: dict[str, list[Recorded]] = {}
        uow.ledger.look_up(case_ids)

    def record(self, case_id: str, event: Event) -> None:
        """Append an event to a case."""
        row = self._uow.ledger.append(event, stream=case_id, user=self._actor.user_id, at=self._at)
        self._rows.setdefault(case_id, []).append(row)

    def save(self) -> None:
        """Store what the cases became, each over the version that was read.

        :raises StaleCase: if one was changed since.
        """
        cases = self._uow.cases
        new = [
            after_all(None, rows, cases.policy) for case_id, rows in self._rows.items() if case_id not in self._before
        ]
        if new:
            cases.insert(*new)
        cases.save_all(
            (after_all(before, rows), before, any(row.action in _OF_ALERTS for row in rows))
            for case_id, rows in self._rows.items()
            if (before := self._before.get(case_id))
        )
