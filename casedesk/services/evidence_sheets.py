"""The evidence sheet of a proposal: what changes, what that does to the history, and the commands that show it again.

Made once, when the rule set is proposed, and frozen with it as canonical JSON. Whole numbers, text, lists and objects only.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from casedesk.detection.engine import VERSIONS
from casedesk.detection.fingerprint import FORMAT as DATA_FORMAT
from casedesk.detection.parameters import Described, canonical_json
from casedesk.detection.rules import RULES
from casedesk.domain.alerts import Alert
from casedesk.domain.moments import canonical
from casedesk.domain.rule_sets import SHIPPED
from casedesk.services.rules_in_force import Effective, shown
from casedesk.services.trials import History, Trial, told
from casedesk.store.run_store import Run

FORMAT: Final = "casedesk-evidence-2"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a sheet is about."""

    rule_set_id: str
    base: Effective
    after: Effective
    reason: str
    by: str
    at: datetime
    base_currency: str


def write(proposed: Proposed, history: History, trials: Sequence[Trial], last: Run | None) -> str:
    """Write the sheet. ``last`` is the last run under the rules in force, which can be replayed."""
    base, after = proposed.base, proposed.after
    return canonical_json(
        {
            "format": FORMAT,
            "rule_set_id": proposed.rule_set_id,
            "base_id": base.rule_set_id,
            "hash_before": base.hash,
            "hash_after": after.hash,
            "reason": proposed.reason,
            "proposed_by": proposed.by,
            "proposed_at": canonical(proposed.at),
            "base_currency": proposed.base_currency,
            "off_before": sorted(base.off),
            "off_after": sorted(after.off),
            "adrift": list(base.adrift),
            "data": {
                "fingerprint": trials[0].data_fingerprint,
                "format": DATA_FORMAT,
                "transactions": history.transactions.num_rows,
                "accounts": history.accounts.num_rows,
                "customers": history.customers,
                "arrival": history.arrival,
                "last_run": last.run_id if last else "",
                "as_of": history.as_of,
                "suppressions": sorted(one.suppression_id for one in history.suppressions),
            },
            "software": dict(VERSIONS),
            "rules": [_rule(base, after, trial) for trial in trials],
            "commands": commands(proposed, trials, history, last),
        }
    )


def _rule(base: Effective, after: Effective, trial: Trial) -> dict[str, Any]:
    running = after.find(trial.rule) or base.find(trial.rule)
    known = running or next(rule for rule in RULES if rule.name == trial.rule)
    described = trial.parameters or known.parameters.described()
    return {
        "rule": trial.rule,
        "title": known.title,
        "version": known.version,
        "on_before": base.find(trial.rule) is not None,
        "on_after": after.find(trial.rule) is not None,
        "parameters": [_parameter(one, trial) for one in described],
        "before": told(trial.in_force),
        "after": told(trial.tried),
        "gained": [_alert(alert) for alert in trial.gained],
        "lost": [_alert(alert) for alert in trial.lost],
        "lost_sar_cases": list(trial.lost_sars),
        "gained_sar_cases": list(trial.gained_sars),
        "lost_sar_cases_caught_by_another_rule": list(trial.caught_otherwise),
    }


def _parameter(one: Described, trial: Trial) -> dict[str, Any]:
    before = trial.before.get(one.name)
    return {
        "name": one.name,
        "unit": one.unit,
        "before": "" if before is None else shown(before),
        "after": shown(one.value) if trial.parameters else "",
        "shipped": shown(one.default),
        "reason": one.reason,
        "source": one.source,
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "customer_id": alert.customer_id,
        "account_id": alert.account_id,
        "severity": alert.severity,
        "from": canonical(alert.window_start),
        "until": canonical(alert.window_end),
        "transactions": len(alert.transaction_ids),
        "sentence": alert.sentence,
    }


def commands(proposed: Proposed, trials: Sequence[Trial], history: History, last: Run | None) -> list[str]:
    """Return what an examiner types to see the same again, whatever has been imported or put in force since."""
    base = proposed.base.rule_set_id or SHIPPED
    lines = [_try(trial, base, history) for trial in trials]
    if last is not None:
        lines.append(f"casedesk detect replay {last.run_id} --json")
    lines.append(f"casedesk rules sheet {proposed.rule_set_id} --json --as USER")
    lines.append("casedesk audit verify")
    return lines


def _try(trial: Trial, base: str, history: History) -> str:
    moved = [f"--param {shlex.quote(f'{m.parameter.name}={shown(m.parameter.value)}')}" for m in trial.moved]
    what = " ".join(moved) if trial.parameters else "--off"
    data = f"--base {base} --arrival {history.arrival} --as-of {history.as_of}"
    return " ".join(part for part in (f"casedesk lab try {trial.rule}", what, data, "--json --as USER") if part)
