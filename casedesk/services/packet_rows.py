"""Rows of a packet's files: what of each thing an outsider is given, under the names that the verifier reads."""

from __future__ import annotations

import json
from typing import Any

from casedesk.domain.alerts import Alert
from casedesk.domain.cases import Case
from casedesk.domain.clocks import Clock
from casedesk.domain.moments import canonical
from casedesk.domain.policy import Parameter
from casedesk.domain.transactions import Transaction
from casedesk.store.run_store import Run


def alert(alert: Alert) -> dict[str, Any]:
    """An alert with the ids of its evidence."""
    return {
        "account_id": alert.account_id,
        "alert_id": alert.alert_id,
        "amount_minor": alert.amount_minor,
        "case_id": alert.case_id,
        "customer_id": alert.customer_id,
        "lapsed_in": alert.lapsed_in,
        "parameters": alert.parameters,
        "raised_at": canonical(alert.raised_at) if alert.raised_at else "",
        "rule": alert.rule,
        "rule_version": alert.rule_version,
        "run_id": alert.run_id,
        "sentence": alert.sentence,
        "severity": alert.severity,
        "transaction_ids": list(alert.transaction_ids),
        "window_end": canonical(alert.window_end),
        "window_start": canonical(alert.window_start),
    }


def transaction(t: Transaction) -> dict[str, Any]:
    """A transaction, amounts in minor units."""
    return {
        "amount_minor": t.amount.minor,
        "base_minor": t.base_minor,
        "booked_at": canonical(t.booked_at),
        "branch": t.branch,
        "channel": t.channel.value,
        "currency": t.amount.currency,
        "from_account": t.from_account,
        "from_country": t.from_country,
        "received_currency": t.received.currency,
        "received_minor": t.received.minor,
        "reference": t.reference,
        "to_account": t.to_account,
        "to_country": t.to_country,
        "transaction_id": t.transaction_id,
    }


def clock(case: Case, clock: Clock) -> dict[str, Any]:
    """A due date, from which event and by which rule it follows."""
    return {
        "case_id": case.case_id,
        "due_on": clock.due_on.isoformat(),
        "kind": clock.kind.value,
        "policy": policy(clock.rule),
        "source": clock.source,
        "source_event": clock.source_event,
        "started_on": clock.started_on.isoformat(),
    }


def policy(parameter: Parameter) -> dict[str, Any]:
    """A value of the policy, with who demands it and since when."""
    return {
        "event": parameter.event,
        "name": parameter.name,
        "source": parameter.source,
        "unit": parameter.unit,
        "valid_from": parameter.valid_from.isoformat(),
        "value": parameter.value,
        "version": parameter.version,
    }


def unreported(case: Case) -> dict[str, Any]:
    """A case that was closed without a report, for the register of such decisions."""
    return {
        "case_id": case.case_id,
        "customer_id": case.customer_id,
        "decided_at": canonical(case.decided_at) if case.decided_at else "",
        "decided_by": case.decided_by,
        "reason": case.decision_text,
    }


def run(run: Run) -> dict[str, Any]:
    """A run of the rules, with what is needed to run it again."""
    return {
        "alerts_sha256": run.alerts_sha256,
        "data_fingerprint": run.data_fingerprint,
        "engine": run.engine,
        "parameters": json.loads(run.parameters),
        "ran_at": canonical(run.ran_at),
        "rule_set_hash": run.rule_set_hash,
        "run_id": run.run_id,
        "transactions": run.transactions,
        "until": canonical(run.until) if run.until else "",
        "versions": json.loads(run.record)["rules"] if run.record else {},
    }
