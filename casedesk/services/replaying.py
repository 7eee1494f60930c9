"""Run an earlier run again: its rules with its parameters over the data it saw, and compare alert by alert."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from casedesk.detection.engine import DetectionResult
from casedesk.detection.engine import detect as run_rules
from casedesk.detection.findings import finding_digest, findings_sha256
from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.detection.limits import Limits
from casedesk.detection.parameters import BadParameter, rule_set_hash
from casedesk.detection.rule import Rule
from casedesk.detection.rules import RULES
from casedesk.domain.counts import counted
from casedesk.domain.events import DetectionRan
from casedesk.domain.people import Action, Person, require
from casedesk.errors import Conflict
from casedesk.services.rule_titles import title
from casedesk.services.run_records import Record, read
from casedesk.store.run_store import Finding, Run
from casedesk.store.unit_of_work import Reading

__all__ = ["CannotReplay", "Limits", "Replayed", "replay", "runs"]


class CannotReplay(Conflict):
    """It cannot be told whether the run would find the same again."""

    def __init__(self, run: Run, why: str) -> None:
        super().__init__(f"Run {run.run_id} cannot be replayed: {why}")


@dataclass(frozen=True, slots=True)
class Replayed:
    """How a replay went. ``difference`` is empty when every alert is what the run recorded.

    ``software`` says which versions differ from those the run was made on; empty when none does.
    """

    run_id: str
    identical: bool
    difference: str
    transactions: int
    alerts: int
    alerts_sha256: str
    recorded_sha256: str
    software: str


def runs(*, look: Reading, actor: Person, limit: int = 20) -> tuple[Run, ...]:
    """Return the newest runs, newest first."""
    require(actor, Action.VIEW_LEDGER)
    with look:
        return look.runs.newest(limit)


def replay(
    *, look: Reading, actor: Person, run_id: str, limits: Limits | None = None, library: Sequence[Rule] = RULES
) -> Replayed:
    """Run a run's rules again, over everything, with its parameters over the data it saw.

    A run that looked only at touched subjects is thereby compared with one that looks at all. The rules' SQL is written
    anew, so that a text which an earlier process kept vouches for nothing.

    :raises NoSuchRun: if there is no such run.
    :raises CannotReplay: if the run recorded too little, a rule has another version now, or the data is not the same.
    """
    require(actor, Action.VIEW_LEDGER)
    limits = replace(limits or Limits(), kept_texts=False)
    with look:
        run = look.runs.get(run_id)
        if not run.ordinal:
            raise CannotReplay(
                run, "it was made before runs recorded what a replay needs, or for a sample below a line."
            )
        record = read(run)
        rules = _rules(run, record, library)
        found = list(look.runs.findings(run.ordinal))
        vouched = _in_ledger(look, run_id)
        changed = look.run_data.first_changed(record.arrival)
        transactions = look.run_data.transactions(record.arrival, until=run.until)
        accounts = look.run_data.accounts(record.arrival)
    result = run_rules(transactions, accounts, rules=rules, limits=limits, base_currency=record.base_currency)
    if result.data_fingerprint != run.data_fingerprint:
        raise CannotReplay(run, _other_data(result, run, changed))
    digests = {finding_digest(alert) for alert in result.alerts}
    difference = _difference(result, found) or _unlike(findings_sha256(digests), run, vouched)
    return Replayed(
        run_id=run_id,
        identical=not difference,
        difference=difference,
        transactions=result.transactions,
        alerts=len(result.alerts),
        alerts_sha256=findings_sha256(digests),
        recorded_sha256=run.alerts_sha256,
        software=_other_software(record, result.versions),
    )


def _rules(run: Run, record: Record, library: Sequence[Rule]) -> tuple[Rule, ...]:
    """Build the rules as they were."""
    known = {rule.name: rule for rule in library}
    values = json.loads(run.parameters)
    rules = []
    for name, version in record.rules.items():
        rule = known.get(name)
        if rule is None:
            raise CannotReplay(run, f"there is no rule “{title(name)}” any more; install the desk it was made with.")
        if rule.version != version:
            raise CannotReplay(
                run,
                f"rule “{rule.title}” is version {rule.version} now and was {version}; install the desk it was made with.",
            )
        try:
            rules.append(rule.with_values(values[name]))
        except BadParameter as error:
            raise CannotReplay(run, f"rule “{rule.title}” does not take its parameters any more. {error}") from None
    if rule_set_hash(rules) != run.rule_set_hash:
        raise CannotReplay(run, "its rules have parameters now that they did not have then.")
    return tuple(rules)


def _in_ledger(look: Reading, run_id: str) -> str | None:
    """Return the digest that the run's event recorded, None if there is no such event."""
    events = look.ledger.newest(1_000_000, action=DetectionRan.action)
    return next((str(e.data.get("alerts_sha256", "")) for e in events if e.data.get("run_id") == run_id), None)


def _other_data(result: DetectionResult, run: Run, changed: str) -> str:
    if result.transactions != run.transactions:
        return f"it saw {counted(run.transactions, 'transaction')}, and {result.transactions:,} of them {'is' if result.transactions == 1 else 'are'} there now."
    if changed:
        return f"account {changed} or its customer has changed since."
    return f"the transactions or accounts it saw are not the same any more, or {DATA_FORMAT} reads them otherwise."


def _difference(result: DetectionResult, found: Sequence[Finding]) -> str:
    """Name the first alert that one side has and the other has not."""
    again = {(alert.alert_id, finding_digest(alert)): alert for alert in result.alerts}
    before = {(one.alert_id, one.digest): one for one in found}
    ids = {alert_id for alert_id, _ in before}
    for key, alert in again.items():
        if key not in before:
            what = "is told otherwise" if alert.alert_id in ids else "was not found then"
            return f"Alert {alert.alert_id} of rule “{title(alert.rule)}” on account {alert.account_id} {what}: {alert.sentence}"
    for key, one in before.items():
        if key not in again:
            return f"Alert {one.alert_id} of rule “{title(one.rule)}” on account {one.account_id} is not found again."
    return ""


def _unlike(digest: str, run: Run, vouched: str | None) -> str:
    """Compare with the digests that were recorded, where the alerts themselves agree."""
    if digest != run.alerts_sha256:
        return "The alerts are those recorded one by one, but the digest over all of them is not the run's."
    if vouched is None:
        return "The ledger holds no event of this run."
    if vouched != digest:
        return "The ledger's event of this run records another digest of its alerts."
    return ""


def _other_software(record: Record, now: Mapping[str, str]) -> str:
    names = sorted(record.versions.keys() | now.keys())
    return ", ".join(
        f"{name} {record.versions.get(name, 'none')}, now {now.get(name, 'none')}"
        for name in names
        if record.versions.get(name) != now.get(name)
    )
