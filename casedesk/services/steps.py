"""The shape every step on a case shares: the event and the new state, both or neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from casedesk.domain import events
from casedesk.domain.cases import Case
from casedesk.domain.casework import TELLING
from casedesk.domain.events import Event
from casedesk.domain.history import after
from casedesk.domain.ledger import Recorded
from casedesk.domain.people import Action, Person, require
from casedesk.store.case_store import StaleCase
from casedesk.store.unit_of_work import Reading, Writing

#: Changes that may be named to anybody: who holds a case shows in the queue.
_PLAIN: Final = frozenset(
    kind.title
    for kind in (events.CaseTaken, events.CaseAssigned, events.CaseHandedOver, events.CaseReleased, events.CaseReopened)
)
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
        alerts = isinstance(event, events.AlertAttached | events.AlertGrown | events.AlertRevised)
        uow.cases.save(changed, over=case, alerts=alerts)
    return changed, row
