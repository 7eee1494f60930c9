"""The tables, with a name for every constraint and a CHECK for every closed list of values."""

from __future__ import annotations

from casedesk.store.tables.advising import advice, cascade_steps, language_calls
from casedesk.store.tables.announcements import announcements
from casedesk.store.tables.casework import alert_transactions, alerts, cases
from casedesk.store.tables.clocks import clocks
from casedesk.store.tables.detecting import detection_findings, detection_runs, rule_sets, run_copies
from casedesk.store.tables.filings import batches, filings, withdrawn_batches
from casedesk.store.tables.hiding import suppressed_alerts, suppressions
from casedesk.store.tables.keys import api_key_uses, api_keys
from casedesk.store.tables.ledger import case_events, counters, ledger_head
from casedesk.store.tables.metadata import ID, metadata
from casedesk.store.tables.modelling import model_files, model_runs, model_scores, model_versions
from casedesk.store.tables.movements import exchange_rates, import_rejects, imports, receipts, transactions
from casedesk.store.tables.parties import accounts, customers, users
from casedesk.store.tables.sampling import line_test_picks, line_tests, qa_draws, qa_picks
from casedesk.store.tables.scoring import name_matches, party_list_entries, party_lists, risk_scores, scoring_runs
from casedesk.store.tables.webhooks import webhook_deliveries, webhooks

__all__ = [
    "ID",
    "accounts",
    "advice",
    "alert_transactions",
    "alerts",
    "announcements",
    "api_key_uses",
    "api_keys",
    "batches",
    "cascade_steps",
    "case_events",
    "cases",
    "clocks",
    "counters",
    "customers",
    "detection_findings",
    "detection_runs",
    "exchange_rates",
    "filings",
    "import_rejects",
    "imports",
    "language_calls",
    "ledger_head",
    "line_test_picks",
    "line_tests",
    "metadata",
    "model_files",
    "model_runs",
    "model_scores",
    "model_versions",
    "name_matches",
    "party_list_entries",
    "party_lists",
    "qa_draws",
    "qa_picks",
    "receipts",
    "risk_scores",
    "rule_sets",
    "run_copies",
    "scoring_runs",
    "suppressed_alerts",
    "suppressions",
    "transactions",
    "users",
    "webhook_deliveries",
    "webhooks",
    "withdrawn_batches",
]
