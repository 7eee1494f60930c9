"""Hold the webhooks against the ledger: a row that somebody added or changed would tell strangers of alerts."""

from __future__ import annotations

from casedesk.domain.verification import Verifier
from casedesk.domain.webhooks import STEPS, BrokenWebhooks, columns, fold
from casedesk.store.unit_of_work import Reading, Writing


def check_webhooks(uow: Reading | Writing, verifier: Verifier) -> None:
    """Compare every row of ``webhooks`` with its events."""
    try:
        should = fold(uow.ledger.of_desk(STEPS))
    except (BrokenWebhooks, KeyError, TypeError, ValueError) as error:
        if not verifier.findings:  # an event that was tampered with has been named already
            verifier.find_state("Webhooks", "Their events make no sense.", "meta", "a legal step", str(error))
        return
    for row in uow.webhooks.projections():
        name = str(row["hook_id"])
        hook = should.pop(name, None)
        if hook is None:
            verifier.find_state(name, "The webhook has a row but not one event.", "hook_id", "no row", name)
            continue
        for column, expected in columns(hook).items():
            if row[column] != expected:
                problem = "The row says something else than its events."
                verifier.find_state(name, problem, column, str(expected or ""), str(row[column] or ""))
    for name in sorted(should):
        verifier.find_state(name, "The webhook has events but no row.", "hook_id", name, "no row")
