"""Run the rules over what is stored, and turn what is new into alerts and cases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime

from casedesk.detection.engine import DetectionResult
from casedesk.detection.engine import detect as run_rules
from casedesk.detection.engine import detect_kept as run_kept
from casedesk.detection.findings import finding_digest
from casedesk.detection.limits import Limits
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES, rules_with
from casedesk.domain.alerts import Alert
from casedesk.domain.events import DESK, DetectionRan
from casedesk.domain.people import SYSTEM, Action, Person, require
from casedesk.domain.suppressions import hidden_digest
from casedesk.errors import Conflict
from casedesk.services import hiding, lapsing, rules_in_force, run_cases, standing_findings
from casedesk.services.collecting import uncollected
from casedesk.services.holdings import Queued, beside, held, queued
from casedesk.services.kept_figures import Leaving
from casedesk.services.run_records import RunData, read_data, written
from casedesk.services.steps import present
from casedesk.services.warm import Warm
from casedesk.store.run_store import Finding, Run
from casedesk.store.unit_of_work import Reading, Writing

__all__ = ["RULES", "AnotherRun", "Detected", "Limits", "Preview", "Rule", "Warm", "detect", "preview", "rules_with"]


@dataclass(frozen=True, slots=True)
class Detected:
    """What a run changed. ``since`` names the run it was built upon; it is empty when everything was looked at."""

    run_id: str
    since: str
    transactions: int
    alerts: int
    new_alerts: int
    grown_alerts: int  # or found with other figures
    unchanged_alerts: int
    lapsed_alerts: int  # that stood until this run, and which it no longer found
    hidden_alerts: int  # kept back by suppressions in this run, or grown while they are
    cases_opened: int
    cases_joined: int
    rule_set_hash: str
    data_fingerprint: str
    alerts_sha256: str

    @property
    def changed(self) -> bool:
        """Whether an alert of a case is new, is found otherwise than before, or no longer."""
        return bool(self.new_alerts or self.grown_alerts or self.lapsed_alerts)


class AnotherRun(Conflict):
    """A run was stored while this one was looking, so this one was not built upon the last."""

    def __init__(self) -> None:
        super().__init__("Another run was stored while this one was under way; nothing was stored. Start it again.")


@uncollected()
def detect(
    *,
    look: Reading,
    uow: Writing,
    actor: Person,
    at: datetime,
    base_currency: str,
    until: datetime | None = None,
    rules: Sequence[Rule] | None = None,
    only: Collection[str] = (),
    limits: Limits | None = None,
    full: bool = False,
    warm: Warm | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Detected:
    """Run the rules and store what is new, in one transaction: all of it or nothing.

    Only subjects that were touched since the last run are looked at, as far as the rules allow it; what is found and stored
    is what looking at everything would find and store. Another rule set, other software or ``until`` look at everything.
    Alerts of a customer join that customer's open case, or open a new one. A second run over the same data changes nothing.
    What a suppression in force covers does not become an alert; it is recorded as hidden.

    :param look: the unit of work that reads the transactions; the rules run without a lock on the desk.
    :param until: only transactions booked before this instant.
    :param rules: None for those in force; others are for tests and for callers that have asked by themselves.
    :param only: of those in force, the rules with these names.
    :param full: look at everything.
    :param warm: what this process keeps from one run to the next; the run is the same, and reads less.
    :param clock: tells when the run is done, so that it is stored how long it took; None leaves that open.
    :raises AnotherRuleSet: if another rule set was put in force meanwhile.
    :raises SwitchedOff: if ``only`` names a rule that does not run.
    :raises AnotherRun: if another run was stored meanwhile that this one would have to build upon.
    """
    require(actor, Action.DETECT)
    limits = limits or Limits()
    with ExitStack() as alone:
        if warm is not None:
            alone.enter_context(warm.running())
        with look:
            governed = rules_in_force.in_force(look) if rules is None else None
            rules = rules_in_force.narrowed(governed, only) if governed else rules or ()
            data = read_data(look, rules, base_currency, until, full=full, limits=limits, warm=warm)
            suppressions = look.suppressions.in_force()  # of the ledger's size that the run records
        result = _found(data, rules, limits, base_currency, until)
    copying = data.copying()
    with uow:
        actor = present(uow, actor)
        last = uow.runs.last()
        if data.base is not None and (last is None or last.run_id != data.base.run_id):
            raise AnotherRun
        if governed is not None and rules_in_force.in_force(uow).hash != governed.hash:
            raise rules_in_force.AnotherRuleSet
        run_id, ordinal = f"R-{uow.ledger.head().size + 1:06}", uow.runs.next_ordinal()
        standing = standing_findings.to_be_found(uow, data, rules, warm)
        fresh = {alert: _finding(alert) for alert in result.alerts}
        unsettled = _unsettled(fresh, standing, data)
        subjects = lapsing.subjects(unsettled, set(standing).difference(fresh.values()), data, rules)
        plan = beside(held(uow, subjects), unsettled, lapsing.judged(data, rules, until))
        sorted_out = hiding.sort_out(uow.suppressions.standing(), suppressions, plan, run_id, at)
        new = [replace(alert, run_id=run_id, raised_at=at) for alert in sorted_out.raised]
        recorded = standing_findings.recorded(uow, ordinal, fresh.values(), standing, data.base, warm)
        done = Detected(
            run_id=run_id,
            since=data.base.run_id if data.base else "",
            transactions=result.transactions,
            alerts=recorded.number,
            new_alerts=len(new),
            grown_alerts=len(plan.grown) + len(plan.revised),
            unchanged_alerts=recorded.number - len(new) - len(plan.grown) - len(plan.revised) - len(sorted_out.hidden),
            lapsed_alerts=len(plan.lapsed),
            hidden_alerts=len(sorted_out.hidden),
            cases_opened=0,
            cases_joined=0,
            rule_set_hash=result.rule_set_hash,
            data_fingerprint=result.data_fingerprint,
            alerts_sha256=recorded.sha256,
        )
        left = Leaving.of(result.figures, None if warm is None else warm.left)
        record = written(data, result, rules, base_currency, left)
        uow.runs.add(_run(done, at, until, result, ordinal, record))
        copying.store(uow)
        left.store(uow, data.arrival)
        hiding.store(uow, sorted_out, run_id)
        # the desk itself does this: starting a run is not work on the cases, and bars nobody from judging them
        opened, joined = run_cases.store(uow, new, plan, run_id, SYSTEM, at)
        if clock is not None:
            uow.runs.finish(run_id, clock())
        uow.ledger.append(
            DetectionRan(
                run_id=run_id,
                rule_set_hash=done.rule_set_hash,
                data_fingerprint=done.data_fingerprint,
                alerts=done.alerts,
                alerts_sha256=done.alerts_sha256,
                since=done.since,
                new_alerts=done.new_alerts,
                grown_alerts=done.grown_alerts,
                hidden_alerts=done.hidden_alerts,
                hidden_sha256=hidden_digest(uow.suppressions.hidden_projections()),
                cases_opened=opened,
            ),
            stream=DESK,
            user=actor.user_id,
            at=at,
        )
        uow.commit()
    if warm is not None and recorded.known is not None:
        warm.note(run_id, recorded.known, recorded.gone, recorded.new)
        warm.left = left
    return replace(done, cases_opened=opened, cases_joined=joined)


def _found(
    data: RunData, rules: Sequence[Rule], limits: Limits, base_currency: str, until: datetime | None
) -> DetectionResult:
    if data.kept is not None and data.subjects is not None:
        return run_kept(data.kept, rules=rules, base_currency=base_currency, subjects=data.subjects)
    return run_rules(
        data.transactions,
        data.accounts,
        rules=rules,
        limits=limits,
        base_currency=base_currency,
        subjects=data.subjects,
        digests=data.digests(limits, base_currency),
        keep_figures=until is None,
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would find, and what of it would reach the queue; nothing was stored."""

    result: DetectionResult
    queued: Queued


def preview(
    *,
    look: Reading,
    actor: Person,
    base_currency: str,
    until: datetime | None = None,
    rules: Sequence[Rule] | None = None,
    limits: Limits | None = None,
) -> Preview:
    """Run the rules, None for those in force, over what is stored, and store nothing."""
    require(actor, Action.DETECT)
    with look:
        rules = rules_in_force.in_force(look).rules if rules is None else rules
        data = read_data(look, rules, base_currency, until, full=True)
        holdings, suppressions = held(look), look.suppressions.in_force()
    result = run_rules(
        data.transactions, data.accounts, rules=rules, limits=limits, base_currency=base_currency, name_accounts=True
    )
    return Preview(result, queued(holdings, suppressions, result.alerts))


def _unsettled(fresh: Mapping[Alert, Finding], standing: Iterable[Finding], data: RunData) -> list[Alert]:
    """Leave out what a rule finds on an account just as in the last run, where nothing but transactions is new.

    It was compared with what the desk holds then, and nothing that the comparison asks has changed since.
    """
    if data.subjects is None:
        return list(fresh)
    stirred = {one.account_id for one in data.subjects.chosen if one.since is None}
    before, now = _by_subject(standing), _by_subject(fresh.values())
    settled = {subject for subject, found in now.items() if subject[1] not in stirred and found == before.get(subject)}
    return [alert for alert in fresh if (alert.rule, alert.account_id) not in settled]


def _by_subject(findings: Iterable[Finding]) -> dict[tuple[str, str], set[tuple[str, str]]]:
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for one in findings:
        found.setdefault((one.rule, one.account_id), set()).add((one.alert_id, one.digest))
    return found


def _finding(alert: Alert) -> Finding:
    return Finding(
        alert.alert_id, finding_digest(alert), alert.rule, alert.account_id, alert.window_start, alert.window_end
    )


def _run(
    done: Detected, at: datetime, until: datetime | None, result: DetectionResult, ordinal: int, record: str
) -> Run:
    versions = " ".join(f"{name} {version}" for name, version in sorted(result.versions.items()))
    return Run(
        run_id=done.run_id,
        ran_at=at,
        until=until,
        rule_set_hash=done.rule_set_hash,
        parameters=result.parameters,
        data_fingerprint=done.data_fingerprint,
        engine=f"{result.engine}: {versions}"[:64],
        transactions=done.transactions,
        new_alerts=done.new_alerts,
        grown_alerts=done.grown_alerts,
        ordinal=ordinal,
        alerts_sha256=done.alerts_sha256,
        record=record,
    )
