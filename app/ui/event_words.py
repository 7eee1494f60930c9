"""What an event says about itself in one line: who handed to whom, which alert, from which day to which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from app.ui import formats
from casedesk.domain.alerts import lapse_told
from casedesk.domain.counts import counted
from casedesk.domain.events import KINDS
from casedesk.domain.events.readings import FILES
from casedesk.domain.ledger import Recorded
from casedesk.domain.model_trust import UNITS
from casedesk.domain.moments import parse

Names = dict[str, str]


def title(action: str) -> str:
    """Name a kind of event; an action that no desk of this version writes is shown as it stands."""
    kind = KINDS.get(action)
    return kind.title if kind else action


def details(event: Recorded, names: Names) -> str:
    """Describe an event in words, from its own fields. Plain text: whoever shows it must escape it."""
    words = _WORDS.get(event.action)
    try:
        said = words(event.data, names) if words else ""
    except (KeyError, TypeError, ValueError):
        said = ""  # a row edited behind the desk's back; the chain's badge says so
    return ": ".join(part for part in (said, event.notes or ("text purged" if event.purged else "")) if part)


def _name(user: str, names: Names) -> str:
    return names.get(user, user) if user else "nobody"


def _alert(data: dict[str, Any], names: Names) -> str:
    transactions = f"{counted(data['transactions'], 'transaction')}"
    return f"{formats.rule(data['rule'])} v{data['rule_version']} · {transactions} · {data['alert_id']}"


def _advice(data: dict[str, Any], names: Names) -> str:
    return f"{data['verdict'].capitalize()}, priority {data['priority']}, on version {data['case_version']} of the case"


def _suspicion(data: dict[str, Any], names: Names) -> str:
    suspect = "" if data["suspect_identified"] else ", no suspect identified"
    return f"{formats.day(parse(data['suspicion_at']))}, was {formats.day(parse(data['previous']))}{suspect}"


def _review(data: dict[str, Any], names: Names) -> str:
    severity = f"Severity {data['severity'].lower()}" if data["severity"] else ""
    return " · ".join(part for part in (severity, f"draw {data['draw_id']}" if data["draw_id"] else "") if part)


def _run(data: dict[str, Any], names: Names) -> str:
    hidden = f", {data['hidden_alerts']:,} hidden" if data.get("hidden_alerts") else ""
    return f"{counted(data['new_alerts'], 'alert')}, {counted(data['cases_opened'], 'case')}{hidden}"


def _held(data: dict[str, Any]) -> str:
    trust = data.get("trust_millionths", UNITS)  # events of version 1 held nothing back
    return "" if trust == UNITS else f" · held back to {trust / UNITS:.3f}"


def _suppression(data: dict[str, Any], names: Names) -> str:
    whom = f"{data['customer_id']} {data['account_id']}".strip()
    days = f"{data['covers_from']} until {data['covers_until']}"
    return f"{data['suppression_id']} · {formats.rule(data['rule'])} · {whom} · {days}"


def _value(data: dict[str, Any], names: Names) -> str:
    return f"{data['name']} = {data['value']:,} from {data['valid_from']} on · {data['source']}"


def _answer(data: dict[str, Any], names: Names) -> str:
    said = f"{counted(len(data['remarks']), 'remark')}" if data["remarks"] else ""
    number = f"BSA ID {data['bsa_id']}" if data["bsa_id"] else "no BSA ID"
    return " · ".join(part for part in (data["filing_id"], data["batch_id"], number, said) if part)


_WORDS: Final[dict[str, Callable[[dict[str, Any], Names], str]]] = {
    "case_opened": lambda data, names: f"First alert {formats.moment(parse(data['alerted_at']))}",
    "alert_attached": _alert,
    "alert_grown": _alert,
    "alert_revised": _alert,
    "alert_lapsed": lambda data, names: (
        f"{formats.rule(data['rule'])} · {data['alert_id']}, {lapse_told(data['run_id'], data['by'])}"
    ),
    "advice_given": _advice,
    "case_assigned": lambda data, names: f"To {_name(data['owner'], names)}",
    "case_handed_over": lambda data, names: f"To {_name(data['owner'], names)}",
    "case_released": lambda data, names: f"By {_name(data['previous'], names)}, back to the queue",
    "disposition_set": lambda data, names: formats.BADGES_BY_DECISION[data["disposition"]].word,
    "case_reopened": lambda data, names: f"For {_name(data['owner'], names)}",
    "review_passed": _review,
    "review_failed": _review,
    "suspicion_moved": _suspicion,
    "filing_drafted": lambda data, names: f"{data['filing_id']} · {data['kind']} · {data['digest'][:12]}…",
    "filing_approved": lambda data, names: (
        f"{data['filing_id']}, drafted by {_name(data['maker'], names)} · {data['digest'][:12]}…"
    ),
    "filing_produced": lambda data, names: (
        f"{data['filing_id']} is number {data['place']:,} of {data['batch_id']}{', a test' if data['test'] else ''}"
    ),
    "filing_withdrawn": lambda data, names: (
        f"{data['filing_id']} out of {data['batch_id']}, which {_name(data['maker'], names)} produced"
    ),
    "filing_transmitted": lambda data, names: (
        f"{data['filing_id']} · {data['batch_id']} under tracking ID {data['tracking_id']}"
    ),
    "filing_acknowledged": _answer,
    "filing_rejected": _answer,
    "batch_exported": lambda data, names: f"{data['batch_id']} · {data['sha256'][:12]}…",
    "case_exported": lambda data, names: FILES[data["what"]],
    "rejects_exported": lambda data, names: f"{counted(data['rows'], 'rejected row')} of {data['import_id']}",
    "packet_exported": lambda data, names: (
        f"Packet of {counted(data['cases'], 'case')}, {data['period_from']} to {data['period_to']}, {data['profile']}"
    ),
    "transactions_imported": lambda data, names: f"{data['stored']:,} stored, {data['rejected']:,} rejected",
    "detection_ran": _run,
    "qa_population_frozen": lambda data, names: f"{data['draw_id']} · {counted(data['size'], 'closed case')}",
    "qa_sample_drawn": lambda data, names: f"{data['draw_id']} · {counted(data['picks'], 'pick')}",
    "line_test_frozen": lambda data, names: (
        f"{data['test_id']} · {formats.rule(data['rule'])} · {counted(sum(data['populations']), 'episode')}"
    ),
    "line_test_drawn": lambda data, names: f"{data['test_id']} · {counted(sum(data['picks']), 'pick')}",
    "rule_set_proposed": lambda data, names: f"{data['rule_set_id']} · rules {data['hash_after'][:12]}…",
    "rule_set_put_in_force": lambda data, names: (
        f"{data['rule_set_id']} · rules {data['hash_before'][:12]}… → {data['hash_after'][:12]}… · "
        f"proposed by {_name(data['proposed_by'], names)} · sheet {data['sheet_sha256'][:12]}…"
    ),
    "rule_set_rejected": lambda data, names: f"{data['rule_set_id']}, proposed by {_name(data['proposed_by'], names)}",
    "rule_set_withdrawn": lambda data, names: data["rule_set_id"],
    "model_proposed": lambda data, names: f"{data['version_id']} · {data['name']} · model {data['model_id'][:12]}…",
    "model_put_in_force": lambda data, names: (
        f"{data['version_id']} · model {data['model_id'][:12]}… · proposed by {_name(data['proposed_by'], names)}"
    ),
    "model_rejected": lambda data, names: f"{data['version_id']}, proposed by {_name(data['proposed_by'], names)}",
    "model_withdrawn": lambda data, names: data["version_id"],
    "model_scored": lambda data, names: (
        f"{data['model_run_id']} · {data['version_id'] or 'the shipped model'} · {counted(data['accounts'], 'account')}"
        f"{_held(data)}"
    ),
    "evidence_sheet_exported": lambda data, names: f"Evidence sheet of {data['rule_set_id']}",
    "suppression_proposed": _suppression,
    "suppression_approved": lambda data, names: (
        f"{data['suppression_id']}, proposed by {_name(data['maker'], names)}, up to severity {data['severity_cap']}"
    ),
    "suppression_rejected": lambda data, names: f"{data['suppression_id']}, proposed by {_name(data['maker'], names)}",
    "suppression_ended": lambda data, names: (
        f"{data['suppression_id']}, {counted(data['hidden_alerts'], 'alert')} hidden by then"
    ),
    "policy_proposed": _value,
    "policy_put_in_force": lambda data, names: f"{_value(data, names)} · proposed by {_name(data['maker'], names)}",
    "policy_rejected": lambda data, names: (
        f"{data['name']}, proposed by {_name(data['maker'], names)} in event {data['proposal']}"
    ),
    "api_key_created": lambda data, names: (
        f"{data['key_id']} for {_name(data['user_id'], names)}: {', '.join(data['scopes'])}, until {data['expires_at'][:10]}"
    ),
    "api_key_revoked": lambda data, names: data["key_id"],
    "webhook_created": lambda data, names: f"{data['hook_id']}: {data['url']}",
    "webhook_disabled": lambda data, names: data["hook_id"],
    "purge_proposed": lambda data, names: f"{counted(len(data['cases']), 'case')}",
    "cases_purged": lambda data, names: (
        f"{counted(len(data['cases']), 'case')}, {counted(data['texts'], 'text')}, "
        f"{counted(data.get('forms', 0), 'form')}, "
        f"proposed by {_name(data['maker'], names)}"
    ),
    "hold_lifted": lambda data, names: f"Of event {data['hold']}",
    "reminders_given": lambda data, names: (
        f"{len({user for users, _ in data['given'] for user in users}):,} people, "
        f"{len({case for _, cases in data['given'] for case in cases}):,} cases"
    ),
    "party_list_loaded": lambda data, names: (
        f"{data['list_id']} · {data['source']}, version {data['list_version']} · {counted(data['entries'], 'entry', 'entries')}"
    ),
    "names_screened": lambda data, names: (
        f"{counted(data['customers'], 'customer')}, {counted(data['found'], 'name')} alike, {data['waiting']:,} waiting"
    ),
    "name_match_confirmed": lambda data, names: f"{data['match_id']} · {data['customer_id']} · {data['source']}",
    "name_match_refused": lambda data, names: f"{data['match_id']} · {data['customer_id']} · {data['source']}",
    "exposure_scored": lambda data, names: (
        f"{data['run_id']} · {counted(data['scored'], 'account')} exposed · lists {data['list_sha256'][:12]}…"
    ),
    "person_added": lambda data, names: f"{_name(data['user_id'], names)}, {data['role']}",
}
