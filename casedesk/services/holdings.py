"""What becomes of findings beside what the desk holds: known, grown, hidden by a suppression, or new.

A run that stores and a trial that does not ask the same questions here, so that a trial shows what a run would do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace

from casedesk.detection.beside_samples import beside_samples
from casedesk.detection.reconcile import Reconciliation, StoredAlert, reconcile
from casedesk.domain.alerts import Alert, alert_id
from casedesk.domain.counts import counted
from casedesk.domain.moments import parse
from casedesk.domain.suppressions import STEPS, State, Suppression, fold
from casedesk.errors import Invalid
from casedesk.services import hiding
from casedesk.store.alert_store import Recognisable
from casedesk.store.unit_of_work import Reading, Writing


@dataclass(frozen=True, slots=True)
class Holdings:
    """The alerts on the desk, as far as findings are compared with them, and which of them were drawn below a line."""

    alerts: tuple[Recognisable, ...]
    sampled: frozenset[str]


@dataclass(frozen=True, slots=True)
class Queued:
    """Findings as the queue would have them: ``reaching`` stand there or would, ``hidden`` would be kept back.

    ``new`` and ``grown`` count those among ``reaching`` that the desk does not hold yet, or not whole.
    """

    reaching: tuple[Alert, ...]
    hidden: tuple[Alert, ...]
    new: int
    grown: int


class NoSuchEvent(Invalid):
    """The ledger is shorter than what is asked for."""

    def __init__(self, event_id: int, size: int) -> None:
        super().__init__(
            f"The ledger has {counted(size, 'event')}, so there is no event {event_id:,} to look at the suppressions as of; name one "
            "of them, as an evidence sheet does, or leave it out for now."
        )


def held(uow: Reading | Writing, subjects: Collection[tuple[str, str]] | None = None) -> Holdings:
    """Read what the desk holds; with ``subjects`` only what a finding of one of these, rule and account, can meet."""
    return Holdings(tuple(uow.alerts.recognisable(subjects=subjects)), uow.line_tests.sampled())


def held_as_of(uow: Reading, event_id: int) -> tuple[Holdings, tuple[Suppression, ...]]:
    """Read what the desk held and which suppressions were in force after an event of the ledger.

    Alerts are those that had been raised by then, with the evidence that they have now.

    :raises NoSuchEvent: if the ledger is shorter.
    """
    size = uow.ledger.head().size
    if not 0 <= event_id <= size:
        raise NoSuchEvent(event_id, size)
    last = uow.ledger.newest(1, before=event_id + 1)
    if not last:
        return Holdings((), frozenset()), ()
    steps = uow.ledger.newest(1_000_000, before=event_id + 1, actions=STEPS)
    then = (one for one in fold(reversed(steps)).values() if one.state is State.IN_FORCE)
    alerts = tuple(uow.alerts.recognisable(raised_by=parse(last[0].ts)))
    return Holdings(alerts, uow.line_tests.sampled()), tuple(then)


def beside(
    holdings: Holdings, found: Iterable[Alert], judged: Callable[[Recognisable], bool] = lambda _: False
) -> Reconciliation:
    """Tell what of the findings is new, grown, and known.

    :param judged: whether a stored alert would be among the findings if its rule still found it; such a one may lapse. None by
        default: a trial with other values takes nothing back.
    """
    found = list(found)
    fresh = list(_beyond_closed(found, [alert for alert in holdings.alerts if alert.closed]))
    still_open = (_as_stored(alert, judged) for alert in holdings.alerts if not alert.closed)
    stored, left = beside_samples(still_open, fresh, holdings.sampled)
    return reconcile(_settled(stored, found, left, holdings.sampled), left)


def _settled(
    stored: Iterable[StoredAlert], found: Sequence[Alert], left: Sequence[Alert], sampled: Set[str]
) -> Iterator[StoredAlert]:
    """Let those stand whatever is found that were drawn below the line, and those whose finding a closed case has dealt with."""
    kept = {_evidence(alert) for alert in left}
    told = {
        (alert.rule, alert.account_id, one)
        for alert in found
        if _evidence(alert) not in kept
        for one in alert.transaction_ids
    }
    for alert in stored:
        stays = alert.alert_id in sampled or any(
            (alert.rule, alert.account_id, one) in told for one in alert.transaction_ids if told
        )
        yield replace(alert, judged=False) if alert.judged and stays else alert


def queued(holdings: Holdings, in_force: Sequence[Suppression], found: Sequence[Alert]) -> Queued:
    """Tell what of the findings would reach the queue, and what the suppressions would hide; the order stays."""
    plan = beside(holdings, found)
    # an alert may have got another id beside the alerts of closed cases and of samples; its evidence is its own
    covered = {_evidence(alert) for alert, _ in hiding.covered(in_force, plan)}
    return Queued(
        reaching=tuple(alert for alert in found if _evidence(alert) not in covered),
        hidden=tuple(alert for alert in found if _evidence(alert) in covered),
        new=len(plan.new) - len(covered),
        grown=len(plan.grown),
    )


def _evidence(alert: Alert) -> tuple[str, str, tuple[str, ...]]:
    return alert.rule, alert.account_id, alert.transaction_ids


def _beyond_closed(fresh: Iterable[Alert], closed: Sequence[Recognisable]) -> Iterable[Alert]:
    """Leave out what a closed case has dealt with; what goes beyond it is a new alert under an id of its own.

    A closed case stays as it was decided: transactions that came later are looked at anew.
    """
    dealt_with: set[tuple[str, str, str]] = set()
    for known in closed:
        for transaction_id in known.transaction_ids:
            dealt_with.add((known.rule, known.account_id, transaction_id))
    for alert in fresh:
        later = [t for t in alert.transaction_ids if (alert.rule, alert.account_id, t) not in dealt_with]
        if len(later) == len(alert.transaction_ids):
            yield alert
        elif later:
            yield replace(alert, alert_id=alert_id(alert.rule, alert.account_id, later[0]))


def _as_stored(alert: Recognisable, judged: Callable[[Recognisable], bool]) -> StoredAlert:
    return StoredAlert(
        alert.alert_id, alert.rule, alert.account_id, alert.transaction_ids, alert.case_id, judged(alert), alert.says,
        alert.lapsed,
    )  # fmt: skip
