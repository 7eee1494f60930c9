"""Alerts as programs follow them: page by page in the order in which runs stored them, or by their evidence. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from casedesk.domain.alerts import Alert
from casedesk.domain.people import Action, Person, may, require
from casedesk.errors import NotFound
from casedesk.store.unit_of_work import Reading

__all__ = ["MOST", "UnknownCursor", "newest", "page", "raised_by"]

#: The most alerts of one page.
MOST: Final = 500


class UnknownCursor(NotFound):
    """The page would begin after an alert that is not there."""

    def __init__(self, after: str) -> None:
        super().__init__(f"There is no alert “{after}” to go on after; leave “after” out to begin with the first.")


def page(
    *, uow: Reading, actor: Person, after: str = "", since: datetime | None = None, limit: int = 100
) -> tuple[Alert, ...]:
    """Return the next alerts. One that a run stores later never comes before, so whoever goes on after the last misses none.

    :param after: the id of the last alert that was seen.
    :param since: only what was raised at this instant or later.
    :raises UnknownCursor: if there is no such alert.
    """
    require(actor, Action.VIEW_CASE)
    with uow:
        if after and not uow.alerts.get_many([after]):
            raise UnknownCursor(after)
        found = uow.alerts.page(after=after, since=since, limit=min(limit, MOST))
    return tuple(_shown(alert, actor) for alert in found)


def newest(*, uow: Reading, actor: Person) -> str:
    """Return the id of the alert that was stored last, or the empty string."""
    require(actor, Action.VIEW_CASE)
    with uow:
        return uow.alerts.newest()


def raised_by(*, uow: Reading, actor: Person, transaction_ids: Sequence[str]) -> dict[str, tuple[Alert, ...]]:
    """Return the alerts of each of these transactions, the worst first; one that is evidence of none is left out."""
    require(actor, Action.IMPORT)
    wanted = set(transaction_ids)
    with uow:
        alerts = uow.alerts.with_evidence(sorted(wanted))
    found: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: (-one.severity, one.alert_id)):
        for transaction_id in wanted.intersection(alert.transaction_ids):
            found.setdefault(transaction_id, []).append(_shown(alert, actor))
    return {transaction_id: tuple(alerts) for transaction_id, alerts in found.items()}


def _shown(alert: Alert, actor: Person) -> Alert:
    """Leave out what tells a sample below a rule's line from an alert, to whoever may judge it."""
    return alert if may(actor.role, Action.TUNE) else replace(alert, parameters="", run_id="")
