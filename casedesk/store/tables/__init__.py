"""The tables, with a name for every constraint and a CHECK for every closed list of values."""

from __future__ import annotations

from casedesk.store.tables.casework import alert_transactions, alerts, cases
from casedesk.store.tables.clocks import clocks
from casedesk.store.tables.detecting import detection_findings, detection_runs, rule_sets, run_copies
from casedesk.store.tables.filings import batches, filings, withdrawn_batches
from casedesk.store.tables.hiding import suppressed_alerts, suppressions
from casedesk.store.tables.keys import api_keys
from casedesk.store.tables.ledger import case_events, counters, ledger_head
from casedesk.store.tables.metadata import ID, metadata
from casedesk.store.tables.modelling import model_files, model_runs, model_scores, model_versions
from casedesk.store.tables.movements import exchange_rates, import_rejects, imports, transactions
from casedesk.store.tables.parties import accounts, customers, users
from casedesk.store.tables.sampling import line_test_picks, line_tests, qa_draws, qa_picks

__all__ = [
    "ID",
    "accounts",
    "alert_transactions",
    "alerts",
    "api_keys",
    "batches",
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
    "ledger_head",
    "line_test_picks",
    "line_tests",
    "metadata",
    "model_files",
    "model_runs",
    "model_scores",
    "model_versions",
    "qa_draws",
    "qa_picks",
    "rule_sets",
    "run_copies",
    "suppressed_alerts",
    "suppressions",
    "transactions",
    "users",
    "withdrawn_batches",
]
